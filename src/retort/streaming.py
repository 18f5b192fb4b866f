"""Keep the request at hand while the body of its response is being made.

What a body is made of, and when it is asked for its next piece, is decided elsewhere:
by the view or the template, and by the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, suppress
from contextvars import copy_context
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, AnyStr, Generic, TypeVar, overload

from .context import AppContext
from .globals import current_app_context, current_request_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


@overload
def stream_with_context(
    generator_or_function: Iterator[AnyStr],
) -> Iterator[AnyStr]: ...


@overload
def stream_with_context(
    generator_or_function: Callable[..., Iterator[AnyStr]],
) -> Callable[..., Iterator[AnyStr]]: ...


def stream_with_context(
    generator_or_function: Iterator[AnyStr] | Callable[..., Iterator[AnyStr]],
) -> Iterator[AnyStr] | Callable[..., Iterator[AnyStr]]:
    """Keep the request at hand while a generator makes the body of its response.

    ::

        @app.get("/stream")
        def stream():
            def generate():
                yield "Hello, "
                yield escape(request.args["name"])

            return stream_with_context(generate())

    Also a decorator for a function that returns a generator. The session can be read,
    but what is changed in it is lost: its cookie has been sent with the headers.

    :raises RuntimeError: outside of a request; for the decorator when the function is
        called.
    :raises TypeError: if it is not an iterator.

    Flask doc: Streaming Contents.
    """
    if isinstance(generator_or_function, Iterable) or not callable(generator_or_function):
        return _stream_in_context(generator_or_function)
    function = generator_or_function

    def in_context(*args: Any, **kwargs: Any) -> Iterator[AnyStr]:
        return _stream_in_context(function(*args, **kwargs))

    return update_wrapper(in_context, function)


def _stream_in_context(steps: Iterable[T]) -> _ContextStream[T]:
    if current_request_context.get(None) is None:
        raise RuntimeError(
            "'stream_with_context' was called outside of a request, so there is no"
            " context to keep. Call it in a view, or in a function that a view calls;"
            " to stream without `request` and `session`, leave it out."
        )
    if not isinstance(steps, Iterable):
        raise TypeError(
            "stream_with_context needs a generator, or another iterator, but got"
            f" {steps!r}. Does the function contain a `yield`?"
        )
    return _ContextStream(iter(steps))


class _ContextStream(Generic[T]):
    """An iterator whose every step runs where the request it was made in is current.

    The server takes the steps after the view has returned and the contexts have been
    left, perhaps in other threads. So a step runs in a copy of the context variables
    of the view; the first one enters the contexts there, and the last leaves them,
    which runs the teardown functions for what the stream itself has opened.
    """

    def __init__(self, steps: Iterator[T]) -> None:
        self._steps = steps
        self._request_ctx = current_request_context.get()
        self._app_ctx = current_app_context.get()
        self._variables = copy_context()
        self._entered = ExitStack()
        self._is_started = self._is_entered = self._is_over = False

    def __iter__(self) -> _ContextStream[T]:
        return self

    def __next__(self) -> T:
        if self._is_over:
            raise StopIteration
        self._is_started = True
        return self._variables.run(self._step, self._is_request_current())

    def close(self) -> None:
        """End it here; a started generator sees ``GeneratorExit``."""
        if not self._is_over:
            with suppress(GeneratorExit):
                self._variables.run(self._end, GeneratorExit(), self._is_request_current())

    # Dropped without being closed: do what a generator does then.
    __del__ = close

    def _is_request_current(self) -> bool:
        """Whether who asks for a step is inside of the request, as in a view."""
        return current_request_context.get(None) is self._request_ctx

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

    def _enter(self, is_request_current: bool) -> None:
        if is_request_current or self._is_entered:
            return
        self._is_entered = True
        if self._app_ctx is not self._request_ctx:
            self._entered.enter_context(self._app_ctx)
        else:
            # One object is both contexts; its own `push` is that of the request.
            self._entered.push(_as_app_context(self._request_ctx))
        self._entered.enter_context(self._request_ctx)


def _as_app_context(context: AppContext) -> Callable[..., None]:
    """Push ``context`` as an app context only; what is returned pops it."""
    AppContext.push(context)

    def leave(_: object, error: BaseException | None, __: object) -> None:
        AppContext.pop(context, error)

    return leave
