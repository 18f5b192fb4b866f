"""The opening handshake."""

import pytest

from retort.websockets.handshake import (
    InvalidHandshake,
    Offer,
    accept_value,
    is_upgrade,
    read_handshake,
    response_fields,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455 §1.3
VALID = {"method": "GET", "connection": "Upgrade", "upgrade": "websocket", "version": "13"}


def read(**changes):
    return read_handshake(**{**VALID, "key": KEY, **changes})


def test_the_response_proves_that_the_key_was_read():
    assert accept_value(KEY) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"connection": "keep-alive, Upgrade"},
        {"connection": "UPGRADE"},
        {"upgrade": "WebSocket"},
        {"upgrade": "h2c, websocket"},
    ],
)
def test_a_handshake_is_read_whatever_the_case_and_the_list(fields):
    assert read(**fields) == Offer(KEY, ())


def test_subprotocols_are_read_in_order():
    assert read(subprotocols="chat.v2, chat").subprotocols == ("chat.v2", "chat")


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"method": "POST"}, 405, "the method GET, not POST"),
        ({"upgrade": ""}, 426, "'Upgrade: websocket'"),
        ({"upgrade": "h2c"}, 426, "'Upgrade: websocket'"),
        ({"connection": "close"}, 426, "'Connection: Upgrade'"),
        ({"connection": "not-upgrade"}, 426, "'Connection: Upgrade'"),
        ({"version": None}, 426, "missing"),
        ({"version": "8"}, 426, "'8'"),
        ({"version": "13, 13"}, 426, "'13, 13'"),
        ({"key": None}, 400, "it is missing"),
        ({"key": ""}, 400, "''"),
        ({"key": "not base64!"}, 400, "'not base64!'"),
        ({"key": "c2hvcnQ="}, 400, "16 bytes"),
        ({"key": KEY + ", " + KEY}, 400, "16 bytes"),
        ({"key": "dGhlIHNhbXBsZSBub25jZXh4eHh4"}, 400, "16 bytes"),
        ({"key": "é" * 24}, 400, "16 bytes"),
        ({"subprotocols": "a b"}, 400, "'a b'"),
        ({"subprotocols": "chat, chat"}, 400, "twice"),
    ],
)
def test_an_invalid_handshake_has_a_status_and_says_what_is_wrong(fields, status, message):
    with pytest.raises(InvalidHandshake) as caught:
        read(**fields)

    assert caught.value.status == status
    assert message in caught.value.message
    names = {name for name, _ in caught.value.fields}
    assert ("Sec-WebSocket-Version" in names) == (status == 426)


def test_the_response_has_the_fields_of_the_handshake_and_of_the_program():
    fields = response_fields(Offer(KEY, ("a", "b")), [("Set-Cookie", "x=1")], "b")

    assert fields == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("Sec-WebSocket-Protocol", "b"),
        ("Set-Cookie", "x=1"),
    ]


@pytest.mark.parametrize(
    ("offered", "message"),
    [((), "It offered: none"), (("a", "b"), "It offered: 'a', 'b'")],
)
def test_a_subprotocol_that_was_not_offered_is_an_error(offered, message):
    with pytest.raises(ValueError, match=message):
        response_fields(Offer(KEY, offered), subprotocol="c")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("sec-websocket-accept", "x", "which the server makes"),
        ("Sec-WebSocket-Extensions", "permessage-deflate", "which the server makes"),
        ("Content-Length", "0", "which the server makes"),
        ("X Name", "x", "cannot be sent"),
        ("", "x", "cannot be sent"),
        ("X-Name", "a\r\nSet-Cookie: b", "cannot be sent"),
        ("X-Name", "a\x00", "cannot be sent"),
        ("X-Name", "Ω", "cannot be sent"),
    ],
)
def test_a_field_that_cannot_be_sent_is_an_error(name, value, message):
    with pytest.raises(ValueError, match=message):
        response_fields(Offer(KEY, ()), [(name, value)])


@pytest.mark.parametrize(
    ("value", "expected"), [("websocket", True), ("WebSocket", True), ("", False), ("h2c", False)]
)
def test_requests_for_a_websocket_are_detected_by_their_upgrade(value, expected):
    assert is_upgrade(value) == expected
