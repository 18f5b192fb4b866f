"""Wait for several things at once, signals among them, without missing one.

A Python signal handler runs in the main thread between two of its steps. A signal that
comes just before the main thread goes to sleep on a lock, or on the end of a process, would
be seen only when something else wakes it. A byte in a socket cannot be missed that way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType


class WakeupPipe:
    """Wakes one waiting thread, from other threads and from signal handlers."""

    def __init__(self) -> None:
        self.reader, self.writer = socket.socketpair()
        self.writer.setblocking(False)

    def wake(self) -> None:
        # Full: the thread wakes up anyway. Closed: no thread waits any more.
        with contextlib.suppress(OSError):
            self.writer.send(b"\0")

    def wait(self, timeout_seconds: float | None = None) -> None:
        """Sleep until the next `wake`, or return at once if there was one before this call."""
        self.reader.settimeout(timeout_seconds)
        with contextlib.suppress(TimeoutError, BlockingIOError):
            self.reader.recv(4096)

    def clear(self) -> None:
        """Forget each `wake` so far."""
        self.wait(0)

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


class StopSignals:
    """While entered, SIGINT and SIGTERM call ``stop``, each time, and wake ``wakeup``.

    :param others: what other signals call. One that was ignored stays ignored: whoever started
        us wanted that, as ``nohup`` does.
    :param program_first: call the handler that the program installed before ``stop``, at the first
        of these signals. What it raises does not prevent the stop.
    :ivar raised: what the program's handler raised, for example ``SystemExit``.

    Outside the main thread nothing changes: Python lets only that one handle signals.
    """

    def __init__(
        self,
        wakeup: WakeupPipe,
        stop: Callable[[], None],
        others: Mapping[signal.Signals, Callable[[], None]] | None = None,
        *,
        program_first: bool = False,
    ) -> None:
        self.wakeup = wakeup
        self.actions = dict.fromkeys(stop_signals(), stop)
        for number, action in (others or {}).items():
            if signal.getsignal(number) is not signal.SIG_IGN:
                self.actions[number] = action
        self.calls_program = program_first
        self.raised: BaseException | None = None
        self.previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():
            self.previous_fd = signal.set_wakeup_fd(
                self.wakeup.writer.fileno(), warn_on_full_buffer=False
            )
            for number in self.actions:
                # Read first: the signal may come as soon as the handler is in place.
                self.previous[number] = signal.getsignal(number)
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self.previous:
            for number, handler in self.previous.items():
                if handler is not None:  # one in C, of which Python knows nothing
                    signal.signal(number, handler)
            signal.set_wakeup_fd(self.previous_fd)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        handler = self.previous[number]
        # SIG_DFL and SIG_IGN are numbers; Python's own handler only raises KeyboardInterrupt.
        if self.calls_program and callable(handler) and handler != signal.default_int_handler:
            self.calls_program = False  # the main process and the terminal both send a signal
            try:
                handler(number, frame)
            except BaseException as error:  # `exit_status` is for when the server has stopped
                self.raised = error
            signal.signal(number, self._handle)  # should the program have installed another
        self.actions[signal.Signals(number)]()

    def exit_status(self) -> int | None:
        """The exit status that the program's handler asked for; ``None`` if it did not.

        Prints what it raised, unless that is ``SystemExit`` with a number.
        """
        if self.raised is None or isinstance(self.raised, KeyboardInterrupt):
            return None
        if not isinstance(self.raised, SystemExit):
            traceback.print_exception(self.raised)
            return 1
        code = self.raised.code
        if code is None or isinstance(code, int):
            return code or 0
        print(code, file=sys.stderr)
        return 1


def stop_signals() -> list[signal.Signals]:
    """The signals by which people and service managers end a server."""
    names = ["SIGINT", "SIGTERM", "SIGBREAK"]  # the last one: Ctrl-Break on Windows
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Have `stop_signals` wait, for a child that is started meanwhile: see `let_through`.

    Else one that comes before the child has its own handlers would call a copy of ours, there.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_through() -> None:
    """In the child: now."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals())


class Terminal:
    """Tells a SIGHUP that means "the terminal was closed" from one that somebody sent."""

    def __init__(self) -> None:
        self.was_there = _has_terminal()

    def was_closed(self) -> bool:
        """Whether this process had a terminal, and has lost it."""
        return self.was_there and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except (OSError, AttributeError):  # Windows has no O_NOCTTY
        return False
    return True
