"""One serving process: Granian's ASGI worker on a socket that is already open.

Granian's own command starts a process per worker, which leaves ``breakpoint()`` without a
terminal, gives up after a few crashes, and opens its socket so that a second server on the
same port goes unnoticed. So only its worker is used, in this process; which processes there
are is decided in `script.py`, `workers.py` and `reload.py`.

This is the one module that imports Granian. It uses names of its private module, so the
dependency is pinned to one minor version.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from .bridge import Bridge, Loop
from .closing import StopReport, is_sending
from .guard import Guard
from .idle import IdleWatch
from .layers import around
from .options import BACKLOG, GRANIAN_THREADS, MAX_CONNECTIONS, STACK_BYTES
from .signals import Bell, StopSignals
from .tls import readable_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication

    from .bridge import Log
    from .options import Settings
    from .tls import Tls
    from .websockets import WerkzeugWorker


class Worker:
    """Serves ``app`` on ``listener`` from `start` until `stop`; `wait` in between."""

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        settings: Settings,
        *,
        log: Log | None = None,
    ) -> None:
        from granian._granian import WorkerSignal

        self.is_leaving = threading.Event()  # and no other takes its place
        guard = Guard(
            app,
            max_body_bytes=settings.max_body_bytes,
            max_target_bytes=settings.max_target_bytes,
        )
        guarded = around(
            guard,
            settings.operations,
            program=getattr(app, "app", app),  # inside the debugger
            is_leaving=self.is_leaving.is_set,
            ops_listener=settings.ops_listener,
        )
        self.bridge = Bridge(guarded, guard, settings, log=log)
        self.idle_watch = IdleWatch(listener, settings, self.bridge.busy_clients)
        self.listener = listener
        self.settings = settings
        self.bell = Bell()
        self._stop_asked_at: float | None = None
        self._has_ended = False
        self._active_at = 0.0
        self._signal = WorkerSignal()
        self._signal.add_cb(self._note_end)

    def start(self) -> None:
        """Begin to answer; returns at once, Granian has threads of its own."""
        from granian._granian import CallbackScheduler

        self._others = native_threads()
        self._address = self.listener.getsockname()
        self.listener.setblocking(False)
        give_up_dead_clients(self.listener, self.settings.send_seconds)
        self.bridge.start()
        self.idle_watch.start()
        loop = Loop()
        scheduler_type: Any = CallbackScheduler  # its stub misses the arguments
        scheduler = scheduler_type(loop, self.bridge.handle, None, None, None)
        scheduler._schedule_fn = self.bridge.handle
        serve = "serve_mtr_uds" if is_unix(self.listener) else "serve_mtr"
        with stack_size(STACK_BYTES):
            self._granian = make_granian_worker(self.listener, self.settings)
            getattr(self._granian, serve)(scheduler, loop, self._signal)

    def stop(self) -> None:
        """Accept nothing more and let requests under way finish; safe from any thread."""
        if self._stop_asked_at is None:
            self._stop_asked_at = time.monotonic()
            self._signal.set()
            self.bell.ring()

    def report_stop(self) -> None:
        """Say from now on what the end waits for, if it takes long."""
        StopReport(self.bridge.open_requests, self.settings.grace_seconds, "The server").start()

    def _note_end(self) -> None:
        """Granian calls this when the last connection is closed."""
        self._has_ended = True
        self.bell.ring()

    def wait(self) -> bool:
        """Wait until stopped.

        :returns: whether all connections came to a proper end in time.
        """
        while self._stop_asked_at is None and not self._has_ended:
            self.bell.wait()
        while not self._has_ended:
            if self._patience_is_over():
                return False
            self.bell.wait(0.02)
        self.idle_watch.stop()
        self.bridge.stop()
        return self._let_threads_end()

    def _let_threads_end(self) -> bool:
        """Wait for Granian's threads: one that wants the interpreter at its end crashes it.

        When the connections have ended, requests of clients that went away may still be
        under way; the threads end some milliseconds after the last one. What is left half a
        second later was started by somebody else.
        """
        gc.collect()  # an environ in a cycle keeps a thread waiting
        busy_at = time.monotonic()
        while time.monotonic() - busy_at < _THREADS_END_SECONDS:
            if self.bridge.is_idle and self._granian_threads_are_gone():
                return True
            if not self.bridge.is_idle:
                busy_at = time.monotonic()
                if self._patience_is_over():
                    return False
            time.sleep(0.002)
        return True

    def _granian_threads_are_gone(self) -> bool:
        ours = {str(thread.native_id) for thread in threading.enumerate()}
        now = native_threads()
        return bool(now) and now <= self._others | ours

    def _patience_is_over(self) -> bool:
        """Granian alone would wait half a minute for somebody's half-sent request."""
        if self._stop_asked_at is None:
            return False
        now = time.monotonic()
        if not self.bridge.is_idle or is_sending(self._address):
            self._active_at = now
        since_stop = now - self._stop_asked_at
        since_active = now - max(self._stop_asked_at, self._active_at)
        return since_stop > self.settings.grace_seconds or (
            since_active > self.settings.linger_seconds
        )


