"""The body of an ASGI request that is read while it arrives (`http/stream_body.py`)."""

from __future__ import annotations

import asyncio
import typing as t

from werkzeug.exceptions import ClientDisconnected, ServiceUnavailable

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Message = t.MutableMapping[str, t.Any]

# While a response is sent, a disconnect is noticed only by a call of ``receive``, which returns the
# pieces of the body first. If nothing reads them, they are dropped after this time.
_UNREAD_SECONDS = 10.0
_CHECK_SECONDS = 0.5


class AsgiBody:
    """Receives one message ahead of the view.

    :param receive: the function of the server.
    """

    def __init__(self, receive: Callable[[], Awaitable[Message]]) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._message: Message | None = None  # received, not passed on yet
        self._task: asyncio.Task[None] | None = None
        self._notify: Callable[[], object] | None = None
        self._polls = 0
        self._has_ended = False
        self._is_dropped = False

    def poll(self, notify: Callable[[], object]) -> bytes | None:
        """The next piece; see `PieceSource`.

        :raises ClientDisconnected: if the client disconnects before the end of the body.
        :raises ServiceUnavailable: if pieces were dropped.
        """
        self._polls += 1
        if self._is_dropped:
            raise ServiceUnavailable(
                f"The request body was dropped: for {_UNREAD_SECONDS:.0f} seconds, while the"
                " response was sent, nothing had read it."
            )
        while not self._has_ended:
            self._notify = notify
            message = self._message
            if message is None:
                self._loop.call_soon_threadsafe(self._begin)
                return None
            if message["type"] != "http.request":
                raise ClientDisconnected("The client disconnected before the end of its request.")
            self._has_ended = not message.get("more_body")
            self._message = None
            if piece := message.get("body", b""):
                return bytes(piece)
        return b""

    def _begin(self) -> None:
        """Receive a message, if none is there."""
        if self._task is None and self._message is None and not self._has_ended:
            self._task = self._loop.create_task(self._next_message())

    async def _next_message(self) -> None:
        message = await self._receive()
        self._task = None
        self._message = message
        notify, self._notify = self._notify, None
        if notify is not None:
            notify()

    async def wait_for_disconnect(self, is_sending: Callable[[], bool]) -> None:
        """Return when the client has disconnected; its body remains readable.

        :param is_sending: whether the response has begun.
        """
        unread_seconds = 0.0
        while not self._has_ended:
            self._begin()
            if self._task is not None:
                await asyncio.wait((self._task,))
            message, polls = self._message, self._polls
            if message is not None and message["type"] != "http.request":
                return
            await asyncio.sleep(_CHECK_SECONDS)
            is_waiting = message is not None and self._message is message
            if not is_waiting or polls != self._polls or not is_sending():
                unread_seconds = 0.0
                continue
            unread_seconds += _CHECK_SECONDS
            if unread_seconds >= _UNREAD_SECONDS:
                self._is_dropped, self._message = True, None
                break
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def stop(self) -> None:
        """Receive nothing more."""
        if self._task is not None:
            self._task.cancel()
