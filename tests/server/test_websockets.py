"""Programs that use the server's socket: the server that runs them, and the messages."""

import signal

import pytest

PROGRAM = """
    from retort import Flask, request
    from werkzeug.routing import Rule

    app = Flask(__name__)
    app.url_map.add(Rule("/echo", endpoint="echo", websocket=True))

    @app.get("/")
    def index():
        return "the first"

    @app.endpoint("echo")
    def echo():
        connection = request.environ["werkzeug.socket"]
        connection.sendall(b"HTTP/1.1 101 Switching\\r\\n\\r\\n")
        connection.sendall(connection.recv(100)[::-1])
        raise ConnectionError("done")
"""
UPGRADE = (
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)


def echoed(program):
    """What the view sends back over its socket."""
    with program.connect() as connection, connection.makefile("rwb") as stream:
        stream.write(UPGRADE)
        stream.flush()
        assert stream.readline().startswith(b"HTTP/1.1 101 ")
        assert stream.readline() == b"\r\n"
        stream.write(b"abc")
        stream.flush()
        return stream.read(3)


@pytest.mark.parametrize("options", [[], ["--no-reload"], ["--no-debugger"]])
def test_in_development_a_websocket_route_gets_the_socket(run, options):
    program = run(PROGRAM, "--port=0", "--debug", *options)
    program.wait_for_output("Served by Werkzeug's development server: .* WebSocket routes")

    assert echoed(program) == b"cba"
    assert program.get("/").text == "the first"
    assert program.end() == 0


def test_a_changed_program_is_loaded_again(run):
    program = run(PROGRAM, "--port=0", "--debug")
    program.wait_for_answer("the first")

    program.rewrite("the first", "the second")

    program.wait_for_answer("the second")
    assert echoed(program) == b"cba"


def test_an_open_websocket_does_not_hold_up_the_end(run):
    program = run(PROGRAM, "--port=0", "--debug")
    with program.connect() as connection:
        connection.sendall(UPGRADE)
        assert connection.recv(100).startswith(b"HTTP/1.1 101 ")

        assert program.end(signal.SIGINT) == 0


def test_in_production_the_start_lines_name_what_fails_and_what_to_use(run):
    program = run(PROGRAM, "--port=0")

    program.wait_for_output("WebSocket routes fail here: this server has no WebSockets yet")
    program.wait_for_output("-m gunicorn --workers 1 --threads 100")
    assert program.get("/").text == "the first"


def test_without_websockets_nothing_is_printed(run):
    program = run(PROGRAM.replace("websocket=True", "websocket=False"), "--port=0")
    program.wait_for_answer("the first")

    assert "WebSocket" not in program.output


def test_tls_is_kept(run):
    program = run(PROGRAM, "--port=0", "--debug", "--cert=adhoc")

    program.wait_for_output("Open https://")
    program.wait_for_output("Served by Werkzeug's development server")
    assert program.end() == 0
