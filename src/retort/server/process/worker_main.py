"""What a worker process does: load the program, serve it, and end without losing anything.

It exchanges messages with the main process over a channel of its own: the classes below. The end
of the channel is the end of the main process, even if that was killed. Who starts workers and
when: `supervisor.py`; what the main process does at each message: `worker_process.py`.

| State | Event | What the worker does | Next state |
| --- | --- | --- | --- |
| loading | the application is loaded | sends `Loaded`, `Serves`, and `Beat` from now on | serving |
| loading | it does not load | sends `Failed` | ended, status 1 |
| loading | `Retire`, end of the channel, SIGTERM | nothing more | ended |
| serving | SIGTERM, SIGINT | calls the program's handler; is not ready from now on | leaving |
| serving | end of the channel | has the system make no more connections | closing |
| serving | `Retire` | leaves new connections to others, sends `Closed` | retiring |
| leaving | ``--drain`` is over, or 0 | has each answer close its connection | closing |
| closing | the requests of all new connections are here | closes the listening socket | finishing |
| retiring | `REPLACED_SECONDS` are over | closes the listening socket | finishing |
| finishing | all is answered, or no time is left | sends `Exits` if the handler exited | ended |
| any | `Reopen`, SIGUSR1 | opens log files again | the same |
| any | SIGQUIT | calls what is registered with `atexit` | ended |

A worker that retires answers with closing connections, too, and ignores a later SIGTERM.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
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
from .draining import Draining, StopReport, requests
from .heartbeat import Heartbeat, keep_stacks, stacks_after, write_stacks_after
from .monkeypatching import load_unpatched
from .preload import import_ahead
from .recycling import Counted
from .serving import Worker, end_process
from .signals import StopSignals, let_through, stop_signals

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from _typeshed.wsgi import WSGIApplication

    from ...debug import Failure
    from ..options import Settings

    Load = Callable[[], WSGIApplication]
    OnReady = Callable[[WSGIApplication], None]

# How long answers ask clients to close before the server does. One that was replaced has time.
# One that is to stop has not, but what is on its way now will be here by then.
REPLACED_SECONDS = 1.0
STOPPED_SECONDS = 0.1

# How long one that is to stop waits for the main process to hold off new connections, for those
# that wait to be accepted, and for their requests: each a matter of milliseconds.
_QUEUE_SECONDS = 1.0
_LOOK_SECONDS = 0.01

# The drain of a worker ends so much later than that of the main process.
_AFTER_MAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Loaded:
    """From a worker: the application is loaded; requests may arrive from now on."""


@dataclass(frozen=True)
class Serves:
    """From a worker: requests are answered."""


@dataclass(frozen=True)
class Beat:
    """From a worker: it runs, and its interpreter is not held."""


@dataclass(frozen=True)
class Failed:
    """From a worker: the program does not load; this is why."""

    failure: Failure


@dataclass(frozen=True)
class Due:
    """From a worker: it has served for long enough."""

    reason: str


@dataclass(frozen=True)
class Closed:
    """From a worker: no connection is accepted any more."""


@dataclass(frozen=True)
class Exits:
    """From a worker: the program's own signal handler asked for this exit status."""

    status: int


@dataclass(frozen=True)
class Retire:
    """To a worker: finish and end; one that still loads the program ends at once."""


@dataclass(frozen=True)
class Reopen:
    """To a worker: open the log files again."""


@dataclass(frozen=True)
class Task:
    """What a worker is to do; picklable where there is no ``fork``.

    :param on_ready: called with the application before it is first served.
    :param is_shared: the listening socket belongs to another program, which goes on with it.
    :param requests: how many to answer until it is due.
    :param beat_seconds: the interval of `Beat` messages; ``None``: none are needed.
    """

    load: Load
    listener: socket.socket
    settings: Settings
    on_ready: OnReady | None = None
    is_shared: bool = False
    requests: int | None = None
    beat_seconds: float | None = None


def work(task: Task, channel: Connection, others: Iterable[Connection]) -> None:
    """The life of one worker process.

    :param others: ends of channels that are not ours; ``fork`` copied them.
    """
    for other in others:
        other.close()  # or their workers would not hear the end of the main process
    forget_main_process()
    worker_main = WorkerMain(task, channel)
    threading.Thread(target=worker_main.listen, name="retort channel", daemon=True).start()
    end_process(worker_main.run())


def forget_main_process() -> None:
    """Undo what ``fork`` took along from the main process."""
    signal.set_wakeup_fd(-1)
    for number in stop_signals():
        signal.signal(number, signal.SIG_DFL)  # while loading: end at once
    if sys.platform != "win32":
        # A closed terminal sends SIGHUP to all; only the main process has an answer.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        handle_operators_signals()
    let_through()


def handle_operators_signals() -> None:
    """Handle what an operator may send to all processes of a server, as `systemctl kill` does.

    The defaults would end or stop a worker. Functions, not SIG_IGN, which the programs
    that a worker starts would inherit. A handler that the program installs later counts.
    """

    def reopen(*_: object) -> None:
        # In a thread: the main thread may hold the lock of a log.
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
    """Open the access log and the program's own log files again."""
    reopen_access_logs()
    reopen_log_files()


