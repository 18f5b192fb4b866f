"""The settings of a server process, and why the defaults are what they are.

Only data and the reasons for it: `protocol/granian.py` turns a `Settings` into Granian's arguments,
`operations/middleware.py` an `Operations` into layers around the application.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from .sockets.tls import Tls

# The most views at once. Threads come as views block and go when idle, so this is a ceiling,
# not a cost; a low one starves those who wait.
DEFAULT_THREADS = 256

# Granian's own threads. Those that run a view fight for the interpreter: with 64 of them, hello
# cost 71 us of processor time, with 16 it was 47 us, with 8 it was 39 us (64 connections, one
# of two cores that others used as well; Granian 2.8.7, Python 3.11). So they are few, and a
# view that finds INLINE_THREADS of them taken goes to a thread of ours, which costs a little and
# comes to pass only if views wait. The others stay free to bring bodies. Before (256 of
# Granian's) and after, in turn: hello 60 and 31 us, after a time of many sleepers 77 and 43 us;
# an SQLite row 2,000 and 3,600 answers a second; of those who sleep 50 ms, 64 at once 1,210
# and 1,220 answers a second (of 1,280 possible), 256 at once 4,760 and 4,650 (of 5,120).
GRANIAN_THREADS = 6
INLINE_THREADS = GRANIAN_THREADS - 2

# The stack of each of Granian's threads. CPython allows 10,000 recursive calls of its C code on
# the assumption of so much (3.12 and 3.13, on any thread); the 2 MiB that Rust gives by default
# ended the process when a dictionary 9,000 levels deep was written as JSON.
STACK_BYTES = 8 * 1024 * 1024

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

# A worker of which the main process hears nothing for WORKER_SECONDS is replaced: gunicorn's
# default. Loading a program takes minutes where it reads a large model, and no client waits for
# it while others serve.
WORKER_SECONDS = 30.0
LOAD_SECONDS = 600.0
DEBUG_LINGER_SECONDS = 0.5


# Where the pages for machines are, and the address of their own port.
OPS_PATH = "/-"
OPS_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Operations:
    """What an operator asked for beside serving: logs, ids, proxies, pages for machines.

    The same for every worker, and picklable.

    :param access_log: a file, or ``-`` for standard output; ``None``: no access log.
    :param access_log_format: ``common``, ``combined`` or ``json``.
    :param log_format: how the program's records look: ``text`` or ``json``, with the request
        they are about; ``None``: as Flask has it.
    :param request_id: answer with ``X-Request-ID``.
    :param proxies: how many proxies there are, each of which adds to ``X-Forwarded-For`` and kin.
    :param health: pages that say whether the server answers and the program is ready.
    :param metrics: a page of measurements for Prometheus.
    :param ops_path: where these pages are, without a slash at the end.
    :param ops_port: a port of their own; ``None``: they are on the site's.
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
        """Whether each request is looked at."""
        return bool(self.access_log or self.log_format or self.request_id or self.metrics)

    @property
    def has_pages(self) -> bool:
        """Whether there is a page for machines."""
        return self.health or self.metrics


@dataclass(frozen=True)
class Limits:
    """What a client may do: seconds and bytes.

    :param header_seconds: until the headers are here.
    :param keep_alive_seconds: for which a connection may be idle; ``None``: as for the headers.
    :param header_bytes: the request line and all header fields; Granian needs 8 KiB.
    :param max_target_bytes: path and query, after decoding.
    :param max_body_bytes: of one request's body; ``None``: as the program says.
    :param body_seconds: until a short body is here.
    :param body_rate: bytes a second that a longer one brings, at least, in each window.
    :param body_window_seconds: the window.
    :param upload_seconds: until a long body is here.
    :param send_seconds: for which a client may take nothing of its answer.
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
    """How one process serves; the same for every worker, and picklable.

    :param drain: seconds to go on as before when stopped, while it is told to balancers.
    :param worker_timeout: seconds without a sign of life after which a worker is replaced; 0: any.
    :param load_timeout: seconds within which a worker has to load the program; 0: any.
    :param given: the limits that the operator gave, which go before the program's own.
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
        """``1``, ``2`` or ``auto``; browsers speak HTTP/2 over TLS only."""
        return self.http or ("auto" if self.tls else "1")
