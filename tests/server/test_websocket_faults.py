"""WebSockets of `@app.websocket` under faults and load, over the server that is used."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import struct
import subprocess
import sys

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

PROGRAM = """
    import asyncio, os, resource
    from retort import Flask, websocket

    app = Flask(__name__)
    app.config["WEBSOCKET_MAX_CONNECTIONS"] = int(os.environ.get("CONNECTIONS", "10000"))
    files = int(os.environ.get("FILES", "0"))
    if files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    sent = 0

    @app.get("/pid")
    def pid():
        return str(os.getpid())

    @app.get("/sent")
    def count():
        return str(sent)

    @app.get("/memory")
    def memory():
        with open("/proc/self/statm") as file:
            return str(int(file.read().split()[1]) * resource.getpagesize())

    @app.websocket("/echo")
    async def echo():
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/thread")
    def echo_in_thread():
        for message in websocket:
            websocket.send(message)

    @app.websocket("/pid")
    async def send_pid():
        await websocket.send(str(os.getpid()))
        await websocket.receive()

    @app.websocket("/sleeping")
    async def sleep():
        await websocket.accept()
        await asyncio.sleep(600)

    @app.websocket("/flood")
    async def flood():
        global sent
        while True:
            await websocket.send(bytes(64 * 1024))
            sent += 1
