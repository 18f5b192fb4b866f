"""WebSocket clients that cost little: raw sockets with frames made in advance, in one thread."""

from __future__ import annotations

import selectors
import socket
import time

HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"
)
TIMEOUT_SECONDS = 60
_TEXT = 0x81
_SHORT = 125  # the longest payload whose length is in the second byte


class NoEcho(Exception):
    """The server did not accept a handshake, or did not send a message back."""


def open_websocket(port: int) -> socket.socket:
    """A socket after its handshake.

    :raises NoEcho: if the response is another one than 101.
    """
    client = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(HANDSHAKE)
    head = b""
    while b"\r\n\r\n" not in head:
        data = client.recv(4096)
        head += data
        if not data:
            break
    if not head.startswith(b"HTTP/1.1 101"):
        raise NoEcho(head[:200].decode("latin-1"))
    return client


def frames(text: bytes) -> tuple[bytes, bytes]:
    """The frame of a short text as a client sends it, masked with zeros, and as it comes back."""
    if len(text) > _SHORT:
        raise ValueError(f"The text has {len(text)} bytes. At most {_SHORT} are possible.")
    sent = bytes([_TEXT, 0x80 | len(text), 0, 0, 0, 0]) + text
    return sent, bytes([_TEXT, len(text)]) + text


def echo_for(sockets: list[socket.socket], text: bytes, seconds: float) -> tuple[int, float]:
    """Send a text on each socket again as soon as it has come back.

    :returns: the number of messages that came back, and the seconds that passed.
    :raises NoEcho: if something else comes back.
    """
    sent, expected = frames(text)
    size = len(expected)
    count = 0
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
            each.sendall(sent)
        began_at = time.perf_counter()
        while (elapsed := time.perf_counter() - began_at) < seconds:
            for key, _ in selector.select(TIMEOUT_SECONDS):
                client: socket.socket = key.fileobj  # type: ignore[assignment]
                if client.recv(size, socket.MSG_WAITALL) != expected:
                    raise NoEcho(f"{count} messages came back, then another one than was sent.")
                count += 1
                client.sendall(sent)
        for each in sockets:
            each.recv(size, socket.MSG_WAITALL)
    return count, elapsed
