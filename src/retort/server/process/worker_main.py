"""A worker process: load the program, serve it, and end without losing a request.

A worker exchanges messages with the main process over a pipe of its own: the classes below. The
pipe closes when the main process ends, even if it was killed. When workers are started:
`supervisor.py`. What the main process does at each message: `worker_process.py`.

| State | Event | Action | Next state |
| --- | --- | --- | --- |
| loading | the application is loaded | sends `Loaded`, starts Granian | starting |
| loading | loading, or a function before serving, fails | sends `Failed` | ended, status 1 |
| loading | `Retire`, pipe closed, stop signal | none | ended |
| starting | Granian has started | sends `Serving`, then a `Beat` at each interval | serving |
| starting | `Retire`, pipe closed, stop signal | waits for the start | finishing or draining |
| serving | stop signal | calls the program's handler; is not ready any more | draining |
| serving | pipe closed | makes the kernel drop new connections | closing |
| serving | `Retire` | stops accepting, sends `Closed`; responses close connections | retiring |
| draining | ``--drain`` is over or 0 | responses close their connections | closing |
| closing | new connections have sent their requests | closes the listening socket | finishing |
| retiring | `REPLACED_SECONDS` are over | closes the listening socket | finishing |
| finishing | no open requests, or time over | ends the program: `closing.py` | closed |
| closed | the program has ended | sends `ExitStatus` if the program set one | ended |
| any | `Reopen`, SIGUSR1 | reopens log files | unchanged |
| any | SIGQUIT | runs `atexit` functions | ended |

Stop signals are SIGTERM and SIGINT; in the last four states they change only the readiness. A
drain time (``--drain``) keeps a worker that starts or serves in the state draining.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..console import echo
from ..limits import with_limits_of
from ..operations.access_log import reopen_access_logs
from ..operations.error_log import reopen_log_files
from ..sockets.accepting import (
    drop_new_connections,
    drops_new_connections,
    has_queued_connections,
    stop_accepting,
)
from ..sockets.connections import has_new_connections
from .closing import start_serving
from .draining import Draining, StopReport, joined
from .heartbeat import Heartbeat, cancel_stack_dump, dump_stacks_after, stack_dump_delay
from .monkeypatching import load_unpatched
from .preload import preload_modules
from .recycling import RequestCounter
from .serving import Worker, end_process
from .signals import StopSignals, stop_signals, unblock_stop_signals

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from _typeshed.wsgi import WSGIApplication

    from ...lifecycle.serving import Serving as Started
    from ..options import Settings

    Load = Callable[[], WSGIApplication]
    OnReady = Callable[[WSGIApplication], None]

# How long responses carry "Connection: close" before the server closes connections itself. A
# replaced worker has time. A stopping one waits only for requests that are in transit.
REPLACED_SECONDS = 1.0
STOPPED_SECONDS = 0.1

# How long a stopping worker waits for each of these events, which take milliseconds: the main
# process drops new connections, the accept queue is empty, accepted connections have sent their
# requests.
_QUEUE_SECONDS = 1.0
_POLL_SECONDS = 0.01

# A worker's drain time ends this much later than that of the main process.
_AFTER_MAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Loaded:
    """Worker message: the application is loaded; requests may arrive from now on."""


@dataclass(frozen=True)
class Serving:
    """Worker message: Granian has started."""


@dataclass(frozen=True)
class Beat:
    """Worker message: heartbeat; the process runs and its GIL is not blocked."""


@dataclass(frozen=True)
class Failed:
    """Worker message: the program did not load.

    :param details: the traceback, or empty.
    :param explanation: advice on the error, or empty.
    """

    summary: str
    details: str = ""
    explanation: str = field(default="", compare=False)


@dataclass(frozen=True)
class Due:
    """Worker message: a recycling limit is reached."""

    reason: str


@dataclass(frozen=True)
class Closed:
    """Worker message: it has stopped accepting connections."""


@dataclass(frozen=True)
class ExitStatus:
    """Worker message: the exit status set by the program's own signal handler."""

    status: int


@dataclass(frozen=True)
class Retire:
    """Message to a worker: finish open requests and end; while loading, end at once."""


@dataclass(frozen=True)
class Reopen:
    """Message to a worker: reopen the log files."""


@dataclass(frozen=True)
class Task:
    """The arguments of a worker; picklable where there is no ``fork``.

    :param on_ready: called with the application before it is first served.
    :param is_shared: another program owns the listening socket and keeps it open.
    :param requests: the number of requests after which the worker is due for replacement.
    :param beat_seconds: the interval of `Beat` messages; ``None``: no messages.
    """

    load: Load
    listener: socket.socket
    settings: Settings
    on_ready: OnReady | None = None
    is_shared: bool = False
    requests: int | None = None
    beat_seconds: float | None = None


