"""Responses that clients do not take: what they cost, and who has to wait for them."""

import concurrent.futures
import contextlib
import socket
import textwrap
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from retort.server.protocol.backlog import CONNECTION_BYTES, MAX_WORKER_BYTES, Backlog
from retort.server.protocol.response_body import ClientGone, ReadyResponse, StreamedResponse
from retort.server.protocol.response_head import make_head
from retort.server.protocol.stream_limit import MAX_STREAMS, MAX_STREAMS_OF_ADDRESS, StreamLimit
from retort.server.sockets.connections import Connections

PROGRAM = """
    import os
    import threading
    from retort import Flask, send_file

    app = Flask(__name__)
    with open("large.bin", "wb") as file:
        file.truncate(64_000_000)

    @app.get("/")
    def index():
        return "hello"

    @app.get("/bytes")
    def large():
        print("made", flush=True)
        return b"x" * 20_000_000

    @app.get("/file")
    def file():
        return send_file("large.bin")

    @app.get("/stream")
    def stream():
        def pieces():
            first = threading.get_ident()
            try:
                for _ in range(1000):
                    assert threading.get_ident() == first
                    yield b"x" * 1_000_000
            finally:
                is_same = threading.get_ident() == first
                os.write(1, b"closed in its thread: %r\\n" % is_same)
        return pieces()

    @app.get("/threads")
    def threads():
        return str(len(threading.enumerate()))
"""


def ask_and_read_nothing(program, path):
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", program.port))
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return connection


@pytest.mark.parametrize("path", ["/bytes", "/file"])
def test_clients_that_read_nothing_hold_no_thread(run, path):
    program = run(PROGRAM, "--port", "0", "--threads", "8")
    before = int(program.get("/threads").text)

    clients = [ask_and_read_nothing(program, path) for _ in range(50)]
    try:
        assert program.get("/").text == "hello"
        assert int(program.get("/threads").text) <= before + 10
    finally:
        for client in clients:
            client.close()


def test_streams_do_not_count_against_the_threads(run):
    program = run(PROGRAM, "--port", "0", "--threads", "8")

    clients = [ask_and_read_nothing(program, "/stream") for _ in range(40)]
    try:
        for _ in range(20):
            assert program.get("/").text == "hello"
    finally:
        for client in clients:
            client.close()
    program.wait_for(lambda: program.output.count("closed in its thread: True") == 40)


@pytest.mark.parametrize("path", ["/bytes", "/file", "/stream"])
def test_a_client_that_takes_nothing_for_too_long_is_given_up(run, path):
    program = run(PROGRAM, "--port", "0", "--send-timeout", "1")

    with ask_and_read_nothing(program, path) as client:
        program.wait_for(lambda: not established(client))
        received = program.received(client)

    assert received.startswith(b"HTTP/1.1 200 OK")
    assert len(received) < 20_000_000


def established(client):
    """Whether the server's end of the connection is open: proc(5), /proc/net/tcp."""
    port, peer = client.getpeername()[1], client.getsockname()[1]
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    ends = [line.split()[1:4] for line in lines]
    return [f"0100007F:{port:04X}", f"0100007F:{peer:04X}", "01"] in ends


def test_a_client_that_is_slow_gets_all_of_it(run):
    program = run(PROGRAM, "--port", "0", "--send-timeout", "1")

    response = urllib.request.urlopen(f"http://127.0.0.1:{program.port}/bytes", timeout=30)
    with response:
        received = 0
        for _ in range(15):  # in all longer than the limit
            received += len(response.read(1_000_000))
            time.sleep(0.2)
        received += len(response.read())

    assert received == 20_000_000


def test_one_address_has_a_part_of_the_streams():
    limit = StreamLimit(is_behind_proxy=False)

    assert all(limit.acquire("192.0.2.1") for _ in range(MAX_STREAMS_OF_ADDRESS))
    assert not limit.acquire("192.0.2.1")
    assert limit.acquire("192.0.2.2")
    limit.release("192.0.2.1")
    assert limit.acquire("192.0.2.1")


@pytest.mark.parametrize(("address", "is_behind_proxy"), [("192.0.2.1", True), ("", False)])
def test_a_proxy_has_all_of_them(address, is_behind_proxy):
    limit = StreamLimit(is_behind_proxy=is_behind_proxy)

    assert all(limit.acquire(address) for _ in range(MAX_STREAMS))
    assert not limit.acquire(address)


def test_addresses_without_a_stream_are_forgotten():
    limit = StreamLimit(is_behind_proxy=False)
    for number in range(1000):
        limit.acquire(f"192.0.2.{number}")
        limit.release(f"192.0.2.{number}")

    assert not limit.by_address


