"""Connections on which nothing happens, and slow headers: each has its own limit, in HTTP/2 too."""

import contextlib
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import pytest

from retort.server.options import Settings
from retort.server.sockets.idle_reaper import read_state

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of idle time")

PEM = str(Path(__file__).parent / "localhost.pem")

PROGRAM = """
    import os, socket, threading, time
    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"

    @app.get("/slow")
    def slow():
        time.sleep(4)
        return "done"

    @app.get("/stream")
    def stream():
        def pieces():
            yield "begin "
            time.sleep(4)
            yield "end"
        return pieces()

    @app.get("/large")
    def large():
        return b"x" * 30_000_000

    @app.post("/upload")
    def upload():
        return str(len(request.get_data()))

    go = threading.Event()

    @app.get("/waits")
    def waits():
        print("view waits", flush=True)
        go.wait()
        print("view ended", flush=True)
        return "done"

    @app.get("/endless")
    def endless():
        def pieces():
            print("stream began", flush=True)
            try:
                while True:
                    yield b"x" * 65536
            finally:
                os.write(1, b"stream ended\\n")
        return pieces()

    # A connection of the program's own, as to a database.
    server = socket.create_server(("127.0.0.1", 0))
    near = socket.create_connection(server.getsockname())
    far, _ = server.accept()

    @app.get("/own")
    def own():
        near.sendall(b"still here")
        return far.recv(100)
"""

LONGER_SECONDS = 4  # than the limits of 1 and 2 seconds here, with all that is added to them

GET = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture
def patient(run):
    """Headers within a second; idle as long as you like."""
    return run(PROGRAM, "--port=0", "--header-timeout=1", "--keep-alive=600")


@pytest.fixture
def hasty(run):
    """Idle for two seconds; for headers, as long as you like."""
    return run(PROGRAM, "--port=0", "--header-timeout=600", "--keep-alive=2")


def receive(connection, end):
    """What comes, up to these bytes."""
    received = b""
    while not received.endswith(end):
        piece = connection.recv(65536)
        assert piece, f"closed after {received!r}"
        received += piece
    return received


def is_closed(connection):
    """Wait until the server closes: as long as `connect` lets it."""
    with contextlib.suppress(ConnectionError):
        while connection.recv(65536):
            pass
    return True


def test_an_idle_connection_may_have_longer_than_headers(patient):
    with patient.connect() as connection, patient.connect() as silent:
        for _ in range(2):
            connection.sendall(GET % b"/")
            receive(connection, b"here")
            time.sleep(LONGER_SECONDS)
        silent.sendall(GET % b"/")
        receive(silent, b"here")


def test_headers_that_stall_are_given_up_all_the_same(patient):
    with patient.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")

        assert is_closed(connection)


def test_so_are_those_of_a_second_request(patient):
    with patient.connect() as connection:
        connection.sendall(GET % b"/")
        receive(connection, b"here")
        time.sleep(LONGER_SECONDS)
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")

        assert is_closed(connection)


def drip(connection, data):
    """Send a byte now and then, until the server closes."""
    connection.settimeout(0.2)
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            try:
                if connection.recv(65536):
                    continue
            except TimeoutError:
                continue
        return True
    return False


def test_so_are_headers_that_never_end(patient):
    with patient.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")

        assert drip(connection, b"x")


def test_a_slow_view_is_no_slow_client(patient):
    assert patient.get("/slow").text == "done"
    assert patient.get("/stream").text == "begin end"


def test_an_idle_connection_may_have_less_time_than_headers(hasty):
    with hasty.connect() as used, hasty.connect() as silent:
        used.sendall(GET % b"/")
        receive(used, b"here")

        assert is_closed(used)
        assert is_closed(silent)


def test_a_request_in_progress_is_not_idle(hasty):
    assert hasty.get("/slow").text == "done"
    assert hasty.get("/stream").text == "begin end"


