"""The guard on its own: what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from retort.server.guard import AUTHORITY, Guard


def says_ok(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]


def ask(**changes):
    environ = create_environ("/", headers={"Host": "a.example"})
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        environ.pop(name, None)
    environ.update(changes)
    body, status, headers = run_wsgi_app(Guard(says_ok), environ, buffered=True)
    return status, b"".join(body), headers


@pytest.mark.parametrize("coding", ["chunked", " Chunked"])
def test_chunked_is_the_one_transfer_coding(coding):
    assert ask(HTTP_TRANSFER_ENCODING=coding)[0] == "200 OK"
    assert ask(HTTP_TRANSFER_ENCODING=f"gzip, {coding}")[0] == "400 Bad Request"


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", "400"), ("HTTP/2", "200")])
def test_only_http_2_needs_no_host_field_beside_the_target(protocol, status):
    answer = ask(HTTP_HOST="", SERVER_PROTOCOL=protocol, **{AUTHORITY: "b.example"})

    assert answer[0][:3] == status


@pytest.mark.parametrize("authority", ["user@b.example", "b.example:x", "a,b"])
def test_the_host_of_a_target_has_to_be_one(authority):
    assert ask(**{AUTHORITY: authority})[0] == "400 Bad Request"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", "400"),
        ("GET", "*", "400"),
        ("GET", "case", "400"),
        ("OPTIONS", "*", "200"),
        ("CONNECT", "", "200"),  # the application knows no such method
        ("GET", "/*", "200"),
    ],
)
def test_a_target_is_a_path_except_where_the_method_says_otherwise(method, path, status):
    assert ask(REQUEST_METHOD=method, PATH_INFO=path)[0][:3] == status


def test_a_body_over_the_servers_limit_is_refused_by_its_length():
    environ = create_environ("/", headers={"Host": "a"})
    guard = Guard(says_ok, max_body_bytes=10)

    assert run_wsgi_app(guard, {**environ, "CONTENT_LENGTH": "10"})[1] == "200 OK"
    assert run_wsgi_app(guard, {**environ, "CONTENT_LENGTH": "11"})[1][:3] == "413"


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
    guard = Guard(says_ok)
    for number in range(2000):
        environ = create_environ("/", headers={"Host": f"h{number}.example"})
        assert run_wsgi_app(guard, environ)[1] == "200 OK"

    assert len(guard.good_hosts) < 1000
