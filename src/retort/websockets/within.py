"""A time limit for one await.

``asyncio.timeout`` is new in Python 3.11. ``asyncio.wait_for`` loses a cancellation before
Python 3.12 if the work ends at the same time.

The work runs in a task of its own. So other tasks get their turn also if the work does not wait:
several servers do not wait in ``send`` while the client reads.
"""

from __future__ import annotations

import asyncio
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Coroutine

T = t.TypeVar("T")


async def within(seconds: float, work: Coroutine[t.Any, t.Any, T]) -> T:
    """The result of ``work``, which is cancelled at the end of the time.

    :raises TimeoutError: if it has not ended by then.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.cancel()
    raise TimeoutError(f"It took longer than {seconds:g} s.")
