"""Several serving processes on one socket, kept alive whatever happens to them.

The socket is open before the first worker starts and stays open until the last one ends, so
a worker that dies loses the requests it was answering and no others. A worker
that dies again and again is started again and again, with growing pauses; only a program
that cannot be started in the first place ends the server. How a worker serves: `worker.py`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from ..debug import Failure
from .announce import say
from .options import GRACE_SECONDS, LINGER_SECONDS
from .signals import Bell, StopSignals, stop_signals
from .worker import Worker, serve_here

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess

    from _typeshed.wsgi import WSGIApplication

    from .options import Settings

    Load = Callable[[], WSGIApplication]
    OnReady = Callable[[WSGIApplication], None]

# A worker that lived shorter than this counts as one more failed start.
_STEADY_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0

# Forking is quick (a dead worker is replaced at once) and safe here: this process has no
# threads. Elsewhere than on Linux, system libraries do not bear it.
_START_METHOD = "fork" if sys.platform == "linux" else "spawn"


@dataclass
class Slot:
    """One place for a worker, and how its recent occupants fared."""

    process: BaseProcess | None = None
    started_at: float = 0.0
    failures: int = 0
    start_again_at: float = 0.0

    def note_death(self, now: float) -> None:
        is_steady = now - self.started_at >= _STEADY_SECONDS
        self.failures = 0 if is_steady else self.failures + 1
        pause = 0.0
        if self.failures > 1:
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** (self.failures - 2), _LONGEST_PAUSE_SECONDS)
        self.start_again_at = now + pause
        self.process = None


class Workers:
    """Starts ``count`` workers on ``listener`` and replaces those that die, until stopped.

    :param on_ready: called by the first worker, when it has loaded the application.
    """

    def __init__(
        self,
        load: Load,
        listener: socket.socket,
        settings: Settings,
        *,
        count: int,
        on_ready: OnReady,
    ) -> None:
        self.load = load
        self.listener = listener
        self.settings = settings
        self.on_ready = on_ready
        self.slots = [Slot() for _ in range(count)]
        self.is_stopping = False
        self.bell = Bell()
        self.context: Any = multiprocessing.get_context(_START_METHOD)

    def run(self) -> int:
        """Serve until SIGINT or SIGTERM.

        :returns: the exit status: 0, or 1 if the program does not start.
        """
        with StopSignals(self.bell, self.stop):
            first = self.slots[0]
            ready, tell = self.context.Pipe(duplex=False)
            self.start(first, tell)
            tell.close()
            if not self.wait_until_ready(ready):
                self.end_all()
                return 0 if self.is_stopping else 1
            self.keep_alive()
            self.end_all()
        return 0

    def stop(self) -> None:
        self.is_stopping = True

    def wait_until_ready(self, ready: Connection) -> bool:
        """Whether the first worker has the program; it has printed the reason if not."""
        while not self.is_stopping:
            if ready in wait([ready, self.bell.hearing]):
                try:
                    return bool(ready.recv())
                except EOFError:
                    return False
            self.bell.clear()
        return False

    def keep_alive(self) -> None:
        while not self.is_stopping:
            self.fill_slots()
            sentinels = [slot.process.sentinel for slot in self.slots if slot.process]
            wait([self.bell.hearing, *sentinels], self.next_start())
            self.bell.clear()
            for slot in self.slots:
                if slot.process is not None and not slot.process.is_alive():
                    self.note_death(slot)

    def fill_slots(self) -> None:
        now = time.monotonic()
        for slot in self.slots:
            if slot.process is None and slot.start_again_at <= now:
                self.start(slot, None)

    def next_start(self) -> float | None:
        """Seconds until an empty slot may be filled again; ``None``: none is empty."""
        times = [slot.start_again_at for slot in self.slots if slot.process is None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def note_death(self, slot: Slot) -> None:
        assert slot.process is not None
        if not self.is_stopping:
            say(f"Worker {slot.process.pid} {_how(slot.process.exitcode)}: starting another.")
        slot.process.join()
        slot.note_death(time.monotonic())

    def start(self, slot: Slot, tell: Connection | None) -> None:
        slot.process = self.context.Process(
            target=work,
            args=(self.load, self.listener, self.settings, tell, self.on_ready),
            name="retort worker",
        )
        slot.started_at = time.monotonic()
        slot.process.start()

    def end_all(self) -> None:
        """Ask all to finish, wait as long as they may take, then kill."""
        living = [slot.process for slot in self.slots if slot.process is not None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS + LINGER_SECONDS
        for process in living:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()


def _how(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"was ended by signal {-exit_code}"
    return f"ended with status {exit_code}"


def work(
    load: Load,
    listener: socket.socket,
    settings: Settings,
    tell: Connection | None,
    on_ready: OnReady,
) -> None:
    """One worker process: load the program, serve it.

    :param tell: where the first worker says whether the program could be loaded.
    :param on_ready: what else it does then.
    """
    signal.set_wakeup_fd(-1)
    for number in stop_signals():
        signal.signal(number, signal.SIG_DFL)  # while loading: end at once
    end_with_parent()
    try:
        app = load()
        if tell is not None:
            on_ready(app)
    except Exception as error:
        Failure.from_exception(error).report()
        if tell is not None:
            tell.send(False)
        os._exit(1)
    if tell is not None:
        tell.send(True)
        tell.close()
    serve_here(Worker(app, listener, settings))


def end_with_parent() -> None:
    """End this process when its parent is gone, even killed: no worker stays behind."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            wait([parent.sentinel])
            os._exit(0)

    threading.Thread(target=watch, name="retort parent watch", daemon=True).start()
