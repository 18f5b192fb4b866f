"""Steps of a request on the event loop: coroutines, and functions in threads.

All steps of a request run in one :class:`contextvars.Context`, so that they see the same
``request``, ``session`` and ``g``, and the context variables of each other. A context can be
entered by one thread at a time, and a coroutine holds it only while it runs.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
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


async def in_thread(function: Callable[..., T], /, *args: Any) -> T:
    """The result of a function that runs in a thread of the pool.

    A thread cannot be cancelled: a cancelled task waits for the function, and is cancelled then.
    """
    return await _result_of(
        asyncio.get_running_loop().run_in_executor(_threads.get(), function, *args)
    )


async def in_own_thread(function: Callable[..., T], /, *args: Any) -> T:
    """`in_thread`, in a new thread that does not count: for functions that run for long."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            result = function(*args)
        except BaseException as error:
            done.set_exception(error)
        else:
            done.set_result(result)

    threading.Thread(target=run, name="retort websocket", daemon=True).start()
    return await _result_of(asyncio.wrap_future(done))


async def _result_of(future: asyncio.Future[T]) -> T:
    is_cancelled = False
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError:
            is_cancelled = True
    if is_cancelled:
        future.exception()  # marks it as retrieved
        raise asyncio.CancelledError
    return future.result()


async def step_in_thread(context: Context, function: Callable[..., T], /, *args: Any) -> T:
    """`in_thread`, with the function in a context."""
    return await in_thread(context.run, function, *args)


def make_async(function: Callable[..., T]) -> Callable[..., Coroutine[Any, Any, T]]:
    """A coroutine function that calls a function in a thread, in a copy of its context."""

    async def call(*args: Any, **kwargs: Any) -> T:
        return await step_in_thread(copy_context(), partial(function, *args, **kwargs))

    return update_wrapper(call, function)
