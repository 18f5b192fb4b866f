"""The settings of a server process, with the reasons for the defaults.

This module has only data. `protocol/granian.py` converts `Settings` to Granian's arguments, and
`operations/middleware.py` converts `Operations` to middleware.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from .sockets.tls import Tls

# The maximum number of concurrent views. Threads are started when views block and end when idle, so
# a high limit costs nothing; a low one makes requests wait.
DEFAULT_THREADS = 256

# Granian's own threads. Threads that run Python code compete for the GIL, so there are few. When
# INLINE_THREADS of them run views, a request goes to a thread pool, at a small cost that occurs
# only if views block. The other one stays free to receive requests and bodies. Requests per second
# with 6 threads, 4 of them for views, and with the present numbers (32 connections; two shared
# cores; Granian 2.8.9, Python 3.11; medians of 8 runs): hello 33,600 and 37,100, a form 19,000 and
# 19,700, a row of SQLite 9,000 and 16,600. Views that sleep 50 ms: 1,210 of 1,280 possible with 64
# connections, and 4,700 of 5,120 with 256, with any number of threads.
GRANIAN_THREADS = 4
INLINE_THREADS = GRANIAN_THREADS - 1

# How much Granian may read from an HTTP/1 connection at once, beyond the limit for the headers. In
# pieces of 64 KiB, a body of 1 MB costs twice as much CPU time. hyper's default is 408 KiB.
READ_BYTES = 384 * 1024

# The stack size of Granian's threads. CPython 3.12 and 3.13 allow 10,000 recursive C calls in any
# thread, which need this size. With Rust's default of 2 MiB, serializing a dictionary with 9,000
# levels to JSON crashed the process.
STACK_BYTES = 8 * 1024 * 1024

# Granian counts idle keep-alive connections against this limit, so it must be far above the number
# of concurrent requests. With a limit of some hundreds, as many idle browsers would lock out all
# new clients.
MAX_CONNECTIONS = 12_000
BACKLOG = 4096

HEADER_TIMEOUT_SECONDS = 10.0
HEADER_BYTES = 64 * 1024
MAX_TARGET_BYTES = 8 * 1024

# A body of up to 64 KiB must arrive within BODY_SECONDS, which a modem achieves. A longer one must
# arrive with BODY_RATE bytes per second in each BODY_WINDOW_SECONDS, and within UPLOAD_SECONDS.
# Only the time spent waiting for the client counts.
BODY_SECONDS = 30.0
BODY_RATE = 240
BODY_WINDOW_SECONDS = 10.0
UPLOAD_SECONDS = 3600.0

# A connection is closed if its client receives nothing of a response for this time.
SEND_SECONDS = 60.0

# After SIGTERM, open requests get GRACE_SECONDS. If there are none, connections with an incomplete
# request get LINGER_SECONDS (a complete response may still be in transit).
GRACE_SECONDS = 10.0
LINGER_SECONDS = 2.0
DEBUG_GRACE_SECONDS = 1.0

# A worker without a heartbeat for WORKER_SECONDS is replaced; gunicorn has the same default.
# Loading a program that reads a large model may take minutes, while the other workers serve.
WORKER_SECONDS = 30.0
LOAD_SECONDS = 600.0
DEBUG_LINGER_SECONDS = 0.5


# The path prefix of the monitoring pages, and the address of their own port.
OPS_PATH = "/-"
OPS_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Operations:
    """Logs, request ids, proxies and monitoring pages.

    The same for every worker, and picklable.

    :param access_log: a file, or ``-`` for standard output; ``None``: no access log.
    :param access_log_format: ``common``, ``combined`` or ``json``.
    :param log_format: the format of the program's log records with their request: ``text`` or
        ``json``; ``None``: Flask's format.
    :param request_id: add ``X-Request-ID`` to responses.
    :param proxies: the number of proxies, each of which adds to ``X-Forwarded-For`` and similar
        fields.
    :param health: serve the health and readiness pages.
    :param metrics: serve Prometheus metrics.
    :param ops_path: the path prefix of these pages, without a final slash.
    :param ops_port: a port of their own; ``None``: the site's port.
    :param ops_host: the address of that port.
    """

    access_log: str | None = None
    access_log_format: str = "combined"
    log_format: str | None = None
    request_id: bool = False
    proxies: int = 0
    health: bool = False
    metrics: bool = False
    ops_path: str = OPS_PATH
    ops_port: int | None = None
    ops_host: str = OPS_HOST

    @property
    def records_requests(self) -> bool:
        """Whether a `RequestRecorder` is needed."""
        return bool(self.access_log or self.log_format or self.request_id or self.metrics)

    @property
    def has_pages(self) -> bool:
        """Whether there are monitoring pages."""
        return self.health or self.metrics


@dataclass(frozen=True)
class Limits:
    """Limits for clients, in seconds and bytes.

    :param header_seconds: how long a request's headers may take.
    :param keep_alive_seconds: how long an idle connection stays open; ``None``: `header_seconds`.
    :param header_bytes: the size of all header fields, names and values.
    :param max_target_bytes: the size of path and query, after decoding.
    :param max_body_bytes: the size of a request body; ``None``: the program's limit.
    :param body_seconds: how long a short body may take.
    :param body_rate: the minimum rate of a longer body in each window, in bytes per second.
    :param body_window_seconds: the length of the window.
    :param upload_seconds: how long a long body may take.
    :param send_seconds: how long a client may receive nothing of its response.
    """

    header_seconds: float = HEADER_TIMEOUT_SECONDS
    keep_alive_seconds: float | None = None
    header_bytes: int = HEADER_BYTES
    max_target_bytes: int = MAX_TARGET_BYTES
    max_body_bytes: int | None = None
    body_seconds: float = BODY_SECONDS
    body_rate: int = BODY_RATE
    body_window_seconds: float = BODY_WINDOW_SECONDS
    upload_seconds: float = UPLOAD_SECONDS
    send_seconds: float = SEND_SECONDS


@dataclass(frozen=True)
class Settings(Limits):
    """The settings of a serving process; the same for every worker, and picklable.

    :param drain: seconds to keep serving at shutdown, while the readiness page is 503.
    :param worker_timeout: seconds without a heartbeat after which a worker is replaced; 0: never.
    :param load_timeout: the time limit for loading the program, in seconds; 0: no limit.
    :param given: the limits that the operator set; they override those of the program.
    """

    threads: int = DEFAULT_THREADS
    debug: bool = False
    tls: Tls | None = None
    http: str | None = None
    operations: Operations = field(default_factory=Operations)
    ops_listener: socket.socket | None = None
    is_multiprocess: bool = False
    grace: float = GRACE_SECONDS
    drain: float = 0.0
    worker_timeout: float = WORKER_SECONDS
    load_timeout: float = LOAD_SECONDS
    given: frozenset[str] = frozenset()

    @property
    def grace_seconds(self) -> float:
        return DEBUG_GRACE_SECONDS if self.debug else self.grace

    @property
    def linger_seconds(self) -> float:
        return min(DEBUG_LINGER_SECONDS if self.debug else LINGER_SECONDS, self.grace_seconds)

    @property
    def idle_seconds(self) -> float:
        return self.keep_alive_seconds or self.header_seconds

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def http_mode(self) -> str:
        """``1``, ``2`` or ``auto``; browsers use HTTP/2 only over TLS."""
        return self.http or ("auto" if self.tls else "1")