def test_a_request_that_waits_for_its_turn_is_not_idle(run):
    program = run(PROGRAM, "--port=0", "--keep-alive=2", "--threads=2")
    program.wait_for_answer("here")
    texts = []
    threads = [
        threading.Thread(target=lambda: texts.append(program.get("/slow").text)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert texts == ["done"] * 6


LIMITS = (
    "--port=0",
    "--http=auto",
    "--threads=4",
    "--header-timeout=2",
    "--keep-alive=2",
    "--send-timeout=600",
)


def test_idle_and_silent_connections_are_closed_while_all_threads_are_taken(run):
    program = run(PROGRAM, *LIMITS)
    with contextlib.ExitStack() as open_until_here:
        used = open_until_here.enter_context(program.connect())
        used.sendall(GET % b"/")
        receive(used, b"here")
        for _ in range(8):  # the last of them wait for a thread
            open_until_here.enter_context(program.connect()).sendall(GET % b"/waits")
        program.wait_for(lambda: program.output.count("view waits") == 4)
        silent = open_until_here.enter_context(program.connect())

        assert is_closed(used)
        assert is_closed(silent)
        assert "view ended" not in program.output


def stall(program, http):
    """40 clients, or two with 20 streams each, that take nothing of their responses."""
    connections = []
    for _ in range(40 if http == "1" else 2):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", program.port))
        connections.append(connection)
        if http == "1":
            connection.sendall(GET % b"/endless")
            continue
        connection.sendall(PREFACE + frame(SETTINGS, payload=NO_ROOM))
        for number in range(20):
            connection.sendall(frame(HEADERS, ENDS, 2 * number + 1, GET_ENDLESS))
    program.wait_for(lambda: program.output.count("stream began") == 40)
    return connections


@pytest.mark.parametrize("http", ["1", "2"])
def test_idle_and_silent_connections_are_closed_while_many_streams_stall(run, http):
    program = run(PROGRAM, *LIMITS)
    stalled = stall(program, http)
    with program.connect() as used, program.connect() as silent:
        used.sendall(GET % b"/")
        receive(used, b"here")

        assert is_closed(used)
        assert is_closed(silent)
        assert "stream ended" not in program.output
    for connection in stalled:
        connection.close()
    program.wait_for(lambda: program.output.count("stream ended") == 40)


@pytest.mark.parametrize("head", [b"Content-Length: 20", b"Content-Length: 6000000", b"Chunked"])
def test_a_client_that_pauses_in_a_body_is_not_idle(hasty, head):
    size = int(head.rpartition(b" ")[2]) if b":" in head else 20
    piece = b"x" * (size // 2)
    if head == b"Chunked":
        head, parts = b"Transfer-Encoding: chunked", [b"a\r\n%s\r\n" % piece] * 2 + [b"0\r\n\r\n"]
    else:
        parts = [piece, piece]
    with hasty.connect() as connection:
        connection.sendall(b"POST /upload HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % head)
        connection.sendall(parts[0])
        time.sleep(LONGER_SECONDS)
        connection.sendall(b"".join(parts[1:]))
        receive(connection, b"%d" % size)


def test_a_client_that_waits_for_100_continue_and_then_pauses_is_not_idle(hasty):
    with hasty.connect() as connection:
        connection.sendall(
            b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        )
        assert receive(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        time.sleep(LONGER_SECONDS)
        connection.sendall(b"x" * 5)
        assert receive(connection, b"\r\n\r\n5").startswith(b"HTTP/1.1 200")


def test_a_response_that_is_not_taken_yet_is_not_cut_off(hasty):
    with hasty.connect() as connection:
        connection.sendall(GET % b"/large")
        size = len(connection.recv(1000))
        time.sleep(LONGER_SECONDS)
        while size < 30_000_000:
            piece = connection.recv(1_000_000)
            assert piece
            size += len(piece)
        assert is_closed(connection)


def test_connections_of_the_program_are_its_own_business(hasty):
    assert hasty.get("/own").text == "still here"
    with hasty.connect() as connection:
        assert is_closed(connection)

    assert hasty.get("/own").text == "still here"


# HTTP/2 and TLS: RFC 9113 sections 3.4, 4.1 and 6.

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, PING, WINDOW_UPDATE, HEADERS = 4, 6, 8, 1
ACK = 1
ENDS = 5  # the headers and the request
NO_ROOM = b"\0\4" + b"\0\0\0\0"  # for data of any stream, at first
# RFC 7541, appendix A: :method GET, :scheme http, :path and its value, :authority a.
GET_ENDLESS = b"\x82\x86\x04\x08/endless\x41\x01a"


def frame(kind, flags=0, stream=0, payload=b""):
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


@pytest.fixture
def encrypted(run):
    """A function that serves with TLS, and one that connects by it."""

    def encrypted(*options):
        program = run(PROGRAM, "--port=0", f"--cert={PEM}", f"--key={PEM}", *options)
        port = int(program.wait_for_output(r"https://\S+?:(\d+)")[1])

        def connect(protocol):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols([protocol])
            return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60))

        return connect

    return encrypted


def begin_http2(connection):
    connection.sendall(PREFACE + frame(SETTINGS))
    received = b""
    while frame(SETTINGS, ACK) not in received:
        received += connection.recv(65536)
    connection.sendall(
        frame(SETTINGS, ACK) + frame(WINDOW_UPDATE, payload=(1000).to_bytes(4, "big"))
    )


@pytest.mark.parametrize("options", [("--keep-alive=2",), ("--header-timeout=2",)])
def test_connections_with_tls_do_not_stay_for_ever(encrypted, options):
    connect = encrypted(*options)
    with connect("http/1.1") as silent, connect("h2") as silent_2, connect("h2") as used:
        begin_http2(used)

        assert is_closed(silent)
        assert is_closed(silent_2)
        assert is_closed(used)


def test_a_connection_by_http_2_may_be_idle_for_longer_than_headers_may_take(encrypted):
    connect = encrypted("--header-timeout=1", "--keep-alive=600")
    with connect("h2") as connection:
        begin_http2(connection)
        time.sleep(LONGER_SECONDS)
        connection.sendall(frame(PING, payload=b"are you?"))

        received = b""
        while frame(PING, ACK, payload=b"are you?") not in received:
            piece = connection.recv(65536)
            assert piece
            received += piece


def test_headers_by_http_2_that_never_end_are_given_up(encrypted):
    connect = encrypted("--header-timeout=1", "--keep-alive=600")
    with connect("h2") as connection:
        begin_http2(connection)
        connection.sendall(frame(HEADERS, stream=1, payload=b"x" * 16_000)[:9])

        assert drip(connection, b"x")


# System calls.


def test_the_idle_timeout_defaults_to_the_header_timeout():
    assert Settings(header_seconds=7).idle_seconds == 7
    assert Settings(header_seconds=7, keep_alive_seconds=3).idle_seconds == 3


def test_only_connections_to_the_port_are_looked_at(tmp_path):
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as theirs,
        (tmp_path / "file").open("w") as file,
    ):
        ours, _ = server.accept()
        port = server.getsockname()[1]
        with ours:
            assert read_state(ours.fileno(), port).client == theirs.getsockname()[1]
            assert read_state(ours.fileno(), port + 1) is None
            assert read_state(theirs.fileno(), port) is None
            assert read_state(server.fileno(), port) is None
            assert read_state(file.fileno(), port) is None
            number = ours.fileno()
        assert read_state(number, port) is None


def test_the_last_received_data_is_recorded():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as theirs,
    ):
        ours, _ = server.accept()
        port = server.getsockname()[1]
        with ours:
            looks = [read_state(ours.fileno(), port)]
            for sender, taker in [(theirs, ours), (ours, theirs), (theirs, ours)]:
                time.sleep(0.05)
                sender.sendall(b"x")
                taker.recv(1)
                looks.append(read_state(ours.fileno(), port))

    assert [look.is_unanswered for look in looks] == [False, True, False, True]
    assert [look.is_first for look in looks] == [False, True, False, False]
    assert looks[2].sent < looks[2].received
