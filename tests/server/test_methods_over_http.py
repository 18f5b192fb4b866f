"""Methods over a socket, in production: HTTP.md R1 to R12, R16 to R28, R45, R46."""

import pytest

PROGRAM = """
from retort import Flask, Retort, redirect, request, url_for

def make(kind):
    app = kind("program")

    @app.get("/")
    def index():
        return "hello"

    @app.route("/login", methods=["GET", "POST"])
    def login():
        return redirect(url_for("index"))

    @app.delete("/entry")
    def delete():
        return "", 204

    @app.get("/stream")
    def stream():
        return (piece for piece in ("a", "b"))

    @app.get("/error")
    def error():
        return 1 / 0

    @app.route("/cache", methods=["PURGE"])
    def purge():
        return "purged"

    @app.query("/search", accepts=["application/json"])
    def search():
        return request.get_json()

    @app.get("/folder/")
    def folder():
        return "folder"

    @app.post("/folder/")
    def save():
        return request.form

    @app.put("/whole")
    def put():
        return "put"

    return app

flask_app = make(Flask)
retort_app = make(Retort)
"""


@pytest.fixture(scope="module", params=["flask_app", "retort_app"])
def site(request, serve, tmp_path_factory):
    file = tmp_path_factory.mktemp("program") / "program.py"
    file.write_text(PROGRAM)
    with serve(f"{file}:{request.param}") as site:
        site.kind = request.param
        yield site


def raw(site, text):
    """Send one request as it stands and give its status line, head and body."""
    answer = site.send(text.replace("\n", "\r\n").encode("latin-1"))
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *fields = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value for name, _, value in (field.partition(": ") for field in fields)
    }
    return int(status_line.split()[1]), headers, body


def one(site, line, *fields, body=""):
    fields = "".join(f"{field}\n" for field in fields)
    return raw(site, f"{line} HTTP/1.1\nHost: localhost\nConnection: close\n{fields}\n{body}")


def allow(headers):
    return {method.strip() for method in headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["/", "/nothing", "/login"])
@pytest.mark.parametrize("method", ["get", "BREW", "Post", "PROPFIND"])
def test_an_unknown_method_is_not_implemented(site, method, path):
    # R1, R2
    status, _, body = one(site, f"{method} {path}")
    assert status == 501
    assert b"hello" not in body


def test_a_method_of_a_rule_is_implemented(site):
    # R2, R3
    assert one(site, "PURGE /cache")[2] == b"purged"
    status, headers, _ = one(site, "PURGE /")
    assert (status, allow(headers)) == (405, {"GET", "HEAD", "OPTIONS"})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "QUERY"])
def test_a_method_that_the_url_does_not_take_is_not_allowed(site, method):
    # R3, R11
    status, headers, body = one(site, f"{method} /login", "X-Secret: echo", "Content-Length: 0")
    assert (status, allow(headers)) == (405, {"GET", "HEAD", "OPTIONS", "POST"})
    assert b"echo" not in body


@pytest.mark.parametrize("path", ["/", "/nothing", "/error", "/stream", "/entry", "/folder"])
def test_head_is_get_without_the_body(site, path):
    # R5, R6
    get, head = one(site, f"GET {path}"), one(site, f"HEAD {path}")
    assert head[0] == get[0]
    assert head[2] == b""
    dropped = {"date", "transfer-encoding", "connection"}
    for name in set(get[1]) - dropped:
        assert head[1].get(name) == get[1][name], name


def test_the_connection_stays_in_step_after_head(site):
    # R5
    answer = site.send(
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n"
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.endswith(b"hello")
    assert answer.count(b"hello") == 1


def test_options_names_the_methods(site):
    # R9
    status, headers, _ = one(site, "OPTIONS /login")
    assert (status, allow(headers)) == (200, {"GET", "HEAD", "OPTIONS", "POST"})


def test_options_for_the_server(site):
    # R10
    status, headers, body = one(site, "OPTIONS *")
    assert (status, body) == (200, b"")
    assert {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PURGE"} <= allow(headers)


def test_connect_never_succeeds(site):
    # R12
    for target in ("localhost:80", "/"):
        answer = site.send(
            f"CONNECT {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
        )
        assert not answer.startswith(b"HTTP/1.1 2"), answer


def test_no_content_has_nothing_to_describe(site):
    # R16
    status, headers, body = one(site, "DELETE /entry")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers
    assert "transfer-encoding" not in headers
    assert ("content-type" in headers) is (site.kind == "flask_app")


def test_query_needs_a_type_that_is_taken(site):
    # R20, R21, R22, R25
    good = one(
        site, "QUERY /search", "Content-Type: application/json", "Content-Length: 7", body='{"a":1}'
    )
    assert (good[0], good[2]) == (200, b'{"a":1}\n')
    assert good[1]["accept-query"] == "application/json"
    assert one(site, "QUERY /search", "Content-Length: 2", body="{}")[0] == 400
    wrong = one(site, "QUERY /search", "Content-Type: text/plain", "Content-Length: 1", body="x")
    assert (wrong[0], wrong[1]["accept-query"]) == (415, "application/json")
    broken = one(
        site, "QUERY /search", "Content-Type: application/json", "Content-Length: 1", body="{"
    )
    assert broken[0] == 400


def test_a_slash_redirect_keeps_method_and_query(site):
    # R28
    status, headers, _ = one(site, "POST /folder?a=1", "Content-Length: 0")
    assert status == 308
    assert headers["location"] == "http://localhost/folder/?a=1"


def test_put_of_a_part(site):
    # R15
    status = one(site, "PUT /whole", "Content-Range: bytes 0-0/9", "Content-Length: 1", body="x")[0]
    assert status == (400 if site.kind == "retort_app" else 200)


@pytest.mark.parametrize(
    "head",
    [
        "GET / HTTP/1.1\nConnection: close\n\n",
        "GET / HTTP/1.1\nHost: a\nHost: b\nConnection: close\n\n",
        "GET / HTTP/1.1\nHost: a b\nConnection: close\n\n",
        "GET / HTTP/1.1\nHost: a,b\nConnection: close\n\n",
    ],
)
def test_a_request_without_one_host_is_a_bad_request(site, head):
    # R45
    assert raw(site, head)[0] == 400


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: -1",),
        ("Content-Length: +3",),
        ("Content-Length: x",),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked, gzip",),
    ],
)
def test_a_body_without_a_known_end_is_rejected(site, fields):
    # R46 a, b
    status, _, body = one(site, "POST /login", *fields, body="abc")
    assert 400 <= status < 600
    assert status != 500
    assert b"hello" not in body


def test_a_length_beside_chunks_cannot_smuggle_a_request(site):
    # R46 a
    answer = site.send(
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /cache HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )
    first = answer.split(b" ", 2)[1]
    assert first == b"400" or answer.count(b"HTTP/1.1 ") == 1 or b"connection: close" in answer


def test_a_method_with_characters_that_no_token_has_is_a_bad_request(site):
    # R46 c
    assert raw(site, "G(T / HTTP/1.1\nHost: localhost\nConnection: close\n\n")[0] in {400, 501}


def test_http_1_0_clients_get_no_100_continue(site):
    # R46 d
    answer = site.send(
        b"POST /login HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        b"Content-Length: 0\r\n\r\n"
    )
    assert b"100 Continue" not in answer
