"""Several serving processes on one socket, kept alive whatever happens to them.

The socket is open before the first worker starts and stays open until the last one ends, so
a worker that dies loses the requests it was answering and no others. This process never
imports the program: each worker loads it, so one that is started later has its newest code.
That is how a reload works, and how a worker that served for long enough goes: a fresh one
first, and when that serves, the old one ends.

What a worker does: `duty.py`, `worker.py`. The states of one: `member.py`. When to try again:
`pauses.py`.

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

from .announce import say
from .closing import hold_off_new_connections
from .duty import REPLACED_SECONDS, Task
from .handed_over import is_handed_over
from .member import Member, State
from .notify import Notifier
from .pauses import Pauses
from .recycling import LOOK_SECONDS, Recycling, rss_mib_of
from .signals import Bell, StopSignals, Terminal

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from .duty import Load, OnReady
    from .options import Settings

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


class Workers:
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
        self.members: list[Member] = []
        self.pauses = Pauses(count)
        self.generation = 0
        self.is_reloading = False
        self.is_reload_asked = False
        self.asked: deque[Callable[[], None]] = deque()
        self.is_quick = False
        self.exit_status = 0
        self.has_served = False
        self.cannot_start = False
        self.stops_asked = 0
        self.stop_asked_at = 0.0
        self.terminal = Terminal()
        self.bell = Bell()
        self.context: Any = multiprocessing.get_context(_START_METHOD)
        self.beat_seconds = beat_interval(settings.worker_timeout, self.notifier.watchdog_seconds)

    def run(self) -> int:
        """Serve until a signal stops it.

        :returns: the exit status: 0; 1 if the program does not start, or a second signal did
            not leave the workers the time to finish; what the program's own signal handler asked
            for in a worker.
        """
        with StopSignals(self.bell, self.stop, self.other_signals()):
            while not self.stops_asked and not self.cannot_start:
                self.start_what_is_missing()
                self.wait_for_news()
                self.take_note()
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
            signal.SIGUSR1: lambda: self.asked.append(self.reopen_logs),
            signal.SIGUSR2: lambda: self.asked.append(say_that_it_is_ignored),
            signal.SIGTTIN: lambda: self.asked.append(self.add_worker),
            signal.SIGTTOU: lambda: self.asked.append(self.remove_worker),
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

    # What they ask for; called by `take_note`.

    def reopen_logs(self) -> None:
        for member in self.members:
            member.reopen_logs()
        say(" * SIGUSR1: log files are opened again")

    def add_worker(self) -> None:
        if self.settings.operations.metrics and not self.settings.is_multiprocess:
            say(
                " * SIGTTIN is ignored: one worker was started, and --metrics counts for one. Start"
                " with --workers 2 or more, then their number can change.",
                fg="yellow",
            )
            return
        self.set_count(self.count + 1, "SIGTTIN")

    def remove_worker(self) -> None:
        if self.count == 1:
            say(" * SIGTTOU is ignored: there is only one worker", fg="yellow")
            return
        self.set_count(self.count - 1, "SIGTTOU")

    def set_count(self, count: int, why: str) -> None:
        self.count = self.pauses.count = count
        say(f" * {why}: {count} worker{'s' if count > 1 else ''} from now on", fg="cyan")

    # What is there, and what should be.

    def serving(self) -> list[Member]:
        return [member for member in self.members if member.state is State.SERVES]

    def starting(self) -> list[Member]:
        return [member for member in self.members if member.state is State.STARTS]

    def joining(self) -> list[Member]:
        """Those that start and take the place of no worker that serves."""
        serving = self.serving()
        return [member for member in self.starting() if member.replaces not in serving]

    def present(self) -> list[Member]:
        """Those that serve or are about to."""
        return self.serving() + self.joining()

    def outdated(self) -> Iterator[Member]:
        """Those that another is to replace, and none does yet."""
        replaced = {member.replaces for member in self.starting()}
        for member in self.members:
            is_due = member.due is not None or member.generation < self.generation
            if member.state is State.SERVES and is_due and member not in replaced:
                yield member

    def start_what_is_missing(self) -> None:
        if self.pauses.seconds_left():
            return
        while len(self.present()) < self.count and len(self.joining()) < self.most_at_once():
            self.start(None)
        # One by one: at most one process more than usual. Not before all are there.
        if not self.starting() and (old := next(self.outdated(), None)) is not None:
            self.start(old)

    def end_what_is_too_much(self) -> None:
        """Retire workers that SIGTTOU made superfluous: those that load first, then the oldest."""
        for member in reversed(self.joining()):
            if len(self.present()) > self.count:
                self.retire(member)
        replaced = {member.replaces for member in self.starting()}
        for member in sorted(self.serving(), key=lambda each: each.generation):
            if len(self.serving()) > self.count and member not in replaced:
                self.retire(member)

    def retire(self, member: Member) -> None:
        member.retire(REPLACED_SECONDS + self.settings.grace_seconds + _KILL_SECONDS)

    def most_at_once(self) -> int:
        """How many workers may start at the same time.

        The first finds out whether the program starts at all, and so does one after a failure.
        More than there are processors would only delay each other.
        """
        if not self.has_served or self.pauses.failures:
            return 1
        return os.cpu_count() or 1

    def start(self, replaces: Member | None) -> None:
        task = Task(
            load=self.load,
            listener=self.listener,
            settings=replace(
                self.settings, is_multiprocess=self.settings.is_multiprocess or self.count > 1
            ),
            on_ready=None if self.has_served else self.on_ready,
            is_shared=is_handed_over(self.listener),
            requests=(limits := self.recycling.spread()).requests,
            beat_seconds=self.beat_seconds,
        )
        self.members.append(
            Member(
                task,
                self.context,
                others=self.members,
                limits=limits,
                replaces=replaces,
                generation=self.generation,
            )
        )

    def wait_for_news(self) -> None:
        sources: list[Any] = [self.bell.hearing]
        for member in self.members:
            sources += member.sources()
        planned, before = self.next_look(), time.monotonic()
        wait(sources, planned)
        self.bell.clear()
        if planned is not None:
            held_up = time.monotonic() - before - planned
            if held_up >= _HELD_UP_SECONDS:
                for member in self.members:
                    member.excuse(held_up)

    def next_look(self) -> float | None:
        """Seconds until there is something to do without news; ``None``: never."""
        # The watchdog is due: it waits for a worker's message.
        times = [self.pauses.seconds_left() or None, self.notifier.next_beat() or None]
        if self.recycling.seconds is not None or self.recycling.rss_mib is not None:
            times.append(LOOK_SECONDS)
        if self.recycling.seconds is not None:
            times.append(min(1.0, self.recycling.seconds / 2))
        if self.settings.worker_timeout:
            times.append(_BEAT_SECONDS)  # so that `wait_for_news` notices when it was held up
        now = time.monotonic()
        deadlines = [member.next_deadline() for member in self.members]
        times += [max(0.0, deadline - now) for deadline in deadlines if deadline is not None]
        return min((seconds for seconds in times if seconds is not None), default=None)

    def take_note(self) -> None:
        """Of everything that has happened since the last time."""
        for member in list(self.members):
            if member.hear():
                self.note_service(member)
            if not member.is_alive():
                member.hear()
                self.note_death(member)
        if self.is_reload_asked:
            self.is_reload_asked = False
            self.begin_reload()
        while self.asked:
            self.asked.popleft()()
        self.end_what_is_too_much()
        self.look_at_members()
        self.end_reload_if_done()
        if os.getpid() == 1:
            bury_strangers({member.pid for member in self.members})

    def look_at_members(self) -> None:
        now = time.monotonic()
        for member in self.members:
            member.check_limits(now)
            if member.check_patience(now) and member.state is State.SILENT:
                say(
                    f"Worker {member.pid} gave no sign of life for"
                    f" {self.settings.worker_timeout:g} s (--worker-timeout): it is ended and"
                    " replaced. What its threads were doing is above.",
                    fg="red",
                )
            member.kill_if_late(now)
        self.feed_watchdog()

    def feed_watchdog(self) -> None:
        """Notify the service manager, if a worker gave a sign of life since the last time."""
        serving = self.serving()
        if self.notifier.next_beat() == 0.0 and any(member.is_fresh for member in serving):
            self.notifier.beat()
            for member in serving:
                member.is_fresh = False

    def note_service(self, member: Member) -> None:
        """A worker has begun to serve."""
        self.pauses.note_success()
        if not self.has_served:
            self.has_served = True
            self.notifier.ready(f"Serving with {self.count} workers")
        if (rss_limit := self.recycling.rss_mib) is not None:
            self.check_rss_limit(member, rss_limit)
        old = member.replaces
        if old is None or old not in self.members:
            return
        if old.due is not None:
            say(f"Worker {old.pid} {old.due}: worker {member.pid} takes its place.")
        self.retire(old)

    def check_rss_limit(self, member: Member, limit: int) -> None:
        """A limit that a fresh worker is over already would replace workers without end."""
        rss_mib = rss_mib_of(member.pid)
        if rss_mib is not None and rss_mib >= limit * 0.9:
            self.recycling = Recycling(self.recycling.requests, self.recycling.seconds)
            for each in self.members:
                each.limits = Recycling(each.limits.requests, each.limits.seconds)
            say(
                f"--recycle-rss {limit} has no effect: a worker holds {rss_mib:.0f} MiB as soon as"
                " it has loaded the program. Give a limit well above that.",
                fg="yellow",
            )

    def note_death(self, member: Member) -> None:
        """A worker has ended."""
        self.members.remove(member)
        member.close()
        if self.stops_asked or member.state in (State.RETIRES, State.FINISHES):
            return
        if member.has_failed_to_start():
            self.note_failed_start(member)
        else:
            self.has_served = True
            self.pauses.note_death(time.monotonic() - member.serves_since)
            if member.state is not State.SILENT:  # that has been reported
                say(f"Worker {member.pid} {member.how_it_ended()}: starting another.", fg="yellow")

    def note_failed_start(self, member: Member) -> None:
        if member.generation < self.generation:
            return  # it read the program as it was before the reload that is asked for now
        from ..debug import Failure  # not before: what serves has no need of it

        failure = member.failure or Failure(member.why_it_failed_to_start())
        is_new = self.pauses.note_failure(failure)
        if is_new:
            failure.report()
        if not self.has_served:
            self.cannot_start = True
        elif self.is_reloading and not any(self.has_newest_code(each) for each in self.members):
            self.give_up_reload()
        elif is_new or self.pauses.is_worth_telling():
            say(self.failed_start_line(is_new), fg="red")

    def failed_start_line(self, is_new: bool) -> str:
        serving = sum(member.state is State.SERVES for member in self.members)
        seconds = self.pauses.seconds_left()
        why = "" if is_new else f", as before: {self.pauses.failures} times in a row"
        return (
            f"A worker did not start{why}. {serving} of {self.count} serve;"
            f" trying again in {seconds:.1f} s."
        )

    # Reload: each worker is replaced by one that loads the program as it is now.

    def has_newest_code(self, member: Member) -> bool:
        return member.state is State.SERVES and member.generation == self.generation

    def begin_reload(self) -> None:
        self.generation += 1
        self.is_reloading = True
        for member in self.starting():
            if not member.has_loaded:
                self.retire(member)  # it loads what is out of date, perhaps for ever
        self.pauses.forget()  # what failed before may have been corrected
        self.notifier.reloading()
        say(" * Loading the program again, worker by worker", fg="cyan")

    def give_up_reload(self) -> None:
        """Keep the workers that there are."""
        for member in self.members:
            member.generation = self.generation
        self.is_reloading = False
        self.pauses.forget()
        self.notifier.ready("The new program does not start; the old one is served")
        say("The program does not start as it is now. The old workers go on serving.", fg="red")

    def end_reload_if_done(self) -> None:
        letting_in = [each for each in self.members if each.state is not State.FINISHES]
        is_done = all(self.has_newest_code(member) for member in letting_in)
        if self.is_reloading and is_done and len(letting_in) == self.count:
            self.is_reloading = False
            self.notifier.ready(f"Serving with {self.count} workers")
            say(" * All workers serve the program as it is now", fg="cyan")

    # The end.

    def end_all(self) -> None:
        """Ask all to finish, wait as long as they may take, then kill."""
        self.notifier.stopping()
        drains = self.settings.drain > 0 and bool(self.members) and not self.is_quick
        if drains:
            say(f" * Stopping: serving for {self.settings.drain:g} s more (--drain)")
            self.terminate()
            self.wait_for_ends(self.settings.drain)  # meanwhile they accept, as before
        self.hold_off()
        if not drains and not self.is_quick:
            self.terminate()
        self.listener.close()  # together with the workers' copies: nothing is accepted any more
        self.wait_for_ends(self.settings.grace_seconds + _KILL_SECONDS)
        if self.is_quick:
            self.end_at_once()
        if self.members:
            self.kill_rest()

    def terminate(self) -> None:
        for member in self.members:
            member.process.terminate()

    def hold_off(self) -> None:
        """Have no more connections made: see `closing.py`; the file of a socket is removed.

        Not for a socket that another program goes on with.
        """
        if not is_handed_over(self.listener):
            hold_off_new_connections(self.listener)
        self.before_end()

    def end_at_once(self) -> None:
        """Have workers run what the program registered with `atexit`, and nothing else."""
        for member in self.members:
            with contextlib.suppress(OSError):
                os.kill(member.pid, signal.SIGQUIT)
        self.wait_for_ends(_QUICK_SECONDS, is_patient=False)

    def wait_for_ends(self, seconds: float, *, is_patient: bool = True) -> None:
        """Until all workers have ended, or for so long.

        :param is_patient: a second signal, or SIGQUIT, ends the wait.
        """
        deadline = time.monotonic() + seconds
        while self.members and time.monotonic() < deadline:
            if is_patient and (self.is_quick or self.stops_asked > 1):
                return
            sources = [source for member in self.members for source in member.sources()]
            wait([self.bell.hearing, *sources], max(0.0, deadline - time.monotonic()))
            self.bell.clear()
            self.note_ends()

    def note_ends(self) -> None:
        """Let go of workers that have ended, and note their status if the program chose it."""
        for member in list(self.members):
            is_alive = member.is_alive()
            member.hear()
            if not is_alive:
                self.members.remove(member)
                self.exit_status = self.exit_status or member.exit_status or 0

    def kill_rest(self) -> None:
        count = len(self.members)
        if self.has_served and self.stops_asked < 2 and not self.is_quick:
            say(
                f"{count} of {self.count} workers had requests under way after"
                f" {self.settings.grace_seconds:g} s, and were ended (--grace).",
                fg="yellow",
            )
        for member in self.members:
            member.process.kill()
        for member in self.members:
            member.close()


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
    say(
        " * SIGUSR2 is ignored. To load the program again: SIGHUP, or retort reload. To take a new"
        " Retort or Python, restart the server."
    )


def bury_strangers(own: set[int]) -> None:
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
