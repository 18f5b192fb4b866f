"""Event streams over real sockets: they arrive at once, and end with their client or server."""

import contextlib
import re
import socket

import pytest

PROGRAM = """
    import asyncio
    import threading
    import time
    from retort import Event, Flask, event_stream, request

    app = Flask(__name__)
    go = threading.Event()

    async def async_ticks():
        try:
            yield "first"
            while not go.is_set():
                await asyncio.sleep(0.01)
            yield "last"
            await asyncio.sleep(600)
        finally:
            print("closed: async", flush=True)

    def sync_ticks():
        try:
            yield "first"
            while not go.wait(0.01):
                pass
            yield "last"
            while True:
                yield "more"
                time.sleep(0.02)
        finally:
            print("closed: sync", flush=True)

    SOURCES = {"async": async_ticks, "sync": sync_ticks}

    @app.get("/sync/<kind>")
    def from_sync_view(kind):
        return event_stream(SOURCES[kind](), heartbeat=0.05, retry=100)

    @app.get("/async/<kind>")
    async def from_async_view(kind):
        return event_stream(SOURCES[kind](), heartbeat=0.05, retry=100)

    @app.get("/go")
    def let_go():
        go.set()
        return "gone"

    @app.get("/fail/<when>")
    def fail(when):
        async def source():
            if when == "later":
                yield "first"
            raise ValueError("in the source")
            yield
        return event_stream(source())

    @app.get("/fail/closing")
    def fail_closing():
        async def source():
            try:
                yield "first"
                await asyncio.sleep(600)
            finally:
                raise ValueError("while closing")
        return event_stream(source(), heartbeat=0.05)

    @app.get("/short")
    async def short():
        return event_stream(["a", Event("b", id=request.last_event_id)])

    @app.get("/silent")
    def silent():
        return event_stream(never(), heartbeat=None)

    async def never():
        try:
            await asyncio.sleep(600)
            yield
        finally:
            print("closed: silent", flush=True)

    @app.get("/views")
    def views():
        return str(sum(t.name.startswith("retort view") for t in threading.enumerate()))
"""
KINDS = ["/sync/async", "/sync/sync", "/async/async", "/async/sync"]


class Stream:
    """A client of one stream."""

    def __init__(self, program, path, method="GET"):
        self.socket = program.connect()
        self.received = b""
        self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())

    def read_until(self, part):
        while part not in self.received:
            piece = self.socket.recv(65536)
            assert piece, self.received
            self.received += piece

    def read_to_its_end(self):
        """Until the last chunk, or the end of the connection."""
        with contextlib.suppress(ConnectionError):
            while not self.received.endswith(b"\r\n0\r\n\r\n"):
                piece = self.socket.recv(65536)
                if not piece:
                    break
                self.received += piece

    @property
    def is_complete(self):
        return self.received.endswith(b"\r\n0\r\n\r\n")

    def close(self):
        self.socket.close()


@pytest.fixture
def connect():
    with contextlib.ExitStack() as stack:

        def connect(program, path, **options):
            return stack.enter_context(contextlib.closing(Stream(program, path, **options)))

        yield connect


LAYERS = {
    "plain": [],
    "layers": ["--proxy", "1", "--metrics", "--access-log", "access.txt", "--request-id"],
    "debug": ["--debug"],
    "one thread": ["--threads", "1"],
}


@pytest.mark.parametrize("options", LAYERS.values(), ids=LAYERS)
def test_events_and_heartbeats_arrive_while_the_source_waits(run, connect, options):
    program = run(PROGRAM, "--port=0", *options)

    for path in KINDS:
        stream = connect(program, path)
        stream.read_until(b"retry: 100\n\ndata: first\n\n")
        stream.read_until(b":\n\n")
        assert b"content-type: text/event-stream; charset=utf-8" in stream.received.lower()
        assert b"x-accel-buffering: no" in stream.received.lower()
        stream.close()
    assert program.get("/go").text == "gone"
    program.wait_for(lambda: program.output.count("closed: ") == 4)


@pytest.mark.parametrize("path", KINDS)
def test_an_event_of_later_arrives_at_once(run, connect, path):
    program = run(PROGRAM, "--port=0")
    stream = connect(program, path)
    stream.read_until(b"data: first\n\n")
    assert program.get("/go").text == "gone"

    stream.read_until(b"data: last\n\n")


@pytest.mark.parametrize("path", KINDS)
def test_a_source_is_closed_when_its_client_leaves(run, connect, path):
    program = run(PROGRAM, "--port=0")
    stream = connect(program, path)
    stream.read_until(b"data: first\n\n")
    program.get("/go")
    stream.read_until(b"data: last\n\n")
    stream.close()

    program.wait_for_output(f"closed: {path.rpartition('/')[2]}")
    assert "Traceback" not in program.output


def test_a_source_without_heartbeats_is_closed_when_its_client_leaves(run, connect):
    program = run(PROGRAM, "--port=0")
    stream = connect(program, "/silent")
    stream.read_until(b"\r\n\r\n")
    stream.close()

    program.wait_for_output("closed: silent")


