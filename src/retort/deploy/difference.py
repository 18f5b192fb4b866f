"""``--diff``: what would change in a file."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

from .errors import DeployError

__all__ = ["DeployError", "changes"]


def changes(file: str, written: str) -> str:
    """A unified diff from a file to what this version writes; empty if they are equal.

    :param file: its path; ``-``: standard input.
    :raises DeployError: if it cannot be read.
    """
    lines = difflib.unified_diff(
        _text_of(file).splitlines(keepends=True),
        written.splitlines(keepends=True),
        fromfile="standard input" if file == "-" else file,
        tofile="written now",
    )
    return "".join(_whole(line) for line in lines)


def _text_of(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise DeployError(f"--diff {file}: it cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DeployError(
            f"--diff {file}: it is no text in UTF-8. Name the written file."
        ) from error


def _whole(line: str) -> str:
    """A line with its end; that of a file without one is as ``diff`` shows it."""
    return line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
