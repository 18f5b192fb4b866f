"""When a worker has served long enough: after so many requests, so long, or with so much memory.

A worker that is due is replaced first and ended afterwards, which is the business of
`supervisor.py`. Each worker's limits are up to a tenth lower than asked for, by chance, so that
workers that were started together are not replaced together.
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

_SPREAD = 0.1

# How often to look at a worker's memory. It can grow fast, but not every view that needs a lot
# for a moment keeps it.
LOOK_SECONDS = 5.0


@dataclass(frozen=True)
class Recycling:
    """The limits, as asked for; ``None``: no such limit."""

    requests: int | None = None
    seconds: float | None = None
    rss_mib: int | None = None

    def spread(self) -> Recycling:
        """The limits of one worker."""
        share = 1 - random.uniform(0, _SPREAD)
        return Recycling(
            requests=self.requests and max(1, round(self.requests * share)),
            seconds=self.seconds and self.seconds * share,
            rss_mib=self.rss_mib and max(1, round(self.rss_mib * share)),
        )


class Counted:
    """Ask ``app``, and call ``when_due`` once, at its ``limit``-th request."""

    def __init__(self, app: WSGIApplication, limit: int, when_due: Callable[[], None]) -> None:
        self.app = app
        self.limit = limit
        self.when_due = when_due
        self.numbers = itertools.count(1)  # next() of it is one step, in whatever thread

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if next(self.numbers) == self.limit:
            self.when_due()
        return self.app(environ, start_response)


def rss_mib_of(pid: int) -> float | None:
    """The memory that a process holds, in MiB; ``None`` where Linux's ``/proc`` does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024  # proc(5): in kB
    return None
