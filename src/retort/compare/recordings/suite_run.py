"""Run a command in a process group of its own, for a limited time.

A test suite starts servers and other processes. All of them end with the run, also if that is
interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_LAST_LINES = 25


@dataclass(frozen=True)
class Run:
    """How a run has ended.

    :param status: the exit status; negative: a signal; ``None``: the time was over.
    :param output: a file with what was printed.
    """

    status: int | None
    output: Path

    def last_lines(self) -> str:
        """The end of what was printed, indented."""
        lines = self.output.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_LAST_LINES:])


def run_in_group(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    output: Path,
    seconds: float,
) -> Run:
    """Run a command until it ends or the time is over, and end what it has started.

    :param output: the file for its standard output and standard error.
    """
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,  # Ctrl-C goes to the command alone
        )
    status = None
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = process.wait(seconds)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return Run(status, output)
