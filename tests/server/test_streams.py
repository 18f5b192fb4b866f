"""Answers that go out piece by piece, over real sockets."""

import hashlib
import random
import re
import socket
import threading
import time
from pathlib import Path

import pytest

STREAMS = """
    import hashlib
    import threading
    import time
    from retort.server.protocol import request_body
    from retort.server.sockets.listen import open_listener
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here
    from retort.server.sockets import connections

    request_body._FIRST_PROBE_SECONDS = 0.01

    def report_walk(walk=connections.open_files):
        print("all open files were walked through", flush=True)
        return walk()

    connections.open_files = report_walk
    go = threading.Event()

    class Body:
        def __init__(self, pieces):
            self.pieces = pieces
        def __iter__(self):
            return self.pieces
        def close(self):
            print("closed", flush=True)

    def fail_later():
        yield b"first "
        yield b"second"
        raise ValueError("in the middle")

    def fail_at_once():
        raise ValueError("before anything")
        yield b""

    def fail_when_told():
        yield b"first "
        go.wait()
        raise ValueError("in the middle")

    def end_when_told():
        yield b"first "
        go.wait()
        yield b"last"

    def read_when_told(stream):
        while not go.wait(0.01):
            yield b"tick "
        yield hashlib.sha256(stream.read()).hexdigest().encode()

    def endless():
        while True:
            yield b"x" * 65536

    def ticks():
        while True:
            yield b"tick "
            time.sleep(0.02)

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/go":
            go.set()
        pieces = {
            "/go": lambda: iter(()),
            "/fails": fail_later,
            "/fails-when-told": fail_when_told,
            "/ends-when-told": end_when_told,
            "/reads-when-told": lambda: read_when_told(environ["wsgi.input"]),
            "/fails-at-once": fail_at_once,
            "/endless": endless,
            "/ticks": ticks,
            "/large": lambda: (b"x" * 100_000 for _ in range(300)),
            "/one-piece": lambda: iter((b"x" * 30_000_000,)),
            "/empty-pieces": lambda: iter((b"", b"", b"a", b"", b"b")),
            "/nothing": lambda: iter(()),
        }[path]()
        headers = [("Content-Type", "text/plain")]
        if "length" in environ["QUERY_STRING"]:
            headers.append(("Content-Length", "20"))
        status = {"/nothing": "204 No Content"}.get(path, "200 OK")
        start_response(status, headers)
        return Body(pieces)

    listener = open_listener("127.0.0.1", 0)
    print(f"Open http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    # Idle for as long as you like: what ends here, ends for another reason.
    limits = {"send_seconds": 6, "keep_alive_seconds": 600, "body_window_seconds": 1}
    serve_here(Worker(app, listener, Settings(threads=8, **limits)))
"""


@pytest.fixture
def streams(start):
    return start(STREAMS)


