"""The parent of a reloading server: holds the socket and starts the program, again and again.

The program itself runs in a child (`child.py`, `reloaded.py`), which watches its own files and
ends with status `RELOAD` when one changed. Visitors who come in between wait in the
socket's queue.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import DEBUG_GRACE_SECONDS
from ..process.signals import StopSignals, WakeupPipe
from .reloaded import FAILURE, IS_CHILD, PARENT, RELOAD, ROUND, SERVER_FD

if TYPE_CHECKING:
    import socket


def supervise(listener: socket.socket) -> int:
    """Run the program in children until it is stopped.

    :returns: the exit status for this process.
    """
    return Reloader(listener).run()


class Reloader:
    """One child at a time; signals to this process end it."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.child: subprocess.Popen[bytes] | None = None
        self.is_stopping = False
        self.round = 0
        self.wakeup = WakeupPipe()

    def run(self) -> int:
        """Until the program ends, or we are told to end it.

        :returns: the exit status for this process.
        """
        try:
            with StopSignals(self.wakeup, self.stop):
                return self.restart_until_stopped()
        finally:
            restore_echo()

    def restart_until_stopped(self) -> int:
        failure: str | None = None
        while True:
            status = self.run_child(failure)
            restore_echo()
            if status == 0 or self.is_stopping:
                return 0  # status 0: the program came to its own end
            if status == RELOAD:
                failure = None
            elif failure is None:
                failure = f"The program {_how_it_died(status)}."
            else:
                return 1  # not even the page about the failure could be served

    def run_child(self, failure: str | None) -> int:
        """Start the program, wait for its end.

        :param failure: why the last one died: the child then only shows this.
        """
        self.round += 1
        environ = {
            **os.environ,
            IS_CHILD: "true",
            SERVER_FD: str(self.listener.fileno()),
            PARENT: str(os.getpid()),
            ROUND: str(self.round),
        }
        if failure is not None:
            environ[FAILURE] = failure
        self.child = start_process(command_line(), environ, self.listener)
        if self.is_stopping:  # told so while it was being started
            self.child.terminate()
        threading.Thread(target=self.ring_at_end_of, args=(self.child,), daemon=True).start()
        while self.child.returncode is None:
            self.wakeup.wait()
        return self.child.returncode

    def ring_at_end_of(self, child: subprocess.Popen[bytes]) -> None:
        """Wait for a process; in a thread, because signals do not wait for processes."""
        child.wait()
        self.wakeup.wake()

    def stop(self) -> None:
        """End the child: politely first, at once when asked for again."""
        child = self.child
        if child is not None and self.is_stopping:
            child.kill()
        elif child is not None:
            child.terminate()
            killer = threading.Timer(2 * DEBUG_GRACE_SECONDS + 1, child.kill)
            killer.daemon = True
            killer.start()
        self.is_stopping = True


def _how_it_died(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended with exit status {status}; see the terminal"


def start_process(
    command: list[str], environ: dict[str, str], listener: socket.socket
) -> subprocess.Popen[bytes]:
    """Start ``command`` with our terminal and our listening socket."""
    if sys.platform == "win32":
        listener.set_inheritable(True)
        return subprocess.Popen(command, env=environ, close_fds=False)
    return subprocess.Popen(command, env=environ, pass_fds=(listener.fileno(),))


def command_line() -> list[str]:
    """What to type for running this program again under our eyes."""
    interpreter, words = split_command_line(sys.orig_argv[1:])
    launcher = Path(__file__).with_stem("child")  # child.pyc, where there are no sources
    return [sys.executable, *interpreter, str(launcher), *words]


def can_run_again() -> bool:
    """Whether this program was started by a command that can be repeated."""
    words = split_command_line(sys.orig_argv[1:])[1]
    return bool(sys.executable) and words[:1] not in ([], ["-"])


def why_no_reloader() -> str | None:
    """Why this process could not be started again as it is; ``None`` if it could."""
    if getattr(sys, "frozen", False):  # set by PyInstaller and others
        return "this program is frozen: it has no sources that could change."
    if "ipykernel" in sys.modules or not can_run_again():
        return "this program was not started by a command that can be repeated."
    if "pydevd" in sys.modules:
        return "a debugger is attached, and would not follow into a new process."
    return None


def split_command_line(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Python's own options, and the words from the program's name on.

    >>> split_command_line(["-X", "dev", "-um", "shop", "--debug"])
    (['-X', 'dev', '-u'], ['-m', 'shop', '--debug'])
    """
    options: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word.startswith("--"):
            options.append(word)
            if word == "--check-hash-based-pycs" and rest:
                options.append(rest.pop(0))
            continue
        before, letter, value = _split_letters(word)
        if letter in ("-m", "-c"):
            if before != "-":
                options.append(before)
            return options, [letter, *([value] if value else []), *rest]
        options.append(word)
        if letter and not value and rest:
            options.append(rest.pop(0))
    return options, rest


def _split_letters(word: str) -> tuple[str, str, str]:
    """Split ``-umshop`` before the first letter that takes a value: ``-u``, ``-m``, ``shop``."""
    for index, letter in enumerate(word[1:], start=1):
        if letter in "cmXW":
            return word[:index], f"-{letter}", word[index + 1 :]
    return word, "", ""


def restore_echo() -> None:
    """Show typed letters again, if a killed debugger prompt left the terminal without."""
    try:
        import termios

        settings = termios.tcgetattr(sys.stdin)
        if not settings[3] & termios.ECHO:
            settings[3] |= termios.ECHO
            termios.tcsetattr(sys.stdin, termios.TCSANOW, settings)
    except Exception:  # no termios (Windows), no terminal, no stdin
        return
