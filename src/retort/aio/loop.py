"""The event loop of this process, in a thread of its own; started when it is first needed.

All coroutines of a process run on one loop, so that what a program keeps on it (a pool of
connections, a lock, a task) lives as long as the process. Under an ASGI server the loop is the
server's. The loop is uvloop's if that package is installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import importlib
import importlib.util
import os
import threading
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

from .steps import InContext
from .watching import note_started

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class _State:
    """The loop of this process, if there is one.

    :ivar thread: the thread that was started for it; ``None``: it is a server's.
    :ivar is_stopping: whether `stop_loop` was called.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.is_stopping = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self.thread: threading.Thread | None = None


_state = _State()


def _forget() -> None:
    """In a child process after ``fork``: the thread of the loop does not exist there."""
    _state.__init__()  # type: ignore[misc]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def make_loop() -> asyncio.AbstractEventLoop:
    """A new event loop: uvloop's if it is installed, else the standard library's."""
    if importlib.util.find_spec("uvloop") is not None:
        uvloop: Any = importlib.import_module("uvloop")
        return uvloop.new_event_loop()  # type: ignore[no-any-return]
    return asyncio.new_event_loop()


def process_loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process; thread-safe. The first call starts it."""
    loop = _state.loop
    if loop is not None and not loop.is_closed():
        return loop
    with _state.lock:
        if _state.loop is None or _state.loop.is_closed():
            _state.loop = _start()
        return _state.loop


def _start() -> asyncio.AbstractEventLoop:
    loop = make_loop()
    is_running = threading.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_handle_exception)
        loop.call_soon(is_running.set)
        while not _state.is_stopping:
            # A task or callback that raises one of these ends the run of the loop.
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                loop.run_forever()

    _state.is_stopping = False
    _state.thread = threading.Thread(target=run, name="retort event loop", daemon=True)
    _state.thread.start()
    is_running.wait()
    note_started(loop)
    return loop


def adopt_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Use a server's running loop as that of this process, unless another one runs already."""
    if _state.loop is loop:
        return
    with _state.lock:
        if _state.loop is None or _state.loop.is_closed() or not _state.loop.is_running():
            _state.loop, _state.thread = loop, None
            if loop.get_exception_handler() is None:
                loop.set_exception_handler(_handle_exception)
            note_started(loop)


Report = Callable[[dict[str, Any]], bool]
_reports: list[Report] = []


def report_exceptions_with(report: Report) -> None:
    """Call ``report`` with exceptions in tasks and callbacks that nothing has retrieved.

    :param report: gets the context of :meth:`asyncio.loop.call_exception_handler`. It returns
        whether it has reported the exception; otherwise asyncio logs it.
    """
    if report not in _reports:
        _reports.append(report)


def _handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    if not any(report(context) for report in _reports):
        loop.default_exception_handler(context)


def is_on_loop() -> bool:
    """Whether the current thread runs the event loop of this process."""
    try:
        return asyncio.get_running_loop() is _state.loop
    except RuntimeError:
        return False


def stop_loop(seconds: float) -> None:
    """Cancel what still runs on the loop, stop and close it, if it was started here.

    :param seconds: how long to wait for it.
    """
    loop, thread = _state.loop, _state.thread
    if loop is None or thread is None or not thread.is_alive():
        return
    ended = asyncio.run_coroutine_threadsafe(_cancel_all(), loop)
    try:
        ended.result(seconds)
    except TimeoutError:
        pass
    except Exception:  # on Python 3.10, the TimeoutError of concurrent.futures is another class
        pass
    _state.is_stopping = True
    loop.call_soon_threadsafe(loop.stop)
    thread.join(seconds)
    if not thread.is_alive():
        loop.close()  # `process_loop` may start another one


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop of this process, and wait for its result in this thread.

    It runs in a copy of the current context variables. Variables that it sets are set here, too.

    :raises RuntimeError: on the event loop itself, which would wait for ever.
    """
    if is_on_loop():
        coroutine.close()
        raise RuntimeError(
            "A coroutine function was called through ensure_sync() or async_to_sync() on the event"
            " loop, which would wait for itself. Await the coroutine function there, or call the"
            " synchronous function with await asyncio.to_thread(...)."
        )
    variables = contextvars.copy_context()
    future = asyncio.run_coroutine_threadsafe(_run(variables, coroutine), process_loop())
    try:
        return future.result()
    except BaseException:  # such as KeyboardInterrupt
        future.cancel()
        raise
    finally:
        for variable, value in variables.items():
            if variable.get(_UNSET) is not value:
                variable.set(value)


_UNSET: Any = object()


async def _run(variables: contextvars.Context, coroutine: Coroutine[Any, Any, T]) -> T:
    return await InContext(variables, coroutine)


def make_sync(function: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
    """A function that calls a coroutine function and waits for its result."""

    def call(*args: Any, **kwargs: Any) -> T:
        return wait_for(function(*args, **kwargs))

    return update_wrapper(call, function)
