"""The main process: start several workers on one socket and replace those that end.

The socket is open before the first worker starts and until the last one ends, so a crashed worker
loses only its own open requests. The main process never imports the program. Each worker loads it,
so a worker that is started later runs the current code. A reload, and recycling, start the new
worker first and end the old one when the new one serves.

What a worker does: `worker_main.py`, `serving.py`. Its states: `worker_process.py`. Delays between
starts: `backoff.py`.

| Signal | Action of the main process |
| --- | --- |
| SIGTERM, SIGINT | stops: open requests get the grace time; a second signal kills all workers |
| SIGQUIT | stops without the grace time |
| SIGHUP | reloads the program, worker by worker; stops if the terminal was closed |
| SIGUSR1 | makes all workers reopen their log files |
| SIGUSR2 | prints that the signal is ignored |
| SIGTTIN, SIGTTOU | adds a worker, removes a worker |
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

from ..console import echo, echo_failure
from ..sockets.accepting import drop_new_connections
from ..sockets.socket_activation import is_inherited
from .backoff import Backoff
from .recycling import CHECK_SECONDS, Recycling, rss_mib_of
from .signals import StopSignals, Terminal, WakeupPipe
from .systemd import Notifier
from .worker_main import REPLACED_SECONDS, Failed, Task
from .worker_process import State, WorkerProcess

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from ..options import Settings
    from .worker_main import Load, OnReady

# Forking is fast, and safe in a process without threads. On other systems than Linux, system
# libraries do not support it.
_START_METHOD = "fork" if sys.platform == "linux" else "spawn"

# Workers that have not ended this long after the grace time are killed.
_KILL_SECONDS = 0.3

# The time that atexit functions of the program get after SIGQUIT.
_QUICK_SECONDS = 1.0

# The heartbeat interval; it is shorter if the worker timeout is short.
_BEAT_SECONDS = 1.0

# If a wait takes this much longer than its timeout, the main process was suspended (Ctrl-Z, a
# paused machine), and the workers probably were, too.
_SUSPENDED_SECONDS = 1.0

# Two stop signals within this time count as one: `timeout` and some launchers signal both the
# process and its group.
_SAME_STOP_SECONDS = 0.1


class Supervisor:
    """Starts ``count`` workers on ``listener`` and replaces those that end, until stopped.

    :param on_ready: called by the first worker after it has loaded the application.
    :param recycling: limits after which serving workers are replaced.
    :param before_end: called at shutdown, when new connections are no longer accepted.
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
        self.is_reload_requested = False
        self.requested: deque[Callable[[], None]] = deque()
        self.is_quick = False
        self.exit_status = 0
        self.has_served = False
        self.cannot_start = False
        self.stop_requests = 0
        self.stop_requested_at = 0.0
        self.terminal = Terminal()
        self.wakeup = WakeupPipe()
        self.context: Any = multiprocessing.get_context(_START_METHOD)
        self.beat_seconds = beat_interval(settings.worker_timeout, self.notifier.watchdog_seconds)

    def run(self) -> int:
        """Serve until a signal stops the server.

        :returns: the exit status: 0; 1 if the program does not start or a second stop signal
            arrived; or the status set by the program's own signal handler in a worker.
        """
        with StopSignals(self.wakeup, self.stop, self.other_signals()):
            while not self.stop_requests and not self.cannot_start:
                self.start_missing()
                self.wait_for_events()
                self.handle_events()
            self.stop_workers()
        return self.exit_status if self.stop_requests == 1 else 1

    # Signal handlers: they only record the request; `run` acts on it.

    def stop(self) -> None:
        now = time.monotonic()
        if not self.stop_requests or now - self.stop_requested_at >= _SAME_STOP_SECONDS:
            self.stop_requests += 1
        self.stop_requested_at = now

    def other_signals(self) -> dict[signal.Signals, Callable[[], None]]:
        if sys.platform == "win32":
            return {}
        actions: dict[signal.Signals, Callable[[], None]] = {
            signal.SIGHUP: self.hang_up,
            signal.SIGQUIT: self.quit,
            signal.SIGUSR1: lambda: self.requested.append(self.reopen_logs),
            signal.SIGUSR2: lambda: self.requested.append(report_ignored_signal),
            signal.SIGTTIN: lambda: self.requested.append(self.add_worker),
            signal.SIGTTOU: lambda: self.requested.append(self.remove_worker),
        }
        if os.getpid() == 1:
            actions[signal.SIGCHLD] = lambda: None  # wakes `run`, which reaps orphans
        return actions

    def hang_up(self) -> None:
        if self.terminal.was_closed():
            self.stop()
        else:
            self.is_reload_requested = True

    def quit(self) -> None:
        self.is_quick = True
        self.stop_requests = self.stop_requests or 1

    # Requested actions; called by `handle_events`.

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

    def set_count(self, count: int, signal_name: str) -> None:
        self.count = self.backoff.count = count
        echo(f" * {signal_name}: {count} worker{'s' if count > 1 else ''} from now on", fg="cyan")

    # Current workers, and the number that is configured.

    def serving(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.state is State.SERVING]

    def starting(self) -> list[WorkerProcess]:
        return [worker for worker in self.workers if worker.state is State.STARTING]

    def joining(self) -> list[WorkerProcess]:
        """Workers that are starting and do not replace a serving worker."""
        serving = self.serving()
        return [worker for worker in self.starting() if worker.replaces not in serving]

    def present(self) -> list[WorkerProcess]:
        """Workers that count towards the configured number."""
        return self.serving() + self.joining()

    def outdated(self) -> Iterator[WorkerProcess]:
        """Workers that are due for replacement and whose replacement is not starting yet."""
        replaced = {worker.replaces for worker in self.starting()}
        for worker in self.workers:
            is_due = worker.due is not None or worker.generation < self.generation
            if worker.state is State.SERVING and is_due and worker not in replaced:
                yield worker

    def start_missing(self) -> None:
        if self.backoff.seconds_left():
            return
        while len(self.present()) < self.count and len(self.joining()) < self.max_starting():
            self.start(None)
        # Replace one at a time, so there is at most one extra process, and only if none is missing.
        if not self.starting() and (old := next(self.outdated(), None)) is not None:
            self.start(old)

    def retire_surplus(self) -> None:
        """Retire surplus workers after SIGTTOU: first those that are loading, then the oldest."""
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

        The first worker, or the first one after a failure, shows whether the program starts at all.
        More starts than processors would only delay each other.
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
            requests=(limits := self.recycling.with_jitter()).requests,
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
        planned, before = self.next_timeout(), time.monotonic()
        wait(sources, planned)
        self.wakeup.clear()
        if planned is not None:
            suspended = time.monotonic() - before - planned
            if suspended >= _SUSPENDED_SECONDS:
                for worker in self.workers:
                    worker.extend_deadlines(suspended)

    def next_timeout(self) -> float | None:
        """Seconds until a timer expires; ``None``: no timer is running."""
        # If the watchdog is due already, it is fed at a worker's next message.
        times = [self.backoff.seconds_left() or None, self.notifier.next_beat() or None]
        if self.recycling.seconds is not None or self.recycling.rss_mib is not None:
            times.append(CHECK_SECONDS)
        if self.recycling.seconds is not None:
            times.append(min(1.0, self.recycling.seconds / 2))
        if self.settings.worker_timeout:
            times.append(_BEAT_SECONDS)  # lets `wait_for_events` detect a suspension
        now = time.monotonic()
        deadlines = [worker.next_deadline() for worker in self.workers]
        times += [max(0.0, deadline - now) for deadline in deadlines if deadline is not None]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def handle_events(self) -> None:
        """Process messages, ended workers and requested actions since the last call."""
        for worker in list(self.workers):
            if worker.read_messages():
                self.note_serving(worker)
            if not worker.is_alive():
                worker.read_messages()
                self.note_exit(worker)
        if self.is_reload_requested:
            self.is_reload_requested = False
            self.begin_reload()
        while self.requested:
            self.requested.popleft()()
        self.retire_surplus()
        self.check_workers()
        self.finish_reload_if_done()
        if os.getpid() == 1:
            reap_children({worker.pid for worker in self.workers})

    def check_workers(self) -> None:
        now = time.monotonic()
        for worker in self.workers:
            worker.check_limits(now)
            if worker.check_timeouts(now) and worker.state is State.UNRESPONSIVE:
                echo(
                    f"Worker {worker.pid} sent no heartbeat for"
                    f" {self.settings.worker_timeout:g} s (--worker-timeout): it is ended and"
                    " replaced. The stacks of its threads are above.",
                    fg="red",
                )
            worker.kill_if_overdue(now)
        self.feed_watchdog()

    def feed_watchdog(self) -> None:
        """Feed the service manager's watchdog if a worker has sent a heartbeat since last time."""
        serving = self.serving()
        if self.notifier.next_beat() == 0.0 and any(worker.has_beaten for worker in serving):
            self.notifier.beat()
            for worker in serving:
                worker.has_beaten = False

    def note_serving(self, worker: WorkerProcess) -> None:
        """Record that a worker has started to serve, and retire the one it replaces."""
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
        """Turn the memory limit off if a new worker exceeds it: it would be replaced for ever."""
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

    def note_exit(self, worker: WorkerProcess) -> None:
        """Remove a worker that has ended."""
        self.workers.remove(worker)
        worker.close()
        if self.stop_requests or worker.state in (State.RETIRING, State.FINISHING):
            return
        if worker.has_failed_to_start():
            self.note_failed_start(worker)
        else:
            self.has_served = True
            self.backoff.note_exit(time.monotonic() - worker.serves_since)
            if worker.state is not State.UNRESPONSIVE:  # already reported
                echo(
                    f"Worker {worker.pid} {worker.exit_description()}: starting another.",
                    fg="yellow",
                )

    def note_failed_start(self, worker: WorkerProcess) -> None:
        if worker.generation < self.generation:
            return  # it loaded the code from before the current reload
        failure = worker.failure or Failed(worker.start_failure_reason())
        is_new = self.backoff.note_failure(failure)
        if is_new:
            echo_failure(failure.summary, failure.details, failure.explanation)
        if not self.has_served:
            self.cannot_start = True
        elif self.is_reloading and not any(self.is_current(each) for each in self.workers):
            self.abort_reload()
        elif is_new or self.backoff.should_report():
            echo(self.failed_start_line(is_new), fg="red")

    def failed_start_line(self, is_new: bool) -> str:
        serving = sum(worker.state is State.SERVING for worker in self.workers)
        seconds = self.backoff.seconds_left()
        repeated = "" if is_new else f", as before: {self.backoff.failures} times in a row"
        return (
            f"A worker did not start{repeated}. {serving} of {self.count} serve;"
            f" trying again in {seconds:.1f} s."
        )

    # Reload: each worker is replaced by one that loads the current program.

    def is_current(self, worker: WorkerProcess) -> bool:
        return worker.state is State.SERVING and worker.generation == self.generation

    def begin_reload(self) -> None:
        self.generation += 1
        self.is_reloading = True
        for worker in self.starting():
            if not worker.has_loaded:
                self.retire(worker)  # it loads outdated code, and may hang
        self.backoff.reset()  # the new code may start
        self.notifier.reloading()
        echo(" * Loading the program again, worker by worker", fg="cyan")

    def abort_reload(self) -> None:
        """Keep the current workers."""
        for worker in self.workers:
            worker.generation = self.generation
        self.is_reloading = False
        self.backoff.reset()
        self.notifier.ready("The new program does not start; the old one is served")
        echo("The program does not start as it is now. The old workers go on serving.", fg="red")

    def finish_reload_if_done(self) -> None:
        accepting = [each for each in self.workers if each.state is not State.FINISHING]
        is_done = all(self.is_current(worker) for worker in accepting)
        if self.is_reloading and is_done and len(accepting) == self.count:
            self.is_reloading = False
            self.notifier.ready(f"Serving with {self.count} workers")
            echo(" * All workers serve the program as it is now", fg="cyan")

    # Shutdown.

    def stop_workers(self) -> None:
        """Terminate all workers, wait for the grace time, then kill the remaining ones."""
        self.notifier.stopping()
        drains = self.settings.drain > 0 and bool(self.workers) and not self.is_quick
        if drains:
            echo(f" * Stopping: serving for {self.settings.drain:g} s more (--drain)")
            self.terminate()
            self.wait_for_exits(self.settings.drain)  # they still accept connections
        self.refuse_new_connections()
        if not drains and not self.is_quick:
            self.terminate()
        self.listener.close()  # the workers close their copies
        self.wait_for_exits(self.settings.grace_seconds + _KILL_SECONDS)
        if self.is_quick:
            self.quit_workers()
        if self.workers:
            self.kill_remaining()

    def terminate(self) -> None:
        for worker in self.workers:
            worker.process.terminate()

    def refuse_new_connections(self) -> None:
        """Drop new connections (`accepting.py`) and remove a Unix socket's file.

        An inherited socket stays open for the program that owns it.
        """
        if not is_inherited(self.listener):
            drop_new_connections(self.listener)
        self.before_end()

    def quit_workers(self) -> None:
        """Make workers run their `atexit` functions and end."""
        for worker in self.workers:
            with contextlib.suppress(OSError):
                os.kill(worker.pid, signal.SIGQUIT)
        self.wait_for_exits(_QUICK_SECONDS, is_interruptible=False)

    def wait_for_exits(self, seconds: float, *, is_interruptible: bool = True) -> None:
        """Wait until all workers have ended, for at most this time.

        :param is_interruptible: a second stop signal or SIGQUIT ends the wait.
        """
        deadline = time.monotonic() + seconds
        while self.workers and time.monotonic() < deadline:
            if is_interruptible and (self.is_quick or self.stop_requests > 1):
                return
            sources = [source for worker in self.workers for source in worker.sources()]
            wait([self.wakeup.reader, *sources], max(0.0, deadline - time.monotonic()))
            self.wakeup.clear()
            self.remove_ended()

    def remove_ended(self) -> None:
        """Remove workers that have ended, and keep an exit status set by the program."""
        for worker in list(self.workers):
            is_alive = worker.is_alive()
            worker.read_messages()
            if not is_alive:
                self.workers.remove(worker)
                self.exit_status = self.exit_status or worker.exit_status or 0

    def kill_remaining(self) -> None:
        count = len(self.workers)
        if self.has_served and self.stop_requests < 2 and not self.is_quick:
            echo(
                f"{count} of {self.count} workers had open requests after"
                f" {self.settings.grace_seconds:g} s, and were ended (--grace).",
                fg="yellow",
            )
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.close()


def beat_interval(worker_timeout: float, watchdog_seconds: float | None) -> float | None:
    """The heartbeat interval in seconds; ``None``: no heartbeats are needed."""
    intervals = []
    if worker_timeout:
        intervals.append(min(_BEAT_SECONDS, worker_timeout / 5))
    if watchdog_seconds is not None:
        intervals.append(min(_BEAT_SECONDS, watchdog_seconds / 6))
    return min(intervals, default=None)


def report_ignored_signal() -> None:
    """React to SIGUSR2, which makes gunicorn and nginx start a second main process."""
    echo(
        " * SIGUSR2 is ignored. To load the program again: SIGHUP, or retort reload. To take a new"
        " Retort or Python, restart the server."
    )


def reap_children(own: set[int]) -> None:
    """Reap ended orphan processes, which process 1 of a container inherits.

    :param own: process ids of the workers; multiprocessing reaps those.
    """
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:
            return
        os.waitpid(ended.si_pid, 0)
