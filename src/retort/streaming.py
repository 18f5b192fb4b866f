"""Keep the request context while the response body is generated.

The view or the template produces the body; the server iterates over it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from contextlib import ExitStack, suppress
from contextvars import copy_context
from functools import update_wrapper
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, AnyStr, Generic, TypeVar, overload

from .context import AppContext
from .globals import current_app_context, current_request_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

T = TypeVar("T")


@overload
def stream_with_context(
    generator_or_function: Iterator[AnyStr],
) -> Iterator[AnyStr]: ...


@overload
def stream_with_context(
    generator_or_function: Callable[..., Iterator[AnyStr]],
) -> Callable[..., Iterator[AnyStr]]: ...


@overload
def stream_with_context(
    generator_or_function: AsyncIterator[AnyStr],
) -> AsyncIterator[AnyStr]: ...


@overload
def stream_with_context(
    generator_or_function: Callable[..., AsyncIterator[AnyStr]],
) -> Callable[..., AsyncIterator[AnyStr]]: ...


def stream_with_context(generator_or_function: Any) -> Any:
    """Keep the request context while a generator produces the response body.

    ::

        @app.get("/stream")
        def stream():
            def generate():
                yield "Hello, "
                yield escape(request.args["name"])

            return stream_with_context(generate())

    The generator may be an asynchronous one. Also a decorator for a function that returns a
    generator. The session can be read, but changes to it are lost: its cookie has been sent with
    the headers.

    :raises RuntimeError: outside of a request; for the decorator when the function is
        called.
    :raises TypeError: if the argument is not an iterator.

    Flask doc: Streaming Contents.
    """
    if isinstance(generator_or_function, (Iterable, AsyncIterable)) or not callable(
        generator_or_function
    ):
        return _stream_in_context(generator_or_function)
    function = generator_or_function

    def in_context(*args: Any, **kwargs: Any) -> Any:
        return _stream_in_context(function(*args, **kwargs))

    return update_wrapper(in_context, function)


def _stream_in_context(steps: Any) -> _ContextStream[Any] | _AsyncContextStream[Any]:
    if iscoroutine(steps):
        steps.close()  # otherwise Python warns that it was never awaited
    if current_request_context.get(None) is None:
        raise RuntimeError(
            "'stream_with_context' was called outside of a request, so there is no"
            " context to keep. Call it in a view, or in a function that a view calls;"
            " to stream without `request` and `session`, leave it out."
        )
    if isinstance(steps, AsyncIterable):
        return _AsyncContextStream(steps.__aiter__())
    if not isinstance(steps, Iterable):
        raise TypeError(
            "stream_with_context needs a generator, or another iterator, but got"
            f" {steps!r}. Does the function contain a `yield`?"
        )
    return _ContextStream(iter(steps))


class _KeptContext:
    """The request context in which a stream was created, for its steps.

    The server takes the steps after the view has returned and the contexts have been popped,
    possibly in other threads. So each step runs in a copy of the view's context variables. The
    first step pushes the contexts there, and the last one pops them, which runs the teardown
    functions for resources that the stream has opened.
    """

    def __init__(self) -> None:
        self._request_ctx = current_request_context.get()
        self._app_ctx = current_app_context.get()
        self._variables = copy_context()
        self._entered = ExitStack()
        self._is_started = self._is_entered = self._is_over = False

    def _is_request_current(self) -> bool:
        """Whether the caller of a step is inside the request, as in a view."""
        return current_request_context.get(None) is self._request_ctx

    def _enter(self, is_request_current: bool) -> None:
        if is_request_current or self._is_entered:
            return
        self._is_entered = True
        if self._app_ctx is not self._request_ctx:
            self._entered.enter_context(self._app_ctx)
        else:
            # One object is both contexts; its method `push` pushes the request context.
            self._entered.push(_as_app_context(self._request_ctx))
        self._entered.enter_context(self._request_ctx)


class _ContextStream(_KeptContext, Generic[T]):
    """An iterator whose steps run in the request context in which it was created."""

    def __init__(self, steps: Iterator[T]) -> None:
        super().__init__()
        self._steps = steps

    def __iter__(self) -> _ContextStream[T]:
        return self

    def __next__(self) -> T:
        if self._is_over:
            raise StopIteration
        self._is_started = True
        return self._variables.run(self._step, self._is_request_current())

    def close(self) -> None:
        """Close the stream; a started generator receives ``GeneratorExit``."""
        if not self._is_over:
            with suppress(GeneratorExit):
                self._variables.run(self._end, GeneratorExit(), self._is_request_current())

    # Not closed: clean up as a generator does.
    __del__ = close

    def _step(self, is_request_current: bool) -> T:
        self._enter(is_request_current)
        try:
            return next(self._steps)
        except BaseException as end:
            self._end(end, is_request_current)
            raise

    def _end(self, reason: BaseException, is_request_current: bool) -> None:
        self._is_over = True
        if self._is_started:
            self._enter(is_request_current)
        with self._entered:
            if hasattr(self._steps, "close"):
                self._steps.close()
            if not isinstance(reason, StopIteration):
                raise reason


class _AsyncContextStream(_KeptContext, Generic[T]):
    """`_ContextStream` for an asynchronous iterator.

    Its steps run on the event loop. The contexts are pushed and popped in threads, since that
    calls functions of the program.
    """

    def __init__(self, steps: AsyncIterator[T]) -> None:
        super().__init__()
        self._steps = steps

    def __aiter__(self) -> _AsyncContextStream[T]:
        return self

    async def __anext__(self) -> T:
        if self._is_over:
            raise StopAsyncIteration
        self._is_started = True
        await self._enter_in_thread()
        try:
            return await self._run(self._take_step())
        except BaseException as end:
            await self._end(end)
            raise

    async def aclose(self) -> None:
        """Close the stream; a started generator receives ``GeneratorExit``."""
        if not self._is_over:
            await self._end(GeneratorExit())

    async def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        from .aio.steps import InContext  # imports asyncio

        return await InContext(self._variables, coroutine)

    async def _run_in_thread(self, function: Callable[[Any], None], argument: object) -> None:
        from .aio.steps import step_in_thread  # imports asyncio

        await step_in_thread(self._variables, function, argument)

    async def _take_step(self) -> T:
        return await self._steps.__anext__()

    async def _close_steps(self) -> Any:
        if hasattr(self._steps, "aclose"):
            await self._steps.aclose()

    async def _enter_in_thread(self) -> None:
        if not self._is_entered and not self._is_request_current():
            await self._run_in_thread(self._enter, False)

    async def _end(self, reason: BaseException) -> None:
        self._is_over = True
        if self._is_started:
            await self._enter_in_thread()
        error = None if isinstance(reason, StopAsyncIteration) else reason
        try:
            await self._run(self._close_steps())
        except BaseException as another:
            error = another
            raise
        finally:
            if self._is_entered:
                await self._run_in_thread(self._leave, error)

    def _leave(self, error: BaseException | None) -> None:
        """Pop the contexts; the teardown functions get ``error``."""
        trace = None if error is None else error.__traceback__
        self._entered.__exit__(None if error is None else type(error), error, trace)


def _as_app_context(context: AppContext) -> Callable[..., None]:
    """Push ``context`` as an app context only; returns the function that pops it."""
    AppContext.push(context)

    def leave(_: object, error: BaseException | None, __: object) -> None:
        AppContext.pop(context, error)

    return leave
