"""WebSockets over plain TCP: their connections are taken over from Granian.

What hyper and Granian do at the response 101 is not documented: these tests fail where it differs.
"""

import asyncio
import base64
import contextlib
import hashlib
import resource
import signal
import socket
import struct
import threading

import pytest
from websockets.asyncio.client import connect

ECHO = """
    import asyncio, json, os, threading, traceback
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here
    from retort.server.sockets.listen import open_listener
    from retort.websockets.errors import TooManyWebSockets, WebSocketDisconnect
    from retort.websockets.limits import Limits

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    limits = Limits(connections=CONNECTIONS)

    async def echo(handshake, fields, subprotocol, answered):
        try:
            connection = await handshake.accept(fields, subprotocol, limits)
        except (TooManyWebSockets, ValueError, WebSocketDisconnect) as error:
            answered.set_result((503, f"{type(error).__name__}: {error}"))
            return
        answered.set_result((200, "dropped"))
        try:
            while True:
                await connection.send(await connection.receive())
        except WebSocketDisconnect as error:
            print(f"ended: {error}", flush=True)

    def converse(connection, path):
        if path == "/raw-wrong":
            connection.sendall(b"HTTP/1.1 400 Bad Request\\r\\n\\r\\n")
        if path == "/raw-early":
            connection.recv(1)
        connection.sendall(b"HTTP/1.1 101 X\\r\\nX-Made-By: view\\r\\n\\r\\nfirst ")
        connection.settimeout(30)
        while data := connection.recv(1000):
            connection.send(data[::-1])
            if data == b"stop":
                break
            if data == b"fail":
                raise ValueError("in the view")
            if data == b"quit":
                raise ConnectionError
        if path == "/raw-closes":
            connection.close()
        return 200, "dropped"

    def respond(environ):
        handshake = environ.get("retort.websocket")
        path = environ["PATH_INFO"]
        if path == "/state":
            worker_state = {
                "open": len(worker.adapter.websockets),
                "is_idle": worker.adapter.is_idle,
                "files": len(os.listdir("/proc/self/fd")),
                "full_searches": worker.adapter.takeover.finder.full_searches,
            }
            return 200, json.dumps(worker_state)
        if handshake is None:
            return 200, str(environ.get("retort.websocket.error"))
        if path == "/refused":
            return 403, "refused"
        if path.startswith("/raw"):
            return converse(environ["werkzeug.socket"], path)
        import concurrent.futures
        answered = concurrent.futures.Future()
        fields = [("Set-Cookie", "a=1"), ("X-Text", "gr\\u00fc\\u00df")]
        fields = fields if path == "/fields" else []
        subprotocol = handshake.subprotocols[-1] if handshake.subprotocols else None
        asyncio.run_coroutine_threadsafe(echo(handshake, fields, subprotocol, answered), loop)
        return answered.result()

    def app(environ, start_response):
        status, text = respond(environ)
        start_response(f"{status} OK", [("Content-Type", "text/plain")])
        return [text.encode()]

    listener = open_listener("127.0.0.1", 0)
    print(f"Open http://127.0.0.1:{listener.getsockname()[1]} ", flush=True)
    worker = Worker(app, listener, Settings(threads=8, header_seconds=SECONDS, http=HTTP))
    serve_here(worker)
"""
KEY = base64.b64encode(bytes(range(16))).decode()
TEXT, CLOSE = 1, 8


