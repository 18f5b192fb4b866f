"""A cache of a bounded size that threads share."""

from __future__ import annotations

import typing as t

K = t.TypeVar("K")
V = t.TypeVar("V")


class BoundedCache(dict[K, V]):
    """A dictionary that is emptied when it is full.

    Reading is a dictionary's own, and as fast. Each operation on it is one that CPython does as
    a whole, with its global lock or without, so no thread meets a half-made state or an error.
    To remove single entries would need a lock, or fail when two threads choose the same one.

    :param max_size: how many entries to keep. Threads that add at the same moment may exceed it
        by one each.
    """

    __slots__ = ("max_size",)

    def __init__(self, max_size: int) -> None:
        super().__init__()
        self.max_size = max_size

    def keep(self, key: K, value: V) -> None:
        """Add an entry, or replace it."""
        if len(self) >= self.max_size:
            self.clear()
        self[key] = value