@contextlib.contextmanager
def stack_size(size_bytes: int) -> Iterator[None]:
    """Have Rust give its threads a stack of this size, unless the environment names another.

    Rust's standard library reads the variable when a library starts its first thread:
    https://doc.rust-lang.org/std/thread/#stack-size.
    """
    if _STACK_VARIABLE in os.environ:
        yield
        return
    os.environ[_STACK_VARIABLE] = str(size_bytes)
    try:
        yield
    finally:
        os.environ.pop(_STACK_VARIABLE, None)  # processes that the program starts keep theirs


_STACK_VARIABLE = "RUST_MIN_STACK"


def is_unix(listener: socket.socket) -> bool:
    """Whether this socket is a file."""
    return listener.family == getattr(socket, "AF_UNIX", None)


def native_threads() -> set[str]:
    """The threads of this process, as Linux numbers them; none known elsewhere."""
    try:
        return set(os.listdir("/proc/self/task"))
    except OSError:
        return set()


_THREADS_END_SECONDS = 0.5


def serve_here(worker: Worker | WerkzeugWorker) -> tuple[bool, int | None]:
    """Serve from this process until SIGINT, SIGTERM or ``worker.stop()``.

    :returns: what `Worker.wait` returns; the exit status that the program's own signal handler
        asked for, if it did.
    """

    def stop() -> None:
        worker.is_leaving.set()
        worker.stop()
        if not is_stopping.is_set():
            is_stopping.set()
            worker.report_stop()

    is_stopping = threading.Event()
    with StopSignals(worker.bell, stop, program_first=True) as signals:
        worker.start()
        is_clean = worker.wait()
    worker.bell.close()
    return is_clean, signals.exit_status()


def end_process(status: int) -> NoReturn:
    """Exit although requests still run in threads, which nothing can end.

    Python's own shutdown would take the interpreter away from under Granian's threads and
    crash. What was registered with `atexit` runs, and output is flushed.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # Closed or missing: nothing to lose.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)


def give_up_dead_clients(listener: socket.socket, seconds: float) -> None:
    """Have the system close connections whose clients take nothing of what is sent to them.

    Accepted sockets inherit it from the listening one, where the system knows it: tcp(7).
    """
    # Unix sockets have no such option, and need none.
    with contextlib.suppress(AttributeError, OSError):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def make_granian_worker(listener: socket.socket, settings: Settings) -> Any:
    """Granian's ASGI worker for this socket, in its own order of arguments."""
    from granian import _granian
    from granian.http import HTTP1Settings, HTTP2Settings

    worker_type: Any = _granian.ASGIWorker  # its stub misses some arguments
    holder_type: Any = _granian.SocketHolder
    own_socket = listener.dup().detach()  # Granian closes it
    if sys.platform == "win32":
        holder = holder_type(own_socket)
    else:
        holder = holder_type(own_socket, is_unix(listener), BACKLOG)
    worker_id, ipc, metrics = 1, None, (None, None)
    runtime_threads, runtime_blocking_threads, idle_timeout_seconds = 1, 512, 30
    websockets, static_files = False, None
    revoked: list[str] = []
    return worker_type(
        worker_id,
        (None, holder),
        ipc,
        runtime_threads,
        runtime_blocking_threads,
        GRANIAN_THREADS,
        idle_timeout_seconds,
        connection_limit(may_raise=not settings.debug),
        settings.http_mode,
        HTTP1Settings(
            header_read_timeout=int(max(settings.header_seconds, settings.idle_seconds) * 1000),
            max_buffer_size=settings.header_bytes,
        ),
        HTTP2Settings(max_headers_size=settings.header_bytes),
        websockets,
        static_files,
        *tls_words(settings.tls, revoked),
        metrics,
    )


def tls_words(tls: Tls | None, revoked: list[str]) -> tuple[object, ...]:
    """Granian's arguments for TLS: the files are read when its worker begins to serve."""
    if tls is None:
        return False, None, None, None, "tls1.2", None, revoked, False
    needs_certificate = tls.client_ca is not None and tls.client_cert == "required"
    return (
        True,
        tls.cert,
        readable_key(tls),
        None,
        f"tls{tls.min_version}",
        tls.client_ca,
        revoked,
        needs_certificate,
    )


def connection_limit(*, may_raise: bool) -> int:
    """How many connections to hold: as many as we like, or as open files are allowed.

    :param may_raise: raise this process's limit of open files as far as it may.
    """
    try:
        import resource
    except ImportError:  # Windows
        return MAX_CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _SPARE_FILES
    if may_raise and soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(min(MAX_CONNECTIONS, soft - _SPARE_FILES), soft // 2)


_SPARE_FILES = 256  # for the program's own files, sockets and database connections
