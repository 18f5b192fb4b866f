"""Event streams and unread bodies on other ASGI servers, each with its own command."""

import contextlib
import json
import os
import socket
import time
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIMIT_SECONDS = 60
COMMANDS = {
    "uvicorn": ["uvicorn", "--http", "h11", "--port", "{port}"],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", "--interface", "asgi", "--no-reload", "--port", "{port}"],
}


class Server:
    """A server of `stream_program.py` in a process of its own."""

    def __init__(self, port, log):
        self.port = port
        self.log = log

    def steps(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/steps", timeout=60) as response:
            return json.load(response)

    def wait_for_step(self, step, number=1):
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while self.steps().count(step) < number:
            if time.monotonic() > give_up_at:
                pytest.fail(f"No step {step!r}. The server printed:\n{self.log.read_text()}")
            time.sleep(0.02)


class Client:
    """A client that sends the parts of a request one by one."""

    def __init__(self, server, head):
        self.socket = socket.create_connection(("127.0.0.1", server.port), LIMIT_SECONDS)
        self.received = b""
        lines = [head, "Host: localhost", "Connection: close"]
        if head.startswith("POST"):
            lines.append("Transfer-Encoding: chunked")
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, piece):
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))

    def read_until(self, part):
        while part not in self.received:
            piece = self.socket.recv(65536)
            assert piece, self.received
            self.received += piece

    def finish(self):
        """Send the last chunk; the response."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(b"0\r\n\r\n")
            while piece := self.socket.recv(65536):
                self.received += piece
        return self.received

    def close(self):
        self.socket.close()


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, choose_port, tmp_path_factory, served_by):
    port, log = choose_port(), tmp_path_factory.mktemp("server") / "log.txt"
    words = ["-m", *COMMANDS[request.param], "stream_program:application"]
    with served_by(words, port, log, HERE, {**os.environ, "PYTHONPATH": str(HERE)}):
        yield Server(port, log)


@pytest.fixture
def connect(server):
    with contextlib.ExitStack() as stack:

        def connect(head):
            return stack.enter_context(contextlib.closing(Client(server, f"{head} HTTP/1.1")))

        yield connect


@pytest.mark.parametrize("view", ["async", "sync"])
@pytest.mark.parametrize("source", ["async", "sync"])
def test_a_stream_arrives_and_is_closed_with_its_client(server, connect, view, source):
    before = server.steps().count(f"closed {source}")
    client = connect(f"GET /{view}/{source}")
    client.read_until(b"data: first\n\n")
    if source == "async":
        client.read_until(b":\n\n")
    client.close()

    server.wait_for_step(f"closed {source}", before + 1)


def test_a_body_is_read_while_it_arrives(server, connect):
    client = connect("POST /upload")
    client.send(b"one")
    server.wait_for_step("read 3")
    client.send(b"two")
    server.wait_for_step("read 6")

    assert client.finish().endswith(b"6")


def test_a_long_body_arrives_whole(server, connect):
    client = connect("POST /upload")
    for _ in range(50):
        client.send(b"a" * 100_000)

    assert client.finish().endswith(b"5000000")


def test_a_body_beyond_the_limit_is_413(server, connect):
    client = connect("POST /limited")
    client.send(b"12345678")
    client.send(b"12345678")

    client.read_until(b"HTTP/1.1 413")


def test_a_client_that_leaves_raises_in_the_view(server, connect):
    before = server.steps().count("ClientDisconnected")
    client = connect("POST /upload")
    client.send(b"12345")
    server.wait_for_step("read 5")
    client.close()

    server.wait_for_step("ClientDisconnected", before + 1)


def test_a_client_that_leaves_after_its_body_cancels_the_view(server, connect):
    client = connect("POST /sleep")
    client.send(b"one")
    client.socket.sendall(b"0\r\n\r\n")
    server.wait_for_step("read all")
    client.close()

    server.wait_for_step("ended sleep")


def test_a_stream_is_closed_with_its_client_although_the_body_is_unread(server, connect):
    before = server.steps().count("closed async")
    client = connect("POST /answer")
    client.send(b"one")
    client.read_until(b"data: first\n\n")
    client.close()

    server.wait_for_step("closed async", before + 1)


@pytest.mark.parametrize("path", ["/sync", "/form"])
def test_other_views_get_a_complete_body(server, path):
    with urllib.request.urlopen(
        f"http://127.0.0.1:{server.port}{path}", data=b"a=1", timeout=60
    ) as response:
        assert response.read() == (b"3" if path == "/sync" else b"1")
