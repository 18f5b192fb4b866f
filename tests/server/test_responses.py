"""What leaves the server: every response crosses it unharmed, or is refused with a reason."""

import contextlib
import http.client

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PROGRAM = """
    import ast
    import io
    from retort import Flask, Response, request
    from werkzeug.wsgi import wrap_file

    app = Flask(__name__)

    class Raw(Response):
        automatically_set_content_length = False

    class File(io.BytesIO):
        def close(self):
            if not self.closed:
                print("closed", len(self.getvalue()), flush=True)
            super().close()

    @app.get("/")
    def index():
        return "hello"

    @app.get("/status/<code>")
    def status(code):
        return "text", int(code)

    @app.get("/field")
    def field():
        return "text", {"X-City": request.args["value"]}

    @app.get("/length/<length>/<int:size>")
    def length(length, size):
        pieces = [b"x" * 1000] * (size // 1000) + [b"x" * (size % 1000)]
        body = iter(pieces) if "stream" in request.args else [b"".join(pieces)]
        if "file" in request.args:
            body = wrap_file(request.environ, File(b"".join(pieces)))
        is_file = "file" in request.args
        return Raw(body, headers={"Content-Length": length}, direct_passthrough=is_file)

    @app.get("/hop")
    def hop():
        return Raw(["text"], headers={"Transfer-Encoding": "gzip", "Keep-Alive": "timeout=1"})

    def raw(environ, start_response):
        status, headers, pieces = ast.literal_eval(environ["HTTP_X_RESPONSE"])
        start_response(status, headers)
        return pieces if environ["QUERY_STRING"] == "list" else iter(pieces)

    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: (
        raw if environ["PATH_INFO"] == "/raw" else inner
    )(environ, start_response)
"""


@pytest.fixture(scope="module")
def site(program, serve):
    with serve(program) as site:
        yield site


def exchange(site, path, method="GET", headers=()):
    """The response to a request, and its body, or the error that reading it ends with.

    If the connection stays open, a second request on it has to get its own response.
    """
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, headers=dict(headers))
        response = connection.getresponse()
        try:
            body = response.read()
        except http.client.IncompleteRead as error:
            return response, error
        if connection.sock is not None:
            connection.request("GET", "/")
            second = connection.getresponse()
            assert (second.status, second.read()) == (200, b"hello")
        return response, body


@pytest.mark.parametrize("code", [200, 299, 404, 599, 600, 999])
def test_a_status_from_200_to_999_arrives(site, code):
    response, body = exchange(site, f"/status/{code}")

    assert (response.status, body) == (code, b"text")


@pytest.mark.parametrize(
    ("status", "reason"),
    [("200 Fine", "OK"), ("404 Gone fishing", "Not Found"), ("299 Mine", "<none>")],
)
def test_the_reason_phrase_of_a_status_is_the_servers(site, status, reason):
    """A known limit: Granian takes a number only."""
    response, _ = exchange(site, "/raw?list", headers={"X-Response": repr((status, [], [b""]))})

    assert (response.status, response.reason) == (int(status[:3]), reason)


@pytest.mark.parametrize("code", [0, 10, 42, 99, 100, 101, 103, 199, 1000, 65536])
def test_any_other_status_is_500_the_log_names_the_view_and_the_worker_lives(site, code):
    response, body = exchange(site, f"/status/{code}")

    assert (response.status, body) == (500, b"Internal Server Error\n")
    site.wait_for_log(
        f"GET /status/{code}: The response of the view shop.status (endpoint 'status')"
    )
    site.wait_for_log("may be between 200 and 999. 500 was sent instead.")


def test_a_value_arrives_in_latin_1(site):
    response, _ = exchange(site, "/field?value=Z%C3%BCrich%09x")

    assert response.getheader("X-City") == "Zürich\tx"  # http.client reads latin-1


@pytest.mark.parametrize("value", ["%E2%82%AC", "a%00b", "a%1Bb", "a%7Fb"])
def test_a_value_that_cannot_be_sent_is_500_and_the_log_names_the_field(site, value):
    response, _ = exchange(site, f"/field?value={value}")

    assert response.status == 500
    site.wait_for_log("the value of X-City has a")


