"""What every kind of WebSocket offers to the code above it.

`tcp.py` has a connection over TCP. Others go through the messages of an ASGI server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Connection(Protocol):
    """An accepted WebSocket. All methods are called on its event loop."""

    subprotocol: str | None

    async def receive(self) -> str | bytes:
        """The next message: text as ``str``, binary as ``bytes``.

        :raises WebSocketDisconnect: if the WebSocket is closed, also on later calls. Messages that
            arrived before come first.
        """

    async def send(self, message: str | bytes) -> None:
        """Send a message. Waits while the client does not read.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        """

    async def ping(self, data: bytes = b"") -> None:
        """Send a ping, and return when its pong has come.

        :raises WebSocketDisconnect: if the WebSocket is closed before.
        """

    def notify_end(self, function: Callable[[], object]) -> None:
        """Call a function on the event loop when the WebSocket has ended; at once if it has.

        Received messages may still wait.
        """

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame, and wait for the client's. Does nothing if it is closed.

        :raises ValueError: if the code or the reason cannot be sent.
        """


class Handshake(Protocol):
    """A received handshake that is not answered yet: ``environ["retort.websocket"]``.

    :ivar subprotocols: those that the client offers, in its order.
    :ivar sends_headers: whether `accept` takes header fields.
    """

    subprotocols: list[str]
    sends_headers: bool

    async def accept(
        self,
        fields: Sequence[tuple[str, str]] = (),
        subprotocol: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - immutable
    ) -> Connection:
        """Accept the handshake.

        :param fields: more header fields of the response.
        :param subprotocol: one of `subprotocols`.
        """
