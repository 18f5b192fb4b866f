"""WebSockets of other ASGI servers, each with its own command and a real client."""

import ast
import contextlib
import json
import os
import socket
import struct
import time
import urllib.request
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Close
from websockets.sync.client import connect

HERE = Path(__file__).parent
LIMIT_SECONDS = 60

COMMANDS = {
    "uvicorn": ["uvicorn", "--ws", "websockets-sansio", "--port", "{port}"],
    "uvicorn-wsproto": ["uvicorn", "--ws", "wsproto", "--port", "{port}"],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", "--interface", "asgi", "--no-reload", "--port", "{port}"],
}


# What is reported for a close frame with the code 4000, where it is not the frame's.
CODE_OF_THE_CLIENT = {
    "hypercorn": [1006, "", False],  # the same as for a lost connection
    "granian": [4000, "", True],
}


class Server:
    """A server of `asgi_program.py` in a process of its own."""

    def __init__(self, name, port, log):
        self.name = name
        self.port = port
        self.log = log

    @property
    def is_granian(self):
        return self.name == "granian"

    def connect(self, path, **options):
        url = f"ws://127.0.0.1:{self.port}{path}"
        return connect(url, compression=None, open_timeout=LIMIT_SECONDS, **options)

    def connect_socket(self, path):
        """A client that has opened a WebSocket and then neither reads nor writes."""
        client = socket.create_connection(("127.0.0.1", self.port), LIMIT_SECONDS)
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert client.recv(12) == b"HTTP/1.1 101"
        return client

    def ends(self, path="/"):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as response:
            return json.load(response)

    def next_end(self, before):
        """The end that was added to those of `before`."""
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while len(ends := self.ends()) <= len(before):
            if time.monotonic() > give_up_at:
                pytest.fail(f"No WebSocket ended. The server printed:\n{self.log.read_text()}")
            time.sleep(0.02)
        assert len(ends) == len(before) + 1
        return ends[-1]


def reset(client):
    """Close the connection with a TCP reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, choose_port, tmp_path_factory, served_by):
    port, log = choose_port(), tmp_path_factory.mktemp("server") / "log.txt"
    words = ["-m", *COMMANDS[request.param], "asgi_program:app"]
    with served_by(words, port, log, HERE, {**os.environ, "PYTHONPATH": str(HERE)}):
        yield Server(request.param, port, log)


def test_messages_arrive_as_text_or_bytes(server):
    with server.connect("/echo") as client:
        for message in ["", "grün €", b"", b"\x00\xff", "x" * 1000]:
            client.send(message)

            assert client.recv(timeout=LIMIT_SECONDS) == message


def test_fragments_arrive_as_one_message(server):
    with server.connect("/echo") as client:
        client.send(["gr", "ün", "", "e"])

        assert client.recv(timeout=LIMIT_SECONDS) == "grüne"


def test_the_code_of_the_client_is_reported(server):
    before = server.ends()
    with server.connect("/echo") as client:
        client.close(4000, "Bye, später")

    assert server.next_end(before) == CODE_OF_THE_CLIENT.get(
        server.name, [4000, "Bye, später", True]
    )


def test_a_lost_connection_is_an_end_that_is_not_clean(server):
    before = server.ends()
    client = server.connect_socket("/echo")
    reset(client)

    code, reason, was_clean = server.next_end(before)
    assert code in (1005, 1006)
    assert (reason, was_clean) == ("", False)


def test_a_message_above_the_limit_closes_with_1009(server):
    before = server.ends()
    with server.connect("/echo") as client:
        client.send("ü" * 501)  # 1002 bytes

        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=LIMIT_SECONDS)

    reason = "The message is larger than 1000 bytes."
    assert caught.value.rcvd == Close(1009, reason)
    assert server.next_end(before)[:2] == [1009, reason]


def test_the_view_closes_with_a_code_and_a_reason(server):
    before = server.ends()
    with server.connect("/close") as client, pytest.raises(ConnectionClosed) as caught:
        client.recv(timeout=LIMIT_SECONDS)

    assert caught.value.rcvd == Close(4001, "Bis später")
    assert server.next_end(before) == [4001, "Bis später", True]


def test_the_view_closes_while_no_message_arrives(server):
    with server.connect("/close-while-receiving") as client:
        client.send("go")

        with pytest.raises(ConnectionClosed) as caught:
            client.recv(timeout=LIMIT_SECONDS)

    assert caught.value.rcvd == Close(4003, "")


def test_accepting_with_fields_and_a_sub_protocol(server):
    with server.connect("/fields", subprotocols=["chat.v2", "chat.v1"]) as client:
        assert client.subprotocol == "chat.v2"
        offered = ast.literal_eval(client.recv(timeout=LIMIT_SECONDS))
        headers = client.response.headers

    assert offered == (["chat.v2", "chat.v1"], "chat.v2")
    assert headers.get("X-Room") == (None if server.is_granian else "blue")
    assert headers.get_all("Set-Cookie") == ([] if server.is_granian else ["a=b", "c=d"])


def test_a_refusal_is_an_http_response(server):
    with pytest.raises(InvalidStatus) as caught, server.connect("/refuse"):
        pass

    response = caught.value.response
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Basic"
    assert response.body == b"Log in first."


def test_a_client_that_leaves_ends_a_view_that_only_sends(server):
    before = server.ends()
    reset(server.connect_socket("/send-without-end"))

    assert server.next_end(before)[2] is False


def test_a_client_that_does_not_read_ends_a_view_that_sends(server):
    before = server.ends()
    with server.connect_socket("/send-without-end"):  # its buffers fill up
        assert server.next_end(before) == [1006, "", False]


# 1,000 bytes of text, masked with zeros.
FRAME = b"\x81\xfe" + struct.pack(">H", 1000) + b"\0" * 4 + b"x" * 1000


def send_until_blocked(client, most):
    """How many bytes the other side takes without reading them."""
    client.settimeout(2)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < most:
            sent += client.send(FRAME * 1000)
    return sent


def test_a_view_that_does_not_receive_stops_the_client(server):
    most = 64 * 1024 * 1024  # far more than all the buffers in between
    with server.connect_socket("/sleep") as client:
        assert 0 < send_until_blocked(client, most) < most
    server.ends("/wake")


def test_a_ping_is_an_error_that_names_the_reason(server):
    with server.connect("/ping") as client:
        assert "ASGI has no message for pings" in client.recv(timeout=LIMIT_SECONDS)
