"""The open WebSockets of this process, for its limits, its shutdown and its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...websocket.errors import TooManyWebSockets

if TYPE_CHECKING:
    from ...websocket.interface import Connection
    from ...websocket.limits import Limits


_NO_FILE = -1  # Granian has the socket


class OpenWebSockets:
    """The accepted WebSockets that are not over.

    :ivar connections: each with its file.
    :ivar accepting: the number of handshakes that are being accepted.
    """

    def __init__(self) -> None:
        self.connections: dict[Connection, int] = {}
        self.accepting = 0

    def __len__(self) -> int:
        return len(self.connections) + self.accepting

    def note(self, connection: Connection, file: int = _NO_FILE) -> None:
        self.connections[connection] = file

    def forget(self, connection: Connection) -> None:
        self.connections.pop(connection, None)

    def files(self) -> set[int]:
        """The files of connections that were taken over from Granian. Any thread may call this."""
        return set(self.connections.copy().values())

    def check_room(self, limits: Limits) -> None:
        """Check that another handshake may be accepted.

        :raises TooManyWebSockets: if there are too many.
        """
        if len(self) >= limits.connections:
            raise TooManyWebSockets(
                f"This process has {len(self)} WebSockets, which is its limit. Raise the limit, or"
                " start more workers."
            )
