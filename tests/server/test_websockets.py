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
    b"GET /echo HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def read_head(stream):
    """Read the head of a 101 response; Granian adds the fields Date and Server."""
    assert stream.readline().startswith(b"HTTP/1.1 101 ")
    while stream.readline() != b"\r\n":
        pass


def echoed(program):
    """What the view sends back over its socket."""
    with program.connect() as connection, connection.makefile("rwb") as stream:
        stream.write(UPGRADE)
        stream.flush()
        read_head(stream)
        stream.write(b"abc")
        stream.flush()
        return stream.read(3)


@pytest.mark.parametrize("options", [[], ["--no-reload"], ["--no-debugger"]])
def test_in_development_a_websocket_route_gets_the_socket(run, options):
    program = run(PROGRAM, "--port=0", "--debug", *options)
    program.wait_for_answer("the first")

    assert echoed(program) == b"cba"
    assert program.get("/").text == "the first"
    program.wait_for_output('"GET /echo" 101')
    assert program.end() == 0


def test_in_production_a_websocket_route_gets_the_socket(run):
    program = run(PROGRAM, "--port=0", "--access-log=-")
    program.wait_for_output("each open WebSocket holds one of the 256 threads of a worker")

    assert echoed(program) == b"cba"
    program.wait_for_output('"GET /echo HTTP/1.1" 101')
    assert program.end() == 0


def test_a_connection_error_around_the_application_is_the_end_of_a_websocket(run):
    """Flask-SocketIO raises one, so that Werkzeug's server sends no response."""
    program = run(
        PROGRAM
        + """
    def take_over(environ, start_response):
        if environ["PATH_INFO"] != "/echo":
            return inner(environ, start_response)
        connection = environ["werkzeug.socket"]
        connection.sendall(b"HTTP/1.1 101 Switching\\r\\n\\r\\n")
        connection.sendall(connection.recv(100)[::-1])
        raise ConnectionError("done")

    inner, app.wsgi_app = app.wsgi_app, take_over
""",
        "--port=0",
        "--access-log=-",
    )
    program.wait_for_answer("the first")

    assert echoed(program) == b"cba"
    program.wait_for_output('"GET /echo HTTP/1.1" 101')
    assert "Traceback" not in program.output


def test_a_changed_program_is_loaded_again(run):
    program = run(PROGRAM, "--port=0", "--debug")
    program.wait_for_answer("the first")

    program.rewrite("the first", "the second")

    program.wait_for_answer("the second")
    assert echoed(program) == b"cba"


def test_an_open_websocket_does_not_hold_up_the_end(run):
    program = run(PROGRAM, "--port=0", "--debug")
    program.wait_for_answer("the first")
    with program.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(UPGRADE)
        read_head(stream)

        assert program.end(signal.SIGINT) == 0
        frame = stream.read()
        assert frame[:1] == b"\x88"  # a close frame
        assert frame[2:4] == b"\x03\xe9"  # 1001


def test_over_tls_the_start_lines_name_what_fails_and_what_to_use(run):
    program = run(PROGRAM, "--port=0", "--cert=adhoc")

    program.wait_for_output("WebSockets fail over TLS and Unix sockets")
    program.wait_for_output("Let a proxy such as nginx end TLS")


@pytest.mark.parametrize("options", [(), ("--debug", "--no-reload")], ids=["production", "debug"])
def test_over_tls_the_start_lines_name_what_websockets_lack(run, options):
    program = run(
        """
        from retort import Flask, websocket

        app = Flask(__name__)

        @app.websocket("/echo")
        async def echo():
            await websocket.send("x")
        """,
        "--port=0",
        "--cert=adhoc",
        *options,
    )

    program.wait_for_output("WebSockets: by Granian, over TLS and Unix sockets")
    assert "Werkzeug" not in program.output


def test_the_socket_is_the_servers_until_a_101_response_is_sent_into_it(run):
    program = run(
        """
        from retort import Flask, request
        from werkzeug.routing import Rule

        app = Flask(__name__)
        app.url_map.add(Rule("/echo", endpoint="echo", websocket=True))

        @app.endpoint("echo")
        def echo():
            connection = request.environ["werkzeug.socket"]
            problems = []
            for call in (
                lambda: connection.recv(1),
                lambda: connection.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n"),
            ):
                try:
                    call()
                except (OSError, ValueError) as error:
                    problems.append(str(error))
            return "; ".join(problems)
        """,
        "--port=0",
    )
    program.wait_for_output("Press Ctrl-C")
    with program.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(UPGRADE.replace(b"Upgrade\r\n", b"Upgrade, close\r\n", 1))
        response = stream.read()
    assert response.startswith(b"HTTP/1.1 200 ")
    assert b"has no 'recv' before the response" in response
    assert b"must be the whole head of a response with status 101" in response


def test_without_websockets_nothing_is_printed(run):
    program = run(PROGRAM.replace("websocket=True", "websocket=False"), "--port=0")
    program.wait_for_answer("the first")

    assert "WebSocket" not in program.output


def test_tls_is_kept(run):
    program = run(PROGRAM, "--port=0", "--debug", "--cert=adhoc")

    program.wait_for_output("Open https://")
    program.wait_for_output("Served by Werkzeug's development server")
    assert program.end() == 0
