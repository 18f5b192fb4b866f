"""HTTP/2 with prior knowledge, frame by frame: fields, and one stream among others."""

import contextlib
import re
import socket
import time
from pathlib import Path

import pytest

# RFC 9113 §6.
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PROTOCOL_ERROR, INTERNAL_ERROR, CANCEL = 1, 2, 8  # §7
GONE = "connection closed"
NO_TABLE = b"\0\1" + b"\0\0\0\0"  # the server remembers no field of its answers

# RFC 7541, appendix A: statuses with a number of their own; appendix B: digits.
INDEXED_STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
DIGITS = {
    **{f"{digit:05b}": str(digit) for digit in range(3)},
    **{f"{digit + 22:06b}": str(digit) for digit in range(3, 10)},
}


def frame(kind, flags=0, stream=0, data=b""):
    head = len(data).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + data


def number(value):
    return value.to_bytes(4, "big")


def text(value):
    """RFC 7541 §5.2, as it is; for lengths of up to 253."""
    size = bytes([len(value)]) if len(value) < 127 else bytes([127, len(value) - 127])
    return size + value


def block(method, path, fields):
    pseudo = [(b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"a")]
    return b"".join(b"\0" + text(name) + text(value) for name, value in (*pseudo, *fields))


def status_of(block):
    """The status, which comes first."""
    while block[0] & 0xE0 == 0x20:  # the size of the table
        block = block[1:]
    if block[0] & 0x80:
        return INDEXED_STATUSES[block[0] & 0x7F]
    bits = "".join(f"{byte:08b}" for byte in block[2 : 2 + (block[1] & 0x7F)])
    status = ""
    while len(status) < 3:
        code = next(code for code in DIGITS if bits.startswith(code))
        status, bits = status + DIGITS[code], bits[len(code) :]
    return int(status)


class Client:
    """One connection. Of each stream: its ``statuses``, ``bodies``, and its end in ``ends``.

    :param takes: whether it gives room for more as data comes.
    """

    def __init__(self, port, *, takes=True):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.file = self.connection.makefile("rb")
        self.takes = takes
        self.give_up_at = time.monotonic() + 60
        self.last = -1
        self.statuses, self.bodies, self.ends = {}, {}, {}
        self.connection.sendall(PREFACE + frame(SETTINGS, data=NO_TABLE))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()
        self.connection.close()

    def send(self, *frames):
        self.connection.sendall(b"".join(frames))

    def ask(self, path, method="GET", fields=(), body=None, *, ends=True):
        """Begin a request; the number of its stream."""
        stream = self.last = self.last + 2
        self.bodies[stream] = b""
        flags = END_HEADERS | (END_STREAM if body is None and ends else 0)
        self.send(frame(HEADERS, flags, stream, block(method.encode(), path.encode(), fields)))
        if body is not None:
            self.send(frame(DATA, END_STREAM if ends else 0, stream, body))
        return stream

    def reset(self, stream):
        self.send(frame(RESET, 0, stream, number(CANCEL)))

    def read(self):
        """Take note of one frame; whether there was one."""
        assert time.monotonic() < self.give_up_at, f"{self.statuses}, {self.ends}"
        head = b""
        with contextlib.suppress(ConnectionError):
            head = self.file.read(9)
        if len(head) < 9:
            for stream in self.bodies.keys() - self.ends.keys():
                self.ends[stream] = GONE
            return False
        data = self.file.read(int.from_bytes(head[:3], "big"))
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        if kind in (SETTINGS, PING) and not flags & ACK:
            self.send(frame(kind, ACK, 0, data if kind == PING else b""))
        elif kind == HEADERS:
            self.statuses[stream] = status_of(data)
        elif kind == DATA:
            self.bodies[stream] += data
            if data and self.takes:
                self.send(frame(WINDOW_UPDATE, 0, 0, number(len(data))))
                self.send(frame(WINDOW_UPDATE, 0, stream, number(len(data))))
        elif kind == RESET:
            self.ends[stream] = int.from_bytes(data, "big")
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            self.ends[stream] = "whole"
        return True

    def read_until(self, condition):
        while not condition():
            assert self.read(), f"closed; {self.statuses}, {self.ends}"

    def end_of(self, stream):
        """How a stream ends: ``"whole"``, a code of RFC 9113 §7, or `GONE`."""
        while stream not in self.ends:
            self.read()
        return self.ends[stream]

    def answer(self, path, *more, **named):
        """Send a request and read the complete response: status and body."""
        stream = self.ask(path, *more, **named)
        end = self.end_of(stream)
        return self.statuses.get(stream, end), self.bodies[stream]


