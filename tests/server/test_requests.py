"""What arrives at an application through the server, and what goes back: over real sockets."""

import pytest

ECHO = """
    from retort.server.script import run

    def app(environ, start_response):
        words = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_HOST", "-")]
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [" ".join(words).encode("latin-1")]

    run(app, "127.0.0.1", 0)
"""

BODIES = """
    import retort
    from flask import Flask, request

    app = Flask(__name__)

    @app.post("/lines")
    def lines():
        return [line.decode() for line in request.stream]

    @app.post("/length")
    def length():
        return str(len(request.get_data()))

    @app.post("/form")
    def form():
        return request.form["nm"]

    @app.post("/reads")
    def reads():
        stream = request.environ["wsgi.input"]
        return [part.decode() for part in (stream.readline(), stream.read(2), stream.read())]

    @app.post("/unread")
    def unread():
        return "did not look"

    app.run(port=0)
"""


def lines_of(answer: bytes) -> list[bytes]:
    return answer.split(b"\r\n")


@pytest.fixture
def echo(start):
    return start(ECHO)


@pytest.fixture
def bodies(start):
    return start(BODIES, words=["-m", "retort", "{file}"])


def test_an_ordinary_request_is_answered(echo):
    answer = echo.get("/page?x=1", Host="example.org:5000")

    assert answer.status == 200
    assert answer.text == "GET /page example.org:5000"


