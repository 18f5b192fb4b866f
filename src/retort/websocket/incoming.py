"""The messages that a connection has received and the view has not.

A connection fills it up to its limits and then stops reading. Used on one event loop.
"""

from __future__ import annotations

import asyncio
import typing as t
from collections import deque

from .errors import WebSocketDisconnect

if t.TYPE_CHECKING:
    from .limits import Limits


class OneReceiver:
    """A context for ``receive``, which one task enters at a time."""

    def __init__(self) -> None:
        self._is_entered = False

    def __enter__(self) -> None:
        if self._is_entered:
            raise RuntimeError(
                "receive() was called while another task waits in receive() of this WebSocket."
                " Receive in one task, and pass messages on with an asyncio.Queue."
            )
        self._is_entered = True

    def __exit__(self, *error: object) -> None:
        self._is_entered = False


class Incoming:
    """Received messages in their order, and then the end of the WebSocket.

    It is full with ``limits.queue`` messages, or when these have ``limits.message_bytes``.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._messages: deque[str | bytes] = deque()
        self._size = 0
        self._end: WebSocketDisconnect | None = None
        self._receiver = OneReceiver()
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def has_ended(self) -> bool:
        """Whether the WebSocket is closed; messages may still wait."""
        return self._end is not None

    @property
    def has_room(self) -> bool:
        """Whether one more message may be read."""
        return self._has_room.is_set()

    def put(self, message: str | bytes) -> None:
        """Add a message."""
        self._messages.append(message)
        self._size += len(message)
        self._note_room()
        self._changed.set()

    def end(self, disconnect: WebSocketDisconnect) -> None:
        """The WebSocket is closed. The first call decides with which code."""
        if self._end is None:
            self._end = disconnect
        self._changed.set()
        self._has_room.set()

    def clear(self) -> None:
        """Drop the messages that wait."""
        self._messages.clear()
        self._size = 0

    async def receive(self) -> str | bytes:
        """The next message. Cancelling the call loses none.

        :raises WebSocketDisconnect: after the last one.
        :raises RuntimeError: if another task waits already.
        """
        with self._receiver:
            await self._wait_for_message()
        message = self._messages.popleft()
        self._size -= len(message)
        self._note_room()
        return message

    def _note_room(self) -> None:
        limits = self._limits
        if len(self._messages) >= limits.queue or self._size >= limits.message_bytes:
            self._has_room.clear()
        else:
            self._has_room.set()

    async def _wait_for_message(self) -> None:
        while not self._messages:
            if self._end is not None:
                raise self.disconnect()
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_room(self) -> None:
        """Return when one more message may be read, or the WebSocket is closed."""
        await self._has_room.wait()

    def disconnect(self, otherwise: tuple[int, str] = (1006, "")) -> WebSocketDisconnect:
        """An exception for one caller: a shared one would collect their tracebacks.

        :param otherwise: code and reason as long as the WebSocket is not closed.
        """
        end = self._end or WebSocketDisconnect(*otherwise, was_clean=False)
        disconnect = WebSocketDisconnect(end.code, end.reason, end.was_clean)
        disconnect.__cause__ = end.__cause__
        return disconnect
