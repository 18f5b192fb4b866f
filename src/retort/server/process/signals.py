"""Wait for signals and other events without missing one.

Python runs signal handlers in the main thread, between two bytecode instructions. If a signal
arrives just before the main thread blocks on a lock or on a process, the handler runs only when
something else wakes the thread. A byte written to a socket avoids this race.
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
        # If the buffer is full, the thread wakes up anyway. If it is closed, no thread waits.
        with contextlib.suppress(OSError):
            self.writer.send(b"\0")

    def wait(self, timeout_seconds: float | None = None) -> None:
        """Block until the next `wake`, or return at once if one is pending."""
        self.reader.settimeout(timeout_seconds)
        with contextlib.suppress(TimeoutError, BlockingIOError):
            self.reader.recv(4096)

    def clear(self) -> None:
        """Discard pending wake-ups."""
        self.wait(0)

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


class StopSignals:
    """While entered, each SIGINT and SIGTERM calls ``stop`` and wakes ``wakeup``.

    :param others: functions for other signals. A signal that is ignored stays ignored, as
        ``nohup`` requires.
    :param program_first: at the first of these signals, call the program's own handler before
        ``stop``. An exception in it does not prevent the stop.
    :ivar raised: the exception the program's handler raised, for example ``SystemExit``.

    Outside the main thread this does nothing: Python handles signals only there.
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
                # Read first: the signal may arrive as soon as the handler is installed.
                self.previous[number] = signal.getsignal(number)
                signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        if self.previous:
            for number, handler in self.previous.items():
                if handler is not None:  # None: installed from C
                    signal.signal(number, handler)
            signal.set_wakeup_fd(self.previous_fd)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        handler = self.previous[number]
        # SIG_DFL and SIG_IGN are numbers; Python's own handler only raises KeyboardInterrupt.
        if self.calls_program and callable(handler) and handler != signal.default_int_handler:
            self.calls_program = False  # the main process and the terminal both send a signal
            try:
                handler(number, frame)
            except BaseException as error:  # used by `exit_status` when the server has stopped
                self.raised = error
            signal.signal(number, self._handle)  # the program's handler may have replaced it
        self.actions[signal.Signals(number)]()

    def exit_status(self) -> int | None:
        """The exit status set by the program's handler; ``None`` if it set none.

        Prints the exception the handler raised, unless it is ``SystemExit`` with a number.
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
    """The signals that end a server."""
    names = ["SIGINT", "SIGTERM", "SIGBREAK"]  # SIGBREAK: Ctrl-Break on Windows
    return [signal.Signals[name] for name in names if name in signal.Signals.__members__]


@contextlib.contextmanager
def block_stop_signals() -> Iterator[None]:
    """Block `stop_signals` while a child process is started.

    The child calls `unblock_stop_signals` once it has its own handlers. Without this, a signal that
    arrives earlier would run the inherited handlers in the child.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock_stop_signals() -> None:
    """Unblock `stop_signals` in the child process."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, stop_signals())


class Terminal:
    """Distinguishes a SIGHUP for a closed terminal from one that was sent to the process."""

    def __init__(self) -> None:
        self.had_terminal = _has_terminal()

    def was_closed(self) -> bool:
        """Whether this process had a terminal, and has lost it."""
        return self.had_terminal and not _has_terminal()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except (OSError, AttributeError):  # Windows has no O_NOCTTY
        return False
    return True
