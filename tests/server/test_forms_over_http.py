"""Forms and bodies in production, sent as bytes over a socket.

The numbers are of the list of requirements.
"""

import contextlib
import json
import re
import socket
import textwrap

import pytest

PROGRAM = """
    import retort
    from retort import NAME, request

    app = NAME(__name__)
    app.config.update(METHOD_OVERRIDE=True, MAX_CONTENT_LENGTH=5000)

    @app.route("/show", methods=["GET", "HEAD", "POST", "PUT", "DELETE", "QUERY"])
    def show():
        return {
            "method": request.method,
            "args": list(request.args.items(multi=True)),
            "form": list(request.form.items(multi=True)),
            "files": [
                (name, file.filename, len(file.read()))
                for name, file in request.files.items(multi=True)
            ],
        }

    @app.post("/posts")
    def posts():
        return {"method": request.method, "form": list(request.form)}

    @app.post("/large", max_content_length=200_000)
    @app.post("/small", max_content_length=10)
    def size():
        return str(len(request.get_data()))

    READINGS = {
        "form": lambda: request.form,
        "files": lambda: request.files,
        "data": lambda: request.data,
        "get_data": lambda: request.get_data(),
        "json": lambda: request.get_json(force=True),
        "stream": lambda: request.stream.read(),
        "pieces": lambda: list(iter(lambda: request.stream.read(100), b"")),
        "lines": lambda: list(request.stream),
        "readline": lambda: list(iter(request.stream.readline, b"")),
        "parts": lambda: [part.read() for part in request.iter_parts()],
    }

    @app.post("/read/<way>")
    def read(way):
        READINGS[way]()
        return "read"

    @app.post("/parts", max_content_length=None)
    def parts():
        return [
            [part.name, part.filename, sum(map(len, part))] for part in request.iter_parts()
        ]
"""

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
LIMIT = 5000


def serve_program(serve, folder, name):
    file = folder / "program.py"
    file.write_text(textwrap.dedent(PROGRAM).replace("NAME", name))
    return serve(str(file))


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory):
    with serve_program(serve, tmp_path_factory.mktemp("retort"), "Retort") as site:
        yield site


@pytest.fixture(scope="module")
def flask_site(serve, tmp_path_factory):
    with serve_program(serve, tmp_path_factory.mktemp("flask"), "Flask") as site:
        yield site


def post(site, path, body, content_type=URLENCODED, method="POST", **headers):
    return site.ask(method, path, body, {"Content-Type": content_type, **headers})


def form(site, body, content_type=URLENCODED, path="/show"):
    answer = post(site, path, body, content_type)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def multipart(*parts, end=b"--x--\r\n"):
    head = b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n"
    return b"".join(head % part for part in parts) + end


def status_of(answer):
    return int(re.match(rb"HTTP/1.1 (\d+)", answer)[1])


