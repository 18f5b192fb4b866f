"""The content of a file as a response body that a server may read in any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FileBody:
    """An iterator over the blocks of a file.

    A generator body must run in the thread that started it. This one need not, so Retort's server
    sends it without a thread that waits for the client.

    :param blocks: the body, as defined by PEP 3333; ``close`` is optional.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._next = iter(blocks).__next__

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._next()

    def read(self, max_bytes: int) -> list[bytes]:
        """Read all blocks, or stop beyond ``max_bytes``; closes the body."""
        blocks: list[bytes] = []
        size = 0
        try:
            while size <= max_bytes and (block := next(self, None)) is not None:
                blocks.append(block)
                size += len(block)
        finally:
            self.close()
        return blocks

    def close(self) -> None:
        """Close the file, and call the callbacks registered for the end of the response."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()
