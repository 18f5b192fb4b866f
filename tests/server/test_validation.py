"""Request validation on its own: which requests are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

from retort.server.protocol.validation import MAX_FIELDS, RequestValidator, refuse_fields


def says_ok(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]


def ask(**changes):
    environ = create_environ("/", headers={"Host": "a.example"})
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE"):
        environ.pop(name, None)
    environ.update(changes)
    body, status, headers = run_wsgi_app(RequestValidator(says_ok), environ, buffered=True)
    return status, b"".join(body), headers


@pytest.mark.parametrize(
    ("codings", "status"),
    [
        ("chunked", "200"),
        (" Chunked", "200"),
        ("gzip, chunked", "501"),  # RFC 9112 §6.1
        ("gzip", "501"),
        ("identity", "501"),
        ("\xffchunked", "501"),
        ("", "501"),
        ("chunked, chunked", "400"),
        ("chunked, gzip", "400"),
        ("chunked,", "400"),
    ],
)
def test_chunked_is_the_one_transfer_coding(codings, status):
    assert ask(HTTP_TRANSFER_ENCODING=codings)[0][:3] == status


@pytest.mark.parametrize("length", ["", "abc", "-1", "+1", "1.0", "5, 5", "٣", "9" * 5000, "1 "])
def test_a_length_that_is_no_number_is_refused(length):
    assert ask(CONTENT_LENGTH=length)[0] == "400 Bad Request"


@pytest.mark.parametrize(
    ("protocol", "status"), [("HTTP/1.0", "200"), ("HTTP/1.1", "400"), ("HTTP/2", "400")]
)
def test_a_host_is_required_except_in_http_1_0(protocol, status):
    # Granian writes an empty Host where there is none.
    assert ask(HTTP_HOST="", SERVER_PROTOCOL=protocol)[0][:3] == status


def test_a_request_has_a_limited_number_of_fields():
    fields = [(b"x-%d" % number, b"") for number in range(MAX_FIELDS)]

    assert refuse_fields(fields, 10_000) is None
    assert refuse_fields([*fields, (b"x-more", b"")], 10_000).status == 431


def test_each_cookie_may_be_a_field_of_its_own():
    assert refuse_fields([(b"cookie", b"a=1")] * 500 + [(b"host", b"a")], 10_000) is None


def test_all_fields_together_have_a_limited_length():
    fields = [(b"x-a", b"b" * 40), (b"x-b", b"b" * 54)]

    assert refuse_fields(fields, 100) is None
    assert refuse_fields(fields, 99).status == 431
    assert refuse_fields([(b"cookie", b"a=1")] * 12, 99).status == 431


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", "400"),
        ("GET", "*", "400"),
        ("GET", "case", "400"),
        ("OPTIONS", "*", "200"),
        ("CONNECT", "", "200"),  # the application has no such method
        ("GET", "/*", "200"),
    ],
)
def test_a_target_is_a_path_except_for_options_and_connect(method, path, status):
    assert ask(REQUEST_METHOD=method, PATH_INFO=path)[0][:3] == status


def test_a_body_over_the_servers_limit_is_refused_by_its_length():
    environ = create_environ("/", headers={"Host": "a"})
    validator = RequestValidator(says_ok, max_body_bytes=10)

    assert run_wsgi_app(validator, {**environ, "CONTENT_LENGTH": "10"})[1] == "200 OK"
    assert run_wsgi_app(validator, {**environ, "CONTENT_LENGTH": "11"})[1][:3] == "413"


def test_an_error_response_closes_the_connection_and_has_a_reason():
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
    validator = RequestValidator(says_ok)
    for number in range(2000):
        environ = create_environ("/", headers={"Host": f"h{number}.example"})
        assert run_wsgi_app(validator, environ)[1] == "200 OK"

    assert len(validator.valid_hosts) < 1000
