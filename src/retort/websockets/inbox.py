"""The received messages of a connection that wait for the view."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .limits import Limits


class Inbox:
    """A queue of messages.

    It is full with ``limits.queue`` messages, or when all together are as long as one message may
    be: else 16 messages of 1 MiB would wait in each of 10,000 connections. It does not refuse
    messages; its owner stops reading.
    """

    __slots__ = ("is_over", "limits", "messages", "receiver", "size")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.messages: list[str | bytes] = []  # a deque takes 700 bytes when it is empty
        self.size = 0
        self.is_over = False
        self.receiver: asyncio.Future[None] | None = None

    @property
    def is_full(self) -> bool:
        limits = self.limits
        return len(self.messages) >= limits.queue or self.size >= limits.message_bytes

    @property
    def has_room(self) -> bool:
        """Whether three quarters are free: reading begins again, and not for each message."""
        limits = self.limits
        return len(self.messages) <= limits.queue // 4 and self.size <= limits.message_bytes // 4

    def put(self, message: str | bytes) -> None:
        self.messages.append(message)
        self.size += len(message)
        self.wake()

    async def get(self) -> str | bytes | None:
        """The next message; ``None`` if the inbox is over and empty.

        :raises RuntimeError: if another task waits already.
        """
        while not self.messages:
            if self.is_over:
                return None
            future = self.start_waiting()
            try:
                await future
            finally:
                self.receiver = None
        return self.take()

    def start_waiting(self) -> asyncio.Future[None]:
        """A future that is done when there may be a message; its owner removes it.

        :raises RuntimeError: if another task waits already.
        """
        if self.receiver is not None:
            raise RuntimeError(
                "Another task waits in receive() of this WebSocket already, so it is undefined"
                " which of them gets a message. Receive in one task, and pass messages on with an"
                " asyncio.Queue."
            )
        self.receiver = asyncio.get_running_loop().create_future()
        return self.receiver

    def take(self) -> str | bytes:
        """The next message, which must be there."""
        message = self.messages.pop(0)
        self.size -= len(message)
        return message

    def clear(self) -> None:
        self.messages.clear()
        self.size = 0

    def end(self) -> None:
        """No more messages follow."""
        self.is_over = True
        self.wake()

    def wake(self) -> None:
        if self.receiver is not None and not self.receiver.done():
            self.receiver.set_result(None)
