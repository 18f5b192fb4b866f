"""What a server process is told, and why the defaults are what they are.

Only data and the reasons for it: `worker.py` turns a `Settings` into Granian's own words.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .operations import Operations

if TYPE_CHECKING:
    import socket

    from .tls import Tls

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

HEADER_TIMEOUT_SECONDS = 10.0
HEADER_BYTES = 64 * 1024
MAX_TARGET_BYTES = 8 * 1024

# A body of up to 64 KiB has to be there within BODY_SECONDS, which a modem manages. A longer
# one has to bring BODY_RATE bytes a second in each BODY_WINDOW_SECONDS, and to be over after
# UPLOAD_SECONDS. Only time spent waiting for the client counts.
BODY_SECONDS = 30.0
BODY_RATE = 240
BODY_WINDOW_SECONDS = 10.0
UPLOAD_SECONDS = 3600.0

# A client that takes nothing of its answer for so long is given up.
SEND_SECONDS = 60.0

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
    tls: Tls | None = None
    http: str | None = None
    operations: Operations = field(default_factory=Operations)
    ops_listener: socket.socket | None = None
    is_multiprocess: bool = False
    grace: float = GRACE_SECONDS
    header_seconds: float = HEADER_TIMEOUT_SECONDS
    body_seconds: float = BODY_SECONDS
    body_rate: float = BODY_RATE
    body_window_seconds: float = BODY_WINDOW_SECONDS
    upload_seconds: float = UPLOAD_SECONDS
    send_seconds: float = SEND_SECONDS
    max_body_bytes: int | None = None
    max_target_bytes: int = MAX_TARGET_BYTES

    @property
    def grace_seconds(self) -> float:
        return DEBUG_GRACE_SECONDS if self.debug else self.grace

    @property
    def linger_seconds(self) -> float:
        return min(DEBUG_LINGER_SECONDS if self.debug else LINGER_SECONDS, self.grace_seconds)

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def http_mode(self) -> str:
        """``1``, ``2`` or ``auto``; browsers speak HTTP/2 over TLS only."""
        return self.http or ("auto" if self.tls else "1")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on ``host``."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
