"""A WebSocket of an ASGI server: its ``receive`` and ``send`` behind our interface.

See ASGI's "HTTP & WebSocket" specification. The server parses frames, sends pings and has limits of
its own; here are the limits of Retort, and what servers do differently.
"""

from __future__ import annotations

import asyncio
import typing as t

from .checks import check_fields, check_message, check_status, check_subprotocol, is_larger
from .close_codes import check_close
from .errors import WebSocketDisconnect
from .inbox import Inbox
from .limits import Limits
from .waiting import wait_in, wake
from .within import within

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from .waiting import Futures

    Message = MutableMapping[str, t.Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

# Raised by servers for a closed connection: OSError by the specification; RuntimeError by Granian,
# and by uvicorn after a close.
_CLOSED = (OSError, RuntimeError)

# Codes with which servers report a close frame without a code, and a lost connection, alike.
_UNKNOWN = frozenset({1005, 1006})

_DEFAULT_LIMITS = Limits()


class AsgiHandshake:
    """A handshake from an ASGI server.

    :param scope: of the type ``websocket``.
    """

    def __init__(self, scope: MutableMapping[str, t.Any], receive: Receive, send: Send) -> None:
        self.subprotocols: list[str] = list(scope.get("subprotocols") or ())
        self.sends_headers = not _is_granian(receive)
        self._takes_response = "websocket.http.response" in (scope.get("extensions") or ())
        self._receive = receive
        self._send = send
        self._answer: str | None = None

    async def accept(
        self,
        fields: Sequence[tuple[str, str]] = (),
        subprotocol: str | None = None,
        limits: Limits = _DEFAULT_LIMITS,
    ) -> AsgiConnection:
        """Accept the handshake.

        :param fields: header fields of the response.
        :param subprotocol: one of those that the client offered.
        :raises ValueError: if the client did not offer the sub-protocol, or a field cannot be sent.
        :raises RuntimeError: if the handshake was answered before.
        :raises WebSocketDisconnect: if the client has left.

        Close the connection when it is not used any more: until then a task receives for it.
        """
        check_subprotocol(subprotocol, self.subprotocols)
        check_fields(fields, is_accepted=True)
        if fields and not self.sends_headers:
            raise ValueError(
                f"accept() was called with the header field {fields[0][0]!r}, and Granian's ASGI"
                " server drops the header fields of an accepted WebSocket. Serve the program with"
                " `retort run`, uvicorn or Hypercorn, or leave them out."
            )
        await self._begin("accepted")
        await self._deliver(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": _encoded(fields)}
        )
        return AsgiConnection(self._receive, self._send, subprotocol, limits)

    async def refuse(
        self, status: int = 403, fields: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        """Refuse the handshake with an HTTP response.

        A server without the extension ``websocket.http.response`` sends an empty 403 instead.

        :raises ValueError: if the status or a field cannot be sent.
        :raises RuntimeError: if the handshake was answered before.
        :raises WebSocketDisconnect: if the client has left.
        """
        check_status(status)
        check_fields(fields, is_accepted=False)
        await self._begin("refused")
        if not self._takes_response:
            await self._deliver({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        await self._deliver(
            {
                "type": "websocket.http.response.start",
                "status": status,
                "headers": _encoded(fields),
            }
        )
        await self._deliver(
            {"type": "websocket.http.response.body", "body": body, "more_body": False}
        )

    @property
    def is_accepted(self) -> bool:
        """Whether `accept` was called."""
        return self._answer == "accepted"

    async def _begin(self, answer: str) -> None:
        """Receive the message with which each handshake begins."""
        if self._answer is not None:
            raise RuntimeError(
                f"The WebSocket's handshake was {self._answer} before, and cannot be {answer} now."
                " Answer it once."
            )
        self._answer = answer
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(1006, was_clean=False)

    async def _deliver(self, event: Message) -> None:
        try:
            await self._send(event)
        except _CLOSED as error:
            raise WebSocketDisconnect(1006, was_clean=False) from error


class AsgiConnection:
    """An accepted WebSocket of an ASGI server.

    A task receives the server's messages until the queue is full. So the end of the WebSocket is
    known while the view only sends, and servers that answer pings in ``receive`` do so.
    """

    def __init__(
        self, receive: Receive, send: Send, subprotocol: str | None, limits: Limits
    ) -> None:
        self.subprotocol = subprotocol
        self._receive = receive
        self._send = send
        self._limits = limits
        self._inbox = Inbox(limits)
        self._room_waiters: Futures = []
        self._end: WebSocketDisconnect | None = None
        self._on_end: Callable[[], object] | None = None
        self._close_frame = (1006, "")  # what `close` sends
        self._closing: asyncio.Task[None] | None = None
        self._reading = asyncio.ensure_future(self._read())

    async def receive(self) -> str | bytes:
        """The next message. Cancelling the call loses none.

        :raises WebSocketDisconnect: if the WebSocket is closed and all messages were received.
            ``was_clean`` is false with code 1005 or 1006: servers do not say whether these were a
            close frame without a code, or a lost connection.
        """
        message = await self._inbox.get()
        if message is None:
            raise self._disconnect()
        if not self._inbox.is_full:
            wake(self._room_waiters)
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message. Waits while the client does not read, at most ``send_seconds``.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        :raises TypeError: if the message is neither text nor bytes.
        :raises ValueError: if it is text that UTF-8 cannot encode.
        """
        check_message(message)
        if self._closing is not None or self._end is not None:
            raise self._disconnect()
        key = "text" if isinstance(message, str) else "bytes"
        try:
            await within(self._limits.send_seconds, self._send_event("send", **{key: message}))
        except TimeoutError:
            self._finish(WebSocketDisconnect(1006, was_clean=False))
            raise self._disconnect() from None
        except _CLOSED as error:
            raise await self._reported_end() from error

    async def ping(self, data: bytes = b"") -> None:
        """Not possible: ASGI has no message for it.

        :raises NotImplementedError: always.
        """
        raise NotImplementedError(
            "ping() is not possible on this server: ASGI has no message for pings, and the server"
            " sends its own. Serve the program with `retort run`, or send a message that the"
            " client answers."
        )

    def notify_end(self, function: Callable[[], object]) -> None:
        """Call a function when the server reports the end; see `interface.Connection`.

        Not noticed while the queue is full.
        """
        if self._end is not None:
            function()
        else:
            self._on_end = function

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket, and wait until the server reports its end.

        It waits at most ``close_seconds``. Messages that were not received are dropped. A closed
        WebSocket stays as it is. If the call is cancelled, closing goes on.

        :raises ValueError: if a close frame cannot have this code or reason.
        """
        check_close(code, reason)
        await asyncio.shield(self._start_closing(code, reason))

    async def _send_event(self, kind: str, **values: t.Any) -> None:
        await self._send({"type": f"websocket.{kind}", **values})

    async def _read(self) -> None:
        try:
            while self._end is None and self._closing is None:
                while self._inbox.is_full:
                    await wait_in(self._room_waiters)
                self._take(await self._receive())
        except Exception as error:  # the server's own; the view gets it as the cause
            disconnect = WebSocketDisconnect(1006, was_clean=False)
            disconnect.__cause__ = error
            self._finish(disconnect)

    def _finish(self, disconnect: WebSocketDisconnect) -> None:
        """The WebSocket is closed. The first call decides with which code."""
        if self._end is None:
            self._end = disconnect
            self._inbox.end()
            on_end, self._on_end = self._on_end, None
            if on_end is not None:
                on_end()

    def _disconnect(self) -> WebSocketDisconnect:
        """An exception for one caller: a shared one would collect their tracebacks."""
        end = self._end or WebSocketDisconnect(*self._close_frame, was_clean=False)
        disconnect = WebSocketDisconnect(end.code, end.reason, end.was_clean)
        disconnect.__cause__ = end.__cause__
        return disconnect

    def _take(self, event: Message) -> None:
        if event["type"] == "websocket.disconnect":
            code = event.get("code") or 1005
            self._finish(WebSocketDisconnect(code, event.get("reason") or "", code not in _UNKNOWN))
            return
        text = event.get("text")
        message: str | bytes = event["bytes"] if text is None else text
        limit = self._limits.message_bytes
        if is_larger(message, limit):
            reason = f"The message is larger than {limit} bytes."
            self._start_closing(1009, reason, drops_messages=False)
        else:
            self._inbox.put(message)

    async def _reported_end(self) -> WebSocketDisconnect:
        """The end that the server reports, if it does soon after an error of ``send``."""
        if not self._inbox.is_full and not self._reading.done():
            await asyncio.wait({self._reading}, timeout=self._limits.close_seconds)
        self._finish(WebSocketDisconnect(1006, was_clean=False))
        return self._disconnect()

    def _start_closing(
        self, code: int, reason: str, *, drops_messages: bool = True
    ) -> asyncio.Task[None]:
        if self._closing is None:
            self._close_frame = (code, reason)
            self._closing = asyncio.ensure_future(self._close(code, reason, drops_messages))
        return self._closing

    async def _close(self, code: int, reason: str, drops_messages: bool) -> None:
        self._reading.cancel()  # servers allow one `receive` at a time
        await asyncio.wait({self._reading})
        if self._end is not None:
            return
        if drops_messages:
            self._inbox.clear()
        disconnect = WebSocketDisconnect(code, reason, was_clean=False)
        try:
            await within(self._limits.close_seconds, self._exchange_close(code, reason))
            disconnect.was_clean = True
        except Exception as error:  # the server's own, or the end of the time
            disconnect.__cause__ = error
        finally:
            self._finish(disconnect)

    async def _exchange_close(self, code: int, reason: str) -> None:
        await self._send_event("close", code=code, reason=reason)
        while (await self._receive())["type"] != "websocket.disconnect":
            pass  # a message that was on its way


def _encoded(fields: Sequence[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def _is_granian(receive: Receive) -> bool:
    """Whether messages come from Granian directly; not if a middleware wraps ``receive``.

    Its scope has no sign of it.
    """
    server = type(getattr(receive, "__self__", None)).__module__
    return server.partition(".")[0] == "granian"
