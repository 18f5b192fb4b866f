"""Return freed memory to the system after a time in which a worker did much at once.

The C library keeps what threads have freed, for later: after 1,000 uploads at once, a worker held
500 MB that it did not use (decision 20). glibc has a function that returns it.
"""

from __future__ import annotations

# Threads, request bodies and responses that are there at once.
_MANY = 50
_FEW = 10


class MemoryTrim:
    """Calls `trim_heap` when much has been going on, and is over."""

    def __init__(self) -> None:
        self.is_due = False

    def note_load(self, count: int) -> None:
        """Note how many threads, request bodies and responses there are now."""
        if count >= _MANY:
            self.is_due = True
        elif self.is_due and count <= _FEW:
            self.is_due = False
            trim_heap()


def trim_heap() -> bool:
    """Return the memory that this process has freed to the system; other threads run meanwhile.

    :returns: whether some was returned. Only glibc has a way: malloc_trim(3).
    """
    try:
        import ctypes  # some milliseconds: only when it is due

        return bool(ctypes.CDLL(None).malloc_trim(0))
    except (ImportError, AttributeError, OSError, TypeError):  # another C library
        return False