def handshake(path="/", version="HTTP/1.1", **fields):
    fields = {
        "Host": "localhost",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
        **fields,
    }
    lines = [f"GET {path} {version}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(opcode, payload):
    """A frame with a mask of zeros."""
    return bytes([0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


@pytest.fixture
def serve(start):
    def serve(seconds=600, http=None, connections=10_000, env=None):
        source = ECHO.replace("SECONDS", str(seconds)).replace("HTTP)", f"{http!r})")
        return start(source.replace("CONNECTIONS", str(connections)), env=env)

    return serve


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(1)
        if not data:
            break
        head += data
    return head.decode("latin-1")


def read_frame(connection):
    first, length = connection.recv(1)[0], connection.recv(1)[0]
    payload = b""
    while len(payload) < length:
        payload += connection.recv(length - len(payload))
    return first & 0x0F, payload


def is_echoing(connection, text=b"abcd"):
    connection.sendall(frame(TEXT, text))
    return read_frame(connection) == (TEXT, text)


def state(program):
    return program.ask("GET", "/state").text


@contextlib.contextmanager
def opened(program, **fields):
    with program.connect() as connection:
        connection.sendall(handshake(**fields))
        head = read_head(connection)
        assert head.startswith("HTTP/1.1 101 "), head
        yield connection


@pytest.mark.parametrize("http", [None, "1", "auto"])
def test_messages_go_both_ways_after_the_handshake(serve, http):
    program = serve(http=http)

    async def converse():
        async with connect(f"ws://127.0.0.1:{program.port}/", compression=None) as client:
            for message in ("hello", b"\xff" * 300_000, "ü" * 50_000, ""):
                await client.send(message)
                assert await client.recv() == message
            await (await client.ping())
        assert client.close_code == 1000

    asyncio.run(converse())
    program.wait_for_output("ended: The WebSocket is closed: code 1000")
    program.wait_for(lambda: '"open": 0' in state(program))


def test_the_response_has_the_fields_of_the_program_and_proves_that_the_key_was_read(serve):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake("/fields", **{"Sec-WebSocket-Protocol": "a, b"}))
        head = read_head(connection).lower()

        guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(KEY.encode() + guid).digest()).decode()
        assert head.startswith("http/1.1 101 switching protocols\r\n")
        assert f"sec-websocket-accept: {accept.lower()}\r\n" in head
        assert "sec-websocket-protocol: b\r\n" in head
        assert "set-cookie: a=1\r\n" in head
        assert "x-text: grüß\r\n" in head
        assert "content-length" not in head
        assert "transfer-encoding" not in head
        assert is_echoing(connection)


def test_granian_closes_its_own_file_and_what_the_application_responds_is_dropped(serve):
    program = serve()
    before = state(program)

    with contextlib.ExitStack() as stack:
        for _ in range(20):
            connection = stack.enter_context(opened(program))
            assert is_echoing(connection)
        during = state(program)

    assert '"open": 20' in during
    assert files_of(during) <= files_of(before) + 21
    program.wait_for(lambda: '"open": 0' in state(program))
    assert "Traceback" not in program.output


def files_of(state):
    return int(state.partition('"files": ')[2].partition(",")[0])


def test_a_handshake_may_follow_other_requests_on_its_connection(serve):
    program = serve()

    with program.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert "200 OK" in read_head(connection)
            assert connection.recv(100)
        connection.sendall(handshake())
        assert "101 " in read_head(connection)
        assert is_echoing(connection)


@pytest.mark.parametrize("data", [frame(TEXT, b"early"), frame(TEXT, b"x" * 125) * 3])
@pytest.mark.parametrize("is_apart", [False, True])
def test_frames_before_the_response_end_the_websocket_instead_of_being_lost(serve, data, is_apart):
    program = serve()

    with program.connect() as connection:
        if is_apart:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(handshake())
            connection.sendall(data)
        else:
            connection.sendall(handshake() + data)
        assert "101 " in read_head(connection)
        opcode, payload = read_frame(connection)
        # Apart, they may arrive after Granian has stopped to read, and are echoed then.
        if opcode == CLOSE or not is_apart:
            assert payload[:2] == struct.pack("!H", 1002)
            assert b"before its handshake was answered" in payload


def test_a_request_with_more_white_space_is_not_taken_for_one_with_frames_behind_it(serve):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake().replace(b"Host: ", b"Host:    ").replace(b": 13", b":13"))
        assert "101 " in read_head(connection)
        assert is_echoing(connection)


def test_an_idle_websocket_stays_open_longer_than_an_idle_connection(serve):
    program = serve(seconds=1)

    with opened(program) as websocket:
        for _ in range(4):
            with program.connect() as idle:
                idle.settimeout(30)
                assert idle.recv(1) == b""  # the idle connection was closed
        assert is_echoing(websocket)


def test_a_refused_handshake_is_an_ordinary_response(serve):
    program = serve()

    response = program.get("/refused", Connection="Upgrade", Upgrade="websocket")
    assert (response.status, response.text) != (403, "refused")  # no valid handshake
    with program.connect() as connection:
        connection.sendall(handshake("/refused"))
        head = read_head(connection)
        assert head.startswith("HTTP/1.1 403 ")
        assert connection.recv(100) == b"refused"
        connection.sendall(handshake())  # the connection goes on
        assert "101 " in read_head(connection)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": "HTTP/1.0"}, "WebSockets need HTTP/1.1"),
        ({"Sec-WebSocket-Key": "abc"}, "Sec-WebSocket-Key must be 16 bytes"),
        ({"Sec-WebSocket-Version": "8"}, "must be 13"),
        ({"Connection": "keep-alive"}, "Connection: Upgrade"),
        ({"Upgrade": "h2c"}, "None"),
    ],
)
def test_a_request_that_cannot_become_a_websocket_has_the_reason(serve, changes, message):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake(**changes))
        assert "200 OK" in read_head(connection)
        assert message in connection.recv(1000).decode()


def test_a_request_with_a_body_is_no_handshake(serve):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake(**{"Content-Length": "3"}) + b"abc")
        assert "200 OK" in read_head(connection)


