"""The open WebSockets of this process, for its limits, its shutdown and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ...websockets.errors import TooManyWebSockets

if TYPE_CHECKING:
    from ...websockets.limits import Limits


_NO_FILE = -1  # Granian has the socket
_GOING_AWAY = 1001
# At a shutdown the clients connect again: to another worker, which then has all of them.
_SECONDS_EACH = 0.002


class Open(Protocol):
    """A connection that the server can close."""

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, with a close code."""


class OpenWebSockets:
    """The accepted WebSockets that are not over.

    :ivar connections: each with its file.
    :ivar accepting: the number of handshakes that are being accepted.
    :ivar is_closing: the server shuts down.
    """

    def __init__(self) -> None:
        self.connections: dict[Open, int] = {}
        self.accepting = 0
        self.is_closing = False
        self._tasks: set[Any] = set()

    def __len__(self) -> int:
        return len(self.connections) + self.accepting

    def note(self, connection: Open, file: int = _NO_FILE) -> None:
        """Add an accepted WebSocket."""
        self.connections[connection] = file
        if self.is_closing:  # since its handshake was accepted
            self.close_all([connection], 0)

    def forget(self, connection: Open) -> None:
        self.connections.pop(connection, None)

    def files(self) -> set[int]:
        """The files of connections that were taken over from Granian. Any thread may call this."""
        return set(self.connections.copy().values())

    def check_room(self, limits: Limits) -> None:
        """Check that another handshake may be accepted.

        :raises TooManyWebSockets: if there are too many, or the server shuts down.
        """
        if self.is_closing:
            raise TooManyWebSockets("The server is shutting down.")
        if len(self) >= limits.connections:
            raise TooManyWebSockets(
                f"This process has {len(self)} WebSockets, which is its limit. Raise the limit, or"
                " start more workers."
            )

    def begin_closing(self, seconds: float) -> None:
        """Accept no more handshakes, and close all connections with 1001. Any thread may call this.

        :param seconds: over which the closing of many is spread, at most.
        """
        self.is_closing = True
        connections = [*self.connections.copy()]
        if connections:
            self.close_all(connections, min(_SECONDS_EACH, seconds / len(connections)))

    def close_all(self, connections: list[Open], pause: float) -> None:
        """Close connections one after the other. Any thread may call this.

        :param pause: between two of them, in seconds.
        """
        from ...aio.loop import process_loop  # imports asyncio

        loop = process_loop()

        def close(connection: Open) -> None:
            task = loop.create_task(connection.close(_GOING_AWAY))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        def begin() -> None:
            for number, connection in enumerate(connections):
                loop.call_later(number * pause, close, connection)

        loop.call_soon_threadsafe(begin)
