"""One serving process: Granian's WSGI worker on a socket that is already open.

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
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

from .bridge import Bridge
from .guard import Guard
from .options import BACKLOG, HEADER_BYTES, HEADER_TIMEOUT_MS, MAX_CONNECTIONS
from .signals import Bell, StopSignals

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

    from .bridge import Log
    from .options import Settings


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

        self.bridge = Bridge(Guard(app), is_multiprocess=settings.is_multiprocess, log=log)
        self.listener = listener
        self.settings = settings
        self.bell = Bell()
        self._stop_asked_at: float | None = None
        self._has_ended = False
        self._signal = WorkerSignal()
        self._signal.add_cb(self._note_end)

    def start(self) -> None:
        """Begin to answer; returns at once, Granian has threads of its own."""
        import asyncio

        from granian import _futures

        self._others = native_threads()
        self.listener.setblocking(False)
        self._granian = make_granian_worker(self.listener, self.settings)
        self._loop = asyncio.new_event_loop()  # unused by WSGI, but Granian wants one
        new_scheduler: Any = _futures._new_cbscheduler
        scheduler = new_scheduler(self._loop, self.bridge.answer, impl_asyncio=True)
        self._granian.serve_mtr(scheduler, self._loop, self._signal)

    def stop(self) -> None:
        """Accept nothing more and let requests under way finish; safe from any thread."""
        if self._stop_asked_at is None:
            self._stop_asked_at = time.monotonic()
            self._signal.set()
            self.bell.ring()

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
        self._loop.close()
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
        waited = time.monotonic() - self._stop_asked_at
        if self.bridge.is_idle:
            return waited > self.settings.linger_seconds
        return waited > self.settings.grace_seconds


def native_threads() -> set[str]:
    """The threads of this process, as Linux numbers them; none known elsewhere."""
    try:
        return set(os.listdir("/proc/self/task"))
    except OSError:
        return set()


_THREADS_END_SECONDS = 0.5


def serve_here(worker: Worker) -> bool:
    """Serve from this process until SIGINT, SIGTERM or ``worker.stop()``; see `Worker.wait`."""
    with StopSignals(worker.bell, worker.stop):
        worker.start()
        is_clean = worker.wait()
    worker.bell.close()
    return is_clean


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


def make_granian_worker(listener: socket.socket, settings: Settings) -> Any:
    """Granian's WSGI worker for this socket, in its own order of arguments."""
    from granian import _granian
    from granian.http import HTTP1Settings

    worker_type: Any = _granian.WSGIWorker  # its stub misses some arguments
    holder_type: Any = _granian.SocketHolder
    own_socket = listener.dup().detach()  # Granian closes it
    if sys.platform == "win32":
        holder = holder_type(own_socket)
    else:
        holder = holder_type(own_socket, False, BACKLOG)
    worker_id, ipc, metrics = 1, None, (None, None)
    runtime_threads, runtime_blocking_threads, idle_timeout_seconds = 1, 512, 30
    http2_settings, static_files = None, None
    password, authorities, verify_client = None, None, False
    revoked: list[str] = []
    return worker_type(
        worker_id,
        (None, holder),
        ipc,
        runtime_threads,
        runtime_blocking_threads,
        settings.threads,
        idle_timeout_seconds,
        connection_limit(may_raise=not settings.debug),
        # Browsers speak HTTP/2 over TLS only.
        "auto" if settings.cert else "1",
        HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MS, max_buffer_size=HEADER_BYTES),
        http2_settings,
        static_files,
        settings.cert is not None,
        settings.cert,
        settings.key,
        password,
        "tls1.2",
        authorities,
        revoked,
        verify_client,
        metrics,
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
