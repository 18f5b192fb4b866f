"""Runs the command of ``--reset``, which makes the data of a side."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING

from ..options import CompareError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RESET_SECONDS = 600.0
_LAST_BYTES = 4_000


def reset(
    command: str, folder: Path, environment: Mapping[str, str], seconds: float = RESET_SECONDS
) -> None:
    """Run a shell command in a copy of the program's folder.

    Processes that it leaves behind go on, for example a database server; only those of a command
    that takes too long, or is interrupted, are ended.

    :raises CompareError: if it fails or takes longer; the message has its output.
    """
    with tempfile.TemporaryFile() as output:  # a pipe would stay open in what it leaves behind
        process = subprocess.Popen(
            command,
            shell=True,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            _kill(process)
            problem = f"did not end in {seconds:g} seconds"
        except BaseException:
            _kill(process)
            raise
        else:
            if status == 0:
                return
            problem = f"ended with status {status}"
        raise CompareError(f"--reset {command!r} {problem}.{_printed(output.fileno())}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _printed(descriptor: int) -> str:
    size = os.fstat(descriptor).st_size
    text = os.pread(descriptor, _LAST_BYTES, max(0, size - _LAST_BYTES)).decode(errors="replace")
    lines = "".join(f"\n    {line}" for line in text.splitlines())
    return f" It printed:{lines}" if lines else " It printed nothing."
