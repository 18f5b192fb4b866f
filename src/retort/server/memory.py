"""Keep freed memory under load, and return it to the system after a time of high load.

The C library returns memory at the end of its heap as soon as it is freed, so that the buffers of
each upload consist of new pages. It keeps all other memory: after 1,000 concurrent uploads, a
worker held 500 MB that it did not use (decision 20). glibc has functions to change both.
"""

from __future__ import annotations

import os

# High and low load: the number of open requests and threads.
_MANY = 50
_FEW = 10

# The parameters of mallopt(3), the environment variables that set them, and the values used here:
# the size of the free end of a heap above which it is returned, the number of heaps, and the size
# of blocks that do not come from a heap.
_PARAMETERS = (
    (-1, "MALLOC_TRIM_THRESHOLD_", 32 * 1024 * 1024),
    (-8, "MALLOC_ARENA_MAX", 2),
    (-3, "MALLOC_MMAP_THRESHOLD_", 16 * 1024 * 1024),
)


def keep_freed_memory() -> None:
    """Let the C library reuse the memory of bodies, unless its environment variables are set."""
    if not any(name in os.environ for _, name, _ in _PARAMETERS):
        for parameter, _, value in _PARAMETERS:
            _call_c_library("mallopt", parameter, value)


class MemoryTrim:
    """Calls `trim_heap` when a time of high load is over."""

    def __init__(self) -> None:
        self.is_due = False

    def note_load(self, count: int) -> None:
        """Record the current number of open requests and threads."""
        if count >= _MANY:
            self.is_due = True
        elif self.is_due and count <= _FEW:
            self.is_due = False
            trim_heap()


def trim_heap() -> bool:
    """Return freed memory to the system, without blocking other threads.

    :returns: whether memory was returned. Only glibc can do that: malloc_trim(3).
    """
    return _call_c_library("malloc_trim", 0)


def _call_c_library(name: str, *arguments: int) -> bool:
    """Call a function of glibc; false with another C library, which lacks it."""
    try:
        import ctypes  # takes some milliseconds, so it is imported late

        return bool(getattr(ctypes.CDLL(None), name)(*arguments))
    except (ImportError, AttributeError, OSError, TypeError):
        return False
