"""Steps of a request on the event loop: coroutines, and functions in threads.

All steps of a request run in one :class:`contextvars.Context`, so that they see the same
``request``, ``session`` and ``g``, and the context variables of each other. A context can be
entered by one thread at a time, and a coroutine holds it only while it runs.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from contextvars import Context

T = TypeVar("T")

# The number of threads for synchronous hooks and views of requests on the loop.
DEFAULT_THREADS = 32


class ClientLeft(asyncio.CancelledError):
    """The client of a request has left before it had a response."""


class InContext(Generic[T]):
    """Awaiting it runs a coroutine whose steps run in ``context``, not in that of the task.

    :class:`asyncio.Task` has a parameter for it since Python 3.11 only, and a function could not
    be called in the context of a task between two of its steps.
    """

    __slots__ = ("_context", "_coroutine")

    #: Wraps each coroutine in a generator that runs its steps, to observe them; in development.
    observe: ClassVar[Callable[[Any], Generator[Any, Any, Any]] | None] = None

    def __init__(self, context: Context, coroutine: Coroutine[Any, Any, T]) -> None:
        self._context = context
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, T]:
        run = self._context.run
        coroutine: Any = self._coroutine
        if InContext.observe is not None:
            coroutine = InContext.observe(coroutine)
        step: Callable[[Any], Any] = coroutine.send
        value: Any = None
        while True:
            try:
                awaited = run(step, value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            try:
                step, value = coroutine.send, (yield awaited)
            except GeneratorExit:
                run(coroutine.close)
                raise
            except BaseException as error:
                step, value = coroutine.throw, error


class _Threads:
    """The pool of threads, made when it is first needed."""

    def __init__(self) -> None:
        self.size = DEFAULT_THREADS
        self.pool: ThreadPoolExecutor | None = None

    def get(self) -> ThreadPoolExecutor:
        if self.pool is None:
            self.pool = ThreadPoolExecutor(self.size, thread_name_prefix="retort step")
        return self.pool


_threads = _Threads()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: setattr(_threads, "pool", None))


def set_threads(count: int) -> None:
    """Set the number of threads for synchronous steps, before the first of them runs."""
    _threads.size = count


class _Call(Generic[T]):
    """A call of a function in another thread, and its result for a coroutine.

    PERF: a future of ``concurrent.futures``, wrapped for the loop, takes three times as long.
    """

    __slots__ = ("_args", "_error", "_function", "_has_ended", "_loop", "_result", "_waiter")

    _result: T

    def __init__(self, function: Callable[..., T], args: tuple[Any, ...]) -> None:
        self._function = function
        self._args = args
        self._loop = asyncio.get_running_loop()
        self._error: BaseException | None = None
        self._has_ended = False
        self._waiter: asyncio.Future[None] | None = None

    def run(self) -> None:
        """Call the function, in the other thread."""
        try:
            self._result = self._function(*self._args)
        except BaseException as error:
            self._error = error
        self._loop.call_soon_threadsafe(self._note_end)

    def _note_end(self) -> None:
        self._has_ended = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> T:
        """The result of the function, or the exception that it has raised.

        A thread cannot be cancelled: a cancelled task waits for the function, and is cancelled
        then.
        """
        is_cancelled = False
        while not self._has_ended:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            except asyncio.CancelledError:
                is_cancelled = True
        if is_cancelled:
            raise asyncio.CancelledError
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            del error  # its traceback refers to this frame


async def in_thread(function: Callable[..., T], /, *args: Any) -> T:
    """The result of a function that runs in a thread of the pool; see `_Call.wait`."""
    call = _Call(function, args)
    _threads.get().submit(call.run)
    return await call.wait()


async def in_own_thread(function: Callable[..., T], /, *args: Any) -> T:
    """`in_thread`, in a new thread that does not count: for functions that run for long."""
    call = _Call(function, args)
    threading.Thread(target=call.run, name="retort websocket", daemon=True).start()
    return await call.wait()


async def step_in_thread(context: Context, function: Callable[..., T], /, *args: Any) -> T:
    """`in_thread`, with the function in a context."""
    return await in_thread(context.run, function, *args)


def make_async(function: Callable[..., T]) -> Callable[..., Coroutine[Any, Any, T]]:
    """A coroutine function that calls a function in a thread, in a copy of its context."""

    async def call(*args: Any, **kwargs: Any) -> T:
        return await step_in_thread(copy_context(), partial(function, *args, **kwargs))

    return update_wrapper(call, function)
