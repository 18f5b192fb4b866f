"""Run coroutines one after another in one task of the event loop, from other threads.

Task groups, timeouts and the cancel scopes of anyio have to be left in the task that entered them.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any

from .loop import is_on_loop, process_loop
from .steps import InContext

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextvars import Context

# A cancelled coroutine gets this time to end.
_CANCEL_SECONDS = 0.5


class Lane:
    """A task that runs the coroutines that `run` gets."""

    def __init__(self) -> None:
        self._loop = process_loop()
        self._jobs: asyncio.Queue[tuple[InContext[Any], Future[Any]] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._current: Future[Any] | None = None
        self._is_cancelled = False

    def run(
        self, context: Context, coroutine: Coroutine[Any, Any, Any], seconds: float | None = None
    ) -> Any:
        """The result of a coroutine; the calling thread waits.

        :param context: the context variables in which it runs.
        :param seconds: the coroutine is cancelled after this time.
        :raises TimeoutError: if it was cancelled for that.
        :raises RuntimeError: on the event loop itself, which would wait for ever.
        """
        if is_on_loop():
            coroutine.close()
            raise RuntimeError("The event loop cannot wait for a coroutine that it runs itself.")
        result: Future[Any] = Future()
        self._loop.call_soon_threadsafe(self._put, InContext(context, coroutine), result)
        try:
            return result.result(seconds)
        except asyncio.CancelledError as error:
            raise RuntimeError("The coroutine was cancelled.") from error
        except BaseException as error:  # such as KeyboardInterrupt
            if result.done():  # raised by the coroutine
                raise
            self._loop.call_soon_threadsafe(self._cancel, result)
            if not isinstance(error, FutureTimeout):
                raise
        wait([result], _CANCEL_SECONDS)
        raise TimeoutError

    def close(self) -> None:
        """Let the task end; thread-safe."""
        self._loop.call_soon_threadsafe(self._jobs.put_nowait, None)

    def _put(self, coroutine: InContext[Any], result: Future[Any]) -> None:
        self._jobs.put_nowait((coroutine, result))
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._work(), name="retort serving")

    def _cancel(self, result: Future[Any]) -> None:
        if self._task is not None and self._current is result:
            self._task.cancel()
            self._is_cancelled = True

    async def _work(self) -> None:
        while (job := await self._jobs.get()) is not None:
            coroutine, self._current = job
            try:
                value = await coroutine
            except BaseException as error:
                self._current.set_exception(error)
            else:
                self._current.set_result(value)
            finally:
                self._current = None
                self._take_cancellation_back()

    def _take_cancellation_back(self) -> None:
        """Otherwise, timeouts and task groups in the next coroutine would count it as theirs."""
        is_cancelled, self._is_cancelled = self._is_cancelled, False
        if is_cancelled and self._task is not None and hasattr(self._task, "uncancel"):
            self._task.uncancel()  # since Python 3.11
