"""One worker, as the main process sees it: a process, a channel to it, and its state.

| State | Event | Next state | What the main process does |
| --- | --- | --- | --- |
| - | started | STARTS | |
| STARTS | `Loaded` | STARTS | from now on requests may have reached it |
| STARTS | `Serves` | SERVES | retires the worker that it replaces |
| STARTS | `Failed` | STARTS | keeps the reason until the process ends |
| STARTS | ``--load-timeout`` has passed | LATE | kills it; a failed start |
| STARTS | reload, or one worker less | RETIRES | sends `Retire`: it ends, at once if it loads |
| SERVES | `Beat` | SERVES | counts the silence from zero |
| SERVES | `Due`, or over a limit of `Recycling` | SERVES | starts another that replaces it |
| SERVES | silent for ``--worker-timeout`` | SILENT | lets it write its stacks, kills it |
| SERVES | replaced, or one worker less | RETIRES | sends `Retire` |
| RETIRES | `Closed` | FINISHES | |
| RETIRES, FINISHES | its grace time is over | the same | kills it |
| any | `Exits` | the same | at the end of the server: returns that status |
| any | the process has ended | removed | starts another, unless RETIRES or FINISHES |

A message that has no row in a state changes nothing. The worker's own side: `worker_main.py`. What
is decided about all workers together: `supervisor.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Any

from .recycling import rss_mib_of
from .signals import held_back
from .worker_main import (
    Beat,
    Closed,
    Due,
    Exits,
    Failed,
    Loaded,
    Reopen,
    Retire,
    Serves,
    Task,
    work,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...debug import Failure
    from .recycling import Recycling

# A worker that was stopped (SIGSTOP) is continued for so long: its timer writes the stacks then.
_STACKS_SECONDS = 0.5


class State(Enum):
    """Where in its life a worker is."""

    STARTS = "starts"
    LATE = "late"  # it did not load the program in time, and was killed
    SERVES = "serves"
    SILENT = "silent"  # no sign of life: it is about to be killed
    RETIRES = "retires"  # it finishes, and others take its place
    FINISHES = "finishes"  # as before, and it accepts no connection any more


class WorkerProcess:
    """A worker process, running from the start.

    :param context: multiprocessing's, which says how processes are started.
    :param others: the workers there are already.
    :param limits: when it has served for long enough.
    :param replaces: the worker that is to end when this one serves.
    :ivar failure: why it could not load the program, if it said so.
    :ivar due: why it is to be replaced, if it is.
    :ivar generation: how many reloads there were before it.
    :ivar is_fresh: whether it gave a sign of life since this was last set to false.
    :ivar exit_status: what the program's own signal handler asked for, if it did.
    """

    def __init__(
        self,
        task: Task,
        context: Any,
        *,
        others: Iterable[WorkerProcess],
        limits: Recycling,
        replaces: WorkerProcess | None,
        generation: int,
    ) -> None:
        self.limits = limits
        self.replaces = replaces
        self.generation = generation
        self.state = State.STARTS
        self.failure: Failure | None = None
        self.due: str | None = None
        self.exit_status: int | None = None
        self.serves_since = 0.0
        self.load_seconds = task.settings.load_timeout
        self.silence_seconds = task.settings.worker_timeout
        self.started_at = time.monotonic()
        self.beat_at = 0.0
        self.is_fresh = False
        self.end_at: float | None = None
        self.has_channel = True
        self.has_loaded = False
        self.channel, theirs = context.Pipe()
        foreign = []
        if context.get_start_method() == "fork":
            foreign = [self.channel, *(other.channel for other in others)]
        self.process: Any = context.Process(
            target=work, args=(task, theirs, foreign), name="retort worker"
        )
        with held_back():
            self.process.start()
        self.pid: int = self.process.pid
        theirs.close()

    # Messages.

    def read_messages(self) -> bool:
        """Read what the worker has sent.

        :returns: whether it has begun to serve just now.
        """
        before = self.state
        try:
            while self.has_channel and self.channel.poll():
                self.take(self.channel.recv())
        except (EOFError, OSError):
            self.has_channel = False  # it has ended, or its program closed what is not its own
        return before is State.STARTS and self.state is State.SERVES

    def take(self, message: object) -> None:
        """Change the state as the table above says."""
        if isinstance(message, Beat):
            self.beat_at = time.monotonic()
            self.is_fresh = True
        elif isinstance(message, Loaded):
            self.has_loaded = True
            self.serves_since = time.monotonic()
        elif isinstance(message, Serves):
            if self.state is State.STARTS:
                self.state = State.SERVES
                self.beat_at = time.monotonic()
        elif isinstance(message, Closed):
            if self.state is State.RETIRES:
                self.state = State.FINISHES
        elif isinstance(message, Failed):
            self.failure = message.failure
        elif isinstance(message, Due):
            self.due = message.reason
        elif isinstance(message, Exits):
            self.exit_status = message.status

    def sources(self) -> list[Any]:
        """What to wait for."""
        return [self.process.sentinel, *([self.channel] if self.has_channel else [])]

    def send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # it is gone already
            self.channel.send(message)

    def is_alive(self) -> bool:
        return bool(self.process.is_alive())

    def retire(self, grace_seconds: float) -> None:
        """Let it finish what is under way and end; while it loads, let it end at once."""
        self.state = State.RETIRES
        self.end_at = time.monotonic() + grace_seconds
        self.send(Retire())

    def reopen_logs(self) -> None:
        self.send(Reopen())

    # Time.

    def check_limits(self, now: float) -> None:
        """Note whether it has served for long enough: by its age, or its memory."""
        if self.state is not State.SERVES or self.due is not None:
            return
        limit = self.limits
        if limit.seconds is not None and now - self.serves_since >= limit.seconds:
            self.due = f"served {limit.seconds:.0f} seconds"
        elif limit.rss_mib is not None:
            rss_mib = rss_mib_of(self.pid)
            if rss_mib is not None and rss_mib >= limit.rss_mib:
                self.due = f"holds {rss_mib:.0f} MiB"

    def patience_ends_at(self) -> float | None:
        """When it has to have loaded, or to have given a sign of life; ``None``: at any time."""
        if self.state is State.STARTS and self.load_seconds:
            return self.started_at + self.load_seconds
        # Without a channel no message can arrive.
        if self.state is State.SERVES and self.silence_seconds and self.has_channel:
            return self.beat_at + self.silence_seconds
        return None

    def next_deadline(self) -> float | None:
        """When `check_patience` or `kill_if_late` will have something to do."""
        times = [at for at in (self.end_at, self.patience_ends_at()) if at is not None]
        return min(times, default=None)

    def excuse(self, seconds: float) -> None:
        """Do not count a time in which the main process did not run either."""
        self.started_at += seconds
        self.beat_at += seconds

    def check_patience(self, now: float) -> bool:
        """Find a worker that loads or is silent for too long; `kill_if_late` kills it.

        :returns: whether that was found just now.
        """
        ends_at = self.patience_ends_at()
        if ends_at is None or now < ends_at:
            return False
        self.end_at = now + _STACKS_SECONDS
        self.state = State.LATE if self.state is State.STARTS else State.SILENT
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGCONT)
        return True

    def kill_if_late(self, now: float) -> None:
        """End it, if it had its time to finish."""
        if self.end_at is not None and now >= self.end_at:
            self.end_at = None
            self.process.kill()

    # The end.

    def has_failed_to_start(self) -> bool:
        """Whether it ended before a request could have ended it."""
        is_loading = self.state is State.STARTS and (
            not self.has_loaded or self.failure is not None
        )
        return is_loading or self.state is State.LATE

    def why_it_failed_to_start(self) -> str:
        """For a worker that did not send a reason."""
        if self.state is State.LATE:
            return (
                f"A worker did not load the program within {self.load_seconds:g} s, and was ended."
                " What its threads were doing is above. If loading takes that long: --load-timeout."
            )
        return f"A worker {self.how_it_ended()} while it was loading the program."

    def how_it_ended(self) -> str:
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"was ended by signal {-code}"
        return f"ended with status {code}"

    def close(self) -> None:
        """Release what belongs to a process that has ended."""
        self.process.join()
        self.channel.close()
