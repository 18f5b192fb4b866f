"""Timeouts of many connections, by one timer of the event loop.

A timer of asyncio's for each of 10,000 connections costs memory and work. Here, timeouts that are
due in the same quarter of a second share a set, and so are precise to that much.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

TICK_SECONDS = 0.25


class Timers:
    """The timeouts of one event loop; all methods are called on it."""

    def __init__(self) -> None:
        self.due: dict[int, set[Callable[[], object]]] = {}  # tick -> callbacks
        self.handle: asyncio.TimerHandle | None = None

    def call_later(self, seconds: float, callback: Callable[[], object]) -> int:
        """Call ``callback`` after that time, at most a tick later.

        :returns: the argument for `cancel`.
        """
        loop = asyncio.get_running_loop()
        if self.handle is None:
            self.handle = loop.call_later(TICK_SECONDS, self.run)
        tick = math.ceil((loop.time() + seconds) / TICK_SECONDS)
        self.due.setdefault(tick, set()).add(callback)
        return tick

    def cancel(self, tick: int, callback: Callable[[], object]) -> None:
        """Do not call ``callback``, except if its time has come already."""
        callbacks = self.due.get(tick)
        if callbacks is not None:
            callbacks.discard(callback)

    def run(self) -> None:
        """Schedule the callbacks whose time has come."""
        loop = asyncio.get_running_loop()
        now = math.floor(loop.time() / TICK_SECONDS)
        # After a pause of the machine, several ticks are over at once.
        for tick in sorted(tick for tick in self.due if tick <= now):
            for callback in self.due.pop(tick):
                loop.call_soon(callback)
        self.handle = loop.call_later(TICK_SECONDS, self.run) if self.due else None


_timers: WeakKeyDictionary[asyncio.AbstractEventLoop, Timers] = WeakKeyDictionary()


def timers_of_this_loop() -> Timers:
    """The timers of the running event loop."""
    loop = asyncio.get_running_loop()
    found = _timers.get(loop)
    if found is None:
        found = _timers[loop] = Timers()
    return found
