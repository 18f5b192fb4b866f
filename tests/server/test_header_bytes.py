"""Header fields with bytes that are not ASCII: nothing of a request is lost before a view."""

import re

import pytest

PROGRAM = """
    from flask import Flask, request, session

    app = Flask(__name__)
    app.secret_key = "of these tests"

    @app.get("/in")
    def log_in():
        session["name"] = "ada"
        return "in"

    @app.get("/")
    def index():
        return f"{session.get('name')} {request.cookies.get('city')} {request.remote_addr}"

    @app.get("/field")
    def field():
        return request.headers["X-Field"].encode("latin-1").hex()

    @app.get("/<path:path>")
    def target(path):
        return " ".join([path, request.environ["RAW_URI"], request.environ["REQUEST_URI"]])

    @app.post("/")
    def post():
        return request.get_data()
"""


@pytest.fixture
def site(run):
    return run(PROGRAM, "--port=0", "--proxy=1")


def ask(program, *fields, line=b"GET / HTTP/1.1", host=b"Host: localhost", body=b""):
    """The status and the body of the response to these lines."""
    head = b"\r\n".join([line, host, b"Connection: close", *fields])
    head, _, text = program.send(head + b"\r\n\r\n" + body).partition(b"\r\n\r\n")
    return int(head.split()[1]), text.decode()


@pytest.mark.parametrize("city", ["Zürich".encode(), "Zürich".encode("latin-1"), b"\xff\x80"])
def test_a_cookie_with_other_bytes_does_not_end_the_session(site, city):
    session = re.search("session=[^;]+", site.get("/in").getheader("Set-Cookie"))[0].encode()

    for cookies in (b"city=" + city + b"; " + session, session + b"; city=" + city):
        status, text = ask(site, b"Cookie: " + cookies)
        assert (status, text.split()[0]) == (200, "ada")


def test_the_proxy_is_not_taken_for_the_client_because_of_one_byte(site):
    """As nginx adds the address of its client to what that client sent."""
    for fields in ([b"X-Forwarded-For: \xff, 192.0.2.7"], [b"X-Forwarded-For: 192.0.2.7"]):
        assert ask(site, *fields)[1].split()[2] == "192.0.2.7"


def test_every_byte_of_a_value_arrives(site):
    value = bytes([*range(0x21, 0x7F), *range(0x80, 0x100)])

    assert ask(site, b"X-Field: " + value, line=b"GET /field HTTP/1.1") == (200, value.hex())


@pytest.mark.parametrize("second", [b"Host: \xff", "Host: bücher.example".encode()])
def test_a_second_host_with_other_bytes_is_seen(site, second):
    assert ask(site, second)[0] == 400
    assert ask(site, b"Host: localhost", host=second)[0] == 400


def test_a_second_transfer_coding_with_other_bytes_is_seen(site):
    codings = [b"Transfer-Encoding: chunked", b"Transfer-Encoding: \xffgzip"]

    for fields in (codings, codings[::-1]):
        status, _ = ask(site, *fields, line=b"POST / HTTP/1.1", body=b"1\r\na\r\n0\r\n\r\n")
        assert status in (400, 501)


@pytest.mark.parametrize(
    "field", [b"X-Forwarded-For: \xff", b"Forwarded: \xff", b"X-Real-IP: \xff"]
)
def test_a_client_behind_a_proxy_gets_no_console_because_of_one_byte(run, field):
    program = run(PROGRAM, "--port=0", "--debug", "--no-reload")

    assert ask(program, line=b"GET /console HTTP/1.1")[1].count("EVALEX = true") == 1
    assert ask(program, field, line=b"GET /console HTTP/1.1")[1].count("EVALEX = true") == 0


def test_the_target_is_there_as_it_was_sent(site):
    status, text = ask(site, line=b"GET /a%2Fb/c%20d?x=%2F HTTP/1.1")

    assert (status, text) == (200, "a/b/c d /a%2Fb/c%20d?x=%2F /a%2Fb/c%20d?x=%2F")