def test_more_streams_than_one_address_may_have_are_503(run):
    program = run(PROGRAM, "--port", "0")

    clients = [ask_and_read_nothing(program, "/stream") for _ in range(MAX_STREAMS_OF_ADDRESS)]
    try:
        answers = []
        program.wait_for(lambda: answers.append(status(program)) or answers[-1] == 503)
        assert program.get("/").text == "hello"
    finally:
        for client in clients:
            client.close()
    program.wait_for(lambda: status(program) == 200)


def status(program, path="/stream"):
    """Of a response of which nothing else is read."""
    with ask_and_read_nothing(program, path) as client:
        return int(client.recv(12)[9:12])


CLIENT = ("192.0.2.1", "5000")


class Granian:
    """Its watcher and protocol object in one; counts what is sent.

    :param disconnect: what ``receive`` returns: the future of the client's leaving.
    :param full: what ``send`` returns, by the number of the message.
    """

    scope = {"client": CLIENT}

    def __init__(self, disconnect, full=()):
        self.disconnect = disconnect
        self.full = dict(full)
        self.sent = 0

    @property
    def proto(self):
        return self

    def send(self, message):
        self.sent += 1
        return self.full.get(self.sent)

    def receive(self):
        return self.disconnect


def test_a_response_that_never_has_to_wait_gives_others_a_turn():
    """Such as one whose client has left, of which Granian has yet to report it."""

    never = concurrent.futures.Future()
    granian, later = Granian(never), []
    head = make_head("200 OK", [], "GET")
    backlog = Backlog(60)
    response = ReadyResponse(
        granian,
        head,
        Connections(),
        pieces=iter([b"x"] * 1000),
        size=1000,
        backlog=backlog,
        call_later=later.append,
        log=print,
    )

    backlog.send(response)
    turns = 0
    while later:
        turns += 1
        later.pop()()

    assert turns > 30
    assert granian.sent == 1 + 1000 + 1
    assert backlog.total == 0
    assert not backlog.responses


def test_a_stream_whose_client_has_left_ends_as_soon_as_that_is_reported():
    """Not after all its pieces, for which there is always room then."""

    def after(seconds, result):
        future = concurrent.futures.Future()
        threading.Timer(seconds, future.set_result, [result]).start()
        return future

    disconnect = after(0.15, {"type": "http.disconnect"})
    granian = Granian(disconnect, full={5: after(0.05, None)})
    head = make_head("200 OK", [], "GET")
    response = StreamedResponse(granian, head, Connections(), backlog=Backlog(60))
    response.start()

    with contextlib.suppress(ClientGone):
        for _ in range(1_000_000):
            response.send(b"x")

    assert granian.sent < 1000


def test_requests_that_waited_are_answered_one_by_one():
    """Together they would make all their bodies at once."""
    backlog, answered = Backlog(60), []
    backlog.sizes[CLIENT] = backlog.total = CONNECTION_BYTES + 2
    for number in range(3):
        assert backlog.defer_if_full(CLIENT, lambda number=number: answered.append(number))

    backlog.note_sent(CLIENT, 1)
    assert answered == []
    for _ in range(10):  # more room with each piece that the client takes
        backlog.note_sent(CLIENT, 1)
    assert answered == [0]
    backlog.note_resumed(CLIENT)
    assert answered == [0, 1]

    backlog.sizes[CLIENT] = CONNECTION_BYTES + 1  # that response was long
    backlog.note_resumed(CLIENT)
    assert answered == [0, 1]
    backlog.note_sent(CLIENT, 1)
    backlog.note_resumed(CLIENT)
    assert answered == [0, 1, 2]
    assert not backlog.waiting
    assert not backlog.resuming


def test_a_long_body_is_kept_while_there_is_room():
    backlog = Backlog(60)
    assert backlog.has_room(2 * MAX_WORKER_BYTES)  # alone

    backlog.total = 1
    assert backlog.has_room(MAX_WORKER_BYTES - 1)
    assert not backlog.has_room(MAX_WORKER_BYTES)


LITTLE_ROOM = """
    from retort.cli import main
    from retort.server.protocol import backlog

    backlog.MAX_WORKER_BYTES = 30_000_000
    backlog.STREAM_BYTES = 1_500_000
    main(["run", "--port=0", "served.py"])
"""


@pytest.mark.parametrize(("path", "count"), [("/bytes", 1), ("/stream", 2)])
def test_responses_that_have_no_room_are_503_and_short_ones_are_sent(start, tmp_path, path, count):
    (tmp_path / "served.py").write_text(textwrap.dedent(PROGRAM))
    program = start(LITTLE_ROOM)

    clients = [ask_and_read_nothing(program, path) for _ in range(count)]
    try:
        assert all(client.recv(12) == b"HTTP/1.1 200" for client in clients)
        program.wait_for(lambda: status(program, path) == 503)
        assert program.get("/").text == "hello"
    finally:
        for client in clients:
            client.close()
    program.wait_for(lambda: status(program, path) == 200)
