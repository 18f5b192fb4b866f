"""The open WebSockets of this process, for its limits, its shutdown and its metrics."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

from ...websockets.errors import TooManyWebSockets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...websockets.interface import Connection
    from ...websockets.limits import Limits
    from .raw_socket import HandshakeSocket


class OpenWebSockets:
    """The accepted WebSockets that are not over.

    :ivar taken_over: connections over plain TCP, each with its file.
    :ivar raw: sockets that a library of the program has, each with its file.
    :ivar granian: Granian's own, each with the port of its client.
    :ivar accepting: the number of handshakes that are being accepted.
    """

    def __init__(self) -> None:
        self.taken_over: dict[Connection, int] = {}
        self.raw: dict[HandshakeSocket, int] = {}
        self.granian: dict[Connection, int] = {}
        self.accepting = 0
        self.is_closing = False
        self.close_frame = (1001, "")  # code and reason, when it is closing

    def __len__(self) -> int:
        return len(self.taken_over) + len(self.raw) + len(self.granian) + self.accepting

    @property
    def connections(self) -> list[Connection]:
        """All of them except raw sockets. Any thread may call this."""
        return [*self.taken_over.copy(), *self.granian.copy()]

    def forget(self, connection: Connection) -> None:
        """Remove a connection that is over."""
        self.taken_over.pop(connection, None)
        self.granian.pop(connection, None)

    def files(self) -> set[int]:
        """The files of connections that were taken over. Any thread may call this."""
        return {*self.taken_over.copy().values(), *self.raw.copy().values()}

    def granian_clients(self) -> set[int]:
        """The ports of the clients of Granian's own. Any thread may call this."""
        return set(self.granian.copy().values())

    def close_all(self, code: int, reason: str, seconds: float = 0.0) -> None:
        """Accept no more, and close all; only the first call does.

        A raw socket is left to its library, which gets the answer to a close frame.

        :param seconds: the time over which the closes are spread.
        """
        if self.is_closing:
            return
        self.close_frame = (code, reason)
        self.is_closing = True
        if self.raw:
            close = partial(close_raw, list(self.raw.copy()), code, reason, seconds)
            threading.Thread(target=close, name="retort websockets end", daemon=True).start()
        if len(self) > len(self.raw):
            from .websocket_closing import close_websockets  # imports asyncio

            close_websockets(self, code, reason, seconds)

    def check_room(self, limits: Limits) -> None:
        """Check that another handshake may be accepted.

        :raises TooManyWebSockets: if there are too many, or the server stops.
        """
        if self.is_closing:
            raise TooManyWebSockets("The server is being stopped; try again.")
        if len(self) >= limits.connections:
            raise TooManyWebSockets(
                f"This process has {len(self)} WebSockets, which is its limit. Raise the limit, or"
                " start more workers."
            )


def close_raw(sockets: Sequence[HandshakeSocket], code: int, reason: str, seconds: float) -> None:
    """Send close frames, spread over a time."""
    for each in sockets:
        each.send_close(code, reason)
        time.sleep(seconds / len(sockets))
