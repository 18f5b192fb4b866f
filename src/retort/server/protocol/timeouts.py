"""One thread that enforces the time limits of request and response bodies.

It counts ticks in which a body waits for its client. It does not count ticks in which the
application delays reading, or in which all threads of the server are busy, because then received
data may not have been processed yet. After a time of high load, it returns freed memory to the
system (`memory.py`).
"""

from __future__ import annotations

import threading
import time
import traceback
from typing import TYPE_CHECKING

from ..memory import MemoryTrim, keep_freed_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from .backlog import Backlog
    from .request_body import Body

_MAX_TICK_SECONDS = 1.0


class TimeoutMonitor:
    """Calls ``note_time`` of the bodies in ``waiting`` and of the backlog periodically.

    :param shortest_seconds: the shortest time limit; a tick is a quarter of it or less.
    :param is_overloaded: returns whether to skip the tick for request bodies.
    :param load: returns the number of open requests and threads.
    """

    def __init__(
        self,
        waiting: set[Body],
        backlog: Backlog,
        shortest_seconds: float,
        is_overloaded: Callable[[], bool],
        load: Callable[[], int],
    ) -> None:
        self.waiting = waiting
        self.backlog = backlog
        self.tick_seconds = min(_MAX_TICK_SECONDS, shortest_seconds / 4)
        self.is_overloaded = is_overloaded
        self.load = load
        self.memory = MemoryTrim()
        self.stopped = threading.Event()

    def start(self) -> None:
        keep_freed_memory()
        threading.Thread(target=self.run, name="retort timeouts", daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()

    def run(self) -> None:
        last = time.monotonic()
        while not self.stopped.wait(self.tick_seconds):
            now = time.monotonic()
            # If the process was suspended, do not count that time against clients.
            passed = min(now - last, 2 * self.tick_seconds)
            last = now
            try:
                if self.waiting and not self.is_overloaded():
                    self.note_time(passed)
                if self.backlog.responses:
                    self.backlog.note_time(passed)
                self.memory.note_load(self.load())
            except Exception:  # without this thread, other threads would wait for ever
                traceback.print_exc()

    def note_time(self, passed_seconds: float) -> None:
        for body in list(self.waiting):
            body.note_time(passed_seconds)
