"""One worker in the main process: its process, the pipe to it, and its state.

| State | Event | Next state | Action of the main process |
| --- | --- | --- | --- |
| - | process started | STARTING | |
| STARTING | `Loaded` | STARTING | if it ends from now on, a request may be the cause |
| STARTING | `Serving` | SERVING | retires the worker that it replaces |
| STARTING | `Failed` | STARTING | keeps the reason until the process ends |
| STARTING | ``--load-timeout`` is over | TIMED_OUT | sends SIGCONT |
| STARTING | SIGHUP before `Loaded`, or SIGTTOU | RETIRING | sends `Retire` |
| SERVING | `Beat` | SERVING | restarts the worker timeout |
| SERVING | `Due`, a recycling limit, or SIGHUP | SERVING | starts a replacement |
| SERVING | no `Beat` for ``--worker-timeout`` | UNRESPONSIVE | reports it, sends SIGCONT |
| SERVING | its replacement serves, or SIGTTOU | RETIRING | sends `Retire` |
| TIMED_OUT, UNRESPONSIVE | `_STACKS_SECONDS` are over | unchanged | kills it |
| RETIRING | `Closed` | FINISHING | |
| RETIRING, FINISHING | the grace time is over | unchanged | kills it |
| any | `ExitStatus` | unchanged | the server ends with this status |
| any | the process has ended | removed | starts another, except in RETIRING and FINISHING |

Other messages do not change the state. A failed start ends the server if no worker has served yet.
The worker's own states: `worker_main.py`. Decisions about all workers: `supervisor.py`.
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
from .signals import block_stop_signals
from .worker_main import (
    Beat,
    Closed,
    Due,
    ExitStatus,
    Failed,
    Loaded,
    Reopen,
    Retire,
    Serving,
    Task,
    work,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .recycling import Recycling

# A suspended worker (SIGSTOP) is resumed for this time, so that its timer writes the stacks.
_STACKS_SECONDS = 0.5


class State(Enum):
    """The states of a worker: see the table above."""

    STARTING = "starting"
    TIMED_OUT = "timed out"  # did not load the program in time; is killed
    SERVING = "serving"
    UNRESPONSIVE = "unresponsive"  # sent no heartbeat; is killed
    RETIRING = "retiring"  # finishes open requests
    FINISHING = "finishing"  # has also stopped accepting


class WorkerProcess:
    """A worker process; creating the object starts the process.

    :param context: the multiprocessing context, which sets the start method.
    :param others: the existing workers.
    :param limits: the recycling limits.
    :param replaces: the worker that is retired when this one serves.
    :ivar failure: its message that the program did not load, if it sent one.
    :ivar due: why the worker is due for replacement, if it is.
    :ivar generation: the number of reloads before its start.
    :ivar has_beaten: whether a heartbeat has arrived since this was last reset.
    :ivar exit_status: the exit status set by the program's own signal handler, if any.
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
        self.state = State.STARTING
        self.failure: Failed | None = None
        self.due: str | None = None
        self.exit_status: int | None = None
        self.serves_since = 0.0
        self.load_seconds = task.settings.load_timeout
        self.timeout_seconds = task.settings.worker_timeout
        self.started_at = time.monotonic()
        self.beat_at = 0.0
        self.has_beaten = False
        self.kill_at: float | None = None
        self.has_channel = True
        self.has_loaded = False
        self.channel, worker_end = context.Pipe()
        copied_ends = []
        if context.get_start_method() == "fork":
            copied_ends = [self.channel, *(other.channel for other in others)]
        self.process: Any = context.Process(
            target=work, args=(task, worker_end, copied_ends), name="retort worker"
        )
        with block_stop_signals():
            self.process.start()
        self.pid: int = self.process.pid
        worker_end.close()

    # Messages.

    def read_messages(self) -> bool:
        """Handle the messages that have arrived.

        :returns: whether the worker has just started to serve.
        """
        before = self.state
        try:
            while self.has_channel and self.channel.poll():
                self.handle_message(self.channel.recv())
        except (EOFError, OSError):
            self.has_channel = False  # it has ended, or the program closed foreign descriptors
        return before is State.STARTING and self.state is State.SERVING

    def handle_message(self, message: object) -> None:
        """Change the state according to the table above."""
        if isinstance(message, Beat):
            self.beat_at = time.monotonic()
            self.has_beaten = True
        elif isinstance(message, Loaded):
            self.has_loaded = True
            self.serves_since = time.monotonic()
        elif isinstance(message, Serving):
            if self.state is State.STARTING:
                self.state = State.SERVING
                self.beat_at = time.monotonic()
        elif isinstance(message, Closed):
            if self.state is State.RETIRING:
                self.state = State.FINISHING
        elif isinstance(message, Failed):
            self.failure = message
        elif isinstance(message, Due):
            self.due = message.reason
        elif isinstance(message, ExitStatus):
            self.exit_status = message.status

    def sources(self) -> list[Any]:
        """The objects to pass to `multiprocessing.connection.wait`."""
        return [self.process.sentinel, *([self.channel] if self.has_channel else [])]

    def send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # the process has ended
            self.channel.send(message)

    def is_alive(self) -> bool:
        return bool(self.process.is_alive())

    def retire(self, grace_seconds: float) -> None:
        """Let the worker finish its open requests and end; it ends at once while loading."""
        self.state = State.RETIRING
        self.kill_at = time.monotonic() + grace_seconds
        self.send(Retire())

    def reopen_logs(self) -> None:
        self.send(Reopen())

    # Timers and limits.

    def check_limits(self, now: float) -> None:
        """Set `due` if the worker has reached its limit of age or memory."""
        if self.state is not State.SERVING or self.due is not None:
            return
        limit = self.limits
        if limit.seconds is not None and now - self.serves_since >= limit.seconds:
            self.due = f"served {limit.seconds:.0f} seconds"
        elif limit.rss_mib is not None:
            rss_mib = rss_mib_of(self.pid)
            if rss_mib is not None and rss_mib >= limit.rss_mib:
                self.due = f"holds {rss_mib:.0f} MiB"

    def timeout_at(self) -> float | None:
        """When the load timeout or the worker timeout ends; ``None``: none is running."""
        if self.state is State.STARTING and self.load_seconds:
            return self.started_at + self.load_seconds
        # Without a channel no message can arrive.
        if self.state is State.SERVING and self.timeout_seconds and self.has_channel:
            return self.beat_at + self.timeout_seconds
        return None

    def next_deadline(self) -> float | None:
        """When to call `check_timeouts` or `kill_if_overdue` next."""
        times = [at for at in (self.kill_at, self.timeout_at()) if at is not None]
        return min(times, default=None)

    def extend_deadlines(self, seconds: float) -> None:
        """Extend the timeouts by a time in which the main process was suspended, too."""
        self.started_at += seconds
        self.beat_at += seconds

    def check_timeouts(self, now: float) -> bool:
        """Change the state if a timeout is over; `kill_if_overdue` kills the worker later.

        :returns: whether the state has changed.
        """
        ends_at = self.timeout_at()
        if ends_at is None or now < ends_at:
            return False
        self.kill_at = now + _STACKS_SECONDS
        self.state = State.TIMED_OUT if self.state is State.STARTING else State.UNRESPONSIVE
        if sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.kill(self.pid, signal.SIGCONT)
        return True

    def kill_if_overdue(self, now: float) -> None:
        """Kill the worker if its time to finish is over."""
        if self.kill_at is not None and now >= self.kill_at:
            self.kill_at = None
            self.process.kill()

    # The end.

    def has_failed_to_start(self) -> bool:
        """Whether it ended before it could receive a request."""
        is_loading = self.state is State.STARTING and (
            not self.has_loaded or self.failure is not None
        )
        return is_loading or self.state is State.TIMED_OUT

    def start_failure_reason(self) -> str:
        """The reason for a worker that sent no `Failed`."""
        if self.state is State.TIMED_OUT:
            return (
                f"A worker did not load the program within {self.load_seconds:g} s, and was ended."
                " The stacks of its threads are above. If loading takes that long: --load-timeout."
            )
        return f"A worker {self.exit_description()} while it was loading the program."

    def exit_description(self) -> str:
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"was ended by signal {-code}"
        return f"ended with status {code}"

    def close(self) -> None:
        """Release the resources of a process that has ended."""
        self.process.join()
        self.channel.close()
