"""SIGTERM under continuous load: requests on new connections get their responses."""

import contextlib
import os
import signal
import socket
import threading
from collections import Counter

import pytest

from retort.server.sockets.accepting import (
    drop_new_connections,
    drops_new_connections,
    has_queued_connections,
)
from retort.server.sockets.connections import has_new_connections

PROGRAM = """
    import os, time
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "hello"

    @app.get("/pid")
    def pid():
        time.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())
"""

CLIENTS = 12


@pytest.fixture(autouse=True)
def _filters():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        if not drop_new_connections(listener):
            pytest.skip("the system lets this user filter no packets")


def ask_http1(connection):
    """What came of a request, and whether to ask again on this connection."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not answer.endswith(b"\r\n\r\nhello"):
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    is_whole = answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"\r\n\r\nhello")
    goes_on = is_whole and b"connection: close" not in answer.lower()
    return ("whole" if is_whole else "broken" if answer else "nothing"), goes_on


# RFC 9113: type 0 brings a body, 1 headers, 4 settings, 6 a ping, 7 is GOAWAY; 1 is END_STREAM or
# ACK, 4 END_HEADERS. RFC 7541, appendix A: indexed fields of one byte.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GET = b"\x82\x86\x84\x41\x01a"  # :method GET, :scheme http, :path /, :authority a
STATUS_200 = b"\x88"


def frame(kind, flags, stream, data=b""):
    head = len(data).to_bytes(3, "big") + bytes([kind, flags])
    return head + stream.to_bytes(4, "big") + data


class Http2Client:
    """One connection; its streams one after the other."""

    def __init__(self, connection):
        self.file = connection.makefile("rwb")
        self.start = PREFACE + frame(4, 0, 0)
        self.stream = -1
        self.is_leaving = False

    def send(self, data):
        self.file.write(data)
        self.file.flush()

    def ask(self):
        """What came of a request, and whether to ask again on this connection."""
        self.stream += 2
        self.head, self.body, has_ended = b"", b"", False
        with contextlib.suppress(ConnectionError):
            self.send(self.start + frame(1, 5, self.stream, GET))
            self.start = b""
            while not has_ended and len(head := self.file.read(9)) == 9:
                data = self.file.read(int.from_bytes(head[:3], "big"))
                has_ended = self.take(head[3], head[4], data)
        is_whole = self.head.startswith(STATUS_200) and self.body == b"hello" and has_ended
        what = "whole" if is_whole else "broken" if self.head else "nothing"
        return what, is_whole and not self.is_leaving

    def take(self, kind, flags, data):
        """Note a frame; whether it ends the answer."""
        if kind in (4, 6) and not flags & 1:
            self.send(frame(kind, 1, 0, data if kind == 6 else b""))
        self.head += data if kind == 1 else b""
        self.body += data if kind == 0 else b""
        self.is_leaving = self.is_leaving or kind == 7
        return kind in (0, 1) and bool(flags & 1)


class Clients:
    """Threads that send requests until the server refuses them; half reuse their connection.

    ``ends`` counts the results: (whether the connection was new, the result).
    """

    def __init__(self, port, version):
        self.port = port
        self.version = version
        self.ends = Counter()
        self.threads = [
            threading.Thread(target=self.ask_until_refused, args=(number % 2 == 0,), daemon=True)
            for number in range(CLIENTS)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        for thread in self.threads:
            thread.join(60)

    def ask_until_refused(self, keeps):
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), 60)
            except ConnectionRefusedError:
                return
            with connection:
                client = Http2Client(connection) if self.version == "2" else None
                is_new = goes_on = True
                while goes_on and (keeps or is_new):
                    what, goes_on = client.ask() if client else ask_http1(connection)
                    self.ends[("new" if is_new else "reused", what)] += 1
                    is_new = False

    @property
    def answered(self):
        return self.ends["new", "whole"] + self.ends["reused", "whole"]


@pytest.mark.parametrize("send", [os.kill, os.killpg])
@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_no_request_on_a_new_connection_is_lost_at_sigterm(run, version, workers, send, is_long):
    goal = 2500 if is_long else 300
    for _ in range(20 if is_long else 1):
        program = run(PROGRAM, "--port=0", "--workers", workers, "--http", version)
        program.wait_for(lambda program=program: len(program.workers) == int(workers))
        with Clients(program.port, version) as clients:
            program.wait_for(lambda clients=clients: clients.answered > goal)
            send(program.process.pid, signal.SIGTERM)
            assert program.wait() == 0

        lost = {end for end in clients.ends if end[1] != "whole"}
        assert lost <= {("reused", "nothing")}, clients.ends
        assert clients.ends["new", "whole"] > 0
        assert clients.ends["reused", "whole"] > 0


def test_a_worker_that_is_stopped_alone_keeps_no_client_from_the_others(run):
    """As `kill` of one process; the main process starts another."""
    program = run(PROGRAM, "--port=0", "--workers=2")
    victim, other = program.serving(2)

    os.kill(victim, signal.SIGTERM)

    program.wait_for_output(f"Worker {victim} ended with status 0: starting another")
    assert other in program.serving(2, instead_of={victim})
    assert program.end() == 0


# How new connections are held off.


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def test_those_held_off_do_not_connect_and_those_before_them_do(listener):
    address = listener.getsockname()
    assert not drops_new_connections(listener)
    with socket.create_connection(address, 60) as early:
        assert drop_new_connections(listener)
        assert drops_new_connections(listener)

        with pytest.raises(TimeoutError):
            socket.create_connection(address, 0.3)
        assert has_queued_connections(listener)
        accepted, _ = listener.accept()
        with accepted:
            assert not has_queued_connections(listener)
            early.sendall(b"hello")
            assert accepted.recv(5) == b"hello"
            accepted.sendall(b"you too")
            assert early.recv(7) == b"you too"


def test_a_connection_is_new_until_its_first_bytes_are_read(listener):
    address = listener.getsockname()
    with socket.create_connection(address, 60) as client, listener.accept()[0] as accepted:
        assert has_new_connections(address)
        client.sendall(b"hello")
        assert has_new_connections(address)
        assert accepted.recv(5) == b"hello"
        assert not has_new_connections(address)


def test_a_unix_socket_needs_no_such_thing(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.listen()

        assert not drop_new_connections(listener)
        assert not drops_new_connections(listener)