def test_a_request_without_host_is_rejected_before_the_application(echo):
    answer = echo.send(b"GET / HTTP/1.1\r\n\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.1 400 Bad Request"
    assert answer.endswith(b"The request has no Host header.\n")


@pytest.mark.parametrize(
    "host_lines",
    [
        b"Host: a.example\r\nHost: b.example\r\n",
        b"Host: a.example, b.example\r\n",
        b"Host: a.example/path\r\n",
        b"Host: user@a.example\r\n",
        b"Host: a.example:port\r\n",
        b"Host: a b\r\n",
        b"Host: [::1\r\n",
        b"Host: <script>\r\n",
    ],
)
def test_two_hosts_or_one_that_is_none_are_refused(echo, host_lines):
    answer = echo.send(b"GET / HTTP/1.1\r\n" + host_lines + b"\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.1 400 Bad Request"
    assert b"GET /" not in answer


@pytest.mark.parametrize(
    "host", ["a.example", "A.example:80", "127.0.0.1:5000", "[::1]:5000", "under_score", "[::1]"]
)
def test_host_names_and_addresses_are_accepted(echo, host):
    assert echo.get("/", Host=host).text == f"GET / {host}"


def test_http_1_0_needs_no_host(echo):
    answer = echo.send(b"GET /old HTTP/1.0\r\n\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.0 200 OK"
    assert answer.endswith(b"GET /old -")


@pytest.mark.parametrize("method", [b"get", b"Post", b"dELETE"])
def test_a_method_in_lower_case_is_another_method(echo, method):
    answer = echo.send(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.1 501 Not Implemented"
    assert f"Did you mean {method.decode().upper()!r}?".encode() in answer


def test_an_unusual_method_in_upper_case_is_the_applications_business(echo):
    assert echo.ask("PROPFIND", "/").text.startswith("PROPFIND / ")


def test_the_path_arrives_as_its_bytes(echo):
    answer = echo.send(b"GET /%C3%A9%FF%20x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert answer.endswith(b"GET /\xc3\xa9\xff x a")


def test_environment_variables_do_not_pass_for_headers(start):
    program = start(
        """
        from retort.server.script import run

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [repr(environ.get("HTTP_PROXY")).encode()]

        run(app, "127.0.0.1", 0)
        """,
        env={"HTTP_PROXY": "http://evil.example"},
    )

    assert program.get("/").text == "None"


def test_head_has_no_body_and_the_next_request_in_the_connection_is_understood(echo):
    answer = echo.send(
        b"HEAD /one HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )

    head, _, rest = answer.partition(b"\r\n\r\n")
    assert b"content-length: 11" in head
    assert rest.startswith(b"HTTP/1.1 200 OK")
    assert rest.endswith(b"\r\n\r\nGET /two a")


def test_a_body_cut_off_before_its_content_length_is_a_bad_request(bodies):
    answer = bodies.send(
        b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 20\r\n\r\nnm=half",
        half_close=True,
    )

    assert lines_of(answer)[0] == b"HTTP/1.1 400 Bad Request"
    assert b"half" not in answer


@pytest.mark.parametrize("path", ["/length", "/lines"])
def test_a_body_cut_off_is_a_bad_request_however_it_is_read(bodies, path):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n".encode()

    answer = bodies.send(head, b"abc\n", b"de", half_close=True)

    assert lines_of(answer)[0] == b"HTTP/1.1 400 Bad Request"


def test_a_view_that_does_not_read_is_not_troubled_by_a_body(bodies):
    answer = bodies.send(
        b"POST /unread HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"
    )

    assert answer.endswith(b"did not look")


@pytest.mark.parametrize(
    ("host_lines", "host"), [(b"Host: a.example\r\n", b"a.example"), (b"", b"b.example:81")]
)
def test_the_host_field_goes_before_the_host_of_a_target(echo, host_lines, host):
    """A known limit: RFC 9112 §3.2.2 has it the other way round, but Granian hides the target."""
    answer = echo.send(
        b"GET http://b.example:81/page HTTP/1.1\r\n" + host_lines + b"Connection: close\r\n\r\n"
    )

    assert answer.endswith(b"GET /page " + host)


def test_a_target_with_a_host_does_not_excuse_two_host_fields(echo):
    """R45"""
    answer = echo.send(b"GET http://b.example/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize(
    ("beginning", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n", b"414 URI Too Long"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n", b"414 URI Too Long"),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101, b"431 Request Header Fields Too Large"),
        (
            b"GET / HTTP/1.1\r\na: " + b"b" * 200_000 + b"\r\n",
            b"431 Request Header Fields Too Large",
        ),
        (b"GET / HTTP/1.1\r\na b: c\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1, 2\r\n", b"400 Bad Request"),
    ],
    ids=["long target", "very long target", "many fields", "long field", "bad name", "two lengths"],
)
def test_heads_that_are_too_much_are_refused(echo, beginning, status):
    answer = echo.send(beginning + b"Host: a\r\n\r\n")

    assert lines_of(answer)[0] == b"HTTP/1.1 " + status


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize(
    ("length", "is_served"), [(65_000, True), (66_000, False), (300_000, False), (2_000_000, False)]
)
def test_the_fields_of_a_request_are_64_kib_at_most(echo, method, length, is_served):
    answer = echo.send(method + b" / HTTP/1.1\r\nHost: a\r\nX: " + b"b" * length + b"\r\n\r\n")

    expected = b"HTTP/1.1 200 OK" if is_served else b"HTTP/1.1 431 Request Header Fields Too Large"
    assert lines_of(answer)[0] == expected
    assert (b"longer than 65536 bytes" in answer) == (length in (66_000, 300_000))


@pytest.mark.parametrize("chunked", [False, True])
def test_lines_of_a_body_arrive_whole(bodies, chunked):
    body = b"".join(b"line %d\n" % number for number in range(2000)) + b"the end"

    answer = bodies.ask("POST", "/lines", iter([body]) if chunked else body)

    assert answer.text.count("line ") == 2000
    assert "the end" in answer.text


def test_chunks_that_cut_through_lines_are_put_together(bodies):
    answer = bodies.send(
        b"POST /lines HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n",
        b"4\r\none\n\r\n2\r\ntw\r\n",
        b"3\r\no\nt\r\n4\r\nhree\r\n0\r\n\r\n",
    )

    assert answer.endswith(b'["one\\n","two\\n","three"]\n')


def test_reading_a_line_and_then_some_bytes_and_then_the_rest(bodies):
    assert bodies.ask("POST", "/reads", b"one\ntwo\nthree").text == '["one\\n","tw","o\\nthree"]\n'


def test_a_large_body_arrives_whole(bodies):
    assert bodies.ask("POST", "/length", b"x" * 3_000_000).text == "3000000"


def test_an_empty_body_is_empty(bodies):
    assert bodies.ask("POST", "/length", b"").text == "0"
    assert bodies.ask("POST", "/lines", b"").text == "[]\n"


@pytest.mark.parametrize(
    ("coding", "status"),
    [
        (b"gzip, chunked", b"501 Not Implemented"),  # RFC 9112 §6.1
        (b"identity", b"400 Bad Request"),
        (b"chunked, chunked", b"400 Bad Request"),
    ],
)
def test_a_transfer_coding_other_than_chunked_is_refused(bodies, coding, status):
    answer = bodies.send(
        b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + coding + b"\r\n"
        b"Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )

    assert lines_of(answer)[0] == b"HTTP/1.1 " + status


ODD_APPLICATIONS = """
    import sys
    from retort.server.script import run

    class Body:
        def __init__(self, pieces):
            self.pieces = iter(pieces)
        def __iter__(self):
            return self.pieces
        def close(self):
            print("closed", flush=True)

    def late(start_response):
        start_response("418 I'm a teapot", [("Content-Type", "text/plain")])
        yield b"short "
        yield b"and stout"

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        headers = [("Content-Type", "text/plain")]
        if path == "/late":
            return late(start_response)
        if path == "/never":
            return [b"x"]
        if path == "/raise":
            raise ValueError("secret detail")
        if path == "/exit":
            sys.exit(3)
        if path == "/write":
            write = start_response("200 OK", headers)
            write(b"one ")
            return [b"two"]
        if path == "/twice":
            start_response("200 OK", headers)
            try:
                1 / 0
            except ZeroDivisionError:
                start_response("500 Oops", headers, sys.exc_info())
            return [b"changed its mind"]
        if path == "/closes":
            start_response("200 OK", headers)
            return Body([b"a", b"b"])
        start_response("200 OK", headers)
        return (b"a tuple ", b"of two")

    run(app, "127.0.0.1", 0)
"""


@pytest.fixture
def odd(start):
    return start(ODD_APPLICATIONS)


def test_a_start_response_called_in_the_first_step_of_a_generator_counts(odd):
    answer = odd.get("/late")

    assert answer.status == 418
    assert answer.text == "short and stout"


@pytest.mark.parametrize("path", ["/never", "/raise", "/exit"])
def test_an_application_that_fails_is_a_500_without_details_and_the_server_lives(odd, path):
    answer = odd.get(path)

    assert answer.status == 500
    assert answer.text == "Internal Server Error\n"
    assert odd.get("/").status == 200


def test_the_details_of_a_failure_are_in_the_terminal(odd):
    odd.get("/raise")

    odd.wait_for_output("ValueError: secret detail")


def test_what_is_written_comes_before_what_is_returned(odd):
    assert odd.get("/write").text == "one two"


def test_a_status_may_be_changed_while_nothing_is_sent(odd):
    answer = odd.get("/twice")

    assert (answer.status, answer.text) == (500, "changed its mind")


def test_a_body_is_closed_after_it_was_sent(odd):
    assert odd.get("/closes").text == "ab"
    odd.wait_for_output("closed")


def test_a_body_may_be_any_sequence(odd):
    assert odd.get("/").text == "a tuple of two"
