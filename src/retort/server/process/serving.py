"""One serving process: the application on a socket that is already open, and the end of that.

Which processes there are is decided in `script.py`, `supervisor.py` and `reloader.py`. Requests go
through `adapter.py`.
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
from typing import TYPE_CHECKING, NoReturn

from ..operations.middleware import around
from ..protocol.adapter import ProtocolAdapter
from ..protocol.granian import GranianWorker
from ..protocol.validation import RequestValidator
from ..sockets.connections import is_sending
from ..sockets.idle_reaper import IdleReaper
from .draining import StopReport
from .signals import StopSignals, WakeupPipe

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from ..development.werkzeug_server import WerkzeugWorker
    from ..options import Settings
    from ..protocol.adapter import Log


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
        self.is_leaving = threading.Event()  # and no other takes its place
        validator = RequestValidator(
            app,
            max_body_bytes=settings.max_body_bytes,
            max_target_bytes=settings.max_target_bytes,
        )
        guarded = around(
            validator,
            settings.operations,
            program=getattr(app, "app", app),  # inside the debugger
            is_leaving=self.is_leaving.is_set,
            ops_listener=settings.ops_listener,
        )
        self.bridge = ProtocolAdapter(guarded, validator, settings, log=log)
        self.idle_reaper = IdleReaper(listener, settings, self.bridge.busy_clients)
        self.listener = listener
        self.settings = settings
        self.wakeup = WakeupPipe()
        self._stop_asked_at: float | None = None
        self._has_ended = False
        self._active_at = 0.0
        self._granian = GranianWorker(
            listener, settings, self.bridge.handle, self._note_last_connection
        )

    def start(self) -> None:
        """Begin to serve; returns at once."""
        self._others = native_threads()
        self._address = self.listener.getsockname()
        self.listener.setblocking(False)
        give_up_dead_clients(self.listener, self.settings.send_seconds)
        self.bridge.start()
        self.idle_reaper.start()
        self._granian.start()

    def stop(self) -> None:
        """Accept nothing more and let requests under way finish; safe from any thread."""
        if self._stop_asked_at is None:
            self._stop_asked_at = time.monotonic()
            self._granian.stop()
            self.wakeup.wake()

    def report_stop(self) -> None:
        """Say from now on what the end waits for, if it takes long."""
        StopReport(self.bridge.open_requests, self.settings.grace_seconds, "The server").start()

    def _note_last_connection(self) -> None:
        """Granian calls this when the last connection is closed."""
        self._has_ended = True
        self.wakeup.wake()

    def wait(self) -> bool:
        """Wait until stopped.

        :returns: whether all connections came to a proper end in time.
        """
        while self._stop_asked_at is None and not self._has_ended:
            self.wakeup.wait()
        while not self._has_ended:
            if self._time_is_over():
                return False
            self.wakeup.wait(0.02)
        self.idle_reaper.stop()
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
                if self._time_is_over():
                    return False
            time.sleep(0.002)
        return True

    def _granian_threads_are_gone(self) -> bool:
        ours = {str(thread.native_id) for thread in threading.enumerate()}
        now = native_threads()
        return bool(now) and now <= self._others | ours

    def _time_is_over(self) -> bool:
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
    with StopSignals(worker.wakeup, stop, program_first=True) as signals:
        worker.start()
        is_clean = worker.wait()
    worker.wakeup.close()
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