"""
MIB = 1024 * 1024
# What several messages, queues and buffers of one connection may take, and no more.
MEMORY_BYTES = 32 * MIB
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def handshake(path):
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"
    ).encode()


def frame(opcode, payload, *, fin=True, masked=True, length=None):
    """A frame; its mask is of zeros, and its length may be another one than that of the payload."""
    length = len(payload) if length is None else length
    mark = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | opcode])
    if length < 126:
        head += bytes([mark | length])
    elif length < 65536:
        head += bytes([mark | 126]) + struct.pack("!H", length)
    else:
        head += bytes([mark | 127]) + struct.pack("!Q", length)
    return head + (bytes(4) if masked else b"") + payload


def fragments(count, payload):
    """One binary message."""
    first = frame(BINARY, payload, fin=False)
    return [first, *[frame(0, payload, fin=False)] * (count - 2), frame(0, payload)]


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            break
        head += byte
    return head


@contextlib.contextmanager
def opened(program, path="/echo"):
    """A raw socket after its handshake."""
    with program.connect() as connection:
        connection.sendall(handshake(path))
        head = read_head(connection)
        assert head.startswith(b"HTTP/1.1 101 "), head
        yield connection


def receive_exactly(connection, size):
    received = b""
    while len(received) < size:
        data = connection.recv(size - len(received))
        assert data, received[-100:]
        received += data
    return received


def read_frame(connection):
    """Opcode and payload of a short frame."""
    first, length = receive_exactly(connection, 2)
    return first & 0x0F, receive_exactly(connection, length)


def close_code(connection):
    """The code in the close frame, which is the next frame but pings."""
    opcode, payload = read_frame(connection)
    while opcode == PING:
        opcode, payload = read_frame(connection)
    assert opcode == CLOSE
    return int.from_bytes(payload[:2], "big")


def is_echoing(program, path="/echo"):
    with connect(f"ws://127.0.0.1:{program.port}{path}") as client:
        client.send("hello")
        return client.recv(60) == "hello"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param([frame(BINARY, b"start", length=17 * MIB)], 1009, id="frame of 17 MiB"),
        pytest.param(fragments(70, bytes(MIB)), 1009, id="70 fragments of 1 MiB"),
        pytest.param([frame(TEXT, b"\xff")], 1007, id="invalid UTF-8"),
        pytest.param(
            [frame(TEXT, b"\xe4", fin=False), frame(0, b"\x28", fin=False)],
            1007,
            id="invalid UTF-8 over two fragments",
        ),
        pytest.param([frame(TEXT, b"hello", masked=False)], 1002, id="unmasked"),
        pytest.param([frame(0x40 | TEXT, b"hello")], 1002, id="reserved bit"),
        pytest.param([frame(3, b"hello")], 1002, id="reserved opcode"),
        pytest.param([frame(PING, bytes(126))], 1002, id="ping of 126 bytes"),
        pytest.param([frame(CLOSE, struct.pack("!H", 1005))], 1002, id="close code 1005"),
        pytest.param([frame(0, b"hello")], 1002, id="continuation of nothing"),
    ],
)
def test_invalid_frames_close_their_websocket_with_a_code_and_no_other(run, data, code):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("0", "/sent")

    with opened(program) as other, opened(program) as connection:
        with contextlib.suppress(ConnectionError):  # it need not read the rest
            for piece in data:
                connection.sendall(piece)

        assert close_code(connection) == code
        other.sendall(frame(TEXT, b"still here"))
        assert read_frame(other) == (TEXT, b"still here")
    assert "Traceback" not in program.output


def memory(program):
    return int(program.get("/memory").text)


def test_a_client_that_reads_nothing_stops_the_view_and_takes_little_memory(run):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("0", "/sent")
    assert is_echoing(program)
    before = memory(program)
    counts = []

    def has_stopped():
        counts.append(int(program.get("/sent").text))
        return counts[-1] > 0 and len(counts) > 20 and len(set(counts[-20:])) == 1

    with opened(program, "/flood") as connection:
        program.wait_for(has_stopped)

        assert memory(program) - before < MEMORY_BYTES
        stopped_at = counts[-1]
        for _ in range(200):  # the view goes on when the client reads
            receive_exactly(connection, 64 * 1024)
        program.wait_for(lambda: int(program.get("/sent").text) > stopped_at)
    assert "Traceback" not in program.output


def test_messages_to_a_view_that_sleeps_stop_the_client_and_take_little_memory(run):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("0", "/sent")
    assert is_echoing(program)
    before = memory(program)
    message = frame(BINARY, bytes(64 * 1024))

    with opened(program, "/sleeping") as connection:
        connection.settimeout(1)  # by then, the server has read what it reads
        with pytest.raises(TimeoutError):
            connection.sendall(message * 2000)
        assert memory(program) - before < MEMORY_BYTES
        assert is_echoing(program)


def test_a_flood_of_handshakes_gets_503_beyond_the_limit_and_leaves_the_site_alone(run):
    program = run(PROGRAM, "--port=0", env={"CONNECTIONS": "20"})
    program.wait_for_answer("0", "/sent")

    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(program.connect()) for _ in range(200)]
        for client in clients:
            client.sendall(handshake("/echo"))
        heads = [read_head(client).partition(b"\r\n")[0] for client in clients]
        assert sorted(set(heads)) == [
            b"HTTP/1.1 101 Switching Protocols",
            b"HTTP/1.1 503 Service Unavailable",
        ]
        assert heads.count(b"HTTP/1.1 101 Switching Protocols") == 20
        assert program.get("/sent").status == 200

    assert "This process has 20 WebSockets, which is its limit" in program.output
    program.wait_for(lambda: accepts_again(program))


def accepts_again(program):
    with contextlib.suppress(InvalidStatus):
        return is_echoing(program)
    return False


def test_without_files_for_more_handshakes_get_503_and_the_site_goes_on(run):
    program = run(PROGRAM, "--port=0", env={"FILES": "200"})
    program.wait_for_answer("0", "/sent")

    with contextlib.ExitStack() as stack:
        head = b" 101 "
        accepted = []
        while b" 101 " in head and len(accepted) < 300:
            client = stack.enter_context(program.connect())
            client.sendall(handshake("/echo"))
            head = read_head(client)
            accepted.append(client)
        assert head.startswith(b"HTTP/1.1 503 "), head
        assert len(accepted) > 20
        assert program.get("/sent").status == 200
        accepted[0].sendall(frame(TEXT, b"still here"))
        assert read_frame(accepted[0]) == (TEXT, b"still here")

    program.wait_for_output("The limit of open files leaves no room for another WebSocket")
    program.wait_for(lambda: accepts_again(program))
    assert "Traceback" not in program.output


def test_after_a_worker_was_killed_its_clients_connect_to_the_others(run):
    program = run(PROGRAM, "--port=0", "--workers=2")
    program.serving(2)
    url = f"ws://127.0.0.1:{program.port}/pid"
    with connect(url) as client:
        killed = int(client.recv(60))

        os.kill(killed, signal.SIGKILL)

        with pytest.raises(ConnectionClosed) as end:
            client.recv(60)
    assert end.value.rcvd is None  # no close frame: a client takes that for 1006

    def connected():
        with contextlib.suppress(OSError, ConnectionClosed), connect(url) as again:
            return int(again.recv(60))
        return 0

    assert program.wait_for(connected) != killed
    program.serving(2, instead_of={killed})
    assert program.end() == 0


def test_a_stop_closes_a_thousand_websockets_within_the_grace_time(run):
    count = 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * count), hard))
    program = run(PROGRAM, "--port=0", "--grace=60")
    program.serving(1)

    async def close_codes():
        url = f"ws://127.0.0.1:{program.port}/echo"
        options = {"compression": None, "ping_interval": None, "open_timeout": 60}
        clients = []
        for _ in range(count // 50):
            clients += await asyncio.gather(*(connect_async(url, **options) for _ in range(50)))
        program.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(client.wait_closed() for client in clients))
        return {(client.close_code, client.close_reason) for client in clients}

    assert asyncio.run(close_codes()) == {(1001, "The server is being stopped.")}
    assert program.wait() == 0
    assert "Traceback" not in program.output


@pytest.mark.parametrize("path", ["/echo", "/thread"])
@pytest.mark.parametrize("by", ["signal", "command"])
def test_a_reload_closes_websockets_with_1012_and_the_next_worker_accepts(run, tmp_path, by, path):
    pid_file = tmp_path / "pid"
    program = run(PROGRAM, "--port=0", "--grace=60", f"--pid-file={pid_file}")
    (old,) = program.serving(1)
    with connect(f"ws://127.0.0.1:{program.port}{path}") as client:
        client.send("hello")
        assert client.recv(60) == "hello"

        if by == "signal":
            program.process.send_signal(signal.SIGHUP)
        else:
            words = [sys.executable, "-m", "retort", "reload", f"--pid-file={pid_file}"]
            subprocess.run(words, check=True, capture_output=True)

        with pytest.raises(ConnectionClosed) as end:
            client.recv(60)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (1012, "The server is being restarted.")
    program.serving(1, instead_of={old})
    assert is_echoing(program, path)
    assert program.end() == 0


RAW = """
    from retort import Flask, request
    from werkzeug.routing import Rule

    app = Flask(__name__)
    app.url_map.add(Rule("/raw/<kind>", endpoint="raw", websocket=True))

    @app.get("/")
    def index():
        return "ready"

    @app.endpoint("raw")
    def raw(kind):
        connection = request.environ["werkzeug.socket"]
        connection.sendall(b"HTTP/1.1 101 Switching\\r\\n\\r\\n")
        if kind == "sending":
            connection.sendall(bytes(64 * 1024 * 1024))
        data = connection.recv(100)
        print(f"received {data!r}", flush=True)
        raise ConnectionError("the end")
