"""Warnings: an async view blocked its event loop with a call that it should have awaited."""

from __future__ import annotations

import linecache
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from ..aio.steps import InContext
from .advice import Advice, Place
from .checks.source import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from types import FrameType

MAX_STEP_SECONDS = 0.1  # the time limit for a step of a view


def time_views(report: Callable[[Advice], None]) -> None:
    """Measure the steps of each coroutine that runs for a request.

    :param report: called with advice for each step that took too long.
    """

    def observe(coroutine: Coroutine[Any, Any, Any]) -> Generator[Any, Any, Any]:
        return _Steps(coroutine, report).__await__()

    InContext.observe = observe


class _Steps:
    """Runs a coroutine and measures the time from one ``await`` to the next."""

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], report: Callable[[Advice], None]
    ) -> None:
        self.coroutine = coroutine
        self.report = report

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[], Any] = lambda: self.coroutine.send(None)  # noqa: E731
        while True:
            try:
                awaited = self._in_time(step)
            except StopIteration as end:
                return end.value
            try:
                sent = yield awaited
            except BaseException as error:
                step = _throwing(self.coroutine, error)
            else:
                step = _sending(self.coroutine, sent)

    def _in_time(self, step: Callable[[], Any]) -> Any:
        """Run a step; if it exceeds the time limit, find the line that blocks."""
        seen: list[Place] = []
        me = threading.get_ident()
        timer = threading.Timer(MAX_STEP_SECONDS, lambda: seen.extend(_place_of(me)))
        timer.daemon = True
        began = time.perf_counter()
        timer.start()
        try:
            return step()
        finally:
            timer.cancel()
            if seen:
                self.report(_advice(seen[0], time.perf_counter() - began))


def _sending(coroutine: Coroutine[Any, Any, Any], value: Any) -> Callable[[], Any]:
    return lambda: coroutine.send(value)


def _throwing(coroutine: Coroutine[Any, Any, Any], error: BaseException) -> Callable[[], Any]:
    return lambda: coroutine.throw(error)


def _place_of(thread: int) -> list[Place]:
    """The program's line that a thread is executing."""
    frame: FrameType | None = sys._current_frames().get(thread)
    while frame is not None:
        code = frame.f_code
        if is_own(code.co_filename):
            file = os.path.realpath(code.co_filename)
            source = linecache.getline(file, frame.f_lineno).strip()
            return [Place(file, frame.f_lineno, code.co_name, source)]
        frame = frame.f_back
    return []


def _advice(place: Place, seconds: float) -> Advice:
    return Advice(
        what=(
            f"{place.function}() blocked its event loop for {seconds * 1000:.0f} ms, without an"
            " await in between."
        ),
        why="While an async view waits or computes like this, no other task of its loop can run.",
        place=place,
        fix=(
            "Await a function that waits (asyncio.sleep, httpx.AsyncClient), write await"
            " asyncio.to_thread(...) for other work, or make the view a plain def."
        ),
    )
