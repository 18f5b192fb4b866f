"""A response body on its way out piece by piece, no faster than its client takes it.

Granian takes every piece at once and keeps what the client is not ready for: a quick generator
with a slow client would fill the memory. So the socket of the connection is looked for among
this process's open files, and asked how much has been written to it. The same socket lets a
response that fails in the middle end without its proper end, as RFC 9112 §8 asks for.
Where it is not found (Windows, Unix sockets), pieces are sent without either.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from typing import TYPE_CHECKING, Any

from .connections import bytes_written

if TYPE_CHECKING:
    from .connections import Connections

# So much may be with Granian and not yet in the socket; how often to look.
_AHEAD = 512 * 1024
_STRIDE = 128 * 1024
# A socket that has room, and still nothing is written to it: Granian has nothing left.
_SURELY_WRITTEN_SECONDS = 0.25


class ClientGone(Exception):
    """The client closed the connection, or takes nothing any more."""


class Outlet:
    """Sends the pieces of one response.

    :param transport: Granian's, for the response.
    :param client: the address of the client, as Granian writes it.
    :param send_seconds: for how long a client may take nothing.
    """

    def __init__(
        self, transport: Any, client: str, connections: Connections, send_seconds: float
    ) -> None:
        self.transport = transport
        self.client = client
        self.connections = connections
        self.send_seconds = send_seconds
        self.socket: socket.socket | None = None
        self.looks = 0
        self.unchecked = 0  # bytes since the last look at the socket
        self.unwritten = 0  # bytes that Granian had then, at least about
        self.written = 0

    def send(self, piece: bytes) -> None:
        """Send a piece, when there is room for it.

        :raises ClientGone: if there is nobody to send to.
        """
        for start in range(0, len(piece), _STRIDE):
            part = piece if len(piece) <= _STRIDE else piece[start : start + _STRIDE]
            try:
                next(self.transport.send_bytes(part), None)
            except RuntimeError as error:  # Granian's RSGIProtocolClosed
                raise ClientGone from error
            self.unchecked += len(part) + _CHUNK_FRAME_BYTES
            if self.unchecked > _STRIDE:
                self.wait_for_room()

    def find_socket(self, *, must_look: bool = False) -> socket.socket | None:
        """The connection. The first look may come too soon after another, the second does not."""
        if self.socket is None and (self.looks < 2 or must_look):
            self.socket = self.connections.find(self.client, at_once=must_look or self.looks > 0)
            self.looks += 1
            if self.socket is not None:
                self.written = bytes_written(self.socket) or 0
                self.unchecked = 0  # nobody knows what came before; it was little
        return self.socket

    def wait_for_room(self) -> None:
        connection = self.find_socket()
        if connection is None:
            self.unchecked = 0
            return
        poll = select.poll()
        poll.register(connection, select.POLLOUT)
        self.unwritten += self.unchecked
        self.unchecked = 0
        moved_at = time.monotonic()
        while True:
            moved = self.note_written(connection)
            if self.unwritten <= _AHEAD:
                return
            now = time.monotonic()
            if moved:
                moved_at = now
            if now - moved_at > self.send_seconds:
                self.cut()
                raise ClientGone
            events = poll.poll(min(1.0, self.send_seconds) * 1000)
            if events and events[0][1] & (select.POLLERR | select.POLLHUP):
                raise ClientGone
            if events and now - moved_at > _SURELY_WRITTEN_SECONDS:
                self.unwritten = 0
            elif events:
                time.sleep(0.0002)  # Granian writes at this moment

    def note_written(self, connection: socket.socket) -> bool:
        """Look how far the socket has come; whether it has since the last look."""
        written = bytes_written(connection)
        if written is None:  # not told here: that it has room has to do
            self.unwritten = 0
            return True
        moved = written - self.written
        self.unwritten = max(0, self.unwritten - moved)
        self.written = written
        return moved > 0

    def cut(self) -> None:
        """End the connection, so that nobody takes what was sent for a whole response."""
        connection = self.find_socket(must_look=True)
        if connection is not None:
            time.sleep(_LAST_WORDS_SECONDS)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the response; it is complete if it was not `cut`."""
        self.transport = None
        if self.socket is not None:
            self.socket.close()


# For so long Granian may write what it has, before the connection is cut.
_LAST_WORDS_SECONDS = 0.05
_CHUNK_FRAME_BYTES = 6  # about: RFC 9112 §7.1
