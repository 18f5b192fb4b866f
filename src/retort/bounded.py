"""A thread-safe cache of a bounded size."""

from __future__ import annotations

import typing as t

K = t.TypeVar("K")
V = t.TypeVar("V")


class BoundedCache(dict[K, V]):
    """A dictionary that is emptied when it is full.

    Reading uses the dictionary's own method. Each operation is atomic in CPython, with or without
    its global lock, so threads see no inconsistent state. Removing single entries would need a
    lock, or fail when two threads choose the same one.

    :param max_size: the maximum number of entries. Threads that add concurrently may exceed it
        by one each.
    """

    __slots__ = ("max_size",)

    def __init__(self, max_size: int) -> None:
        super().__init__()
        self.max_size = max_size

    def keep(self, key: K, value: V) -> None:
        """Add or replace an entry."""
        if len(self) >= self.max_size:
            self.clear()
        self[key] = value
