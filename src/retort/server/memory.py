"""Return freed memory to the system after a time of high load.

The C library keeps memory that threads have freed: after 1,000 concurrent uploads, a worker held
500 MB that it did not use (decision 20). glibc has a function that returns it.
"""

from __future__ import annotations

# High and low load: the number of open requests and threads.
_MANY = 50
_FEW = 10


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
    try:
        import ctypes  # takes some milliseconds, so it is imported late

        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (ImportError, AttributeError, OSError, TypeError):  # another C library
        return False
