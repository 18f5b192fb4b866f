"""Measure how late the event loop of this process runs, and report when something blocks it.

A thread schedules a callback on the loop at a fixed interval. A synchronous function that is called
on the loop delays it, and with it all coroutines of the process. The heartbeats of `heartbeat.py`
go on meanwhile, and so do requests in threads. The thread starts with the loop.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from ...aio.watching import when_started
from ...logging import retort_logger
from ...tracebacks import format_stack_from_program

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

_INTERVAL_SECONDS = 1.0

# A loop that does not run for this time is reported, with the stack of its thread.
BLOCKED_SECONDS = 5.0

# After a suspension of the process (SIGSTOP, a paused machine) the loop runs within this time.
_RESUME_SECONDS = 0.5


class LoopMonitor:
    """Observes the event loop of this process, if one starts.

    :param observe: called with each delay of the loop, in seconds.
    """

    def __init__(self, observe: Callable[[float], object] | None = None) -> None:
        self.observe = observe
        self.thread_id: int | None = None  # of the loop's thread

    def start(self) -> None:
        """Begin as soon as there is a loop."""
        when_started(self._begin)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread(
            target=self._run, args=(loop,), name="retort loop monitor", daemon=True
        ).start()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            tick = _Tick(self)
            try:
                loop.call_soon_threadsafe(tick.run)
            except RuntimeError:  # the loop is closed
                return
            if not tick.has_run.wait(BLOCKED_SECONDS) and not tick.has_run.wait(_RESUME_SECONDS):
                self._report(loop, tick)
            if self.observe is not None and tick.has_run.is_set():
                self.observe(tick.delay)
            time.sleep(_INTERVAL_SECONDS)

    def _report(self, loop: asyncio.AbstractEventLoop, tick: _Tick) -> None:
        """Log that the loop is blocked, and later that it runs again."""
        frame = sys._current_frames().get(self.thread_id or 0)
        stack = "" if frame is None else format_stack_from_program(frame)
        log = retort_logger("retort.server")
        log.warning(
            "The event loop has not run for %.0f s, so all coroutine functions wait. A function"
            " blocks it: call it with await asyncio.to_thread(...), or make the view a plain"
            " function. The thread of the loop runs:\n%s",
            time.monotonic() - tick.scheduled_at,
            stack.rstrip(),
        )
        while not tick.has_run.wait(_INTERVAL_SECONDS):
            if loop.is_closed() or not loop.is_running():
                return
        log.warning("The event loop runs again, after %.0f s.", tick.delay)


class _Tick:
    """One callback on the loop."""

    def __init__(self, monitor: LoopMonitor) -> None:
        self.monitor = monitor
        self.has_run = threading.Event()
        self.scheduled_at = time.monotonic()
        self.delay = 0.0

    def run(self) -> None:
        self.delay = time.monotonic() - self.scheduled_at
        self.monitor.thread_id = threading.get_ident()
        self.has_run.set()
