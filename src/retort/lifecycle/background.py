"""Background tasks: functions that go on after the request that has started them.

A coroutine function runs on the event loop, any other function in a thread of a pool of its own, so
that long tasks delay no request. Each has an application context of its own. `BackgroundTasks` also
ends them: `serving.py` calls it when the application stops serving.
"""

from __future__ import annotations

import inspect
import threading
import time
import typing as t
from contextvars import Context, copy_context
from inspect import iscoroutinefunction

from ..globals import current_app_context, current_request_context
from ..tracebacks import where

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from ..app import Flask

# How many functions run in threads at the same time; the others wait.
MAX_THREADS = 32

# Cancelled tasks get this time to end.
CANCEL_SECONDS = 0.5

# How many names of tasks a message lists.
_MAX_NAMES = 5


class BackgroundTasks:
    """The background tasks of an application.

    ``len(tasks)`` is the number of those that wait or run.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.running: dict[BackgroundTask, None] = {}  # a set with an order
        self.changed = threading.Condition()
        self._threads: ThreadPoolExecutor | None = None

    def __len__(self) -> int:
        return len(self.running)

    def names(self) -> list[str]:
        """The names of the functions, in the order in which they were added."""
        return [task.name for task in self.running.copy()]

    def add(self, f: t.Any, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> None:
        """Start a task.

        :raises TypeError: if ``f`` is no function, or a generator function.
        """
        check_function(f)
        task = BackgroundTask(self, f, args, kwargs)
        with self.changed:
            self.running[task] = None
        try:
            if iscoroutinefunction(f):
                from .background_loop import start  # imports asyncio

                start(task)
            else:
                self._pool().submit(task.run)
        except BaseException:
            self.discard(task)
            raise

    def _pool(self) -> ThreadPoolExecutor:
        with self.changed:
            if self._threads is None:
                from concurrent.futures import ThreadPoolExecutor

                self._threads = ThreadPoolExecutor(
                    MAX_THREADS, thread_name_prefix="retort background"
                )
            return self._threads

    def discard(self, task: BackgroundTask) -> None:
        """Note the end of a task."""
        with self.changed:
            self.running.pop(task, None)
            self.changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until all tasks have ended; also those that are added meanwhile.

        :returns: whether all have ended.
        """
        with self.changed:
            return self.changed.wait_for(lambda: not self.running, max(0.0, seconds))

    def cancel(self) -> list[str]:
        """Cancel the coroutines, and the functions that have not begun.

        It returns when they have ended, after `CANCEL_SECONDS` at most. A function that runs in a
        thread cannot be cancelled.

        :returns: the names of all tasks that were left.
        """
        left = set(self.running.copy())
        names = self.names()
        for task in left:
            task.cancel()
        give_up_at = time.monotonic() + CANCEL_SECONDS
        with self.changed:
            self.changed.wait_for(
                lambda: not any(task.can_be_cancelled for task in left & self.running.keys()),
                max(0.0, give_up_at - time.monotonic()),
            )
        return names


class BackgroundTask:
    """One call of a function.

    :ivar name: the function's name, for messages.
    :ivar variables: the context variables of the caller, without its request and application.
    :ivar cancel_coroutine: cancels it; ``None`` for a function that runs in a thread.
    """

    def __init__(
        self,
        tasks: BackgroundTasks,
        f: Callable[..., t.Any],
        args: tuple[t.Any, ...],
        kwargs: dict[str, t.Any],
    ) -> None:
        self.tasks = tasks
        self.app = tasks.app
        self.f = f
        self.args = args
        self.kwargs = kwargs
        self.name = where(f).partition("(")[0]
        self.variables = own_variables()
        self.cancel_coroutine: Callable[[], object] | None = None
        self.has_begun = False
        self.is_cancelled = False

    @property
    def can_be_cancelled(self) -> bool:
        return self.cancel_coroutine is not None or not self.has_begun

    def cancel(self) -> None:
        self.is_cancelled = True
        if self.cancel_coroutine is not None:
            self.cancel_coroutine()
        elif not self.has_begun:
            self.tasks.discard(self)

    def run(self) -> None:
        """Call the function in this thread."""
        if self.is_cancelled:
            return
        self.has_begun = True
        try:
            self.variables.run(self.call)
        except BaseException as error:  # SystemExit must not end a thread of the pool
            self.log(error)
        finally:
            self.tasks.discard(self)

    def call(self) -> None:
        with self.app.app_context():
            rv = self.f(*self.args, **self.kwargs)
            if inspect.iscoroutine(rv):  # of a lambda, for instance
                from ..aio.loop import wait_for

                wait_for(rv)

    def log(self, error: BaseException) -> None:
        """Log an exception of the task."""
        self.app.logger.error(
            "Exception in the background task %s",
            where(self.f),
            exc_info=(type(error), error, error.__traceback__),
        )


def own_variables() -> Context:
    """A copy of the current context variables, outside of any request and application."""
    variables = Context()
    for variable, value in copy_context().items():
        if variable is not current_app_context and variable is not current_request_context:
            variables.run(variable.set, value)
    return variables


def check_function(f: t.Any) -> None:
    """Check an argument of ``add_background_task``.

    :raises TypeError: if it cannot run as a task.
    """
    if inspect.iscoroutine(f):
        name = f.__name__
        f.close()  # otherwise Python warns that it was never awaited
        raise TypeError(
            f"add_background_task() got the coroutine of {name}(), which was called already. Pass"
            f" the function and its arguments: app.add_background_task({name}, ...)."
        )
    if inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f):
        raise TypeError(
            f"add_background_task() got the generator function {where(f)}, whose body would never"
            " run. Pass a function without a yield."
        )
    if not callable(f):
        raise TypeError(
            f"add_background_task() got {f!r}, which is no function. Pass a function and its"
            " arguments: app.add_background_task(function, ...)."
        )


def shown_names(names: list[str]) -> str:
    """``send_mail, resize and 3 more``: the names, each once, without a long list.

    >>> shown_names(["send_mail", "resize", "send_mail"])
    'send_mail, resize'
    """
    unique = list(dict.fromkeys(names))
    shown = ", ".join(unique[:_MAX_NAMES])
    return shown if len(unique) <= _MAX_NAMES else f"{shown} and {len(unique) - _MAX_NAMES} more"
