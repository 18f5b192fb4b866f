"""The content of a file as a response body, which a server may read in any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class FileBody:
    """Blocks of a file, to be iterated over once.

    A body that a generator makes belongs to the thread that began it; this one does not, so
    Retort's server sends it without a thread that waits for the client.

    :param blocks: the body as PEP 3333 has it, with ``close`` if there is something to close.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = blocks
        self._next = iter(blocks).__next__

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._next()

    def read(self, max_bytes: int) -> list[bytes]:
        """Read all blocks, or until there are more than ``max_bytes``; closes the body."""
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
        """Close the file, and call what else waits for the end of the response."""
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()