def ask(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


def memory(program) -> int:
    """The most memory it ever used, in bytes: proc(5)."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_a_stream_that_fails_in_the_middle_has_no_proper_end(streams):
    answer = streams.send(ask("/fails"))

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert not answer.endswith(b"0\r\n\r\n")  # RFC 9112 §7.1
    streams.wait_for_output("ValueError: in the middle")
    streams.wait_for_output("closed")


def test_a_stream_with_a_length_that_fails_is_shorter_than_its_length(streams):
    head, _, body = streams.send(ask("/fails?length=")).partition(b"\r\n\r\n")

    assert b"content-length: 20" in head
    assert len(body) < 20


def test_a_stream_with_a_length_that_fails_later_is_broken_off_then(streams):
    with streams.connect() as connection:
        connection.sendall(b"GET /fails-when-told?length= HTTP/1.1\r\nHost: a\r\n\r\n")
        received = b""
        while not received.endswith(b"first "):
            received += connection.recv(1000)
        streams.get("/go")

        assert streams.received(connection) == b""


def test_a_stream_that_fails_on_a_unix_socket_has_no_proper_end_either(run, tmp_path):
    program = run(
        """
        from flask import Flask

        app = Flask(__name__)

        @app.get("/fails")
        def fails():
            def pieces():
                yield "first "
                raise ValueError("in the middle")
            return pieces()
        """,
        "--unix=shop.sock",
    )
    program.wait_for_output("Listening on the socket")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(tmp_path / "shop.sock"))
        connection.sendall(ask("/fails"))
        answer = program.received(connection)

    assert b"first " in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_a_stream_that_fails_before_its_first_piece_is_a_500(streams):
    answer = streams.get("/fails-at-once")

    assert answer.status == 500
    assert answer.text == "Internal Server Error\n"
    streams.wait_for_output("closed")


def test_empty_pieces_are_no_end(streams):
    assert streams.get("/empty-pieces").text == "ab"


@pytest.mark.parametrize(("path", "method"), [("/nothing", "GET"), ("/ticks", "HEAD")])
def test_responses_without_a_body_have_none(streams, path, method):
    answer = streams.send(ask(path, method))

    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"\r\n\r\n") == 1
    streams.wait_for_output("closed")


@pytest.mark.parametrize("path", ["/large", "/one-piece", "/fails", "/fails?length=", "/ticks"])
def test_no_stream_walks_through_all_connections(streams, path):
    """However it ends: whole, broken off, or because its client leaves."""
    with streams.connect() as connection:
        connection.sendall(ask(path))
        for _ in range(20 if path == "/ticks" else 1_000_000):
            if not connection.recv(65536):
                break

    streams.wait_for_output("closed")
    assert "walked" not in streams.output


def test_a_client_that_takes_nothing_is_looked_for(streams):  # or the test above would be empty
    with streams.connect() as connection:
        connection.sendall(ask("/endless"))
        streams.wait_for_output("walked")


def test_a_client_that_goes_away_ends_the_stream(streams):
    with streams.connect() as connection:
        connection.sendall(ask("/ticks"))
        assert connection.recv(10)

    streams.wait_for_output("closed")


@pytest.mark.parametrize("path", ["/large", "/one-piece"])
def test_a_large_stream_arrives_whole(streams, path):
    assert len(streams.get(path).text) == 30_000_000


def test_a_slow_reader_of_a_quick_stream_does_not_fill_the_memory(streams):
    streams.get("/empty-pieces")
    before = memory(streams)
    with streams.connect() as connection:
        connection.sendall(ask("/endless"))
        for _ in range(40):
            assert connection.recv(8192)
            time.sleep(0.01)
    assert memory(streams) - before < 16_000_000
    streams.wait_for_output("closed")


def test_readers_that_take_nothing_are_given_up(streams):
    """As many as there are threads: the next visitor is answered all the same."""
    stuck = []
    for _ in range(8):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", streams.port))
        connection.sendall(ask("/endless"))
        stuck.append(connection)

    assert streams.get("/empty-pieces").text == "ab"
    streams.wait_for(lambda: streams.output.count("closed") >= 8)
    for connection in stuck:
        connection.close()


# A response begins before the body of its request has arrived.

UNREAD = {
    "a part": (b"Content-Length: 9000000", b"x" * 400_000),
    "chunks": (b"Transfer-Encoding: chunked", b"61a80\r\n" + b"x" * 400_000 + b"\r\n"),
    "nothing": (b"Content-Length: 9000000\r\nExpect: 100-continue", b""),
}


def post(path: str, fields: bytes, body: bytes) -> bytes:
    return b"POST %s HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % (path.encode(), fields) + body


@pytest.mark.parametrize("sent", UNREAD)
@pytest.mark.parametrize("path", ["/ticks", "/endless", "/large"])
def test_a_client_that_goes_away_before_its_body_was_read_ends_the_stream(streams, path, sent):
    with streams.connect() as connection:
        connection.sendall(post(path, *UNREAD[sent]))
        assert connection.recv(10) == b"HTTP/1.1 2"

    streams.wait_for_output("closed")


def test_a_client_that_goes_away_after_its_body_was_received_ends_the_stream(streams):
    size = 4_000_000  # more than is received before the view is called
    with streams.connect() as connection:
        connection.sendall(post("/ticks", b"Content-Length: %d" % size, b"x" * 400_000))
        assert connection.recv(10) == b"HTTP/1.1 2"
        connection.sendall(b"x" * (size - 400_000))
        time.sleep(0.5)  # so that all of it has arrived
        assert connection.recv(10)
        assert "closed" not in streams.output

    streams.wait_for_output("closed")


def test_a_body_that_is_read_while_the_response_is_sent_is_whole(streams):
    body = random.Random(1).randbytes(5_000_000)
    with streams.connect() as connection:
        sender = threading.Thread(
            target=connection.sendall,
            args=[post("/reads-when-told", b"Content-Length: %d" % len(body), body)],
        )
        sender.start()
        received = b""
        while received.count(b"tick ") < 100:
            received += connection.recv(10_000)
        streams.get("/go")
        while b"0\r\n\r\n" not in received[-5:]:
            received += connection.recv(10_000)
        sender.join()

    assert hashlib.sha256(body).hexdigest().encode() in received


@pytest.mark.parametrize("sent", UNREAD)
def test_a_client_that_stops_sending_its_body_gets_the_whole_response(streams, sent):
    """RFC 9110 §10.1.1 and RFC 9112 §9.5: the client may stop sending the rest."""
    with streams.connect() as connection:
        connection.sendall(post("/ends-when-told", *UNREAD[sent]))
        received = b""
        while b"first " not in received:
            received += connection.recv(10_000)
        time.sleep(3)  # longer than a body may pause
        streams.get("/go")
        received += streams.received(connection)

    assert received.endswith(b"4\r\nlast\r\n0\r\n\r\n")
