"""A stream that shows signs of life while its source waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .open_streams import open_streams
from .steps import InContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextvars import Context

# The head of the response is sent with the first piece. If the source has none yet, it is sent
# after this time, so that the client knows that it is connected. An error that the source raises
# before becomes an error response.
_HEAD_SECONDS = 0.25


class LiveStream:
    """The encoded items of a source, with heartbeats in between.

    The source runs in one task, from its first step until it is closed, so that it may hold
    timeouts and task groups across a ``yield``. It is advanced only when its next item is awaited.

    :param source: an asynchronous iterator.
    :param encode: makes the bytes of an item.
    :param variables: the context variables of the source.
    :param opening: the bytes before the first item.
    :param heartbeat: the bytes of a heartbeat.
    :param heartbeat_seconds: how long a source may produce nothing before one is sent; ``None``:
        none are sent.
    """

    def __init__(
        self,
        source: AsyncIterator[Any],
        encode: Callable[[Any], bytes],
        variables: Context,
        *,
        opening: bytes,
        heartbeat: bytes,
        heartbeat_seconds: float | None,
    ) -> None:
        self._source = source
        self._encode = encode
        self._variables = variables
        self._opening: bytes | None = opening
        self._heartbeat = heartbeat
        self._heartbeat_seconds = heartbeat_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._piece: bytes | None = None  # produced, not returned yet
        self._awaits_piece: asyncio.Future[None] | None = None
        self._awaits_demand: asyncio.Future[None] | None = None
        self._is_ending = False
        self._has_failed = False

    def __aiter__(self) -> LiveStream:
        return self

    async def __anext__(self) -> bytes:
        opening, self._opening = self._opening, None
        if opening is None:
            return await self._next_piece(self._heartbeat_seconds)
        self._start()
        piece = await self._next_piece(_HEAD_SECONDS)
        # Browsers ignore a heartbeat. It carries the head if there is nothing else to send.
        return opening if opening and piece is self._heartbeat else opening + piece

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run_in_context())
        self._task.add_done_callback(self._note_end)
        open_streams.add(self)

    async def _run_in_context(self) -> None:
        await InContext(self._variables, self._run())

    async def _run(self) -> None:
        """Advance the source, in its task."""
        try:
            async for item in self._source:
                if self._is_ending:
                    break
                self._piece = self._encode(item)
                self._awaits_demand = asyncio.get_running_loop().create_future()
                self._wake()
                await self._awaits_demand
        finally:
            aclose = getattr(self._source, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _next_piece(self, seconds: float | None) -> bytes:
        """The next piece, or a heartbeat after a time."""
        assert self._loop is not None
        assert self._task is not None
        if self._is_ending:
            raise StopAsyncIteration
        if self._awaits_demand is not None and not self._awaits_demand.done():
            self._awaits_demand.set_result(None)
        timer = None if seconds is None else self._loop.call_later(seconds, self._wake)
        try:
            if self._piece is None and not self._task.done():
                self._awaits_piece = self._loop.create_future()
                await self._awaits_piece
        finally:
            if timer is not None:
                timer.cancel()
        if self._piece is not None:
            piece, self._piece = self._piece, None
            return piece
        if self._task.done():
            self._has_failed = True  # or it has ended; either way, `aclose` has nothing to raise
            self._task.result()
            raise StopAsyncIteration
        if self._is_ending:
            raise StopAsyncIteration
        return self._heartbeat

    def _note_end(self, task: asyncio.Task[None]) -> None:
        open_streams.discard(self)
        self._wake()

    def _wake(self) -> None:
        if self._awaits_piece is not None and not self._awaits_piece.done():
            self._awaits_piece.set_result(None)

    def end(self) -> None:
        """End the stream; thread-safe."""
        self._is_ending = True
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def abandon(self) -> None:
        """Close the stream after its body was dropped without being closed; thread-safe.

        PEP 3333 requires that bodies are closed, and some middleware does not do it.
        """
        if self._task is not None and self._loop is not None and not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self._close_abandoned(), self._loop)

    async def _close_abandoned(self) -> None:
        try:
            await self.aclose()
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "Closing the source of an event stream failed.", "exception": error}
            )

    async def aclose(self) -> None:
        """End the stream, and close its source: cancel it where it waits, or at its ``yield``.

        :raises BaseException: what the source raises meanwhile.
        """
        task, self._task = self._task, None
        self._is_ending = True
        if task is None:
            if self._opening is not None:
                self._opening = None
                aclose = getattr(self._source, "aclose", None)
                if aclose is not None:
                    await aclose()
            return
        if not task.done():
            task.cancel()
            await asyncio.wait((task,))
        if not self._has_failed and not task.cancelled():
            self._has_failed = True
            task.result()