class WorkerMain:
    """One worker, from loading the program to its end."""

    def __init__(self, task: Task, channel: Connection) -> None:
        self.task = task
        self.channel = channel
        self.worker: Worker | None = None
        self.heartbeat: Heartbeat | None = None
        self.inode = 0
        self.listener: socket.socket | None = None
        self.is_loading = True
        self.loading_lock = threading.Lock()
        self.is_leaving = False
        self.is_ending = False
        self.is_closing = False

    def run(self) -> int:
        """Load and serve.

        :returns: the exit status: 1 if the program could not be loaded, or what its own signal
            handler asked for.
        """
        try:
            app, settings = self.load()
            return self.serve(app, settings)
        except (Exception, SystemExit) as error:
            from ...debug import Failure  # not before: what serves has no need of it

            self.send(Failed(Failure.from_exception(error)))
            return 1

    def load(self) -> tuple[WSGIApplication, Settings]:
        settings = self.task.settings
        if settings.load_timeout:
            write_stacks_after(stacks_after(settings.load_timeout))
        if settings.tls is not None:
            settings.tls.check()  # the files may be other ones by now
        app = load_unpatched(self.task.load)
        import_ahead(app)
        settings = with_limits_of(app, settings)
        if self.task.on_ready is not None:
            self.task.on_ready(app)
        keep_stacks()
        return app, settings

    def serve(self, app: WSGIApplication, settings: Settings) -> int:
        """Serve until stopped.

        :returns: the exit status.
        """
        if self.task.requests is not None:
            app = Counted(app, self.task.requests, self.send_due)
        worker = Worker(app, self.task.listener, settings)
        # From here on, a signal lets what is under way finish.
        self.inode = os.fstat(self.task.listener.fileno()).st_ino
        with StopSignals(worker.wakeup, self.leave, program_first=True) as signals:
            with self.loading_lock:
                self.is_loading = False
            self.send(Loaded())
            worker.start()
            self.worker = worker
            if self.is_leaving:
                worker.is_leaving.set()
            # Granian has its own, which it closes when it stops to accept; and so do we.
            self.listener = self.task.listener
            self.send(Serves())
            self.start_heartbeat(settings)
            if self.is_ending:
                self.stop(worker)
            if not worker.wait():
                self.report_unfinished(worker)
        status = signals.exit_status()
        if status is not None:
            self.send(Exits(status))
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
        self.send(Due(f"answered {self.task.requests} requests"))

    def send(self, message: object) -> None:
        with contextlib.suppress(OSError):  # the main process is gone: `listen` notices
            self.channel.send(message)

    def listen(self) -> None:
        """Receive the messages of the main process, and notice its end; in a thread."""
        try:
            while True:
                message = self.channel.recv()
                if isinstance(message, Reopen):
                    reopen_logs()
                elif isinstance(message, Retire):
                    self.end_if_loading()
                    self.retire()
        except (EOFError, OSError):
            self.end_if_loading()
            if self.listener is not None and not self.task.is_shared:
                drop_new_connections(self.listener)  # the main process cannot any more
            self.end_soon()

    def end_if_loading(self) -> None:
        """The program may be loading for ever."""
        with self.loading_lock:
            if self.is_loading:
                os._exit(0)

    def report_unfinished(self, worker: Worker) -> None:
        count = worker.bridge.open_requests()
        if count:
            grace = self.task.settings.grace_seconds
            echo(
                f"Worker {os.getpid()} ended with {requests(count)} unfinished after {grace:g} s"
                " (--grace).",
                fg="yellow",
            )

    def retire(self) -> None:
        """Another accepts from here on: answer what is here already, and end."""
        worker = self.close_with_responses()
        if worker is not None:
            self.is_closing = True
            stop_accepting(self.inode)
            self.send(Closed())
            later(REPLACED_SECONDS, lambda: self.stop(worker))

    def leave(self) -> None:
        """The server is to stop: say so to who asks whether it is ready, and end some time later.

        The signal may come twice, from the main process and from who sends it to all processes.
        """
        if self.is_leaving:
            return
        self.is_leaving = True
        if self.worker is not None:
            self.worker.is_leaving.set()
        if self.task.settings.drain:
            later(self.task.settings.drain + _AFTER_MAIN_SECONDS, self.end_soon)
        else:
            self.end_soon()

    def end_soon(self) -> None:
        """Nobody accepts from here on: answer what is here already, and end."""
        worker = self.close_with_responses()
        if worker is not None:
            worker.is_leaving.set()
            later(0, lambda: self.stop_when_requests_arrived(worker))
            StopReport(
                worker.bridge.open_requests,
                self.task.settings.grace_seconds,
                f"Worker {os.getpid()}",
            ).start()

    def stop_when_requests_arrived(self, worker: Worker) -> None:
        """Stop when the requests of all connections made so far have arrived; in a thread."""
        listener = self.listener
        if listener is None or self.is_closing:
            return  # it is on its way out already, or about to serve, and sees `is_ending`
        self.is_closing = True
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

    def stop(self, worker: Worker) -> None:
        """Close the listening socket, and let Granian close its own."""
        if self.listener is not None:
            self.listener.close()
        worker.stop()

    def close_with_responses(self) -> Worker | None:
        """Have every connection end with its next answer.

        :returns: the worker; ``None`` if it is about to serve, and looks at `is_ending` then.
        """
        self.is_ending = True
        self.stop_timer()
        worker = self.worker
        if worker is not None and not isinstance(worker.bridge.app, Draining):
            worker.bridge.app = Draining(worker.bridge.app)
        return worker


def wait_while(condition: Callable[[], bool]) -> None:
    """Until it does not hold any more, for `_QUEUE_SECONDS` at most. Nothing outside Linux."""
    give_up_at = time.monotonic() + _QUEUE_SECONDS
    while sys.platform == "linux" and condition() and time.monotonic() < give_up_at:
        time.sleep(_LOOK_SECONDS)


def later(seconds: float, action: Callable[[], object]) -> None:
    """Call ``action`` after so long, in a thread."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
