"""Signs of life of a worker, and the stacks of one that gives none.

A Python thread sends a message to the main process at a fixed interval, and renews a timer that
`faulthandler` keeps in C. If the interpreter is held (a regular expression that takes for ever)
or the process does not run at all (SIGSTOP), neither happens: the timer expires and writes the
stacks of all threads to standard error, without needing the interpreter. A little later the main
process replaces the worker: `supervisor.py`.

While the program loads, there are no messages: loading has a limit of its own, and the
same timer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import threading

# The functions themselves: a program may replace them in their modules (gevent).
from time import monotonic, sleep
from typing import TYPE_CHECKING

from ..console import echo

if TYPE_CHECKING:
    from collections.abc import Callable

_STDERR = 2

# How long before the main process acts the stacks are written.
_MARGIN_SECONDS = 1.0

# Long enough for an expired timer to write its stacks before it is renewed.
_WRITE_SECONDS = 0.3


def stacks_after(limit_seconds: float) -> float:
    """When to write the stacks of a worker that is replaced after ``limit_seconds``."""
    return limit_seconds - min(_MARGIN_SECONDS, limit_seconds / 4)


def write_stacks_after(seconds: float) -> None:
    """Start the timer again; `keep_stacks` stops it."""
    with contextlib.suppress(RuntimeError):  # it could not start its thread: no stacks
        faulthandler.dump_traceback_later(seconds, file=_STDERR)


def keep_stacks() -> None:
    """Stop the timer."""
    faulthandler.cancel_dump_traceback_later()


class Heartbeat:
    """Calls ``send`` each ``interval_seconds`` from a thread, until the process ends.

    :param limit_seconds: the silence after which the main process replaces this one; 0: never.
    """

    def __init__(
        self, send: Callable[[], object], interval_seconds: float, limit_seconds: float
    ) -> None:
        self.send = send
        self.interval_seconds = interval_seconds
        self.timer_seconds = stacks_after(limit_seconds) if limit_seconds else None
        self.lock = threading.Lock()

    def start(self) -> None:
        threading.Thread(target=self.run, name="retort heartbeat", daemon=True).start()

    def stop_timer(self) -> None:
        """Write no stacks from here on; safe from any thread.

        Its thread, which Python does not list, would also be taken for one of Granian's.
        """
        with self.lock:
            if self.timer_seconds is not None:
                keep_stacks()
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
                write_stacks_after(self.timer_seconds)

    def explain_stacks(self, silent_seconds: float) -> None:
        """Say that this worker runs again after its stacks were written."""
        if self.timer_seconds is None or silent_seconds < self.timer_seconds:
            return
        sleep(_WRITE_SECONDS)
        echo(
            f"Worker {os.getpid()} did not run for {silent_seconds:.0f} s: either it was"
            " stopped, or something kept the interpreter. The stacks above are from that time.",
            fg="yellow",
        )
