"""What a worker process does: load the program, serve it, and end without losing anything.

It speaks with the main process over a channel of its own: says when it serves, why it cannot
and when it is due to be replaced, and hears when another has taken its place. The end of the
channel is the end of the main process, even if that was killed. Who starts workers and
when: `workers.py`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .ahead import import_ahead
from .closing import LastAnswers, stop_accepting
from .limits import with_limits_of
from .patched import load_unpatched
from .recycling import Counted
from .signals import StopSignals, let_through, stop_signals
from .worker import Worker, end_process

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from _typeshed.wsgi import WSGIApplication

    from ..debug import Failure
    from .options import Settings

    Load = Callable[[], WSGIApplication]
    OnReady = Callable[[WSGIApplication], None]

# How long answers ask clients to close before the server does. One that was replaced has time.
# One that is to stop has not, but what is on its way now will be here by then; and it goes on
# to accept for as long, since nobody else takes who waits in the queue.
REPLACED_SECONDS = 1.0
STOPPED_SECONDS = 0.1


@dataclass(frozen=True)
class Loaded:
    """A worker says: the program is here; from now on requests may end me."""


@dataclass(frozen=True)
class Serves:
    """A worker says: I answer requests."""


@dataclass(frozen=True)
class Failed:
    """A worker says: the program does not load; this is why."""

    failure: Failure


@dataclass(frozen=True)
class Due:
    """A worker says: I have served for long enough."""

    reason: str


@dataclass(frozen=True)
class Closed:
    """A worker says: I accept no connection any more."""


@dataclass(frozen=True)
class Retire:
    """The main process says: another has taken your place."""


@dataclass(frozen=True)
class Task:
    """What a worker is to do; picklable where there is no ``fork``.

    :param on_ready: called with the application before it is first served.
    :param requests: how many to answer until it is due.
    """

    load: Load
    listener: socket.socket
    settings: Settings
    on_ready: OnReady | None = None
    requests: int | None = None


def work(task: Task, channel: Connection, others: Iterable[Connection]) -> None:
    """The life of one worker process.

    :param others: ends of channels that are not ours; ``fork`` copied them.
    """
    for other in others:
        other.close()  # or their workers would not hear the end of the main process
    forget_main_process()
    duty = Duty(task, channel)
    threading.Thread(target=duty.listen, name="retort channel", daemon=True).start()
    end_process(0 if duty.run() else 1)


def forget_main_process() -> None:
    """Undo what ``fork`` took along from the main process."""
    signal.set_wakeup_fd(-1)
    for number in stop_signals():
        signal.signal(number, signal.SIG_DFL)  # while loading: end at once
    if sys.platform != "win32":
        # A closed terminal sends SIGHUP to all; only the main process has an answer.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    let_through()


class Duty:
    """One worker, from loading the program to its end."""

    def __init__(self, task: Task, channel: Connection) -> None:
        self.task = task
        self.channel = channel
        self.worker: Worker | None = None
        self.inode = 0
        self.is_leaving = False
        self.is_ending = False

    def run(self) -> bool:
        """Load and serve.

        :returns: whether the program could be loaded.
        """
        try:
            if self.task.settings.tls is not None:
                self.task.settings.tls.check()  # the files may be other ones by now
            app = load_unpatched(self.task.load)
            import_ahead(app)
            settings = with_limits_of(app, self.task.settings)
            if self.task.on_ready is not None:
                self.task.on_ready(app)
            self.serve(app, settings)
        except (Exception, SystemExit) as error:
            from ..debug import Failure  # not before: what serves has no need of it

            self.tell(Failed(Failure.from_exception(error)))
            return False
        return True

    def serve(self, app: WSGIApplication, settings: Settings) -> None:
        if self.task.requests is not None:
            app = Counted(app, self.task.requests, self.say_due)
        worker = Worker(app, self.task.listener, settings)
        # From here on, a signal lets what is under way finish.
        self.inode = os.fstat(self.task.listener.fileno()).st_ino
        with StopSignals(worker.bell, self.leave):
            self.tell(Loaded())
            worker.start()
            self.worker = worker
            if self.is_leaving:
                worker.is_leaving.set()
            self.task.listener.close()  # Granian has its own: closed when it stops to accept
            self.tell(Serves())
            if self.is_ending:
                worker.stop()
            worker.wait()

    def say_due(self) -> None:
        self.tell(Due(f"answered {self.task.requests} requests"))

    def tell(self, message: object) -> None:
        with contextlib.suppress(OSError):  # nobody is there any more: `listen` knows
            self.channel.send(message)

    def listen(self) -> None:
        """Wait for a word of the main process, or its end; in a thread."""
        try:
            while True:
                if isinstance(self.channel.recv(), Retire):
                    self.leave_to_another()
        except (EOFError, OSError):
            if self.worker is None:
                os._exit(0)  # it loads still, perhaps for ever
            self.end_soon()

    def leave_to_another(self) -> None:
        """Another accepts from here on: answer what is here already, and end."""
        worker = self.close_with_answers()
        if worker is not None:
            stop_accepting(self.inode)
            self.tell(Closed())
            later(REPLACED_SECONDS, worker.stop)

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
            later(self.task.settings.drain, self.end_soon)
        else:
            self.end_soon()

    def end_soon(self) -> None:
        """Nobody accepts from here on: answer what is here already, and end."""
        worker = self.close_with_answers()
        if worker is not None:
            worker.is_leaving.set()
            later(STOPPED_SECONDS, lambda: stop_accepting(self.inode))
            later(2 * STOPPED_SECONDS, worker.stop)

    def close_with_answers(self) -> Worker | None:
        """Have every connection end with its next answer.

        :returns: the worker; ``None`` if it is about to serve, and looks at `is_ending` then.
        """
        self.is_ending = True
        worker = self.worker
        if worker is not None and not isinstance(worker.bridge.app, LastAnswers):
            worker.bridge.app = LastAnswers(worker.bridge.app)
        return worker


def later(seconds: float, action: Callable[[], object]) -> None:
    """Call ``action`` after so long, in a thread."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
