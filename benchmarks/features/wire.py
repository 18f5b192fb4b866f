"""Requests exactly as a probe writes them, also those that HTTP libraries do not send."""

from __future__ import annotations

import http.client
import socket
from contextlib import closing
from dataclasses import dataclass

TIMEOUT_SECONDS = 20
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """All values of a field, joined by commas; "" without it."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def cookies(self) -> str:
        """What the next request sends back as ``Cookie``."""
        pairs = (
            value.partition(";")[0] for key, value in self.headers if key.lower() == "set-cookie"
        )
        return "; ".join(pairs)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def __str__(self) -> str:
        return f"{self.status} {' '.join(self.text[:60].split())}".strip()


def send(
    port: int,
    target: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """:raises OSError, http.client.HTTPException: if there is no whole response."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    with closing(connection):
        try:
            connection.request(method, target, body, headers or {})
        except ConnectionError:  # a body that is refused may not be read; the response is there
            if connection.sock is None:
                raise
        response = connection.getresponse()
        return Reply(response.status, tuple(response.getheaders()), response.read())


def opened(port: int, data: bytes) -> socket.socket:
    """A connection on which these bytes were sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS)
    connection.sendall(data)
    return connection
