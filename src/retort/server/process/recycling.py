"""When to recycle a worker: limits on its requests, age and memory.

`supervisor.py` starts the replacement before it ends the old worker. Each worker's limits are
reduced by a random share of up to 10 %, so that workers started together are not replaced together.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_JITTER = 0.1

# The interval between memory checks. Memory can grow fast, but a view may need much of it only for
# a moment.
CHECK_SECONDS = 5.0


@dataclass(frozen=True)
class Recycling:
    """The configured limits; ``None``: no limit."""

    requests: int | None = None
    seconds: float | None = None
    rss_mib: int | None = None

    def with_jitter(self) -> Recycling:
        """The limits for one worker, randomly reduced."""
        share = 1 - random.uniform(0, _JITTER)
        return Recycling(
            requests=self.requests and max(1, round(self.requests * share)),
            seconds=self.seconds and self.seconds * share,
            rss_mib=self.rss_mib and max(1, round(self.rss_mib * share)),
        )


class RequestCounter:
    """Call ``app``, and call ``when_due`` once, at the ``limit``-th request."""

    def __init__(self, app: WSGIApplication, limit: int, when_due: Callable[[], None]) -> None:
        self.app = app
        self.limit = limit
        self.when_due = when_due
        self.numbers = itertools.count(1)  # next() on it is atomic

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if next(self.numbers) == self.limit:
            self.when_due()
        return self.app(environ, start_response)


def rss_mib_of(pid: int) -> float | None:
    """A process's resident memory in MiB, from Linux's ``/proc``; ``None`` without it."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024  # proc(5): in kB
    return None
