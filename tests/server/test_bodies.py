"""Bodies on their way to a view, over real sockets: whole or not at all, slow or large."""

import concurrent.futures
import contextlib
import hashlib
import json
import re
import socket
import time
from pathlib import Path

import pytest

# Limits in seconds, so that a test need not wait for the real ones.
SERVER = """
    import hashlib
    import time
    from retort import Flask, request
    from retort.server.sockets.listen import open_listener
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here

    app = Flask(__name__)

    @app.post("/length")
    def length():
        print("view was called", flush=True)
        return str(len(request.get_data()))

    @app.post("/digest")
    def digest():
        found = hashlib.sha256()
        for piece in iter(lambda: request.stream.read(10_000), b""):
            found.update(piece)
        return found.hexdigest()

    @app.post("/lines")
    def lines():
        return [line.decode() for line in request.stream]

    @app.post("/slow")
    def slow():
        size = len(request.get_data())
        print("slow", flush=True)
        time.sleep(0.1)
        return str(size)

    @app.post("/unread")
    def unread():
        return "did not look"

    @app.get("/")
    def index():
        return "hello"

    listener = open_listener("127.0.0.1", 0)
    print(f"Open http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    serve_here(Worker(app, listener, Settings(SETTINGS)))
"""

BEGIN = b"POST /length HTTP/1.1\r\nHost: a\r\n"
CHUNKED = BEGIN + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture
def bodies(start):
    return start(SERVER.replace("SETTINGS", ""))


@pytest.fixture
def hasty(start):
    """A server with short timeouts."""
    limits = "threads=4, header_seconds=3, body_seconds=3, body_window_seconds=3"
    return start(SERVER.replace("SETTINGS", limits))


def status_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n")[0].partition(b" ")[2]