def chunked(site, path, body, content_type="text/plain", size=1000):
    """The status for a body sent in chunks."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: {content_type}\r\nConnection: close\r\n\r\n"
    )
    return status_of(site.send(head.encode() + chunks + b"0\r\n\r\n"))


def sized(site, path, body, content_type="text/plain"):
    return post(site, path, body, content_type).status


# R46e

BODIES = {
    "form": (URLENCODED, lambda size: b"a=" + b"y" * (size - 2)),
    "files": (MULTIPART, lambda size: multipart((b'name="a"', b"y" * (size - 58)))),
    "json": ("application/json", lambda size: b'"' + b"y" * (size - 2) + b'"'),
    "parts": (MULTIPART, lambda size: multipart((b'name="a"', b"y" * (size - 58)))),
}
WAYS = [
    "form",
    "files",
    "data",
    "get_data",
    "json",
    "stream",
    "pieces",
    "lines",
    "readline",
    "parts",
]


@pytest.mark.parametrize("send", [sized, chunked])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["site", "flask_site"])
def test_the_limit_holds_for_every_framing_and_every_way_of_reading(request, name, way, send):
    # R46e
    site = request.getfixturevalue(name)
    content_type, make = BODIES.get(way, ("text/plain", lambda size: (b"line\n" * size)[:size]))
    assert len(make(LIMIT)) == LIMIT
    assert send(site, f"/read/{way}", make(LIMIT), content_type) == 200
    assert send(site, f"/read/{way}", make(LIMIT + 1), content_type) == 413
    assert send(site, f"/read/{way}", make(4 * LIMIT), content_type) == 413


@pytest.mark.parametrize("send", [sized, chunked])
def test_a_route_has_limits_of_its_own(site, send):
    assert send(site, "/small", b"x" * 10) == 200
    assert send(site, "/small", b"x" * 11) == 413
    assert send(site, "/large", b"x" * 200_000) == 200
    assert send(site, "/large", b"x" * 200_001) == 413


@pytest.mark.parametrize("way", WAYS)
def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(site, way):
    content_type, make = BODIES.get(way, ("text/plain", lambda size: b"x" * size))
    head = (
        f"POST /read/{way} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n"
        f"Content-Type: {content_type}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((site.host, site.port), timeout=30) as connection:
        connection.sendall(head.encode() + make(1000))
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert not answer or status_of(answer) == 400


# R57 to R61


def test_the_query_of_the_action_and_the_form_arrive_side_by_side(site):
    # R57
    answer = form(site, b"a=3", path="/show?a=1&b=2")
    assert (answer["args"], answer["form"]) == ([["a", "1"], ["b", "2"]], [["a", "3"]])
    got = json.loads(site.ask("GET", "/show?nm=Ada&x=1&x=2").text)
    assert got["args"] == [["nm", "Ada"], ["x", "1"], ["x", "2"]]
    assert got["form"] == []


def test_order_duplicates_and_empty_fields_are_kept(site):
    # R58
    answer = form(site, b"x=1&b=&x=2&=v&a+b=%26+%2B")
    assert answer["form"] == [["x", "1"], ["x", "2"], ["b", ""], ["", "v"], ["a b", "& +"]]


def test_an_empty_file_input_arrives_without_a_name(site):
    # R59
    answer = form(site, multipart((b'name="up"; filename=""', b"")), MULTIPART)
    assert answer["files"] == [["up", "", 0]]


@pytest.mark.parametrize("body", [b"nm=Zo%EB&x=1", b"nm=Zo\xeb&x=1"])
@pytest.mark.parametrize("name", ["site", "flask_site"])
def test_a_form_that_is_not_utf_8_keeps_its_fields(request, name, body):
    # R60
    answer = form(request.getfixturevalue(name), body, path="/show?nm=Zo%EB")
    assert answer["form"] == [["nm", "Zo�"], ["x", "1"]]
    assert answer["args"] == [["nm", "Zo%EB"]]


def test_names_are_written_back_as_they_were(site):
    # R61
    body = multipart((b'name="a%22b%0D%0Ac"', b"1"), (b'name="f"; filename="%22.txt"', b"abc"))
    answer = form(site, body, MULTIPART)
    assert answer["form"] == [['a"b\r\nc', "1"]]
    assert answer["files"] == [["f", '".txt', 3]]


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        ("multipart/form-data", multipart((b'name="a"', b"1")), "no boundary"),
        ("multipart/form-data; boundary=y", multipart((b'name="a"', b"1")), "not in its body"),
        (MULTIPART, multipart((b'name="a"', b"1"), end=b""), "is truncated in part 1"),
        (MULTIPART, multipart((b"x=y", b"1")), "Part 1 of the multipart form has no name"),
    ],
)
@pytest.mark.parametrize("name", ["site", "flask_site"])
def test_a_broken_form_is_a_400_with_the_reason(request, name, content_type, body, says):
    # R61
    answer = post(request.getfixturevalue(name), "/show", body, content_type)
    assert answer.status == 400
    assert says in answer.text
    assert len(answer.text) < 400


def test_a_form_as_plain_text_is_no_form(site):
    # R62
    assert form(site, b"nm=Ada\r\n", "text/plain")["form"] == []


def test_a_file_name_without_its_file_is_a_field(site):
    # R63
    answer = form(site, b"up=holiday.jpg")
    assert (answer["form"], answer["files"]) == ([["up", "holiday.jpg"]], [])


def test_parts_are_read_without_a_limit_where_the_route_has_none(site):
    content = b"\r\n--y" * 400_000
    body = multipart((b'name="a"', b"1"), (b'name="f"; filename="g"', content))
    answer = post(site, "/parts", body, MULTIPART)
    assert json.loads(answer.text) == [["a", None, 1], ["f", "g", len(content)]]


# R14 and R19


def test_the_body_of_a_get_is_a_form_in_flask_and_none_in_retort(site, flask_site):
    # R14
    for asked, expected in ((site, []), (flask_site, [["a", "1"]])):
        answer = post(asked, "/show", b"a=1", method="GET")
        assert answer.status == 200
        assert json.loads(answer.text)["form"] == expected
    assert json.loads(post(site, "/show", b"a=1", method="QUERY").text)["form"] == [["a", "1"]]


def test_a_form_names_the_method_of_its_post(site):
    # R19
    assert form(site, b"_method=delete&x=1")["method"] == "DELETE"
    assert form(site, multipart((b'name="_method"', b"PUT")), MULTIPART)["method"] == "PUT"
    assert form(site, b"_method=GET")["method"] == "POST"
    assert form(site, b"x=1", path="/show?_method=DELETE")["method"] == "POST"
    assert form(site, b"_method=DELETE", path="/posts")["method"] == "POST"
    got = post(site, "/show", b"_method=DELETE", method="PUT")
    assert json.loads(got.text)["method"] == "PUT"


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_another_site_cannot_name_a_method(site, origin):
    # R19, R47
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": origin}
    assert post(site, "/show", b"_method=DELETE", **headers).status == 403
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert json.loads(post(site, "/show", b"_method=DELETE", **headers).text)["method"] == "DELETE"
