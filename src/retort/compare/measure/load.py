"""Send many requests over several connections at once, and receive their responses.

Responses are not kept. The client has to be fast: it shares the machine with the sides.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TIMEOUT_SECONDS = 30.0
_READ_BYTES = 256 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)
_INTERIM = re.compile(rb"HTTP/1\.1 1(?!01)")
_SUCCESS = re.compile(rb"HTTP/1\.[01] [123]")


def raw(method: str, target: str, fields: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body


class Load:
    """Connections to the processes of one side; they stay open between batches.

    :param ports: the connections are distributed over them.
    :param timeout_seconds: if nothing arrives for as long, the requests that are left are given up.
    """

    def __init__(self, ports: Sequence[int], timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self.ports = ports
        self.timeout_seconds = timeout_seconds
        self._connections: list[_Connection] = []

    def send_all(self, requests: Iterable[bytes], connections: int) -> list[float]:
        """Send the requests, each connection one after the other.

        :param connections: how many connections are used.
        :returns: the seconds from each request to its response. Requests without a response, or
            with an error status (from 400 on), are left out.
        """
        queue = deque(requests)
        latencies: list[float] = []
        while len(self._connections) < connections:
            self._connections.append(
                _Connection(self.ports[len(self._connections) % len(self.ports)])
            )
        with selectors.DefaultSelector() as selector:
            for connection in self._connections[:connections]:
                connection.send_next(queue, selector)
            while selector.get_map():
                ready = selector.select(self.timeout_seconds)
                if not ready:  # the side does not respond any more
                    for key in list(selector.get_map().values()):
                        key.data.close()  # a late response belongs to no later request
                    break
                for key, _ in ready:
                    latencies += key.data.receive(queue, selector)
        return latencies

    def close(self) -> None:
        """Close all connections."""
        while self._connections:
            self._connections.pop().close()


class _Connection:
    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.request: bytes | None = None
        self.is_reused = False
        self.received = bytearray()
        self.needed = 0
        self.began = 0.0

    def send_next(self, queue: deque[bytes], selector: selectors.BaseSelector) -> None:
        """Send the next request, if there is one; those that cannot be sent are left out."""
        is_sent = False
        while queue and not is_sent:
            self.is_reused = self.socket is not None
            is_sent = self._send(queue.popleft(), selector)

    def _send(self, request: bytes, selector: selectors.BaseSelector) -> bool:
        """Whether there is a connection for the request."""
        self.request = request
        self.received, self.needed = bytearray(), 0
        self.began = time.perf_counter()
        if self.socket is None:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), _TIMEOUT_SECONDS)
            except OSError:  # the process has ended
                return False
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(self.socket, selectors.EVENT_READ, self)
        with contextlib.suppress(OSError):  # closed by the server: nothing is received
            self.socket.sendall(request)
        return True

    def receive(self, queue: deque[bytes], selector: selectors.BaseSelector) -> list[float]:
        """Read; after a whole response, return its latency and send the next request."""
        if self.socket is None or self.request is None:
            return []
        try:
            data = self.socket.recv(_READ_BYTES)
        except OSError:
            data = b""
        self.received += data
        if data and not self._is_complete():
            return []
        latency = time.perf_counter() - self.began
        selector.unregister(self.socket)
        head = bytes(self.received[: max(0, self.received.find(b"\r\n\r\n"))])
        if not data or _CLOSE.search(head):
            self.close()
        if not self.received and self.is_reused:  # an idle connection was closed meanwhile
            self.is_reused = False
            if self._send(self.request, selector):
                return []
        is_whole = bool(data) or self.needed == _UNTIL_CLOSED
        self.send_next(queue, selector)
        return [latency] if is_whole and _SUCCESS.match(head) else []

    def _is_complete(self) -> bool:
        while not self.needed:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            if _INTERIM.match(self.received):  # 100 or 103: the response follows (RFC 9110, 15.2)
                del self.received[: end + 4]
                continue
            self.needed = self._length(bytes(self.received[:end]), end + 4)
        if self.needed > 0:
            return len(self.received) >= self.needed
        # A chunked body, or one that ends with the connection.
        return self.needed == _UNTIL_LAST_CHUNK and self.received.endswith(b"\r\n0\r\n\r\n")

    def _length(self, head: bytes, start: int) -> int:
        """The length of the response in bytes, if the head says it."""
        is_head = self.request is not None and self.request.startswith(b"HEAD ")
        if is_head or head[9:12] in (b"204", b"304"):
            return start
        if _CHUNKED.search(head):
            return start + 5 if self.received[start:] == b"0\r\n\r\n" else _UNTIL_LAST_CHUNK
        found = _LENGTH.search(head)
        return start + int(found[1]) if found else _UNTIL_CLOSED

    def close(self) -> None:
        """Close the connection."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


_UNTIL_LAST_CHUNK = -1
_UNTIL_CLOSED = -2
