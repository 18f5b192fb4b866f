"""Serve an application on an open socket in this process, and stop.

`script.py`, `supervisor.py` and `reloader.py` decide which processes there are. Requests go through
`adapter.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from ...aio.open_streams import open_streams
from ...lifecycle.deferred import may_defer
from ...lifecycle.early import streams_body
from ...lifecycle.serving import counted
from ..console import echo
from ..operations.middleware import add_middleware, make_metrics
from ..protocol.adapter import ProtocolAdapter
from ..protocol.granian import GranianWorker
from ..protocol.validation import RequestValidator
from ..sockets.connections import is_sending
from ..sockets.idle_reaper import IdleReaper
from ..sockets.listen import set_user_timeout
from ..sockets.unix_socket import is_unix
from .closing import Closing
from .draining import StopReport, joined, requests
from .loop_monitor import LoopMonitor
from .signals import StopSignals, WakeupPipe

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

    from ...lifecycle.serving import Serving
    from ..development.werkzeug_server import WerkzeugWorker
    from ..operations.metrics import Metrics
    from ..options import Settings
    from ..protocol.adapter import Log


class Worker:
    """Serves ``app`` on ``listener`` from `start` until `stop`; `wait` in between.

    :param serving: the started program, which is ended at the end of `wait`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        settings: Settings,
        *,
        log: Log | None = None,
        serving: Serving | None = None,
    ) -> None:
        self.is_shutting_down = threading.Event()  # not set if this worker is only replaced
        program: Any = getattr(app, "app", app)  # inside the debugger
        validator = RequestValidator(
            app,
            max_body_bytes=settings.max_body_bytes,
            max_target_bytes=settings.max_target_bytes,
        )
        self.metrics = make_metrics(settings.operations)
        wrapped = add_middleware(
            validator,
            settings.operations,
            program=program,
            is_shutting_down=self.is_shutting_down.is_set,
            ops_listener=settings.ops_listener,
            metrics=self.metrics,
        )
        is_plain_tcp = settings.tls is None and not is_unix(listener)
        self.adapter = ProtocolAdapter(
            wrapped,
            validator,
            settings,
            log=log,
            program=program if may_defer(program) else None,
            streams_body=partial(streams_body, program) if may_defer(program) else None,
            is_plain_tcp=is_plain_tcp,
        )
        self.idle_reaper = IdleReaper(
            listener,
            settings,
            self.adapter.busy_clients,
            own_files=self.adapter.websockets.files,
        )
        self.closing = Closing(
            self.adapter, serving, settings.grace_seconds, lambda: end_process(0)
        )
        self.listener = listener
        self.settings = settings
        self.wakeup = WakeupPipe()
        self._stop_requested_at: float | None = None
        self._has_ended = False
        self._active_at = 0.0
        self._granian = GranianWorker(
            listener,
            settings,
            self.adapter.handle if is_plain_tcp else self.adapter.handle_with_websockets,
            self._note_last_connection,
            websockets=not is_plain_tcp,
        )

    def start(self) -> None:
        """Start serving; returns at once."""
        self._others = native_threads()
        self._address = self.listener.getsockname()
        self.listener.setblocking(False)
        set_user_timeout(self.listener, self.settings.send_seconds)
        self.adapter.start()
        self.idle_reaper.start()
        if self.metrics is None:
            LoopMonitor().start()
        else:
            self._watch_with(self.metrics)
            LoopMonitor(self.metrics.loop_lag.observe).start()
        self._granian.start()

    def _watch_with(self, metrics: Metrics) -> None:
        adapter, count_tasks = self.adapter, self.closing.count_tasks
        metrics.watch(
            "retort_loop_requests", "Requests in progress on the event loop.", adapter.count_on_loop
        )
        metrics.watch("retort_background_tasks", "Background tasks in progress.", count_tasks)
        metrics.watch("retort_event_streams", "Open event streams.", open_streams.__len__)
        metrics.watch("retort_websockets", "Open WebSockets.", adapter.websockets.__len__)
        metrics.start()

    def stop(self) -> None:
        """Stop accepting and let open requests finish; thread-safe."""
        if self._stop_requested_at is None:
            self._stop_requested_at = time.monotonic()
            self.closing.begin()
            self._granian.stop()
            open_streams.end_all()
            self.close_websockets(is_restart=False)
            self.wakeup.wake()

    def close_websockets(self, *, is_restart: bool, seconds: float = 0.0) -> None:
        """Accept no more WebSockets, and close the open ones; only the first call does.

        :param is_restart: whether another worker takes the place of this one.
        :param seconds: the time over which the closes are spread.
        """
        code, reason = _RESTART if is_restart else _GOING_AWAY
        self.adapter.websockets.close_all(code, reason, seconds)

    def report_stop(self) -> None:
        """Print what the shutdown waits for, if it takes long."""
        StopReport(self.waiting_for, self.settings.grace_seconds, "The server").start()

    def waiting_for(self) -> list[str]:
        """What a shutdown waits for, as in ``2 open requests``."""
        sockets, streams = len(self.adapter.websockets.connections), len(open_streams)
        # Streams, and WebSockets of the program's views, are requests as well.
        count = self.adapter.open_requests() - sockets - streams
        found = [requests(count)] if count > 0 else []
        found += [counted(streams, "event stream")] if streams else []
        found += [counted(sockets, "WebSocket")] if sockets else []
        return found + self.closing.waiting_for()

    def report_cancelled(self, subject: str) -> None:
        """Print what was cancelled at the end of the grace time."""
        if self.closing.cancelled:
            echo(
                f"{subject} cancelled {joined(self.closing.cancelled)} before the end of the"
                f" {self.settings.grace_seconds:g} s of --grace.",
                fg="yellow",
            )

    def _note_last_connection(self) -> None:
        """Called by Granian when the last connection is closed."""
        self._has_ended = True
        self.wakeup.wake()

    def wait(self) -> bool:
        """Wait until the server has stopped, and end the program.

        :returns: whether all requests and background tasks ended within the grace time.
        """
        while self._stop_requested_at is None and not self._has_ended:
            self.wakeup.wait()
        is_clean = self._wait_for_requests()
        if not is_clean and self.adapter.count_on_loop():
            self.closing.cancel_requests()
            is_clean = self._wait_for_requests(_CANCELLED_SECONDS)
        self._wait_for_sources()
        self.closing.end_program()
        return is_clean and not self.closing.count_tasks() and self._wait_for_threads()

    def _wait_for_sources(self) -> None:
        """Let synchronous sources of event streams, whose streams have ended, be closed.

        Each is closed after its current step, for which this does not wait long.
        """
        give_up_at = time.monotonic() + _SOURCES_SECONDS
        while open_streams.threads and time.monotonic() < give_up_at and not self._has_timed_out():
            time.sleep(0.005)

    def _wait_for_requests(self, seconds: float | None = None) -> bool:
        """Wait until all connections and requests have ended.

        :param seconds: for how long; ``None``: for the grace time.
        :returns: whether they have ended.
        """
        give_up_at = None if seconds is None else time.monotonic() + seconds
        adapter = self.adapter
        while not (self._has_ended and adapter.is_idle and not adapter.websockets.connections):
            if give_up_at is None:
                if self._has_timed_out() or self.closing.must_cancel():
                    return False
            elif time.monotonic() > give_up_at:
                return False
            open_streams.end_all()  # also those that have begun meanwhile
            self.wakeup.wait(0.02)
        self.idle_reaper.stop()
        self.adapter.stop()
        return True

    def _wait_for_threads(self) -> bool:
        """Wait for Granian's threads: acquiring the GIL during interpreter shutdown crashes.

        After the connections have ended, requests of disconnected clients may still run. Granian's
        threads end some milliseconds after the last one. Threads that remain half a second later
        belong to other libraries.
        """
        gc.collect()  # a thread waits for an environ that is part of a reference cycle
        busy_at = time.monotonic()
        while time.monotonic() - busy_at < _THREADS_END_SECONDS:
            if self.adapter.is_idle and self._has_no_granian_threads():
                return True
            if not self.adapter.is_idle:
                busy_at = time.monotonic()
                if self._has_timed_out():
                    return False
            time.sleep(0.002)
        return True

    def _has_no_granian_threads(self) -> bool:
        ours = {str(thread.native_id) for thread in threading.enumerate()}
        now = native_threads()
        return bool(now) and now <= self._others | ours

    def _has_timed_out(self) -> bool:
        """Whether the grace time is over, or the time for incomplete requests (linger).

        Granian alone would wait half a minute for an incomplete request.
        """
        if self._stop_requested_at is None:
            return False
        now = time.monotonic()
        if not self.adapter.is_idle or is_sending(self._address):
            self._active_at = now
        since_stop = now - self._stop_requested_at
        since_active = now - max(self._stop_requested_at, self._active_at)
        return since_stop > self.settings.grace_seconds or (
            since_active > self.settings.linger_seconds
        )