def test_a_client_that_leaves_in_the_handshake_leaves_nothing_behind(serve):
    program = serve()

    for _ in range(20):
        with program.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(handshake())

    program.wait_for(lambda: '"open": 0' in state(program))
    with opened(program) as connection:
        assert is_echoing(connection)


def test_half_a_handshake_is_closed_as_half_a_request_is(serve):
    program = serve(seconds=1)

    with program.connect() as connection:
        connection.sendall(handshake()[:60])
        connection.settimeout(30)
        assert program.received(connection) == b""


def test_more_websockets_than_the_limit_are_503(serve):
    program = serve(connections=2)

    with opened(program), opened(program), program.connect() as connection:
        connection.sendall(handshake())
        assert "503 " in read_head(connection)
        assert "TooManyWebSockets" in connection.recv(1000).decode()
    program.wait_for(lambda: '"open": 0' in state(program))
    with opened(program) as connection:
        assert is_echoing(connection)


def test_a_burst_of_handshakes_is_accepted(serve):
    program = serve()
    failures = []

    def open_some():
        try:
            with contextlib.ExitStack() as stack:
                connections = [stack.enter_context(opened(program)) for _ in range(50)]
                assert all(is_echoing(connection) for connection in connections)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=open_some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    program.wait_for(lambda: '"open": 0' in state(program))
    assert '"full_searches": 0' in state(program)


def test_the_last_open_files_are_left_to_the_program_and_the_handshake_is_503(serve):
    program = serve()
    _, most = resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE)
    assert '"open": 0' in state(program)

    with contextlib.ExitStack() as stack:
        stack.enter_context(opened(program))  # now the limit was raised
        resource.prlimit(program.process.pid, resource.RLIMIT_NOFILE, (300, most))
        heads = []
        for _ in range(200):
            connection = stack.enter_context(program.connect())
            connection.sendall(handshake())
            heads.append(read_head(connection)[:12])
        refused = heads.index("HTTP/1.1 503")
        assert 100 < refused < 150
        assert set(heads[refused:]) == {"HTTP/1.1 503"}
        assert "Raise it with 'ulimit -n'" in connection.recv(1000).decode()
        assert program.get("/plain").status == 200
    program.wait_for(lambda: '"open": 0' in state(program))
    with opened(program) as connection:
        assert is_echoing(connection)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_although_a_websocket_is_open(serve, number):
    program = serve()

    with opened(program) as connection:
        assert is_echoing(connection)
        assert program.end(number) in (0, -number)
        frame = program.received(connection)
        assert frame[:4] == bytes([0x80 | CLOSE, len(frame) - 2, 0x03, 0xE9])  # 1001
    assert "panicked" not in program.output
    assert "Traceback" not in program.output


@pytest.mark.parametrize("path", ["/raw", "/raw-closes"])
def test_a_library_may_make_a_websocket_of_the_socket(serve, path):
    program = serve(seconds=1)

    with program.connect() as connection:
        connection.sendall(handshake(path))
        head = read_head(connection)
        assert head.startswith("HTTP/1.1 101 ")
        assert "x-made-by: view\r\n" in head
        assert connection.recv(6) == b"first "
        for data in (b"abc", b"x" * 1000):
            connection.sendall(data)
            assert connection.recv(1000) == data[::-1]
        for _ in range(3):
            with program.connect() as idle:
                assert idle.recv(1) == b""  # the idle connection was closed
        assert '"open": 1' in state(program)
        connection.sendall(b"stop")
        assert program.received(connection) == b"pots"  # and the server ends the connection
    program.wait_for(lambda: '"open": 0' in state(program))
    assert "Traceback" not in program.output


def test_an_error_of_such_a_view_ends_the_connection_and_is_logged(serve):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake("/raw"))
        read_head(connection)
        connection.sendall(b"fail")
        assert program.received(connection) == b"first liaf"
    program.wait_for_output("ValueError: in the view")
    program.wait_for(lambda: '"open": 0' in state(program))


@pytest.mark.parametrize(
    ("path", "message"),
    [("/raw-wrong", "return a response from the view"), ("/raw-early", "before the response")],
)
def test_a_socket_that_is_used_in_another_way_is_an_error_that_says_how(serve, path, message):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake(path))
        assert "500 " in read_head(connection)
    program.wait_for_output(message)


def test_the_error_with_which_flask_socketio_ends_a_websocket_is_not_logged(serve):
    program = serve()

    with program.connect() as connection:
        connection.sendall(handshake("/raw"))
        read_head(connection)
        connection.sendall(b"quit")
        assert program.received(connection) == b"first tiuq"
    program.wait_for(lambda: '"open": 0' in state(program))
    assert "ConnectionError" not in program.output
