"""Granian's own WebSockets, over TLS and Unix sockets, where a connection cannot be taken over.

They lack pings of the server, header fields in the response of an accepted handshake, and limits
while a message is received: Granian reads a message of up to 64 MiB before its length is checked
here. The reason of the client's close frame is not passed on.

Granian's futures belong to its threads. `result_of` awaits one on our loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from ...websockets.asgi import AsgiConnection
from ...websockets.checks import check_subprotocol
from ...websockets.errors import WebSocketDisconnect
from ...websockets.limits import Limits
from .handshake_watcher import HandshakeWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .open_websockets import OpenWebSockets

_SCHEMES = {"ws": "http", "wss": "https"}
_BODY_FIELDS = frozenset((b"content-length", b"transfer-encoding"))


async def result_of(future: Any) -> Any:
    """The result of a future of Granian's, which its threads set."""
    if not hasattr(future, "add_done_callback"):  # it is done already
        return await future
    loop = asyncio.get_running_loop()
    ours = loop.create_future()

    def note_done(_: Any) -> None:
        # At the end of the process the loop may be closed before.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(transfer)

    def transfer() -> None:
        if ours.done():
            return
        try:
            ours.set_result(future.result())
        except Exception as error:
            ours.set_exception(error)

    future.add_done_callback(note_done)
    try:
        return await ours
    except asyncio.CancelledError:
        ours.cancel()
        future.cancel()  # Granian keeps a message that it was about to return
        raise


class Exchange:
    """The messages of one WebSocket of Granian's.

    :param on_end: called once, at the end of the connection.
    """

    def __init__(self, watcher: Any, on_end: Callable[[], object]) -> None:
        self.watcher = watcher
        self.proto = watcher.proto
        self.on_end = on_end
        self.has_ended = False

    async def receive(self) -> dict[str, Any]:
        if self.has_ended:
            return {"type": "websocket.disconnect", "code": 1006}
        message: dict[str, Any] = await result_of(self.proto.receive())
        if message["type"] == "websocket.disconnect":
            self.end()
        return message

    async def send(self, message: Any) -> None:
        if self.has_ended:
            raise OSError("The WebSocket has ended.")
        await result_of(self.proto.send(message))

    def end(self) -> None:
        """Let Granian release the connection."""
        if not self.has_ended:
            self.has_ended = True
            self.watcher.done()
            self.watcher = self.proto = None
            self.on_end()


class GranianConnection(AsgiConnection):
    """An accepted WebSocket of Granian's."""

    def __init__(self, exchange: Exchange, subprotocol: str | None, limits: Limits) -> None:
        super().__init__(exchange.receive, exchange.send, subprotocol, limits)
        self.exchange = exchange

    async def ping(self, data: bytes = b"") -> None:
        """Not possible.

        :raises NotImplementedError: always.
        """
        raise NotImplementedError(
            "ping() is not possible over TLS or a Unix socket: Granian's WebSockets, which are used"
            " there, have no pings of the server. Let a proxy such as nginx end TLS in front of the"
            " server, or send a message that the client answers."
        )

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await super().close(code, reason)
        self.exchange.end()


class GranianHandshake(HandshakeWatcher):
    """A handshake over TLS or a Unix socket: an `interface.Handshake`, and its request's watcher.

    :param websockets: the open WebSockets of the process.
    :param watcher: Granian's, of a scope of the type ``websocket``.
    """

    sends_headers = False

    def __init__(self, websockets: OpenWebSockets, watcher: Any) -> None:
        scope = watcher.scope
        fields = [field for field in scope["headers"] if field[0] not in _BODY_FIELDS]
        scheme = _SCHEMES[scope["scheme"]]
        super().__init__(watcher, {**scope, "method": "GET", "scheme": scheme, "headers": fields})
        self.websockets = websockets
        self.subprotocols: list[str] = list(scope["subprotocols"])
        self.response = bytearray()

    @property
    def proto(self) -> Any:
        return self

    def send(self, message: dict[str, Any]) -> None:
        """Send a message of the response to a refused handshake.

        Granian takes the body only as a whole.
        """
        if self.is_accepted:
            return
        proto = self.watcher.proto
        if message["type"] == "http.response.start":
            proto.send(message)
            return
        self.response += message["body"]
        if not message.get("more_body"):
            proto.send({"type": "http.response.body", "body": bytes(self.response)})
            self.done()

    def receive(self) -> Any:
        """A future for the end of the client, which Granian does not report before `accept`."""
        return super().receive() if self.is_accepted else _Never()

    async def accept(
        self,
        fields: Sequence[tuple[str, str]] = (),
        subprotocol: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - immutable
    ) -> GranianConnection:
        """Accept the handshake; called on the event loop.

        :raises ValueError: if there are header fields, or the sub-protocol was not offered.
        :raises TooManyWebSockets: if this process has no room for another one.
        :raises WebSocketDisconnect: if the client has gone.
        """
        if self.is_accepted:
            raise RuntimeError("The WebSocket handshake was accepted already.")
        if fields:
            raise ValueError(
                f"The header field {fields[0][0]!r} cannot be sent when a WebSocket is accepted"
                " over TLS or a Unix socket: Granian's WebSockets, which are used there, drop it."
                " Leave it out, or let a proxy such as nginx end TLS in front of the server. A"
                " changed session is such a field."
            )
        check_subprotocol(subprotocol, self.subprotocols)
        self.websockets.check_room(limits)
        self.is_accepted = True
        watcher, self.watcher = self.watcher, None
        exchange = Exchange(watcher, lambda: self.websockets.forget(connection))
        if (await exchange.receive())["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(1006, was_clean=False)
        await exchange.send({"type": "websocket.accept", "subprotocol": subprotocol})
        connection = GranianConnection(exchange, subprotocol, limits)
        self.websockets.granian[connection] = int(self.scope["client"][1])
        return connection


class _Never:
    """A future that is never done."""

    def add_done_callback(self, callback: object) -> None:
        pass