"""


def test_a_stop_sends_1001_on_the_socket_of_a_library(run):
    program = run(RAW, "--port=0", "--grace=60")
    program.wait_for_answer("ready")

    with opened(program, "/raw/receiving") as connection:
        program.process.send_signal(signal.SIGTERM)

        assert close_code(connection) == 1001
        connection.sendall(frame(CLOSE, struct.pack("!H", 1001)))
        assert program.wait() == 0
    assert r"received b'\x88\x82" in program.output


def test_a_stop_puts_no_close_frame_between_the_data_that_a_library_sends(run):
    program = run(RAW, "--port=0", "--grace=2")
    program.wait_for_answer("ready")

    with opened(program, "/raw/sending") as connection:
        receive_exactly(connection, 1000)  # the view sends

        program.process.send_signal(signal.SIGTERM)

        assert program.wait() in (0, 1)
        assert set(program.received(connection)) == {0}


def test_clients_that_reset_their_handshakes_leave_nothing_in_the_log(run):
    program = run(PROGRAM, "--port=0")
    for read_bytes in [0, 100] * 10:
        with program.connect() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(handshake("/echo"))
            connection.recv(read_bytes)
    with connect(f"ws://127.0.0.1:{program.port}/echo") as client:
        client.send("still here")
        assert client.recv(30) == "still here"

    assert program.end() == 0
    assert "Traceback" not in program.output
