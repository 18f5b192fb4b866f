"""How long to wait before the next worker is started.

A worker that served and was killed is replaced at once, even several times in a row. After a failed
start the delay grows, because the next attempt will probably fail in the same way and takes CPU
time from the workers that serve.
"""

from __future__ import annotations

import time

_FIRST_SECONDS = 0.1
_MAX_SECONDS = 5.0

# A worker that served for less than this may belong to a program that crashes again and again.
_STABLE_SECONDS = 1.0
_FREE_EXITS = 3
_MAX_AFTER_SERVICE_SECONDS = 0.25

# Once the delay has reached its maximum, only every n-th repeated failure is reported.
_REPORT_EVERY = 12


class Backoff:
    """Counts failed starts and early exits.

    :param count: the configured number of workers.
    :ivar failures: consecutive failed starts.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.reset()

    def seconds_left(self) -> float:
        """Seconds until the next worker may be started; 0: now."""
        return max(0.0, self.until - time.monotonic())

    def reset(self) -> None:
        """Allow a start at once, after a reload request for example."""
        self.early_exits = 0
        self.note_success()

    def note_success(self) -> None:
        """Record that a worker has started to serve."""
        self.failures = 0
        self.until = 0.0
        self.last_reason: object = None

    def note_failure(self, reason: object) -> bool:
        """Record a failed start.

        :returns: whether the reason differs from that of the previous failure.
        """
        self.failures += 1
        self.wait(min(_FIRST_SECONDS * 2 ** (self.failures - 1), _MAX_SECONDS))
        is_new = reason != self.last_reason
        self.last_reason = reason
        return is_new

    def note_exit(self, served_seconds: float) -> None:
        """Record that a serving worker has ended."""
        if served_seconds >= _STABLE_SECONDS:
            self.early_exits = 0
            return
        self.early_exits += 1
        too_many = self.early_exits - _FREE_EXITS * self.count
        if too_many > 0:
            self.wait(min(_FIRST_SECONDS * 2 ** min(too_many, 9), _MAX_AFTER_SERVICE_SECONDS))

    def wait(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds

    def should_report(self) -> bool:
        """Whether to report a failure with the same reason as the previous one."""
        is_growing = _FIRST_SECONDS * 2 ** (self.failures - 2) < _MAX_SECONDS
        return is_growing or self.failures % _REPORT_EVERY == 0