# Fields that HTTP/1 would refuse by itself.

FIELDS = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def index():
        print("view was called", flush=True)
        return f"{len(request.get_data())} bytes, {len(request.cookies)} cookies"
"""

LENGTH = b"content-length"


@pytest.fixture
def fields(run):
    return run(FIELDS, "--port=0", "--http=2")


LENGTHS = {
    "two equal": [b"5", b"5"],
    "two different": [b"5", b"6"],
    "empty": [b""],
    "empty, and one": [b"", b"5"],
    "one, and empty": [b"5", b""],
    "a word": [b"abc"],
    "a list": [b"5, 5"],
    "a sign": [b"+5"],
    "negative": [b"-5"],
    "a point": [b"5.0"],
    "a space": [b" 5"],
    "not ASCII": ["\N{ARABIC-INDIC DIGIT FIVE}".encode()],
    "huge": [b"9" * 30],
    "of another body": [b"4"],
}


def test_a_content_length_that_is_no_number_or_not_alone_is_refused_in_http_2(fields):
    with Client(fields.port) as client:
        for method in ("GET", "POST"):
            for body in (None, b"hello"):
                for name, lengths in LENGTHS.items():
                    pairs = [(LENGTH, length) for length in lengths]
                    answer = client.answer("/", method, pairs, body)
                    assert answer[0] in (400, PROTOCOL_ERROR), (name, answer)
        assert "view was called" not in fields.output
        # The same connection goes on.
        assert client.answer("/", "POST", [(LENGTH, b"5")], b"hello") == (
            200,
            b"5 bytes, 0 cookies",
        )
    assert "Traceback" not in fields.output


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", b"hello")])
def test_a_request_of_http_2_has_at_most_100_fields(fields, method, body):
    pairs = [(b"x-%d" % number, b"x") for number in range(99)]  # and the host

    with Client(fields.port) as client:
        assert client.answer("/", method, pairs, body)[0] == 200
        for surplus in ([(b"x-more", b"x")], [(b"x-1", b"x")], [(b"x", b"")] * 1000):
            status, text = client.answer("/", method, [*pairs, *surplus], body)
            assert (status, b"more than 100" in text) == (431, True)
        assert fields.output.count("view was called") == 1
        assert client.answer("/")[0] == 200
    assert "Traceback" not in fields.output


def test_cookies_of_http_2_that_come_one_by_one_are_one_field(fields):
    cookies = [(b"cookie", b"c%d=v" % number) for number in range(150)]
    others = [(b"x-%d" % number, b"x") for number in range(98)]

    with Client(fields.port) as client:
        assert client.answer("/", "GET", [*cookies, *others]) == (200, b"0 bytes, 150 cookies")
        assert client.answer("/", "GET", [*cookies, *others, (b"x", b"")])[0] == 431
    assert "Traceback" not in fields.output


# One stream of several.

STREAMS = """
    import os, threading, time
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here
    from retort.server.sockets.listen import open_listener

    go = threading.Event()

    def say(text):
        os.write(1, f"{text}\\n".encode())

    class Body:
        def __init__(self, name, pieces):
            self.name, self.pieces = name, pieces
        def __iter__(self):
            return self.pieces
        def close(self):
            self.pieces.close()
            say(f"{self.name} closed")

    def repeat(piece, pause=0):
        try:
            while True:
                yield piece
                time.sleep(pause)
        finally:
            say("generator ended")

    def wait_and(end):
        yield b"begin "
        go.wait()
        yield from end()

    def fail():
        raise ValueError("in the middle")
        yield b""

    def state():
        adapter = worker.adapter
        numbers = {
            "streams": adapter.streams.by_address.total(),
            "threads": adapter.overflow.busy + adapter.pool.busy,
            "unsent": adapter.backlog.total,
        }
        return [str(numbers).encode()]

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        fields = [("Content-Type", "text/plain")]
        if "length" in environ["QUERY_STRING"]:
            fields.append(("Content-Length", "20"))
        start_response("200 OK", fields)
        if path == "/go":
            go.set()
        bodies = {
            "/ticks": lambda: repeat(b"tick", 0.01),
            "/quick": lambda: repeat(b"x"),
            "/large": lambda: repeat(b"x" * 1_000_000),
            "/waits": lambda: wait_and(lambda: [b"end"]),
            "/fails": lambda: wait_and(fail),
        }
        if path in bodies:
            return Body(path, bodies[path]())
        if path == "/bytes":
            return [b"x" * 5_000_000]
        return state() if path == "/state" else [b"hello"]

    listener = open_listener("127.0.0.1", 0)
    say(f"Open http://127.0.0.1:{listener.getsockname()[1]} ")
    # Idle for as long as you like: what ends here, ends for another reason.
    settings = Settings(http="auto", keep_alive_seconds=600, send_seconds=600, threads=8)
    worker = Worker(app, listener, settings)
    serve_here(worker)