def native_threads() -> set[str]:
    """The thread ids of this process on Linux; empty elsewhere."""
    try:
        return set(os.listdir("/proc/self/task"))
    except OSError:
        return set()


# RFC 6455 section 7.4.1, and the IANA registry of close codes.
_GOING_AWAY = 1001, "The server is being stopped."
_RESTART = 1012, "The server is being restarted."

_THREADS_END_SECONDS = 0.5
_SOURCES_SECONDS = 1.0

# Cancelled requests have sent their responses. The connections take this time to end.
_CANCELLED_SECONDS = 0.2


def serve_here(worker: Worker | WerkzeugWorker) -> tuple[bool, int | None]:
    """Serve from this process until SIGINT, SIGTERM or ``worker.stop()``.

    :returns: the result of `Worker.wait`, and the exit status set by the program's own signal
        handler, if any.
    """

    def stop() -> None:
        worker.is_shutting_down.set()
        worker.stop()
        if not is_stopping.is_set():
            is_stopping.set()
            worker.report_stop()

    is_stopping = threading.Event()
    with StopSignals(worker.wakeup, stop, program_first=True) as signals:
        worker.start()
        is_clean = worker.wait()
    worker.report_cancelled("The server")
    worker.wakeup.close()
    return is_clean, signals.exit_status()


def end_process(status: int) -> NoReturn:
    """Exit while requests still run in threads, which cannot be ended.

    Python's own shutdown would crash, because Granian's threads still use the interpreter. `atexit`
    functions run, and output is flushed.
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        # A closed or missing stream has nothing to flush.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    os._exit(status)
