"""One worker, as the main process sees it: a process, a channel to it, and how it fares.

What the worker does on its side: `duty.py`. What is done about it: `workers.py`.
"""

from __future__ import annotations

import contextlib
import time
from enum import Enum
from typing import TYPE_CHECKING, Any

from .duty import Closed, Due, Failed, Loaded, Retire, Serves, Task, work
from .recycling import rss_mib_of
from .signals import held_back

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..debug import Failure
    from .recycling import Recycling


class State(Enum):
    """Where in its life a worker is."""

    STARTS = "starts"
    SERVES = "serves"
    RETIRES = "retires"  # another has taken its place
    FINISHES = "finishes"  # as before, and nobody new is let in


class Member:
    """A worker process, running from the start.

    :param context: multiprocessing's, which says how processes are started.
    :param others: the workers there are already.
    :param limits: when it has served for long enough.
    :param replaces: the worker that is to end when this one serves.
    :ivar failure: why it could not load the program, if it said so.
    :ivar due: why it is to be replaced, if it is.
    :ivar generation: how many reloads there were before it.
    """

    def __init__(
        self,
        task: Task,
        context: Any,
        *,
        others: Iterable[Member],
        limits: Recycling,
        replaces: Member | None,
        generation: int,
    ) -> None:
        self.limits = limits
        self.replaces = replaces
        self.generation = generation
        self.state = State.STARTS
        self.failure: Failure | None = None
        self.due: str | None = None
        self.serves_since = 0.0
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

    def hear(self) -> bool:
        """Note what the worker has said.

        :returns: whether it has begun to serve just now.
        """
        has_begun = False
        try:
            while self.has_channel and self.channel.poll():
                message = self.channel.recv()
                if isinstance(message, Loaded):
                    self.has_loaded = True
                    self.serves_since = time.monotonic()
                elif isinstance(message, Serves):
                    self.state = State.SERVES
                    has_begun = True
                elif isinstance(message, Closed):
                    self.state = State.FINISHES
                elif isinstance(message, Failed):
                    self.failure = message.failure
                elif isinstance(message, Due):
                    self.due = message.reason
        except (EOFError, OSError):
            self.has_channel = False  # it has ended, or its program closed what is not its own
        return has_begun

    def sources(self) -> list[Any]:
        """What to wait for."""
        return [self.process.sentinel, *([self.channel] if self.has_channel else [])]

    def is_alive(self) -> bool:
        return bool(self.process.is_alive())

    def retire(self, grace_seconds: float) -> None:
        """Have it finish what is under way, and end."""
        self.state = State.RETIRES
        self.end_at = time.monotonic() + grace_seconds
        with contextlib.suppress(OSError):  # it is gone already
            self.channel.send(Retire())

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

    def has_failed_to_start(self) -> bool:
        """Whether it ended before a request could have ended it."""
        return self.state is State.STARTS and (not self.has_loaded or self.failure is not None)

    def kill_if_late(self, now: float) -> None:
        """End it, if it had its time to finish."""
        if self.end_at is not None and now >= self.end_at:
            self.end_at = None
            self.process.kill()

    def how_it_ended(self) -> str:
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"was ended by signal {-code}"
        return f"ended with status {code}"

    def close(self) -> None:
        """Forget a process that has ended."""
        self.process.join()
        self.channel.close()
