"""The body of a response that an asynchronous iterator makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


class AsyncBody:
    """Iterates over the pieces of a body, as bytes: asynchronously, or in a thread that waits.

    :param pieces: an asynchronous iterator over strings and bytes.
    """

    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self._pieces = pieces.__aiter__()
        self._close: Callable[[], object] | None = None
        self._is_closed = False

    def close_with(self, close: Callable[[], object]) -> AsyncBody:
        """Call ``close`` in a thread, after the iterator is closed."""
        self._close = close
        return self

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> bytes:
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
            close, self._close = self._close, None
            if close is not None:
                from .steps import in_thread

                await in_thread(close)

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
