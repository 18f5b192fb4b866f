"""What a server process is told, and why the defaults are what they are.

Only data and the reasons for it: `worker.py` turns a `Settings` into Granian's own words.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

# Granian adds threads as views block and lets them go when idle, so this is a ceiling, not a
# cost. A low one starves: 64 visitors of a view that sleeps 50 ms got 78 answers a second from
# 4 threads, 310 from 16, 614 from 32, 1,230 from 64 (of 1,280 possible) and no more from 512.
# A very high one lets a burst of quick requests spread over so many threads that they fight
# for the interpreter: hello fell from 45,000 a second with 16 threads to 34,000 with 64 and
# 30,000 with 512 (one of two shared cores, Granian 2.8.7, Python 3.11; busy, so rough).
DEFAULT_THREADS = 64

# Idle keep-alive connections count against this limit of Granian's, so it has to be far above
# the number of requests that can run: with the default of some hundreds, that many quiet
# browsers keep every new visitor out.
MAX_CONNECTIONS = 12_000
BACKLOG = 4096

HEADER_TIMEOUT_MS = 10_000
HEADER_BYTES = 64 * 1024

# After SIGTERM: requests under way may finish within GRACE_SECONDS. When none is, connections
# that sent half a request get LINGER_SECONDS (a finished answer may still be on its way out).
GRACE_SECONDS = 10.0
LINGER_SECONDS = 2.0
DEBUG_GRACE_SECONDS = 1.0
DEBUG_LINGER_SECONDS = 0.5


@dataclass(frozen=True)
class Settings:
    """How one process serves; the same for every worker, and picklable."""

    threads: int = DEFAULT_THREADS
    debug: bool = False
    cert: str | None = None
    key: str | None = None
    is_multiprocess: bool = False

    @property
    def grace_seconds(self) -> float:
        return DEBUG_GRACE_SECONDS if self.debug else GRACE_SECONDS

    @property
    def linger_seconds(self) -> float:
        return DEBUG_LINGER_SECONDS if self.debug else LINGER_SECONDS

    @property
    def scheme(self) -> str:
        return "https" if self.cert else "http"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
