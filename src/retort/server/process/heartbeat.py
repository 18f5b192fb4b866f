"""Heartbeats of a worker, and a dump of its stacks when they stop.

A Python thread sends a message to the main process at a fixed interval and restarts a timer that
`faulthandler` implements in C. Both stop if a call holds the GIL (an endless regular expression) or
if the process is suspended (SIGSTOP). The timer then expires and writes the stacks of all threads
to standard error, which does not need the GIL. Shortly afterwards the main process replaces the
worker: `supervisor.py`.

A worker sends no heartbeats while it loads the program. Loading has a time limit of its own and
uses the same timer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import threading

# Imported by name, because gevent replaces the functions in the module.
from time import monotonic, sleep
from typing import TYPE_CHECKING

from ..console import echo

if TYPE_CHECKING:
    from collections.abc import Callable

_STDERR = 2

# The stacks are written this long before the main process kills the worker.
_MARGIN_SECONDS = 1.0

# The time an expired timer gets to write the stacks before it is restarted.
_WRITE_SECONDS = 0.3


def stack_dump_delay(limit_seconds: float) -> float:
    """The delay before the stacks of a worker with this time limit are written, in seconds."""
    return limit_seconds - min(_MARGIN_SECONDS, limit_seconds / 4)


def dump_stacks_after(seconds: float) -> None:
    """Restart the timer; `cancel_stack_dump` stops it."""
    with contextlib.suppress(RuntimeError):  # the timer's thread could not be started
        faulthandler.dump_traceback_later(seconds, file=_STDERR)


def cancel_stack_dump() -> None:
    """Stop the timer."""
    faulthandler.cancel_dump_traceback_later()


class Heartbeat:
    """Calls ``send`` every ``interval_seconds`` from a thread, until the process ends.

    :param limit_seconds: time without a heartbeat after which the main process replaces the worker;
        0: never.
    """

    def __init__(
        self, send: Callable[[], object], interval_seconds: float, limit_seconds: float
    ) -> None:
        self.send = send
        self.interval_seconds = interval_seconds
        self.timer_seconds = stack_dump_delay(limit_seconds) if limit_seconds else None
        self.lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self.run, name="retort heartbeat", daemon=True).start()

    def stop_timer(self) -> None:
        """Stop the timer for good; thread-safe.

        Python does not list the timer's thread, so the shutdown would mistake it for a Granian
        thread.
        """
        with self.lock:
            if self.timer_seconds is not None:
                cancel_stack_dump()
            self.timer_seconds = None

    def run(self) -> None:
        while True:
            self.renew_timer()
            beat_at = monotonic()
            self.send()
            sleep(self.interval_seconds)
            self.explain_stacks(monotonic() - beat_at)

    def renew_timer(self) -> None:
        with self.lock:
            if self.timer_seconds is not None:
                dump_stacks_after(self.timer_seconds)

    def explain_stacks(self, paused_seconds: float) -> None:
        """Report that this worker runs again after its stacks were written."""
        if self.timer_seconds is None or paused_seconds < self.timer_seconds:
            return
        sleep(_WRITE_SECONDS)
        echo(
            f"Worker {os.getpid()} did not run for {paused_seconds:.0f} s: either it was"
            " suspended, or a call held the GIL. The stacks above are from that time.",
            fg="yellow",
        )