def answers_in(received: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1.1 (\d+)", received)


def peak_memory(program) -> int:
    """The most memory it ever used, in bytes: proc(5)."""
    status = Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


BROKEN = {
    "Content-Length, short body": [BEGIN + b"Content-Length: 10\r\n\r\nabc"],
    "Content-Length, collected body": [
        BEGIN + b"Content-Length: 200000\r\n\r\n" + b"x" * 150_000,
    ],
    "Content-Length, no body": [BEGIN + b"Content-Length: 10\r\n\r\n"],
    "chunked, no chunk": [CHUNKED],
    "chunked, no last chunk": [CHUNKED, b"5\r\nhello\r\n"],
    "chunked, half a chunk": [CHUNKED, b"5\r\nhe"],
    "chunked, half an end": [CHUNKED, b"5\r\nhello\r\n0\r\n"],
}


@pytest.mark.parametrize("parts", BROKEN.values(), ids=BROKEN)
def test_a_body_that_breaks_off_is_a_bad_request_and_no_view_is_called(bodies, parts):
    answer = bodies.send(*parts, half_close=True)

    assert status_of(answer) == b"400 Bad Request"
    assert "view was called" not in bodies.output


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n", b"-5\r\nhello\r\n", b"5\r\nhelloo", b"\r\n", b"0x5\r\n"]
)
def test_a_broken_chunk_is_a_bad_request_and_the_connection_is_closed(bodies, chunk):
    answer = bodies.send(CHUNKED, b"5\r\nhello\r\n", chunk + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert status_of(answer) == b"400 Bad Request"
    assert b"broke off" in answer
    assert len(answers_in(answer)) == 1
    assert "view was called" not in bodies.output


def test_a_body_may_end_with_trailer_fields_which_are_passed_over(bodies):
    """RFC 9112 §7.1.2"""
    answer = bodies.send(CHUNKED, b"5\r\nhello\r\n", b"0\r\nChecksum: 1\r\n\r\n" + LAST)

    assert answers_in(answer) == [b"200", b"200"]
    assert answer.count(b"\r\n\r\n5") == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_body_that_breaks_off_raises_where_the_view_reads_it(bodies, chunked):
    size = 3_000_000
    with bodies.connect() as connection:
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (size + 1)
        connection.sendall(b"POST /digest HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n")
        connection.sendall(b"%x\r\n" % size * chunked + b"x" * size)
        connection.shutdown(socket.SHUT_WR)
        answer = bodies.received(connection)

    assert status_of(answer) == b"400 Bad Request"


def test_a_body_may_come_byte_by_byte(bodies):
    with bodies.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in CHUNKED + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert b"200 OK" in connection.recv(1000)


@pytest.mark.parametrize(
    "size", [0, 1, 65_536, 65_537, 300_000, 1_048_577, 2_500_000, 2_500_001, 5_000_000]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_all_sizes_arrive_whole(bodies, size, chunked):
    body = (b"0123456789abcde\n" * (size // 16 + 1))[:size]

    answer = bodies.ask("POST", "/digest", iter([body]) if chunked and body else body)

    assert answer.text == hashlib.sha256(body).hexdigest()


def test_lines_of_a_long_body_are_those_that_were_sent(bodies):
    text = "".join(f"line {number}\n" for number in range(150_000))

    assert json.loads(bodies.ask("POST", "/lines", text.encode()).text) == text.splitlines(True)


@pytest.mark.parametrize("size", [5, 70_000, 3_000_000])
def test_requests_after_an_unread_body_get_their_own_responses(bodies, size):
    """Not one byte of the body is taken for a request."""
    answer = bodies.send(
        b"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
        + b"GET / HTTP/1.1\r\nHost: b\r\n\r\n".ljust(size, b"x")[:size]
        + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )

    assert answers_in(answer) == [b"200", b"200"]
    assert answer.endswith(b"hello")


def test_a_refused_body_is_still_received_so_that_the_response_is_seen(start):
    program = start(SERVER.replace("SETTINGS", "max_body_bytes=1000"))
    with program.connect() as connection:
        connection.sendall(BEGIN + b"Content-Length: 3000000\r\n\r\n")
        for _ in range(30):
            connection.sendall(b"x" * 100_000)
        answer = program.received(connection)

    assert status_of(answer) == b"413 Payload Too Large"
    assert b"here it may be 1000" in answer


@pytest.mark.parametrize("size", [1001, 500_000])
def test_the_servers_own_limit_holds_for_chunks_too(start, size):
    program = start(SERVER.replace("SETTINGS", "max_body_bytes=1000"))

    assert program.ask("POST", "/length", iter([b"x" * size])).status == 413
    assert program.ask("POST", "/length", iter([b"x" * 1000])).text == "1000"


def test_a_client_with_expect_gets_100_continue_once(bodies):
    """R46d"""
    with bodies.connect() as connection:
        connection.sendall(BEGIN + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert b"200 OK" in connection.recv(1000)


@pytest.mark.parametrize(
    ("path", "status"), [(b"/unread", b"200"), (b"/nowhere", b"404"), (b"/length", b"400")]
)
def test_a_client_with_expect_gets_no_100_if_the_body_is_not_read(bodies, path, status):
    """R46d"""
    host = b"" if status == b"400" else b"Host: a\r\n"
    answer = bodies.send(
        b"POST %s HTTP/1.1\r\n" % path + host + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    )

    assert answers_in(answer) == [status]


def upload(program, size: int) -> str:
    return program.ask("POST", "/slow", b"x" * size).text


@pytest.mark.parametrize("size", [300_000, 2_900_000])
def test_many_uploads_at_once_are_all_answered(bodies, size):
    """More than there are threads; those of the larger size wait for pieces."""
    with concurrent.futures.ThreadPoolExecutor(80) as clients:
        answers = list(clients.map(lambda _: upload(bodies, size), range(80)))

    assert answers == [str(size)] * 80


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_upload_does_not_fill_the_memory(bodies, chunked):
    assert bodies.get("/").text == "hello"
    assert bodies.ask("POST", "/digest", b"x" * 3_000_000).status == 200
    before = peak_memory(bodies)
    piece = b"x" * 1_000_000
    answer = bodies.ask(
        "POST",
        "/digest",
        (piece for _ in range(48)),
        {} if chunked else {"Content-Length": "48000000"},
    )

    assert answer.status == 200
    assert peak_memory(bodies) - before < 16_000_000


SLOW = {
    "headers": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "short": BEGIN + b"Content-Length: 100\r\n\r\n",
    "collected": BEGIN + b"Content-Length: 900000\r\n\r\n",
    "long": BEGIN + b"Content-Length: 9000000\r\n\r\n" + b"x" * 300_000,
    "chunked": CHUNKED + b"100000\r\n",
}


def test_slow_clients_do_not_block_others_and_are_disconnected(hasty):
    """Each sends a byte now and then, in headers or in a body, for as long as it may."""
    assert hasty.get("/").text == "hello"
    with contextlib.ExitStack() as stack:
        connections = []
        for beginning in [*SLOW.values()] * 16:
            connection = stack.enter_context(hasty.connect())
            with contextlib.suppress(ConnectionError):  # if we are slow, it is cut by now
                connection.sendall(beginning)
            connections.append((beginning, connection))
        for _ in range(4):
            hasty.wait_for_answer("hello")
            time.sleep(0.2)
            for _, connection in connections:
                with contextlib.suppress(ConnectionError):
                    connection.send(b"x")
        for beginning, connection in connections:
            answer = hasty.received(connection)
            expected = b"" if beginning == SLOW["headers"] else b"408 Request Timeout"
            assert status_of(answer) == expected
    assert hasty.get("/").text == "hello"


STALLED = {
    "head start": CHUNKED + b"40000\r\n" + b"x" * 0x40000,
    "a little more": CHUNKED + b"100000\r\n" + b"x" * 300_000,
    "much more": BEGIN + b"Content-Length: 9000000\r\n\r\n" + b"x" * 700_000,
}


@pytest.mark.parametrize("beginning", STALLED.values(), ids=STALLED)
def test_long_bodies_that_stall_are_cut_at_once_and_not_as_threads_get_free(start, beginning):
    """A hundred and thirty for two threads: one after the other, they would take over a minute."""
    limits = "threads=2, body_seconds=5, body_window_seconds=5"
    hasty = start(SERVER.replace("SETTINGS", limits))
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(hasty.connect()) for _ in range(130)]
        for connection in connections:
            connection.sendall(beginning)
        upload_between = hasty.ask("POST", "/length", b"x" * 3_000_000)
        assert upload_between.text == "3000000"
        for connection in connections:
            assert status_of(hasty.received(connection)) == b"408 Request Timeout"
    assert hasty.get("/").text == "hello"


def test_long_bodies_that_stall_while_every_thread_runs_are_cut_without_one(start):
    """The views here are busy for longer than the test may take."""
    program = start(
        SERVER.replace("SETTINGS", "threads=2, body_seconds=3, body_window_seconds=3").replace(
            "time.sleep(0.1)", "time.sleep(600)"
        )
    )
    busy = b"POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(program.connect()).sendall(busy)
        # Two threads print, and each writes the end of its line by itself.
        program.wait_for_output(r"slow\s*slow")
        connection = stack.enter_context(program.connect())
        connection.sendall(STALLED["head start"])

        assert status_of(program.received(connection)) == b"408 Request Timeout"
    assert "view was called" not in program.output


def test_an_idle_connection_is_closed_silently(hasty):
    answer = hasty.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert answers_in(answer) == [b"200"]


def test_time_that_a_view_takes_to_read_is_not_counted(start):
    program = start(
        SERVER.replace("SETTINGS", "body_seconds=3, body_window_seconds=3").replace(
            "found.update(piece)", "found.update(piece); time.sleep(0.02)"
        )
    )

    assert program.ask("POST", "/digest", b"x" * 2_600_000).status == 200


def test_with_one_thread_one_view_runs_at_a_time(start):
    program = start(
        """
        import time
        from retort import Flask, request
        app = Flask(__name__)
        running = []

        @app.post("/")
        def index():
            running.append(1)
            most = len(running)
            request.get_data()
            time.sleep(0.02)
            most = max(most, len(running))
            running.pop()
            return str(most)

        if __name__ == "__main__":
            app.run(port=0, threaded=False)
        """,
        words=("-m", "retort", "{file}"),
    )
    with concurrent.futures.ThreadPoolExecutor(8) as clients:
        sizes = [10, 3_000_000] * 8
        answers = clients.map(lambda size: program.ask("POST", "/", b"x" * size).text, sizes)

        assert set(answers) == {"1"}


# HTTP/2, where a body needs no length and may have empty frames: RFC 9113 §6.

DATA, HEADERS, RESET, SETTINGS = 0, 1, 3, 4
END_STREAM, END_HEADERS = 1, 4
CANCEL = (8).to_bytes(4, "big")


def frame(kind: int, flags: int, payload: bytes, stream: int = 1) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


def literal(name: bytes, value: bytes) -> bytes:
    """A field as RFC 7541 §6.2.2 writes it, without its table."""
    return bytes([0, len(name)]) + name + bytes([len(value)]) + value


def post_over_http2(path: bytes, *fields: tuple[bytes, bytes], ends: bool = False) -> bytes:
    named = [(b":method", b"POST"), (b":scheme", b"http"), (b":path", path), (b":authority", b"a")]
    block = b"".join(literal(*field) for field in (*named, *fields))
    flags = END_HEADERS | (END_STREAM if ends else 0)
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, b"", 0)
    return preface + frame(HEADERS, flags, block)


@pytest.fixture
def http2(start):
    return start(SERVER.replace("SETTINGS", "http='auto'"))


def data_received(program, *parts: bytes) -> bytes:
    """The content of the answer, as far as it came."""
    with program.connect() as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.05)
        stream = connection.makefile("rb")
        while head := stream.read(9):
            payload = stream.read(int.from_bytes(head[:3], "big"))
            if head[3] == DATA and payload:
                return payload
    return b""


def test_an_http_2_request_needs_no_length_and_no_body(http2):
    assert data_received(http2, post_over_http2(b"/length", ends=True)) == b"0"


@pytest.mark.parametrize("fields", [(), ((b"content-length", b"5"),)])
def test_an_http_2_body_may_have_empty_frames(http2, fields):
    parts = [
        post_over_http2(b"/length", *fields),
        frame(DATA, 0, b"he"),
        frame(DATA, 0, b""),
        frame(DATA, 0, b"llo"),
        frame(DATA, END_STREAM, b""),
    ]

    assert data_received(http2, *parts) == b"5"


@pytest.mark.parametrize("reset", [frame(RESET, 0, CANCEL), b""], ids=["cancelled", "closed"])
def test_an_http_2_body_that_breaks_off_reaches_no_view(http2, reset):
    with http2.connect() as connection:
        connection.sendall(post_over_http2(b"/length") + frame(DATA, 0, b"hello"))
        time.sleep(0.05)
        connection.sendall(reset)
        time.sleep(0.2 if reset else 0)
    assert http2.get("/").text == "hello"
    time.sleep(0.3)

    assert "view was called" not in http2.output


@pytest.mark.parametrize(("limit", "is_served"), [(65_536, True), (8192, False)])
def test_the_limit_for_headers_holds_in_http_2_too(start, limit, is_served):
    program = start(SERVER.replace("SETTINGS", f"http='auto', header_bytes={limit}"))
    fields = [(b"x-%02d" % number, b"x" * 100) for number in range(90)]
    with program.connect() as connection:
        connection.sendall(post_over_http2(b"/length", *fields, ends=True))
        stream = connection.makefile("rb")
        while head := stream.read(9):
            stream.read(int.from_bytes(head[:3], "big"))
            is_end = head[3] in (DATA, HEADERS) and head[4] & END_STREAM
            if is_end or head[3] == RESET:
                break

    assert ("view was called" in program.output) == is_served
