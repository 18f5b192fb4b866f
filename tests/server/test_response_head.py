"""What an application may send, and what is refused before it reaches the HTTP library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retort.server.protocol.response_head import InvalidResponse, make_head


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "299 ", "600 Own", "999 X", "500"])
def test_a_status_from_200_to_999_is_sent(status):
    assert make_head(status, [], "GET").status == int(status[:3])


@pytest.mark.parametrize(
    "status",
    [
        *("42 UNKNOWN", "0 X", "99 X", "100 Continue", "101 Switching Protocols", "199 X"),
        *("1000 X", "65536 X", "-200 X", "abc", "", "2OO OK", " 200 OK", "200OK"),
        *("\u0662\u0660\u0660 OK", "200 OK\r\nX: y", 200, None, b"200 OK", ["200 OK"]),
    ],
)
def test_any_other_status_is_refused_by_its_name(status):
    with pytest.raises(InvalidResponse, match="between 200 and 999") as caught:
        make_head(status, [], "GET")
    assert repr(status) in str(caught.value)


def test_values_are_sent_as_latin_1():
    head = make_head("200 OK", [("X-City", "Zürich"), ("X-Tab", "a\tb"), ("X-Empty", "")], "GET")

    assert head.fields == [(b"x-city", b"Z\xfcrich"), (b"x-tab", b"a\tb"), (b"x-empty", b"")]


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "\x1b[31m", "\x7f", "€", "\ud800"])
def test_a_value_that_cannot_be_sent_is_refused_and_named(value):
    with pytest.raises(InvalidResponse, match="the value of X-Name has a") as caught:
        make_head("200 OK", [("X-Name", value)], "GET")
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a:", "ä", "a\n", "(a)", "a\0"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InvalidResponse, match="is not a valid field name"):
        make_head("200 OK", [(name, "x")], "GET")


@pytest.mark.parametrize(
    "headers", [[("a", 1)], [("a", None)], [(b"a", "x")], [("a", b"x")], [("a",)], ["a"], None, 7]
)
def test_fields_that_are_no_pairs_of_text_are_refused(headers):
    with pytest.raises(InvalidResponse):
        make_head("200 OK", headers, "GET")


@pytest.mark.parametrize("name", ["Transfer-Encoding", "keep-alive", "Upgrade", "TE", "Trailer"])
def test_fields_of_the_connection_are_left_out(name):
    head = make_head("200 OK", [(name, "chunked"), ("X-A", "b")], "GET")

    assert head.fields == [(b"x-a", b"b")]


def test_an_application_may_send_connection_close():
    assert make_head("200 OK", [("Connection", "Close")], "GET").fields == [
        (b"connection", b"close")
    ]
    assert make_head("200 OK", [("Connection", "keep-alive, x-y")], "GET").fields == []


@pytest.mark.parametrize("length", ["abc", "-1", "+5", "5.0", "", " 5", "\u0665", "5, 5", "9" * 30])
def test_a_length_that_is_no_number_is_refused(length):
    with pytest.raises(InvalidResponse, match="not a number of bytes"):
        make_head("200 OK", [("Content-Length", length)], "GET")


def test_a_length_is_sent_once():
    twice = [("Content-Length", "5"), ("content-length", "5")]

    head = make_head("200 OK", twice, "GET")

    assert head.length == 5
    assert head.fields == [(b"content-length", b"5")]
    with pytest.raises(InvalidResponse, match="two different Content-Lengths: 5 and 6"):
        make_head("200 OK", [*twice, ("Content-Length", "6")], "GET")


@pytest.mark.parametrize(
    ("status", "method", "has_body", "keeps_length"),
    [
        ("200 OK", "GET", True, True),
        ("200 OK", "HEAD", False, True),
        ("304 Not Modified", "GET", False, True),
        ("204 No Content", "GET", False, False),
        ("205 Reset Content", "POST", False, False),
        ("404 Not Found", "HEAD", False, True),
    ],
)
def test_some_responses_have_no_body(status, method, has_body, keeps_length):
    head = make_head(status, [("Content-Length", "5")], method)

    assert head.has_body is has_body
    assert bool(head.fields) is keeps_length


@given(
    st.one_of(st.text(), st.integers(), st.none()),
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5))),
)
def test_whatever_is_not_refused_can_be_sent(status, headers):
    try:
        head = make_head(status, headers, "GET")
    except InvalidResponse:
        return
    assert 200 <= head.status <= 999
    for name, value in head.fields:
        assert name == name.lower()
        assert name.isascii()
        assert not any((byte < 32 and byte != 9) or byte == 127 for byte in value)


def test_a_field_may_be_a_list_and_is_the_same_each_time():
    for _ in range(2):
        head = make_head("200 OK", [["Content-Type", "text/html"], ["X-A", "\xfc"]], "GET")

        assert head.fields == [(b"content-type", b"text/html"), (b"x-a", b"\xfc")]


@pytest.mark.parametrize("value", ["a\nb", "\u20ac", 7, b"x"])
def test_a_value_that_cannot_be_sent_is_refused_each_time(value):
    for _ in range(2):
        with pytest.raises(InvalidResponse):
            make_head("200 OK", [("Content-Type", value)], "GET")


def test_fields_of_few_values_are_encoded_once():
    fields = [("X-Frame-Options", "DENY"), ("Content-Security-Policy", "frame-ancestors 'none'")]

    first, second = (make_head("200 OK", list(fields), "GET").fields for _ in range(2))

    assert first == [
        (b"x-frame-options", b"DENY"),
        (b"content-security-policy", b"frame-ancestors 'none'"),
    ]
    assert all(one is other for one, other in zip(first, second, strict=True))
