"""A thread pool for views that block, so that Granian's threads stay free.

A view that reads a long body blocks until one of Granian's threads delivers the next piece. If
views blocked in Granian's threads, all of these could be blocked at once: a deadlock.

A thread that waits for its client does not count against the pool's size. Stalled clients therefore
do not delay other requests, and all of them reach their timeouts at the same time.
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
    """Runs jobs in threads, which are started when needed and end when idle.

    :param size: the maximum number of running jobs. Jobs within `waiting` do not count, except with
        a size of 1.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.max_threads = 1 if size == 1 else size + MAX_STREAMS
        self.jobs: deque[tuple[Callable[[], object], Any]] = deque()
        self.changed = threading.Condition()
        self.threads = 0
        self.idle = 0
        self.suspended = 0
        self.is_closed = False

    def run(self, job: Callable[[], object], watcher: Any = None) -> None:
        """Queue ``job``, which must not raise.

        :param watcher: Granian's watcher, if the job belongs to a request.
        """
        with self.changed:
            self.jobs.append((job, watcher))
            self.wake_thread()

    @property
    def watchers(self) -> list[Any]:
        """The watchers of queued jobs."""
        return [watcher for _, watcher in self.jobs.copy()]

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Used by a job while it waits for its client."""
        with self.changed:
            self.suspended += 1
            self.wake_thread()
        try:
            yield
        finally:
            with self.changed:
                self.suspended -= 1

    @property
    def busy(self) -> int:
        """The approximate number of threads that have a job."""
        return self.threads - self.idle

    @property
    def running(self) -> int:
        """The approximate number of threads that have a job and do not wait for a client."""
        return self.busy - self.suspended

    def run_pending(self) -> None:
        """Run the queued jobs in the calling thread."""
        while self.jobs:
            try:
                job, _ = self.jobs.popleft()
            except IndexError:  # another thread has taken it
                return
            job()

    def close(self) -> None:
        """Let the threads end once the queue is empty."""
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()

    def wake_thread(self) -> None:
        """Wake or start a thread for a queued job, if another job may run."""
        startable = min(len(self.jobs), self.size - self.running)
        if startable <= 0:
            return
        if startable <= self.idle:
            self.changed.notify()
        elif self.threads < self.max_threads:
            self.start_thread()

    def start_thread(self) -> None:
        self.threads += 1
        try:
            threading.Thread(target=self.work, name="retort view", daemon=True).start()
        except RuntimeError:  # the system's limit: continue with the existing threads
            self.threads -= 1
            if not self.threads:
                raise

    def work(self) -> None:
        _local.pool = self
        while (job := self.next_job()) is not None:
            job()
            del job  # it refers to a request

    def next_job(self) -> Callable[[], object] | None:
        """Wait for a job; ``None``: this thread has to end."""
        with self.changed:
            self.idle += 1
            while not (may_begin := bool(self.jobs) and self.running < self.size):
                if self.is_closed or not self.changed.wait(_IDLE_SECONDS):
                    break
            self.idle -= 1
            if may_begin:
                with contextlib.suppress(IndexError):  # `run_pending` has taken it
                    return self.jobs.popleft()[0]
                return _no_job
            self.threads -= 1
            return None


# ``pool``: the pool that a thread belongs to.
_local = threading.local()


def current_thread_pool() -> ThreadPool | None:
    """The pool of the current thread; ``None`` in other threads."""
    return getattr(_local, "pool", None)


def _no_job() -> None:
    """Stands for a job that another thread has taken."""