def test_fields_of_the_connection_are_not_the_program_s(site):
    response, body = exchange(site, "/hop")

    assert (response.status, body) == (200, b"text")
    assert response.getheader("Transfer-Encoding") == "chunked"  # the server's own
    assert response.getheader("Keep-Alive") is None


# Of one piece, of several, and of many that go out as there is room
KINDS = ["", "?stream", "?file"]
SIZES = [1, 1000, 65_536, 65_537, 300_000, 3_000_000]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_body_of_the_announced_length_arrives_completely(site, size, kind):
    response, body = exchange(site, f"/length/{size}/{size}{kind}")

    assert response.getheader("Content-Length") == str(size)
    assert body == b"x" * size
    if kind == "?file":
        site.wait_for_log(f"closed {size}\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_body_longer_than_its_length_is_cut_and_the_next_response_is_whole(site, size, kind):
    response, body = exchange(site, f"/length/{size}/{size + 1500}{kind}")

    assert body == b"x" * size
    if kind == "?file":
        site.wait_for_log(f"closed {size + 1500}\n")
    site.wait_for_log(f"longer than its Content-Length of {size} bytes")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_body_shorter_than_its_length_breaks_the_connection_off(site, size, kind):
    response, error = exchange(site, f"/length/{size + 10}/{size}{kind}")

    assert isinstance(error, http.client.IncompleteRead)
    site.wait_for_log(f"The body has {size} bytes, and its Content-Length is {size + 10}")


@pytest.mark.parametrize("length", ["abc", "-1", "1.5", "5,5"])
def test_a_length_that_is_no_number_is_500(site, length):
    response, _ = exchange(site, f"/length/{length}/5")

    assert response.status == 500
    site.wait_for_log(f"its Content-Length is {length!r}, which is not a number of bytes")


@pytest.mark.parametrize("path", ["/length/5/5", "/length/7/5", "/status/404", "/"])
def test_head_has_the_fields_of_get_and_no_body(site, path):
    got, _ = exchange(site, path)
    response, body = exchange(site, path, "HEAD")

    assert response.status == got.status
    assert response.getheader("Content-Length") == got.getheader("Content-Length")
    assert body == b""


@pytest.mark.parametrize("code", [204, 205, 304])
def test_a_status_without_a_body_has_none(site, code):
    response, body = exchange(site, f"/status/{code}")

    assert (response.status, body) == (code, b"")


# Whatever a WSGI application answers: a whole response, or 500, or a connection that breaks off.

TEXT = st.text(alphabet=st.characters(max_codepoint=0x2FF), max_size=8)
STATUSES = st.one_of(
    st.sampled_from(["200 OK", "204 No Content", "304 X", "42 X", "101 X", "999 X", "2000 X"]), TEXT
)
FIELDS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(
                ["X-A", "Content-Length", "Transfer-Encoding", "Connection", "Set-Cookie", "Date"]
            ),
            TEXT,
        ),
        st.one_of(st.sampled_from(["1", "5", "0", "chunked", "close", "a\r\nb: c"]), TEXT),
    ),
    max_size=4,
)
PIECES = st.lists(st.binary(max_size=8), max_size=3)


@given(
    STATUSES,
    FIELDS,
    PIECES,
    st.sampled_from(["list", "iterator"]),
    st.sampled_from(["GET", "HEAD"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_response_of_an_application_harms_the_next(site, status, headers, pieces, kind, method):
    wanted = repr((status, headers, pieces)).encode("ascii", "backslashreplace").decode()

    try:
        response, body = exchange(site, f"/raw?{kind}", method, {"X-Response": wanted})
    except http.client.RemoteDisconnected:  # it broke off before anything was sent
        assert any(name.lower() == "content-length" for name, _ in headers)
        return

    if response.status == 500:
        assert body.strip().lower() in (b"internal server error", b"")
        return
    assert status.startswith(str(response.status))
    if not isinstance(body, http.client.IncompleteRead) and body:
        assert b"".join(pieces).startswith(body)
