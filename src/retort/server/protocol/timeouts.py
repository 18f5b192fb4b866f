"""One thread that looks after time: bodies that come or are taken too slowly are given up.

It counts in ticks, and only those in which a body waits for its client: not those in which
an application takes its time to read, nor those in which every thread of the server is
busy, since then it is not known what has arrived.
"""

from __future__ import annotations

import threading
import time
import traceback
from typing import TYPE_CHECKING

from ..memory import MemoryTrim

if TYPE_CHECKING:
    from collections.abc import Callable

    from .backlog import Backlog
    from .request_body import Body

_LONGEST_TICK_SECONDS = 1.0


class TimeoutMonitor:
    """Calls ``note_time`` of the bodies in ``waiting`` and of the backlog again and again.

    :param shortest_seconds: the shortest limit there is, which a tick has to be well below.
    :param is_overloaded: whether time should not count now.
    :param load: how many threads, request bodies and responses there are.
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
        self.tick_seconds = min(_LONGEST_TICK_SECONDS, shortest_seconds / 4)
        self.is_overloaded = is_overloaded
        self.load = load
        self.memory = MemoryTrim()
        self.stopped = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.walk, name="retort patrol", daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()

    def walk(self) -> None:
        last = time.monotonic()
        while not self.stopped.wait(self.tick_seconds):
            now = time.monotonic()
            # After a pause of the whole process nobody is to blame for it.
            passed = min(now - last, 2 * self.tick_seconds)
            last = now
            try:
                if self.waiting and not self.is_overloaded():
                    self.look(passed)
                if self.backlog.responses:
                    self.backlog.note_time(passed)
                self.memory.note_load(self.load())
            except Exception:  # threads that wait for a client rely on this one
                traceback.print_exc()

    def look(self, passed_seconds: float) -> None:
        for body in list(self.waiting):
            body.note_time(passed_seconds)