def work(task: Task, channel: Connection, others: Iterable[Connection]) -> None:
    """The main function of a worker process.

    :param others: ends of other workers' pipes, which ``fork`` copied.
    """
    for other in others:
        other.close()  # an open copy would keep those pipes open when the main process ends
    reset_inherited_signals()
    worker_main = WorkerMain(task, channel)
    threading.Thread(target=worker_main.listen, name="retort channel", daemon=True).start()
    end_process(worker_main.run())


def reset_inherited_signals() -> None:
    """Replace the signal handlers that ``fork`` copied from the main process."""
    signal.set_wakeup_fd(-1)
    for number in stop_signals():
        signal.signal(number, signal.SIG_DFL)  # while loading: end at once
    if sys.platform != "win32":
        # A closed terminal sends SIGHUP to all processes; only the main process handles it.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        install_operator_handlers()
    unblock_stop_signals()


def install_operator_handlers() -> None:
    """Handle signals that an operator may send to all processes, as `systemctl kill` does.

    The default actions would end or suspend a worker. The handlers are functions, because child
    processes of the program would inherit SIG_IGN. The program may install its own handlers later.
    """

    def reopen(*_: object) -> None:
        # In a thread, because the main thread may hold a log's lock.
        threading.Thread(target=reopen_logs, name="retort logs", daemon=True).start()

    def nothing(*_: object) -> None:
        pass

    def end(*_: object) -> None:
        end_process(0)

    signal.signal(signal.SIGUSR1, reopen)
    signal.signal(signal.SIGQUIT, end)
    for number in (signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(number, nothing)


def reopen_logs() -> None:
    """Reopen the access log and the program's own log files."""
    reopen_access_logs()
    reopen_log_files()


def describe_failure(error: BaseException) -> Failed:
    """The message about a program that did not load."""
    from ...devtools import Failure  # only here: this process ends, and never serves

    failure = Failure.from_exception(error)
    return Failed(failure.summary, failure.details, failure.explanation)


class WorkerMain:
    """The states of one worker: see the table above."""

    def __init__(self, task: Task, channel: Connection) -> None:
        self.task = task
        self.channel = channel
        self.worker: Worker | None = None
        self.serving: Started | None = None
        self.heartbeat: Heartbeat | None = None
        self.inode = 0
        self.is_loading = True
        self.loading_lock = threading.Lock()
        self.is_shutting_down = False
        self.is_ending = False
        self.closing = threading.Lock()  # held by the thread that closes the server

    def run(self) -> int:
        """Load and serve the program.

        :returns: the exit status: 0; 1 if the program did not load; or the status set by the
            program's own signal handler.
        """
        try:
            app, settings = self.load()
            return self.serve(app, settings)
        except (Exception, SystemExit) as error:
            self.send(describe_failure(error))
            return 1

    def load(self) -> tuple[WSGIApplication, Settings]:
        settings = self.task.settings
        if settings.load_timeout:
            dump_stacks_after(stack_dump_delay(settings.load_timeout))
        if settings.tls is not None:
            settings.tls.check()  # the files may have changed since the server started
        app = load_unpatched(self.task.load)
        preload_modules(app)
        settings = with_limits_of(app, settings)
        self.serving = start_serving(app)
        if self.task.on_ready is not None:
            self.task.on_ready(app)
        cancel_stack_dump()
        return app, settings

    def serve(self, app: WSGIApplication, settings: Settings) -> int:
        """Serve until stopped.

        :returns: the exit status.
        """
        if self.task.requests is not None:
            app = RequestCounter(app, self.task.requests, self.send_due)
        worker = Worker(app, self.task.listener, settings, serving=self.serving)
        # From here on, a stop signal lets open requests finish.
        self.inode = os.fstat(self.task.listener.fileno()).st_ino
        with StopSignals(worker.wakeup, self.shut_down, program_first=True) as signals:
            with self.loading_lock:
                self.is_loading = False
            self.send(Loaded())
            worker.start()
            self.worker = worker
            if self.is_shutting_down:
                worker.is_shutting_down.set()
            self.send(Serving())
            self.start_heartbeat(settings)
            if self.is_ending and self.claim_closing():  # otherwise a thread closes it
                self.stop(worker)
            if not worker.wait():
                self.report_unfinished(worker)
            worker.report_cancelled(f"Worker {os.getpid()}")
        status = signals.exit_status()
        if status is not None:
            self.send(ExitStatus(status))
        return status or 0

    def start_heartbeat(self, settings: Settings) -> None:
        if self.task.beat_seconds is not None:
            beat = Beat()
            self.heartbeat = Heartbeat(
                lambda: self.send(beat), self.task.beat_seconds, settings.worker_timeout
            )
            self.heartbeat.start()
        if self.is_ending:
            self.stop_timer()

    def stop_timer(self) -> None:
        if self.heartbeat is not None:
            self.heartbeat.stop_timer()

    def send_due(self) -> None:
        self.send(Due(f"handled {self.task.requests} requests"))

    def send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # `listen` detects a closed pipe
            self.channel.send(message)

    def listen(self) -> None:
        """Handle the messages of the main process, and its end; in a thread."""
        try:
            while True:
                message = self.channel.recv()
                if isinstance(message, Reopen):
                    reopen_logs()
                elif isinstance(message, Retire):
                    self.exit_if_loading()
                    self.retire()
        except (EOFError, OSError):
            self.exit_if_loading()
            if self.worker is not None and not self.task.is_shared:
                drop_new_connections(self.task.listener)  # otherwise done by the main process
            self.begin_closing()

    def exit_if_loading(self) -> None:
        """End the process if the program is still loading, which may take for ever."""
        with self.loading_lock:
            if self.is_loading:
                os._exit(0)

    def report_unfinished(self, worker: Worker) -> None:
        if parts := worker.waiting_for():
            grace = self.task.settings.grace_seconds
            echo(
                f"Worker {os.getpid()} ended with {joined(parts)} unfinished after {grace:g} s"
                " (--grace).",
                fg="yellow",
            )

    def retire(self) -> None:
        """Stop accepting, since another worker does; answer received requests and end."""
        worker = self.close_after_responses()
        if worker is not None and self.claim_closing():
            worker.close_websockets(is_restart=True, seconds=REPLACED_SECONDS)
            stop_accepting(self.inode)
            self.send(Closed())
            call_later(REPLACED_SECONDS, lambda: self.stop(worker))

    def shut_down(self) -> None:
        """Handle a stop signal: report not ready, and close when the drain time is over.

        The signal may arrive twice: from the main process, and from a sender that signals the whole
        process group.
        """
        if self.is_shutting_down:
            return
        self.is_shutting_down = True
        if self.worker is not None:
            self.worker.is_shutting_down.set()
            self.worker.close_websockets(is_restart=False, seconds=self.task.settings.drain)
        if self.task.settings.drain:
            call_later(self.task.settings.drain + _AFTER_MAIN_SECONDS, self.begin_closing)
        else:
            self.begin_closing()

    def begin_closing(self) -> None:
        """Close the server: answer received requests and end."""
        worker = self.close_after_responses()
        if worker is not None:
            worker.is_shutting_down.set()
            worker.closing.begin()
            call_later(0, lambda: self.stop_after_requests_arrived(worker))
            StopReport(
                worker.waiting_for,
                self.task.settings.grace_seconds,
                f"Worker {os.getpid()}",
            ).start()

    def stop_after_requests_arrived(self, worker: Worker) -> None:
        """Stop when all accepted connections have sent their first request; in a thread."""
        if not self.claim_closing():
            return
        listener = self.task.listener
        address = listener.getsockname()
        if not self.task.is_shared:
            if isinstance(address, tuple):
                wait_while(lambda: not drops_new_connections(listener))
            wait_while(lambda: has_queued_connections(listener))
        time.sleep(STOPPED_SECONDS)
        stop_accepting(self.inode)
        time.sleep(STOPPED_SECONDS)
        wait_while(lambda: has_new_connections(address))
        self.stop(worker)

    def claim_closing(self) -> bool:
        """Whether the caller has to close the server: only the first one has to.

        A signal may arrive while the main thread starts the server or another thread closes it.
        """
        return self.closing.acquire(blocking=False)

    def stop(self, worker: Worker) -> None:
        """Close the listening socket; Granian closes its duplicate."""
        self.task.listener.close()
        worker.stop()

    def close_after_responses(self) -> Worker | None:
        """Make each connection close after its next response.

        :returns: the worker; ``None`` while it is starting: then `serve` checks `is_ending`.
        """
        self.is_ending = True
        self.stop_timer()
        worker = self.worker
        if worker is not None and not isinstance(worker.adapter.app, Draining):
            worker.adapter.app = Draining(worker.adapter.app)
        return worker


def wait_while(condition: Callable[[], bool]) -> None:
    """Wait until the condition is false, for at most `_QUEUE_SECONDS`. Linux only."""
    give_up_at = time.monotonic() + _QUEUE_SECONDS
    while sys.platform == "linux" and condition() and time.monotonic() < give_up_at:
        time.sleep(_POLL_SECONDS)


def call_later(seconds: float, action: Callable[[], object]) -> None:
    """Call ``action`` in a thread after this time."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
