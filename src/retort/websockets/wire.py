"""What the two ends of a WebSocket in memory share: its messages, the answer and the end.

Both ends run on threads and event loops of their own: all is changed under one lock.
"""

from __future__ import annotations

import asyncio
import threading
import time
import typing as t
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError  # another one in Python 3.10
from contextlib import suppress
from dataclasses import dataclass, field

from .errors import WebSocketDisconnect

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from .limits import Limits

    Attempt = Callable[[], t.Any]


#: A network takes so many bytes that the other side does not read.
NETWORK_BYTES = 1 << 20


@dataclass(frozen=True)
class Accepted:
    """The answer to an accepted handshake."""

    #: The header fields that the program added.
    fields: tuple[tuple[str, str], ...] = ()
    subprotocol: str | None = None


@dataclass(frozen=True)
class Refused:
    """The HTTP response to a refused handshake."""

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass
class Direction:
    """Messages on their way to one end."""

    messages: deque[str | bytes] = field(default_factory=deque)
    size: int = 0

    def has_room(self, limits: Limits) -> bool:
        """Whether the sender need not wait: as with a network, its buffers and a queue."""
        return len(self.messages) < limits.queue or self.size < NETWORK_BYTES

    def put(self, message: str | bytes) -> None:
        """Add a message."""
        self.messages.append(message)
        self.size += len(message)

    def take(self) -> str | bytes | None:
        """The next message, or ``None``."""
        if not self.messages:
            return None
        message = self.messages.popleft()
        self.size -= len(message)
        return message

    def clear(self) -> None:
        """Drop all messages."""
        self.messages.clear()
        self.size = 0


class Wire:
    """The shared state. Its attributes are used in attempts only: they run under the lock.

    An attempt is a function that changes the state and returns a result, or ``None`` if it has to
    wait for a change by the other end. An exception ends the waiting too.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.answer: Accepted | Refused | None = None
        self.to_app = Direction()
        self.to_client = Direction()
        self.end: WebSocketDisconnect | None = None
        self.loop: asyncio.AbstractEventLoop | None = None  # of the application
        self.on_end: Callable[[], object] | None = None
        self._lock = threading.Lock()
        self._waiters: list[Future[None]] = []

    def finish(self, code: int, reason: str = "", *, was_clean: bool = True) -> None:
        """In an attempt: the WebSocket is closed. The first call decides with which code."""
        if self.end is None:
            self.end = WebSocketDisconnect(code, reason, was_clean)
            self.note_end()

    def note_end(self) -> None:
        """In an attempt: call `on_end` on the event loop of the application."""
        on_end, self.on_end = self.on_end, None
        if on_end is not None and self.loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self.loop.call_soon_threadsafe(on_end)

    def check_open(self) -> None:
        """In an attempt: raise an error if the WebSocket is closed."""
        if self.end is not None:
            raise WebSocketDisconnect(self.end.code, self.end.reason, self.end.was_clean)

    def do(self, attempt: Attempt) -> t.Any:
        """The result of one attempt."""
        with self._lock:
            try:
                return attempt()
            finally:
                self._wake()

    def wait(self, attempt: Attempt, seconds: float | None) -> t.Any:
        """The result of an attempt that is repeated after changes; blocks the thread.

        :raises TimeoutError: at the end of the time.
        """
        give_up_at = _end_of(seconds)
        while True:
            result, waiter = self._try(attempt)
            if result is not None:
                return result
            with suppress(FutureTimeoutError):
                waiter.result(_rest(give_up_at))
            if self._forget(waiter):
                raise TimeoutError

    async def wait_async(self, attempt: Attempt, seconds: float | None) -> t.Any:
        """As `wait`, without blocking the event loop. Cancelling the call changes nothing."""
        give_up_at = _end_of(seconds)
        while True:
            result, waiter = self._try(attempt)
            if result is not None:
                return result
            try:
                await asyncio.wait({asyncio.wrap_future(waiter)}, timeout=_rest(give_up_at))
            finally:
                is_unchanged = self._forget(waiter)
            if is_unchanged:
                raise TimeoutError

    def _try(self, attempt: Attempt) -> tuple[t.Any, Future[None]]:
        waiter: Future[None] = Future()
        with self._lock:
            is_waiting = False
            try:
                result = attempt()
                is_waiting = result is None
            finally:
                if not is_waiting:
                    self._wake()
            if is_waiting:
                self._waiters.append(waiter)
        return result, waiter

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter.set_result(None)

    def _forget(self, waiter: Future[None]) -> bool:
        """Whether the waiter still waited, which it does not do any more."""
        with self._lock:
            if waiter not in self._waiters:
                return False
            self._waiters.remove(waiter)
            return True


def _end_of(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _rest(give_up_at: float | None) -> float | None:
    return None if give_up_at is None else max(give_up_at - time.monotonic(), 0)
