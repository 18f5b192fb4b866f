"""Call functions when the event loop of this process starts. Imports no asyncio.

A server can then observe the loop of a program with coroutine functions, and costs other programs
nothing.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    Watcher = Callable[[asyncio.AbstractEventLoop], object]


class _Watchers:
    """The functions, and the loop if it has started."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.functions: list[Watcher] = []
        self.loop: asyncio.AbstractEventLoop | None = None


_watchers = _Watchers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_watchers.__init__)  # type: ignore[misc]


def when_started(function: Watcher) -> None:
    """Call ``function`` with the loop, as soon as there is one; in any thread."""
    with _watchers.lock:
        _watchers.functions.append(function)
        loop = _watchers.loop
    if loop is not None:
        function(loop)


def note_started(loop: asyncio.AbstractEventLoop) -> None:
    """Call the functions; called by `loop.py`."""
    with _watchers.lock:
        _watchers.loop = loop
        functions = _watchers.functions.copy()
    for function in functions:
        function(loop)


def has_started() -> bool:
    """Whether there was an event loop in this process."""
    return _watchers.loop is not None
