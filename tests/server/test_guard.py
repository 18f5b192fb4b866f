"""The guard on its own: what it refuses, and how it counts bytes."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, ClientDisconnected
from werkzeug.test import create_environ, run_wsgi_app

from retort.server.guard import CountedBody, Guard


def body_of(data: bytes, expected: int | None) -> io.BufferedReader:
    return io.BufferedReader(CountedBody(io.BytesIO(data), expected))


def untouched_input(environ, start_response):
    start_response("200 OK", [])
    return [type(environ["wsgi.input"]).__name__.encode()]


def ask(**changes):
    environ = create_environ("/", headers={"Host": "a.example"})
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        environ.pop(name, None)
    environ.update(changes)
    body, status, headers = run_wsgi_app(Guard(untouched_input), environ, buffered=True)
    return status, b"".join(body), headers


@given(data=st.binary(max_size=200), sizes=st.lists(st.integers(0, 50)))
def test_reads_of_any_sizes_give_the_body_in_order(data, sizes):
    stream, expected = body_of(data, len(data)), io.BytesIO(data)

    assert [stream.read(size) for size in sizes] == [expected.read(size) for size in sizes]
    assert stream.read() == expected.read()


@given(lines=st.lists(st.binary(max_size=30)), chunked=st.booleans())
def test_lines_are_those_of_the_body(lines, chunked):
    data = b"\n".join(lines)

    assert list(body_of(data, None if chunked else len(data))) == list(io.BytesIO(data))
    assert body_of(data, len(data)).readlines() == io.BytesIO(data).readlines()


@given(data=st.binary(max_size=60), missing=st.integers(1, 1000), size=st.integers(1, 20))
def test_a_body_that_ends_too_early_raises_before_it_looks_whole(data, missing, size):
    stream = body_of(data, len(data) + missing)

    def read_all():
        while stream.read(size):
            pass

    with pytest.raises(ClientDisconnected, match=r"\d+ bytes before its Content-Length"):
        read_all()


def test_a_broken_off_body_is_a_bad_request_for_error_handlers():
    assert issubclass(ClientDisconnected, BadRequest)


def test_no_byte_beyond_the_content_length_is_read():
    source = io.BytesIO(b"bodyNEXT REQUEST")

    assert io.BufferedReader(CountedBody(source, 4)).read() == b"body"
    assert source.read() == b"NEXT REQUEST"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, b"BytesIO"),
        ({"CONTENT_LENGTH": "0"}, b"BufferedReader"),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, b"BufferedReader"),
        ({"HTTP_TRANSFER_ENCODING": " Chunked"}, b"BufferedReader"),
        ({"SERVER_PROTOCOL": "HTTP/2"}, b"BufferedReader"),
    ],
)
def test_the_input_is_wrapped_if_there_can_be_a_body(changes, kind):
    assert ask(**changes)[:2] == ("200 OK", kind)


def test_a_refusal_closes_the_connection_and_says_why():
    status, body, headers = ask(HTTP_HOST="a,b")

    assert status == "400 Bad Request"
    assert headers["Connection"] == "close"
    assert int(headers["Content-Length"]) == len(body)
    assert b"more than one Host" in body


@given(st.text(max_size=20))
def test_any_text_as_host_is_accepted_or_refused_and_nothing_else(host):
    assert ask(HTTP_HOST=host)[0] in ("200 OK", "400 Bad Request")


@given(st.text(alphabet=' ,/@#?\\<>"{}|^`\t\r\n\0é', min_size=1, max_size=5))
def test_characters_that_no_host_has_are_refused(text):
    assert ask(HTTP_HOST=f"a{text}b")[0] == "400 Bad Request"


def test_a_flood_of_different_hosts_does_not_fill_the_memory():
    guard = Guard(untouched_input)
    for number in range(2000):
        environ = create_environ("/", headers={"Host": f"h{number}.example"})
        assert run_wsgi_app(guard, environ)[1] == "200 OK"

    assert len(guard.good_hosts) < 1000
