"""How long to wait before another worker is started: not at all, as long as that is of use.

A worker that served and was killed is replaced at once, even several times in a row. One that
cannot load the program is tried again after growing pauses, because it will mostly fail
in the same way, at the cost of those that serve.
"""

from __future__ import annotations

import time

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 5.0

# A worker that served for less than this may have been ended by its own program, again and again.
_STEADY_SECONDS = 1.0
_FREE_DEATHS = 3
_LONGEST_AFTER_SERVICE_SECONDS = 0.25

# Of failures like the one before, every so many is told when the pauses do not grow any more.
_TELL_EACH = 12


class Backoff:
    """Counts what went wrong.

    :param count: how many workers there should be.
    :ivar failures: starts in a row that failed.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.forget()

    def seconds_left(self) -> float:
        """Until the next worker may be started; 0: now."""
        return max(0.0, self.until - time.monotonic())

    def forget(self) -> None:
        """Something has changed: try at once."""
        self.quick_deaths = 0
        self.note_success()

    def note_success(self) -> None:
        """A worker has begun to serve."""
        self.failures = 0
        self.until = 0.0
        self.last_reason: object = None

    def note_failure(self, reason: object) -> bool:
        """A worker could not be started.

        :returns: whether the reason is another one than the last time.
        """
        self.failures += 1
        self.wait(min(_FIRST_SECONDS * 2 ** (self.failures - 1), _LONGEST_SECONDS))
        is_new = reason != self.last_reason
        self.last_reason = reason
        return is_new

    def note_death(self, served_seconds: float) -> None:
        """A worker that served has ended."""
        if served_seconds >= _STEADY_SECONDS:
            self.quick_deaths = 0
            return
        self.quick_deaths += 1
        too_many = self.quick_deaths - _FREE_DEATHS * self.count
        if too_many > 0:
            self.wait(min(_FIRST_SECONDS * 2 ** min(too_many, 9), _LONGEST_AFTER_SERVICE_SECONDS))

    def wait(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds

    def is_worth_telling(self) -> bool:
        """Whether to speak of one more failure like the one before."""
        is_growing = _FIRST_SECONDS * 2 ** (self.failures - 2) < _LONGEST_SECONDS
        return is_growing or self.failures % _TELL_EACH == 0
