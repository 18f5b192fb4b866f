"""Bodies as Granian's own WSGI brings them, to an application that `retort run` does not serve."""

import json
import socket
import textwrap

import pytest

PROGRAM = """
    import os
    from pathlib import Path

    from granian import Granian
    from retort import Flask, request

    app = Flask(__name__)
    broken = []

    def told(value):
        source = type(request.environ["wsgi.input"])
        return {
            "value": value,
            "left": request.stream.read().decode(),
            "source": f"{source.__module__}.{source.__qualname__}",
        }

    @app.post("/data")
    def data():
        return told(request.get_data(as_text=True))

    @app.post("/form")
    def form():
        return told(request.form.to_dict())

    @app.post("/json")
    def value():
        return told(request.get_json())

    @app.post("/file")
    def file():
        return told({"size": len(request.files["file"].read()), "name": request.form["name"]})

    @app.errorhandler(400)
    def note(error):
        broken.append(error.description)
        return error

    @app.get("/broken")
    def show():
        return broken

    if __name__ == "__main__":
        file = Path(__file__)
        Granian(
            f"{file.stem}:app",
            port=int(os.environ["PORT"]),
            interface="wsgi",
            working_dir=file.parent,
        ).serve()
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory, serve_script, choose_port):
    script = tmp_path_factory.mktemp("granian") / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    port = choose_port()
    with serve_script(script, port, env={"PORT": str(port)}) as site:
        yield site


def post(site, path, body, content_type):
    answer = site.ask("POST", path, body, {"Content-Type": content_type})
    assert answer.status == 200, site.log.read_text()
    return json.loads(answer.body)


URLENCODED = "application/x-www-form-urlencoded"
READ = [
    ("/data", b"some text", "text/plain", "some text"),
    ("/data", b"x" * 100_000, "text/plain", "x" * 100_000),
    ("/form", b"nm=Ada&nm=Bob&q=a+b", URLENCODED, {"nm": "Ada", "q": "a b"}),
    ("/json", b'{"a":[1,2]}', "application/json", {"a": [1, 2]}),
]


@pytest.mark.parametrize(("path", "body", "content_type", "value"), READ)
def test_a_short_body_is_read_whole(site, path, body, content_type, value):
    answer = post(site, path, body, content_type)
    assert (answer["value"], answer["left"]) == (value, "")
    assert answer["source"] == "granian._granian.WSGIBody"  # by which it is known


@pytest.mark.parametrize("size", [0, 1, 1_000_000, 3_000_000])
def test_a_file_comes_with_its_fields(site, size):
    parts = [
        (b'Content-Disposition: form-data; name="name"', b"Ada"),
        (b'Content-Disposition: form-data; name="file"; filename="f.bin"', b"\r\n" * (size // 2)),
    ]
    body = b"".join(
        b"--x\r\n" + header + b"\r\n\r\n" + content + b"\r\n" for header, content in parts
    )
    answer = post(site, "/file", body + b"--x--\r\n", "multipart/form-data; boundary=x")
    assert answer["value"] == {"size": size // 2 * 2, "name": "Ada"}


def head(length):
    return (
        f"POST /data HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()


def test_a_body_that_comes_piece_by_piece_is_read_whole(site):
    with socket.create_connection((site.host, site.port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head(9))
        for piece in (b"one", b"two", b"end"):
            connection.sendall(piece)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"200 OK" in answer
    assert b'"onetwoend"' in answer


def test_a_body_that_breaks_off_is_a_bad_request(site):
    with socket.create_connection((site.host, site.port), timeout=60) as connection:
        connection.sendall(head(10) + b"abc")
    told = site.wait_for(lambda: json.loads(site.ask("GET", "/broken").body))
    assert told == ["The request body ended 7 bytes before its Content-Length."]