def test_streams_with_async_sources_hold_no_thread(run, connect):
    program = run(PROGRAM, "--port=0", "--threads", "2")
    before = int(program.get("/views").text)
    streams = [connect(program, path) for path in KINDS[::2] * 20]
    for stream in streams:
        stream.read_until(b"data: first\n\n")
        stream.received = b""
        stream.read_until(b":\n\n")

    assert int(program.get("/views").text) <= max(before, 2)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_end_of_the_server_ends_streams_completely(run, connect, workers):
    program = run(PROGRAM, "--port=0", "--workers", workers, "--grace", "60")
    streams = [connect(program, path) for path in [*KINDS[::2], "/silent"]]
    for stream in streams[:-1]:
        stream.read_until(b"data: first\n\n")
    streams[-1].read_until(b":\n\n")

    assert program.end() == 0
    for stream in streams:
        stream.read_to_its_end()
        assert stream.is_complete
    assert program.output.count("closed: async") == 2
    assert program.output.count("closed: silent") == 1
    assert "Traceback" not in program.output
    assert "panicked" not in program.output


def test_the_end_of_the_server_closes_sync_sources(run, connect):
    program = run(PROGRAM, "--port=0", "--grace", "60")
    streams = [connect(program, path) for path in KINDS[1::2]]
    program.get("/go")
    for stream in streams:
        stream.read_until(b"data: last\n\n")

    assert program.end() == 0
    for stream in streams:
        stream.read_to_its_end()
        assert stream.is_complete
    assert program.output.count("closed: sync") == 2


def test_an_error_before_the_first_event_is_500(run, connect):
    program = run(PROGRAM, "--port=0")

    assert program.get("/fail/first").status == 500
    assert "ValueError: in the source" in program.output


def test_an_error_after_the_first_event_aborts_the_stream_and_is_logged(run, connect):
    program = run(PROGRAM, "--port=0")
    stream = connect(program, "/fail/later")
    stream.read_to_its_end()

    assert b"data: first\n\n" in stream.received
    assert not stream.is_complete
    program.wait_for_output("ValueError: in the source")
    assert re.search(r'Traceback.*\n  File ".*program.py", line \d+, in source\n', program.output)


def test_an_error_while_a_source_is_closed_is_logged_once(run, connect):
    program = run(PROGRAM, "--port=0")
    stream = connect(program, "/fail/closing")
    stream.read_until(b"data: first\n\n")
    stream.read_until(b":\n\n")
    stream.close()

    program.wait_for_output("ValueError: while closing")
    assert program.get("/go").text == "gone"
    assert program.output.count("ValueError: while closing") == 1


def test_a_head_request_is_answered_without_the_source(run):
    program = run(PROGRAM, "--port=0")

    for path in KINDS:
        response = program.ask("HEAD", path)
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert program.get("/go").text == "gone"
    assert "closed: " not in program.output


def test_the_last_event_id_arrives(run):
    program = run(PROGRAM, "--port=0")

    response = program.get("/short", **{"Last-Event-ID": "42"})

    assert response.text == "data: a\n\nid: 42\ndata: b\n\n"


def test_an_access_log_has_the_stream_when_it_has_ended(run, connect, tmp_path):
    program = run(PROGRAM, "--port=0", "--access-log", "access.txt")
    log = tmp_path / "access.txt"
    stream = connect(program, "/sync/async")
    stream.read_until(b"data: first\n\n")
    assert "/sync/async" not in log.read_text()
    stream.close()

    program.wait_for(lambda: "/sync/async" in log.read_text())
    line = next(line for line in log.read_text().splitlines() if "/sync/async" in line)
    assert re.search(r'"GET /sync/async HTTP/1.1" 200 \d+', line), line


def test_metrics_have_the_number_of_streams(run, connect):
    program = run(PROGRAM, "--port=0", "--metrics")
    streams = [connect(program, path) for path in KINDS[::2]]
    for stream in streams:
        stream.read_until(b"data: first\n\n")

    assert "\nretort_event_streams 2.0\n" in program.get("/-/metrics").text
    for stream in streams:
        stream.close()
    program.wait_for(lambda: "\nretort_event_streams 0.0\n" in program.get("/-/metrics").text)


def test_a_client_that_reads_nothing_stops_its_source(run):
    program = run(
        """
        import asyncio
        from retort import Flask, event_stream

        app = Flask(__name__)
        made = 0

        async def source():
            global made
            try:
                while True:
                    made += 1
                    yield "x" * 100_000
            finally:
                print("closed", flush=True)

        @app.get("/")
        def index():
            return event_stream(source())

        @app.get("/made")
        def number():
            return str(made)
        """,
        "--port=0",
        "--send-timeout",
        "1",
    )
    with socket.create_connection(("127.0.0.1", program.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        program.wait_for_output("closed")
    assert int(program.get("/made").text) < 1000