"""


@pytest.fixture
def streams(start):
    return start(STREAMS)


def state(program):
    return {name: int(count) for name, count in re.findall(r"'(\w+)': (\d+)", state_text(program))}


def state_text(program):
    return program.get("/state").text


@pytest.mark.parametrize("takes", [True, False], ids=["takes", "stalls"])
@pytest.mark.parametrize("path", ["/ticks", "/quick", "/large"])
def test_a_stream_that_is_reset_ends_and_gives_back_its_place(streams, path, takes):
    with Client(streams.port, takes=takes) as client:
        other = client.ask("/waits")
        client.read_until(lambda: client.bodies[other])
        stream = client.ask(path)
        client.read_until(lambda: client.bodies[stream])
        assert state(streams)["streams"] == 2

        client.reset(stream)

        streams.wait_for_output("generator ended")
        streams.wait_for_output(f"{path} closed")
        streams.wait_for(lambda: state(streams)["streams"] == 1)
        # The other one, which has been there for longer, goes on to its proper end.
        client.send(frame(WINDOW_UPDATE, 0, 0, number(1000)))
        assert streams.get("/go").status == 200
        assert client.end_of(other) == "whole"
        assert client.bodies[other] == b"begin end"
        # And the connection takes new ones.
        assert client.answer("/") == (200, b"hello")
    streams.wait_for(lambda: state(streams)["streams"] == 0)


def test_bytes_of_a_stream_that_is_reset_are_given_up(streams):
    with Client(streams.port, takes=False) as client:
        stream = client.ask("/bytes")
        client.read_until(lambda: client.bodies[stream])
        assert state(streams)["unsent"] > 0

        client.reset(stream)

        streams.wait_for(lambda: state(streams)["unsent"] == 0)
        client.takes = True
        assert client.answer("/") == (200, b"hello")


def test_a_stream_that_is_reset_while_its_view_waits_ends_with_the_next_piece(streams):
    with Client(streams.port) as client:
        stream = client.ask("/waits")
        client.read_until(lambda: client.bodies[stream])
        client.reset(stream)
        assert client.answer("/") == (200, b"hello")  # by now, the reset has arrived
        assert "/waits closed" not in streams.output

        assert client.answer("/go")[0] == 200

    streams.wait_for_output("/waits closed")
    streams.wait_for(lambda: state(streams)["streams"] == 0)


def test_streams_that_are_reset_again_and_again_use_up_no_places(streams):
    """More of them than one address may have at once."""
    with Client(streams.port) as client:
        for _ in range(300):
            stream = client.ask("/ticks")
            client.read_until(lambda stream=stream: stream in client.statuses)
            assert client.statuses[stream] == 200
            client.reset(stream)
    streams.wait_for(lambda: streams.output.count("/ticks closed") == 300)
    streams.wait_for(lambda: state(streams)["streams"] == 0)


def test_requests_that_are_reset_at_once_end_the_connection_and_reach_no_view(streams):
    """CVE-2023-44487; the limit is that of Granian's HTTP/2 library."""
    with Client(streams.port) as client:
        first = client.ask("/")
        client.read_until(lambda: client.ends.get(first) == "whole")
        pairs = []
        for stream in range(first + 2, first + 2002, 2):
            request = frame(HEADERS, END_STREAM | END_HEADERS, stream, block(b"GET", b"/quick", ()))
            pairs += [request, frame(RESET, 0, stream, number(CANCEL))]
        with contextlib.suppress(OSError):  # closed meanwhile
            client.send(*pairs)
        while client.read():
            pass

    assert streams.get("/").text == "hello"
    assert streams.output.count("/quick closed") < 100


