"""Connections to a side: each response has a deadline, and interim responses are skipped."""

from __future__ import annotations

import http.client
import select
import socket
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Buffer

_SWITCHING_PROTOCOLS = 101  # the only 1xx status that ends the exchange
_SHORTEST_SECONDS = 0.001  # 0 would make a socket non-blocking


class TimedSocket(socket.socket):
    """A socket with a deadline for all its operations together, in seconds of `time.monotonic`."""

    deadline = 0.0

    def sendall(self, data: Buffer, flags: int = 0) -> None:
        """Send all data until the deadline."""
        self._limit()
        super().sendall(data, flags)

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """Receive until the deadline; a stream that never pauses ends there too."""
        self._limit()
        return super().recv_into(buffer, nbytes, flags)

    def _limit(self) -> None:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the deadline has passed")
        self.settimeout(max(remaining, _SHORTEST_SECONDS))


class FinalResponse(http.client.HTTPResponse):
    """Skips interim responses, such as 103 (Early Hints); `http.client` skips 100 only."""

    def begin(self) -> None:
        """Read the head of the final response."""
        super().begin()
        while 100 <= self.status < 200 and self.status != _SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class Connection(http.client.HTTPConnection):
    """A connection to a port of this machine.

    :param timeout_seconds: for each response, from its request to the end of its body.
    """

    response_class = FinalResponse

    def __init__(self, port: int, timeout_seconds: float) -> None:
        super().__init__("127.0.0.1", port)
        self.timeout_seconds = timeout_seconds
        self.opened: TimedSocket | None = None

    def connect(self) -> None:
        """Connect, with the deadline of the request."""
        self.opened = self.sock = TimedSocket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(self.timeout_seconds)
        self.sock.connect((self.host, self.port))
        self.begin_exchange()

    def begin_exchange(self) -> None:
        """Set the deadline of the next request and its response."""
        if self.opened is not None:
            self.opened.deadline = time.monotonic() + self.timeout_seconds

    def end_within(self, seconds: float) -> None:
        """Move the deadline forward."""
        if self.opened is not None:
            self.opened.deadline = min(self.opened.deadline, time.monotonic() + seconds)

    @property
    def is_ended(self) -> bool:
        """Whether the server has closed the idle connection, or sent unrequested data."""
        sock: Any = self.sock
        return sock is None or bool(select.select([sock], [], [], 0)[0])
