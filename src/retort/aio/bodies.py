"""The body of a response that an asynchronous iterator makes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class AsyncBody:
    """Iterates over the pieces of a body, as bytes: asynchronously, or in a thread that waits.

    :param pieces: an asynchronous iterator over strings and bytes.
    """

    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self._pieces = pieces.__aiter__()
        self._closers: list[Callable[[], object]] = []
        self._is_closed = False
        self._is_empty = False

    def omit(self) -> None:
        """Yield nothing, as in a response to HEAD; the iterator is still closed."""
        self._is_empty = True

    def close_with(self, close: Callable[[], object]) -> AsyncBody:
        """Call ``close`` in a thread, after the iterator and what was passed before are closed."""
        self._closers.append(close)
        return self

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> bytes:
        if self._is_empty:
            raise StopAsyncIteration
        return _encoded(await self._pieces.__anext__())

    async def aclose(self) -> None:
        """Close the iterator; a started generator is closed at its current ``yield``."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            aclose = getattr(self._pieces, "aclose", None)
            if aclose is not None:
                await aclose()
        finally:
            if self._closers:
                from .steps import in_thread

                await in_thread(self._call_closers)

    def _call_closers(self) -> None:
        with ExitStack() as stack:
            for close in reversed(self._closers):
                stack.callback(close)
            self._closers.clear()

    # For middleware and servers that know WSGI only.

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        from .loop import wait_for

        piece = wait_for(_next_of(self))
        if piece is None:
            raise StopIteration
        return piece

    def close(self) -> None:
        """Close the iterator, and wait for it."""
        from .loop import is_on_loop, wait_for

        if not self._is_closed and not is_on_loop():
            wait_for(self.aclose())


async def _next_of(body: AsyncBody) -> bytes | None:
    try:
        return await body.__anext__()
    except StopAsyncIteration:
        return None


def _encoded(piece: Any) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    if isinstance(piece, (bytes, bytearray, memoryview)):
        return bytes(piece)
    raise TypeError(
        f"The asynchronous iterator of a response yielded {piece!r} (type"
        f" {type(piece).__name__}). It has to yield strings or bytes."
    )
