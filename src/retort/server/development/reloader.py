"""The reloader's parent process: hold the socket and run the program in child processes.

A child (`child.py`, `reloaded.py`) watches its own files and ends with status `RELOAD` when one has
changed. Clients that connect between two children wait in the accept queue.
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
    """Run the program in child processes until it ends or is stopped.

    :returns: the exit status for this process.
    """
    return Reloader(listener).run()


class Reloader:
    """Runs one child process at a time; stop signals to this process end it."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.child: subprocess.Popen[bytes] | None = None
        self.is_stopping = False
        self.round = 0
        self.wakeup = WakeupPipe()

    def run(self) -> int:
        """Run until the program ends or a stop signal arrives.

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
                return 0  # status 0: the program has ended normally
            if status == RELOAD:
                failure = None
            elif failure is None:
                failure = f"The program {_exit_description(status)}."
            else:
                return 1  # the child could not serve the error page

    def run_child(self, failure: str | None) -> int:
        """Start a child process and wait for its end.

        :param failure: why the last child has failed; the new one only shows an error page.
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
        if self.is_stopping:  # stopped during the start
            self.child.terminate()
        threading.Thread(target=self.wake_at_exit, args=(self.child,), daemon=True).start()
        while self.child.returncode is None:
            self.wakeup.wait()
        return self.child.returncode

    def wake_at_exit(self, child: subprocess.Popen[bytes]) -> None:
        """Wake `run_child` when the process ends; runs in a thread."""
        child.wait()
        self.wakeup.wake()

    def stop(self) -> None:
        """Terminate the child; kill it at the second call."""
        child = self.child
        if child is not None and self.is_stopping:
            child.kill()
        elif child is not None:
            child.terminate()
            killer = threading.Timer(2 * DEBUG_GRACE_SECONDS + 1, child.kill)
            killer.daemon = True
            killer.start()
        self.is_stopping = True


def _exit_description(status: int) -> str:
    if status < 0:
        return f"was ended by signal {-status}"
    return f"ended with exit status {status}; see the terminal"


def start_process(
    command: list[str], environ: dict[str, str], listener: socket.socket
) -> subprocess.Popen[bytes]:
    """Start ``command`` with the terminal and listening socket of this process."""
    if sys.platform == "win32":
        listener.set_inheritable(True)
        return subprocess.Popen(command, env=environ, close_fds=False)
    return subprocess.Popen(command, env=environ, pass_fds=(listener.fileno(),))


def command_line() -> list[str]:
    """The command that runs this program again as a child."""
    interpreter, arguments = split_command_line(sys.orig_argv[1:])
    launcher = Path(__file__).with_stem("child")  # child.pyc in a distribution without sources
    return [sys.executable, *interpreter, str(launcher), *arguments]


def is_repeatable() -> bool:
    """Whether the command that started this program can be repeated."""
    arguments = split_command_line(sys.orig_argv[1:])[1]
    return bool(sys.executable) and arguments[:1] not in ([], ["-"])


def why_no_reloader() -> str | None:
    """Why the reloader cannot be used; ``None`` if it can."""
    if getattr(sys, "frozen", False):  # set by PyInstaller and others
        return "this program is frozen: it has no sources that could change."
    if "ipykernel" in sys.modules or not is_repeatable():
        return "this program was not started by a command that can be repeated."
    if "pydevd" in sys.modules:
        return "a debugger is attached, and would not follow into a new process."
    return None


def split_command_line(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split into Python's own options and the arguments from the program's name on.

    >>> split_command_line(["-X", "dev", "-um", "shop", "--debug"])
    (['-X', 'dev', '-u'], ['-m', 'shop', '--debug'])
    """
    options: list[str] = []
    rest = list(arguments)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        argument = rest.pop(0)
        if argument.startswith("--"):
            options.append(argument)
            if argument == "--check-hash-based-pycs" and rest:
                options.append(rest.pop(0))
            continue
        before, letter, value = _split_letters(argument)
        if letter in ("-m", "-c"):
            if before != "-":
                options.append(before)
            return options, [letter, *([value] if value else []), *rest]
        options.append(argument)
        if letter and not value and rest:
            options.append(rest.pop(0))
    return options, rest


def _split_letters(argument: str) -> tuple[str, str, str]:
    """Split ``-umshop`` before the first letter that takes a value: ``-u``, ``-m``, ``shop``."""
    for index, letter in enumerate(argument[1:], start=1):
        if letter in "cmXW":
            return argument[:index], f"-{letter}", argument[index + 1 :]
    return argument, "", ""


def restore_echo() -> None:
    """Turn the terminal's echo on again, which a killed debugger prompt leaves off."""
    try:
        import termios

        settings = termios.tcgetattr(sys.stdin)
        if not settings[3] & termios.ECHO:
            settings[3] |= termios.ECHO
            termios.tcsetattr(sys.stdin, termios.TCSANOW, settings)
    except Exception:  # no termios (Windows), no terminal, no stdin
        return
