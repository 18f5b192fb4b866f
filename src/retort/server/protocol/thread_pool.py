"""Threads of our own, for views that wait: Granian's have to stay free.

A view that reads a long body, above all, waits until one of Granian's threads brings the next
piece. Did it wait in such a thread itself, all of them could come to wait for each other.

A thread whose view waits for its client runs nothing, so another may run meanwhile: clients
that stall keep nobody from a thread, and are found out and cut at once, not in turn.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from .stream_limit import MAX_STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_IDLE_SECONDS = 10.0


class ThreadPool:
    """Runs jobs in threads, which come when needed and go when idle.

    :param size: how many run at once; those within `waiting` do not count. With 1, they do.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.most = 1 if size == 1 else size + MAX_STREAMS
        self.jobs: deque[tuple[Callable[[], object], Any]] = deque()
        self.changed = threading.Condition()
        self.threads = 0
        self.idle = 0
        self.suspended = 0
        self.is_closed = False

    def run(self, job: Callable[[], object], watcher: Any = None) -> None:
        """Have ``job`` done as soon as a thread is free; it has to catch its own errors.

        :param watcher: Granian's, of the request that the job is for, if it is for one.
        """
        with self.changed:
            self.jobs.append((job, watcher))
            self.call_thread()

    @property
    def watchers(self) -> list[Any]:
        """Those of the requests that wait for a thread."""
        return [watcher for _, watcher in self.jobs.copy()]

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """The job that calls this waits for its client meanwhile."""
        with self.changed:
            self.suspended += 1
            self.call_thread()
        try:
            yield
        finally:
            with self.changed:
                self.suspended -= 1

    @property
    def busy(self) -> int:
        """How many threads have something to do, about."""
        return self.threads - self.idle

    @property
    def running(self) -> int:
        """How many threads have something to do and do not wait."""
        return self.busy - self.suspended

    def help(self) -> None:
        """Do in this thread what is left to do, if others have not begun it."""
        while self.jobs:
            try:
                job, _ = self.jobs.popleft()
            except IndexError:  # somebody was quicker
                return
            job()

    def close(self) -> None:
        """Let idle threads end; jobs that were given are done first."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def call_thread(self) -> None:
        """See that there is a thread for a job, if one more may be begun."""
        callable_now = min(len(self.jobs), self.size - self.running)
        if callable_now <= 0:
            return
        if callable_now <= self.idle:
            self.changed.notify()
        elif self.threads < self.most:
            self.start_thread()

    def start_thread(self) -> None:
        self.threads += 1
        try:
            threading.Thread(target=self.work, name="retort view", daemon=True).start()
        except RuntimeError:  # the system gives no more: those that there are have to do
            self.threads -= 1
            if not self.threads:
                raise

    def work(self) -> None:
        _of_thread.pool = self
        while (job := self.next_job()) is not None:
            job()
            del job  # it holds a request

    def next_job(self) -> Callable[[], object] | None:
        """Wait for something to do; ``None``: this thread is to end."""
        with self.changed:
            self.idle += 1
            while not (may_begin := bool(self.jobs) and self.running < self.size):
                if self.is_closed or not self.changed.wait(_IDLE_SECONDS):
                    break
            self.idle -= 1
            if may_begin:
                with contextlib.suppress(IndexError):  # `help` was quicker
                    return self.jobs.popleft()[0]
                return _nothing
            self.threads -= 1
            return None


# The pool that a thread belongs to.
_of_thread = threading.local()


def current_thread_pool() -> ThreadPool | None:
    """The pool whose thread this is; ``None`` in a thread of another kind."""
    return getattr(_of_thread, "pool", None)


def _nothing() -> None:
    """A job that somebody else has done."""
