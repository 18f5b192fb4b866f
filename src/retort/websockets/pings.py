"""Pings to a client: those of the program, and those that find out whether it is still there.

Nothing else shows that a client is gone without a FIN: TCP sends nothing while both sides are
silent.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .timers import timers_of_this_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from .limits import Limits

_PAYLOAD_BYTES = 4


class Pinger(Protocol):
    """A connection that sends pings."""

    def write_ping(self, data: bytes) -> None:
        """Send a ping."""

    def is_progressing(self) -> bool:
        """Whether the client has received bytes since the last ping, and its pong cannot come."""

    def abort(self, problem: str) -> None:
        """End the connection at once."""


class PendingPing(NamedTuple):
    """A ping without a pong.

    :param waiter: of the task that waits for it; ``None``: one of our own pings.
    """

    data: bytes
    waiter: asyncio.Future[bool] | None


class Pings:
    """The pings of one connection."""

    __slots__ = ("callback", "is_over", "limits", "own", "pending", "pinger", "sent_at", "tick")

    def __init__(self, pinger: Pinger, limits: Limits) -> None:
        self.pinger = pinger
        self.limits = limits
        self.pending: list[PendingPing] = []  # in the order in which they were sent
        self.own: PendingPing | None = None
        self.sent_at = 0.0  # our last one
        self.callback: Callable[[], None] | None = None
        self.tick = 0
        self.is_over = False

    def start(self) -> None:
        """Send the first ping after half the interval at least; many clients may come at once."""
        self.call_later(self.limits.ping_seconds * random.uniform(0.5, 1), self.send_own)

    async def send(self, data: bytes) -> bool:
        """Send a ping, and wait for its pong.

        :returns: whether it has come; else the connection is over.
        """
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        ping = PendingPing(data, waiter)
        self.pending.append(ping)
        self.pinger.write_ping(data)
        try:
            return await waiter
        finally:
            if ping in self.pending:
                self.pending.remove(ping)

    def send_own(self) -> None:
        if self.is_over:
            return
        self.own = PendingPing(random.randbytes(_PAYLOAD_BYTES), None)
        self.pending.append(self.own)
        self.sent_at = asyncio.get_running_loop().time()
        self.pinger.write_ping(self.own.data)
        self.call_later(self.limits.pong_seconds, self.check)

    def check(self) -> None:
        """End the connection if our ping has no pong, except if the client still receives."""
        if self.is_over or self.own is None:
            return
        if self.pinger.is_progressing():
            self.call_later(self.limits.pong_seconds, self.check)
            return
        self.pinger.abort(
            f"The client did not answer a ping within {self.limits.pong_seconds:g} seconds."
        )

    def note_pong(self, data: bytes) -> None:
        """A pong answers its ping and all before it: RFC 6455 §5.5.3.

        A pong without a ping means nothing.
        """
        found = [number for number, ping in enumerate(self.pending) if ping.data == data]
        if not found:
            return
        answered = self.pending[: found[0] + 1]
        del self.pending[: found[0] + 1]
        for ping in answered:
            release(ping, is_answered=True)
            if ping is self.own:
                self.own = None
                elapsed = asyncio.get_running_loop().time() - self.sent_at
                self.call_later(max(0.0, self.limits.ping_seconds - elapsed), self.send_own)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        if self.is_over or not self.limits.ping_seconds:
            return
        timers = timers_of_this_loop()
        if self.callback is not None:
            timers.cancel(self.tick, self.callback)
        self.callback = callback
        self.tick = timers.call_later(seconds, callback)

    def end(self) -> None:
        """No more pings; waiting tasks go on."""
        self.is_over = True
        if self.callback is not None:
            timers_of_this_loop().cancel(self.tick, self.callback)
            self.callback = None
        pending, self.pending = self.pending, []
        for ping in pending:
            release(ping, is_answered=False)


def release(ping: PendingPing, *, is_answered: bool) -> None:
    """Let the task go on that waits for this ping."""
    if ping.waiter is not None and not ping.waiter.done():
        ping.waiter.set_result(is_answered)
