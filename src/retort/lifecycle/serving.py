"""Run the functions of a program before and after it serves, once per process.

All of them are called in one order, in the thread that calls `Serving.start` and `Serving.stop`.
Coroutines run in one task of the event loop, for which this thread waits. All see the same context
variables.

A server, the lifespan of ASGI and ``app.test_app()`` make a `Serving`.
"""

from __future__ import annotations

import contextlib
import inspect
import time
import typing as t
from contextvars import copy_context

from ..errors import ServingError
from ..tracebacks import where
from .background import shown_names

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..aio.lane import Lane
    from ..app import Flask

# The time between the end of open requests and that of the grace time, in which tasks are cancelled
# and the functions after serving run.
CLOSING_SECONDS = 1.0

_ENDED: t.Any = object()


def closing_seconds(grace_seconds: float) -> float:
    """How much of a grace time is kept for cancelling tasks, and for the functions afterwards."""
    return min(CLOSING_SECONDS, grace_seconds / 4)


class Serving:
    """The time in which an application serves.

    :ivar current: the function that is being called, as in ``open_pool() (shop.py:12)``.
    :ivar cancelled: the names of background tasks that were cancelled.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.current: str | None = None
        self.cancelled: list[str] = []
        self._variables = copy_context()
        self._made_lane: Lane | None = None
        self._entered: list[tuple[str, t.Any]] = []

    @property
    def has_work_at_stop(self) -> bool:
        """Whether `stop` has anything to wait for."""
        app = self.app
        return bool(app.after_serving_funcs or self._entered or app.background_tasks)

    # Start

    def start(self) -> None:
        """Call the functions before serving, and the generators up to their ``yield``.

        :raises ServingError: if one of them fails. Generators that have started are ended then.
        :raises RuntimeError: if the application serves already, in this process.
        """
        app = self.app
        if app.serving is not None:
            raise RuntimeError(
                f"The functions before serving of {app.name!r} were called already in this process."
                " Each start needs a stop before the next one."
            )
        app.serving = self
        try:
            if app.before_serving_funcs or app.while_serving_gens:
                with self._app_context():
                    self._start_all()
        except BaseException:
            self._close()
            raise

    def _start_all(self) -> None:
        try:
            self._call_before()
        except BaseException:
            self._log(self._end_generators(None))
            raise

    def _call_before(self) -> None:
        for f in self.app.before_serving_funcs:
            with self._naming("before_serving", f):
                self._call(f)
        for function in self.app.while_serving_gens:
            with self._naming("while_serving", function):
                generator = self._call(function)
                if self._advance(generator) is _ENDED:
                    raise ServingError("it ended without a yield")
                self._entered.append((where(function), generator))

    # Stop

    def stop(self, seconds: float, closing: float | None = None) -> list[ServingError]:
        """Wait for the background tasks, then call the functions after serving.

        :param seconds: the time for all of it. Coroutines are cancelled afterwards.
        :param closing: how much of it is kept for what follows the wait for background tasks.
        :returns: the errors, which are also logged.
        """
        ends_at = time.monotonic() + seconds
        kept = closing_seconds(seconds) if closing is None else closing
        tasks = self.app.background_tasks
        if not tasks.wait(seconds - kept):
            self.cancelled = tasks.cancel()
            self._log_cancelled()
        errors: list[ServingError] = []
        try:
            if self.app.after_serving_funcs or self._entered:
                with self._app_context():
                    self._call_after(ends_at, errors)
        except Exception as error:  # of a teardown function
            errors.append(ServingError(f"Teardown after serving raised {described(error)}"))
            errors[-1].__cause__ = error
        finally:
            self._close()
        self._log(errors)
        return errors

    def _call_after(self, ends_at: float, errors: list[ServingError]) -> None:
        for f in self.app.after_serving_funcs:
            with self._collecting(errors), self._naming("after_serving", f):
                self._call(f, ends_at)
        errors += self._end_generators(ends_at)

    def _log_cancelled(self) -> None:
        names, unfinished = self.cancelled, self.app.background_tasks.names()
        tasks = f"{counted(len(names), 'background task')} ({shown_names(names)})"
        self.app.logger.warning("Cancelled at the end of the time to finish: %s.", tasks)
        if unfinished:
            self.app.logger.warning(
                "The threads of these background tasks could not be cancelled: %s.",
                shown_names(unfinished),
            )

    def _log(self, errors: list[ServingError]) -> None:
        for error in errors:
            self.app.logger.error("%s", error, exc_info=error)

    def _end_generators(self, ends_at: float | None) -> list[ServingError]:
        """Run the rest of the generators, the last one first."""
        errors: list[ServingError] = []
        while self._entered:
            name, generator = self._entered.pop()
            with self._collecting(errors), self._naming("while_serving", name):
                if self._advance(generator, ends_at) is not _ENDED:
                    self._end_early(generator)
                    raise ServingError("it has a second yield; it was ended there")
        return errors

    def _close(self) -> None:
        self.app.serving = None
        lane, self._made_lane = self._made_lane, None
        if lane is not None:
            lane.close()

    # Calls

    def _call(self, f: t.Any, ends_at: float | None = None) -> t.Any:
        """The result of a function of either kind."""
        return self._result(self._variables.run(f), ends_at)

    def _result(self, rv: t.Any, ends_at: float | None) -> t.Any:
        if not inspect.iscoroutine(rv):
            return rv
        seconds = None if ends_at is None else max(0.0, ends_at - time.monotonic())
        try:
            return self._lane().run(self._variables, rv, seconds)
        except TimeoutError:
            if ends_at is None or time.monotonic() < ends_at:
                raise
            raise ServingError("it was cancelled at the end of the time to finish") from None

    def _advance(self, generator: t.Any, ends_at: float | None = None) -> t.Any:
        """Run a generator to its next ``yield``; `_ENDED`, if there is none."""
        if inspect.isasyncgen(generator):
            return self._result(_next_of(generator), ends_at)
        return self._variables.run(next, generator, _ENDED)

    def _end_early(self, generator: t.Any) -> None:
        if inspect.isasyncgen(generator):
            self._result(_close(generator), None)
        else:
            self._variables.run(generator.close)

    def _lane(self) -> Lane:
        if self._made_lane is None:
            from ..aio.lane import Lane  # imports asyncio
            from .task_errors import log_task_errors

            log_task_errors(self.app)
            self._made_lane = Lane()
        return self._made_lane

    @contextlib.contextmanager
    def _app_context(self) -> Iterator[None]:
        context = self.app.app_context()
        self._variables.run(context.push)
        try:
            yield
        finally:
            self._variables.run(context.pop)

    @contextlib.contextmanager
    def _naming(self, decorator: str, f: Callable[..., t.Any] | str) -> Iterator[None]:
        """Set `current`, and name the function in the error that it raises."""
        name = f if isinstance(f, str) else where(f)
        self.current = f"the {decorator} function {name}"
        try:
            yield
        except ServingError as error:
            raise ServingError(f"The {decorator} function {name} failed: {error}.") from None
        except Exception as error:
            message = f"The {decorator} function {name} raised {described(error)}"
            raise ServingError(message) from error
        finally:
            self.current = None

    @contextlib.contextmanager
    def _collecting(self, errors: list[ServingError]) -> Iterator[None]:
        try:
            yield
        except ServingError as error:
            errors.append(error)


async def _next_of(generator: t.AsyncIterator[t.Any]) -> t.Any:
    try:
        return await generator.__anext__()
    except StopAsyncIteration:
        return _ENDED


async def _close(generator: t.AsyncGenerator[t.Any, t.Any]) -> None:
    await generator.aclose()


def described(error: BaseException) -> str:
    """``ValueError: the text``; without a text, the name of the class."""
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def counted(count: int, noun: str) -> str:
    """``1 background task``, ``2 background tasks``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