@pytest.mark.parametrize("path", ["/ticks", "/quick", "/large"])
@pytest.mark.parametrize("expects", [True, False])
def test_a_stream_that_is_reset_before_its_body_was_read_ends(streams, path, expects):
    fields = [(LENGTH, b"9000000"), *([(b"expect", b"100-continue")] if expects else [])]
    with Client(streams.port) as client:
        client.answer("/")  # by now, the server has given room for so much
        stream = client.ask(path, "POST", fields, ends=False)
        for _ in range(0 if expects else 30):
            client.send(frame(DATA, 0, stream, b"x" * 10_000))
        client.read_until(lambda: client.bodies[stream])

        client.reset(stream)

        streams.wait_for_output(f"{path} closed")
        streams.wait_for(lambda: state(streams)["streams"] == 0)
        assert client.answer("/") == (200, b"hello")


@pytest.mark.parametrize("path", ["/fails", "/fails?length"])
def test_a_response_that_fails_is_reset_and_the_others_go_on(streams, path):
    with Client(streams.port) as client:
        failing = client.ask(path)
        other = client.ask("/ticks")
        client.read_until(lambda: client.bodies[failing] and client.bodies[other])

        go = client.ask("/go")

        assert client.end_of(failing) == INTERNAL_ERROR
        assert client.bodies[failing] == b"begin "
        assert client.end_of(go) == "whole"
        so_far = len(client.bodies[other])
        client.read_until(lambda: len(client.bodies[other]) > so_far)
        assert other not in client.ends
        assert client.answer("/") == (200, b"hello")
    streams.wait_for_output("ValueError: in the middle")
    streams.wait_for_output("/fails closed")
    streams.wait_for_output("/ticks closed")
    streams.wait_for(lambda: not any(state(streams).values()))


def test_a_response_that_is_too_short_is_reset_and_the_others_go_on(streams):
    with Client(streams.port) as client:
        short = client.ask("/waits?length")
        other = client.ask("/ticks")
        client.read_until(lambda: client.bodies[short] and client.bodies[other])

        client.ask("/go")

        assert client.end_of(short) == INTERNAL_ERROR
        assert client.bodies[short] == b"begin end"
        assert client.answer("/") == (200, b"hello")
        assert other not in client.ends
    streams.wait_for_output("Content-Length is 20: the response was broken off")


def test_a_client_that_takes_nothing_of_a_stream_loses_its_connection(start):
    """A known limit: Granian looks at nothing of such a stream but the room for more."""
    streams = start(STREAMS.replace("send_seconds=600", "send_seconds=1"))
    with Client(streams.port, takes=False) as client:
        other = client.ask("/ticks")
        client.read_until(lambda: client.bodies[other])
        stalled = client.ask("/large")

        assert client.end_of(stalled) == GONE
        assert client.end_of(other) == GONE
    streams.wait_for_output("/large closed")
    streams.wait_for_output("/ticks closed")
    streams.wait_for(lambda: not any(state(streams).values()))


# Many streams of which nothing is taken.

FLOOD = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "hello"

    @app.get("/bytes")
    def large():
        return b"x" * 8_000_000

    @app.get("/stream")
    def stream():
        return (b"x" * 1_000_000 for _ in range(1000))
"""
NO_ROOM = b"\0\4" + b"\0\0\0\0"  # RFC 9113 §6.5.2: for the data of any stream, at first
MAX_RSS_BYTES = 200_000_000


def peak_bytes(pid):
    """The most memory that the process has had so far: proc(5)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


@pytest.mark.parametrize("path", ["/bytes", "/stream"])
def test_streams_without_room_take_neither_the_threads_nor_the_memory(run, path):
    program = run(FLOOD, "--port=0", "--http=auto", "--threads=8")
    assert program.get("/").text == "hello"
    (worker,) = program.workers
    with contextlib.ExitStack() as until_here:
        for _ in range(2):
            client = until_here.enter_context(Client(program.port))
            client.send(frame(SETTINGS, data=NO_ROOM))
            for _ in range(200):
                client.ask(path)
            client.read_until(lambda client=client: client.statuses)

        for _ in range(30):
            assert program.get("/").text == "hello"
            time.sleep(0.1)  # so that the streams may grow, if they do
        assert peak_bytes(worker) < MAX_RSS_BYTES
    assert [program.get("/").text for _ in range(30)] == ["hello"] * 30
    assert peak_bytes(worker) < MAX_RSS_BYTES
