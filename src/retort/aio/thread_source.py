"""A synchronous iterator as an asynchronous one: it runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .open_streams import open_streams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextvars import Context

T = TypeVar("T")

_END: Any = object()


class ThreadSource(Generic[T]):
    """Iterates over a synchronous iterator in one thread, which starts with the first step.

    :param steps: the iterator; it is advanced only when its next item is awaited.
    :param variables: the context variables of the thread.
    :param report: called in the thread with an exception that `aclose` could not wait for.
    """

    def __init__(
        self, steps: Iterator[T], variables: Context, report: Callable[[BaseException], object]
    ) -> None:
        self._steps = steps
        self._variables = variables
        self._report = report
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pending: asyncio.Future[T] | None = None
        # A future for the next item; None: the end.
        self._wanted: SimpleQueue[asyncio.Future[T] | None] = SimpleQueue()
        self._closed: asyncio.Future[None] | None = None

    def __aiter__(self) -> ThreadSource[T]:
        return self

    async def __anext__(self) -> T:
        if self._loop is None:
            self._start()
        assert self._loop is not None
        self._pending = self._loop.create_future()
        self._wanted.put(self._pending)
        item = await self._pending
        self._pending = None
        if item is _END:
            raise StopAsyncIteration
        return item

    def _start(self) -> None:
        thread = threading.Thread(
            target=self._variables.run,
            args=(self._work,),
            name="retort event source",
            daemon=True,
        )
        self._loop = asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        open_streams.count_threads(1)
        try:
            thread.start()
        except BaseException:  # the system's limit of threads
            self._loop = None
            open_streams.count_threads(-1)
            raise

    def _work(self) -> None:
        """Run in the thread until `aclose` is called."""
        while (future := self._wanted.get()) is not None:
            self._step(future)
        error = self._close_steps()
        open_streams.count_threads(-1)
        assert self._closed is not None
        self._set(self._closed, None, error)

    def _step(self, future: asyncio.Future[T]) -> None:
        try:
            item = next(self._steps, _END)
        except BaseException as error:
            self._set(future, None, error)
        else:
            self._set(future, item, None)

    def _close_steps(self) -> BaseException | None:
        """Close the iterator; what it has raised."""
        try:
            close = getattr(self._steps, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            return error
        return None

    def _set(self, future: asyncio.Future[Any], item: Any, error: BaseException | None) -> None:
        """Set the outcome of a future on its loop."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._settle, future, item, error)
        except RuntimeError:  # the loop is closed: the process ends
            if error is not None:
                self._report(error)

    def _settle(self, future: asyncio.Future[Any], item: Any, error: BaseException | None) -> None:
        if future.done():  # cancelled: the stream was closed meanwhile
            if error is not None:
                self._report(error)
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(item)

    def stop(self) -> None:
        """Let the thread end and close the iterator, after its current step."""
        self._wanted.put(None)

    async def aclose(self) -> None:
        """Close the iterator in its thread.

        Waits for it, unless the iterator is in the middle of a step: a thread cannot be
        interrupted, and the iterator is closed after that step.
        """
        if self._loop is None:
            close = getattr(self._steps, "close", None)
            if close is not None:
                close()
            return
        assert self._closed is not None
        is_in_step = self._pending is not None and self._pending.cancelled()
        self.stop()
        if is_in_step:
            self._closed.cancel()
        else:
            await self._closed
