"""Several serving processes on one socket, kept alive whatever happens to them.

The socket is open before the first worker starts and stays open until the last one ends, so
a worker that dies loses the requests it was answering and no others. This process never
imports the program: each worker loads it, so one that is started later has its newest code.
That is how a reload works, and how a worker that served for long enough goes: a fresh one
first, and when that serves, the old one ends.

What a worker does: `worker_main.py`, `serving.py`. The states of one: `worker_process.py`. When to
try again: `backoff.py`.

| Signal | What this process does |
| --- | --- |
| SIGTERM, SIGINT | stops: requests under way have the grace time; a second one ends all at once |
| SIGQUIT | stops without the grace time |
| SIGHUP | loads the program again, worker by worker; stops if the terminal was closed |
| SIGUSR1 | has all workers open their log files again |
| SIGUSR2 | prints that it is ignored |
| SIGTTIN, SIGTTOU | one worker more, one less |
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from ..console import echo
from ..sockets.accepting import drop_new_connections
from ..sockets.socket_activation import is_inherited
from .backoff import Backoff
from .recycling import LOOK_SECONDS, Recycling, rss_mib_of
from .signals import StopSignals, Terminal, WakeupPipe
from .systemd import Notifier
from .worker_main import REPLACED_SECONDS, Task
from .worker_process import State, WorkerProcess

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from ..options import Settings
    from .worker_main import Load, OnReady

# Forking is quick (a dead worker is replaced at once) and safe here: this process has no
# threads. Elsewhere than on Linux, system libraries do not bear it.
_START_METHOD = "fork" if sys.platform == "linux" else "spawn"

# Workers end by themselves within the grace time; then they are killed.
_KILL_SECONDS = 0.3

# After SIGQUIT: for what the program registered with atexit.
_QUICK_SECONDS = 1.0

# Workers send a sign of life this often, or more often if they may be silent for a short time only.
_BEAT_SECONDS = 1.0

# A wait that takes so much longer than planned was no wait: this process did not run meanwhile
# (Ctrl-Z, a paused machine), and the workers hardly did.
_HELD_UP_SECONDS = 1.0

# Two signals in so short a time are one wish: `timeout` and some launchers pass one on to the
# process, and to its group besides.
_ONE_STOP_SECONDS = 0.1


class Supervisor:
    """Starts ``count`` workers on ``listener`` and replaces those that die, until stopped.

    :param on_ready: called by the first worker, when it has loaded the application.
    :param recycling: when to replace workers that serve well.
    :param before_end: called when it is decided to stop: nothing new is accepted any more.
    """

    def __init__(
        self,
        load: Load,
        listener: socket.socket,
        settings: Settings,
        *,
        count: int,
        on_ready: OnReady,
        recycling: Recycling | None = None,
        notifier: Notifier | None = None,
        before_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.load = load
        self.listener = listener
        self.settings = settings
        self.count = count
        self.on_ready = on_ready
        self.recycling = recycling or Recycling()
        self.notifier = notifier or Notifier()
        self.before_end = before_end
        self.workers: list[WorkerProcess] = []
        self.backoff = Backoff(count)
        self.generation = 0
        self.is_reloading = False
        self.is_reload_asked = False
        self.requested: deque[Callable[[], None]] = deque()
        self.is_quick = False
        self.exit_status = 0
        self.has_served = False
        self.cannot_start = False
        self.stops_asked = 0
        self.stop_asked_at = 0.0
        self.terminal = Terminal()
        self.wakeup = WakeupPipe()
        self.context: Any = multiprocessing.get_context(_START_METHOD)
        self.beat_seconds = beat_interval(settings.worker_timeout, self.notifier.watchdog_seconds)

    def run(self) -> int:
        """Serve until a signal stops it.

        :returns: the exit status: 0; 1 if the program does not start, or a second signal did
            not leave the workers the time to finish; what the program's own signal handler asked
            for in a worker.
        """
        with StopSignals(self.wakeup, self.stop, self.other_signals()):
            while not self.stops_asked and not self.cannot_start:
                self.start_missing()
                self.wait_for_events()
                self.handle_events()
            self.end_all()
        return self.exit_status if self.stops_asked == 1 else 1

    # Signals: only noted here; `run` does the rest.

    def stop(self) -> None:
        now = time.monotonic()
        if not self.stops_asked or now - self.stop_asked_at >= _ONE_STOP_SECONDS:
            self.stops_asked += 1
        self.stop_asked_at = now

    def other_signals(self) -> dict[signal.Signals, Callable[[], None]]:
        if sys.platform == "win32":
            return {}
        actions: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGHUP: self.hang_up,
            signal.SIGQUIT: self.quit,
            signal.SIGUSR1: lambda: self.requested.append(self.reopen_logs),
            signal.SIGUSR2: lambda: self.requested.append(say_that_it_is_ignored),
            signal.SIGTTIN: lambda: self.requested.append(self.add_worker),
            signal.SIGTTOU: lambda: self.requested.append(self.remove_worker),
        }
        if os.getpid() == 1:
            actions[signal.SIGCHLD] = lambda: None  # wakes us up, to bury the dead of others
        return actions

    def hang_up(self) -> None:
        if self.terminal.was_closed():
            self.stop()
        else:
            self.is_reload_asked = True

    def quit(self) -> None:
        self.is_quick = True
        self.stops_asked = self.stops_asked or 1

    # What they ask for; called by `handle_events`.

    def reopen_logs(self) -> None:
        for worker in self.workers:
            worker.reopen_logs()
        echo(" * SIGUSR1: log files are opened again")

    def add_worker(self) -> None:
        if self.settings.operations.metrics and not self.settings.is_multiprocess:
            echo(
                " * SIGTTIN is ignored: one worker was started, and --metrics counts for one. Start"
                " with --workers 2 or more, then their number can change.",
                fg="yellow",
            )
            return
        self.set_count(self.count + 1, "SIGTTIN")

    def remove_worker(self) -> None:
        if self.count == 1:
            echo(" * SIGTTOU is ignored: there is only one worker", fg="yellow")
            return
        self.set_count(self.count - 1, "SIGTTOU")

    def set_count(self, count: int, why: str) -> None:
        self.count = self.backoff.count = count
        echo(f" * {why}: {count} worker{'s' if count > 1 else ''} from now on", fg="cyan")

    # What is there, and what should be.

    def serving(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.state is State.SERVES]

    def starting(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.state is State.STARTS]

    def joining(self) -> list[WorkerProcess]:
        """Those that start and take the place of no worker that serves."""
        serving = self.serving()
        return [worker for worker in self.starting() if worker.replaces not in serving]

    def present(self) -> list[WorkerProcess]:
        """Those that serve or are about to."""
        return self.serving() + self.joining()

    def outdated(self) -> Iterator[WorkerProcess]:
        """Those that another is to replace, and none does yet."""
        replaced = {worker.replaces for worker in self.starting()}
        for worker in self.workers:
            is_due = worker.due is not None or worker.generation < self.generation
            if worker.state is State.SERVES and is_due and worker not in replaced:
                yield worker

    def start_missing(self) -> None:
        if self.backoff.seconds_left():
            return
        while len(self.present()) < self.count and len(self.joining()) < self.max_starting():
            self.start(None)
        # One by one: at most one process more than usual. Not before all are there.
        if not self.starting() and (old := next(self.outdated(), None)) is not None:
            self.start(old)

    def retire_surplus(self) -> None:
        """Retire workers that SIGTTOU made superfluous: those that load first, then the oldest."""
        for worker in reversed(self.joining()):
            if len(self.present()) > self.count:
                self.retire(worker)
        replaced = {worker.replaces for worker in self.starting()}
        for worker in sorted(self.serving(), key=lambda each: each.generation):
            if len(self.serving()) > self.count and worker not in replaced:
                self.retire(worker)

    def retire(self, worker: WorkerProcess) -> None:
        worker.retire(REPLACED_SECONDS + self.settings.grace_seconds + _KILL_SECONDS)

    def max_starting(self) -> int:
        """How many workers may start at the same time.

        The first finds out whether the program starts at all, and so does one after a failure.
        More than there are processors would only delay each other.
        """
        if not self.has_served or self.backoff.failures:
            return 1
        return os.cpu_count() or 1

    def start(self, replaces: WorkerProcess | None) -> None:
        task = Task(
            load=self.load,
            listener=self.listener,
            settings=replace(
                self.settings, is_multiprocess=self.settings.is_multiprocess or self.count > 1
            ),
            on_ready=None if self.has_served else self.on_ready,
            is_shared=is_inherited(self.listener),
            requests=(limits := self.recycling.spread()).requests,
            beat_seconds=self.beat_seconds,
        )
        self.workers.append(
            WorkerProcess(
                task,
                self.context,
                others=self.workers,
                limits=limits,
                replaces=replaces,
                generation=self.generation,
            )
        )

    def wait_for_events(self) -> None:
        sources: list[Any] = [self.wakeup.reader]
        for worker in self.workers:
            sources += worker.sources()
        planned, before = self.next_look(), time.monotonic()
        wait(sources, planned)
        self.wakeup.clear()
        if planned is not None:
            held_up = time.monotonic() - before - planned
            if held_up >= _HELD_UP_SECONDS:
                for worker in self.workers:
                    worker.excuse(held_up)

    def next_look(self) -> float | None:
        """Seconds until there is something to do without news; ``None``: never."""
        # The watchdog is due: it waits for a worker's message.
        times = [self.backoff.seconds_left() or None, self.notifier.next_beat() or None]
        if self.recycling.seconds is not None or self.recycling.rss_mib is not None:
            times.append(LOOK_SECONDS)
        if self.recycling.seconds is not None:
            times.append(min(1.0, self.recycling.seconds / 2))
        if self.settings.worker_timeout:
            times.append(_BEAT_SECONDS)  # so that `wait_for_events` notices when it was held up
        now = time.monotonic()
        deadlines = [worker.next_deadline() for worker in self.workers]
        times += [max(0.0, deadline - now) for deadline in deadlines if deadline is not None]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def handle_events(self) -> None:
        """Of everything that has happened since the last time."""
        for worker in list(self.workers):
            if worker.read_messages():
                self.note_service(worker)
            if not worker.is_alive():
                worker.read_messages()
                self.note_death(worker)
        if self.is_reload_asked:
            self.is_reload_asked = False
            self.begin_reload()
        while self.requested:
            self.requested.popleft()()
        self.retire_surplus()
        self.check_workers()
        self.end_reload_if_done()
        if os.getpid() == 1:
            reap_children({worker.pid for worker in self.workers})

    def check_workers(self) -> None:
        now = time.monotonic()
        for worker in self.workers:
            worker.check_limits(now)
            if worker.check_patience(now) and worker.state is State.SILENT:
                echo(
                    f"Worker {worker.pid} gave no sign of life for"
                    f" {self.settings.worker_timeout:g} s (--worker-timeout): it is ended and"
                    " replaced. What its threads were doing is above.",
                    fg="red",
                )
            worker.kill_if_late(now)
        self.feed_watchdog()

    def feed_watchdog(self) -> None:
        """Notify the service manager, if a worker gave a sign of life since the last time."""
        serving = self.serving()
        if self.notifier.next_beat() == 0.0 and any(worker.is_fresh for worker in serving):
            self.notifier.beat()
            for worker in serving:
                worker.is_fresh = False

    def note_service(self, worker: WorkerProcess) -> None:
        """A worker has begun to serve."""
        self.backoff.note_success()
        if not self.has_served:
            self.has_served = True
            self.notifier.ready(f"Serving with {self.count} workers")
        if (rss_limit := self.recycling.rss_mib) is not None:
            self.check_rss_limit(worker, rss_limit)
        old = worker.replaces
        if old is None or old not in self.workers:
            return
        if old.due is not None:
            echo(f"Worker {old.pid} {old.due}: worker {worker.pid} takes its place.")
        self.retire(old)

    def check_rss_limit(self, worker: WorkerProcess, limit: int) -> None:
        """A limit that a fresh worker is over already would replace workers without end."""
        rss_mib = rss_mib_of(worker.pid)
        if rss_mib is not None and rss_mib >= limit * 0.9:
            self.recycling = Recycling(self.recycling.requests, self.recycling.seconds)
            for each in self.workers:
                each.limits = Recycling(each.limits.requests, each.limits.seconds)
            echo(
                f"--recycle-rss {limit} has no effect: a worker holds {rss_mib:.0f} MiB as soon as"
                " it has loaded the program. Give a limit well above that.",
                fg="yellow",
            )

    def note_death(self, worker: WorkerProcess) -> None:
        """A worker has ended."""
        self.workers.remove(worker)
        worker.close()
        if self.stops_asked or worker.state in (State.RETIRES, State.FINISHES):
            return
        if worker.has_failed_to_start():
            self.note_failed_start(worker)
        else:
            self.has_served = True
            self.backoff.note_death(time.monotonic() - worker.serves_since)
            if worker.state is not State.SILENT:  # that has been reported
                echo(f"Worker {worker.pid} {worker.how_it_ended()}: starting another.", fg="yellow")

    def note_failed_start(self, worker: WorkerProcess) -> None:
        if worker.generation < self.generation:
            return  # it read the program as it was before the reload that is asked for now
        from ...debug import Failure  # not before: what serves has no need of it

        failure = worker.failure or Failure(worker.why_it_failed_to_start())
        is_new = self.backoff.note_failure(failure)
        if is_new:
            failure.report()
        if not self.has_served:
            self.cannot_start = True
        elif self.is_reloading and not any(self.has_newest_code(each) for each in self.workers):
            self.give_up_reload()
        elif is_new or self.backoff.is_worth_telling():
            echo(self.failed_start_line(is_new), fg="red")

    def failed_start_line(self, is_new: bool) -> str:
        serving = sum(worker.state is State.SERVES for worker in self.workers)
        seconds = self.backoff.seconds_left()
        why = "" if is_new else f", as before: {self.backoff.failures} times in a row"
        return (
            f"A worker did not start{why}. {serving} of {self.count} serve;"
            f" trying again in {seconds:.1f} s."
        )

    # Reload: each worker is replaced by one that loads the program as it is now.

    def has_newest_code(self, worker: WorkerProcess) -> bool:
        return worker.state is State.SERVES and worker.generation == self.generation

    def begin_reload(self) -> None:
        self.generation += 1
        self.is_reloading = True
        for worker in self.starting():
            if not worker.has_loaded:
                self.retire(worker)  # it loads what is out of date, perhaps for ever
        self.backoff.forget()  # what failed before may have been corrected
        self.notifier.reloading()
        echo(" * Loading the program again, worker by worker", fg="cyan")

    def give_up_reload(self) -> None:
        """Keep the workers that there are."""
        for worker in self.workers:
            worker.generation = self.generation
        self.is_reloading = False
        self.backoff.forget()
        self.notifier.ready("The new program does not start; the old one is served")
        echo("The program does not start as it is now. The old workers go on serving.", fg="red")

    def end_reload_if_done(self) -> None:
        letting_in = [each for each in self.workers if each.state is not State.FINISHES]
        is_done = all(self.has_newest_code(worker) for worker in letting_in)
        if self.is_reloading and is_done and len(letting_in) == self.count:
            self.is_reloading = False
            self.notifier.ready(f"Serving with {self.count} workers")
            echo(" * All workers serve the program as it is now", fg="cyan")

    # The end.

    def end_all(self) -> None:
        """Ask all to finish, wait as long as they may take, then kill."""
        self.notifier.stopping()
        drains = self.settings.drain > 0 and bool(self.workers) and not self.is_quick
        if drains:
            echo(f" * Stopping: serving for {self.settings.drain:g} s more (--drain)")
            self.terminate()
            self.wait_for_ends(self.settings.drain)  # meanwhile they accept, as before
        self.hold_off()
        if not drains and not self.is_quick:
            self.terminate()
        self.listener.close()  # together with the workers' copies: nothing is accepted any more
        self.wait_for_ends(self.settings.grace_seconds + _KILL_SECONDS)
        if self.is_quick:
            self.end_at_once()
        if self.workers:
            self.kill_rest()

    def terminate(self) -> None:
        for worker in self.workers:
            worker.process.terminate()

    def hold_off(self) -> None:
        """Have no more connections made: see `accepting.py`; the file of a socket is removed.

        Not for a socket that another program goes on with.
        """
        if not is_inherited(self.listener):
            drop_new_connections(self.listener)
        self.before_end()

    def end_at_once(self) -> None:
        """Have workers run what the program registered with `atexit`, and nothing else."""
        for worker in self.workers:
            with contextlib.suppress(OSError):
                os.kill(worker.pid, signal.SIGQUIT)
        self.wait_for_ends(_QUICK_SECONDS, is_patient=False)

    def wait_for_ends(self, seconds: float, *, is_patient: bool = True) -> None:
        """Until all workers have ended, or for so long.

        :param is_patient: a second signal, or SIGQUIT, ends the wait.
        """
        deadline = time.monotonic() + seconds
        while self.workers and time.monotonic() < deadline:
            if is_patient and (self.is_quick or self.stops_asked > 1):
                return
            sources = [source for worker in self.workers for source in worker.sources()]
            wait([self.wakeup.reader, *sources], max(0.0, deadline - time.monotonic()))
            self.wakeup.clear()
            self.note_ends()

    def note_ends(self) -> None:
        """Let go of workers that have ended, and note their status if the program chose it."""
        for worker in list(self.workers):
            is_alive = worker.is_alive()
            worker.read_messages()
            if not is_alive:
                self.workers.remove(worker)
                self.exit_status = self.exit_status or worker.exit_status or 0

    def kill_rest(self) -> None:
        count = len(self.workers)
        if self.has_served and self.stops_asked < 2 and not self.is_quick:
            echo(
                f"{count} of {self.count} workers had requests under way after"
                f" {self.settings.grace_seconds:g} s, and were ended (--grace).",
                fg="yellow",
            )
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.close()


def beat_interval(worker_timeout: float, watchdog_seconds: float | None) -> float | None:
    """How often workers have to give a sign of life, in seconds; ``None``: not at all."""
    intervals = []
    if worker_timeout:
        intervals.append(min(_BEAT_SECONDS, worker_timeout / 5))
    if watchdog_seconds is not None:
        intervals.append(min(_BEAT_SECONDS, watchdog_seconds / 6))
    return min(intervals, default=None)


def say_that_it_is_ignored() -> None:
    """Answer SIGUSR2, at which gunicorn and nginx start a second main process."""
    echo(
        " * SIGUSR2 is ignored. To load the program again: SIGHUP, or retort reload. To take a new"
        " Retort or Python, restart the server."
    )


def reap_children(own: set[int]) -> None:
    """Let go of ended processes that were given to us because their parent is gone.

    The first process of a container gets them all. Ours are left to multiprocessing.
    """
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)
