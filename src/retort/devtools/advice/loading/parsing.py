"""Parse a changed source text, to see whether a change removes a syntax error."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..edit import diff_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..diagnostic import DiagnosticContext
    from ..edit import FileEdit

_MAX_STEPS = 500  # changes of one file

Position = tuple[int, int]  # a line and a column, both from 1


def error_in(text: str) -> SyntaxError | None:
    """The first syntax error of a source text."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        return error
    return None


def place_of(error: SyntaxError | None) -> Position:
    """The place of an error; behind all others if there is none."""
    if error is None:
        return 1 << 30, 1
    return error.lineno or 1, error.offset or 1


def is_better(text: str, than: Position) -> bool:
    """Whether the first error of a text, if there is one, is behind a place."""
    return place_of(error_in(text)) > than


def repaired(text: str, step: Callable[[str, SyntaxError], str | None]) -> str:
    """The text after a kind of change was made at all errors that it removes.

    :param step: from a text and its error to the changed text; ``None`` for another kind of error.
    """
    for _ in range(_MAX_STEPS):
        error = error_in(text)
        changed = None if error is None else step(text, error)
        if changed is None or changed == text:
            break
        text = changed
    return text


def certain_diff(diagnostic: DiagnosticContext, edit: FileEdit) -> str:
    """The diff of an edit; empty if the file still has a syntax error, whatever its suffix."""
    return "" if error_in(edit.result()) else diff_of(diagnostic.folder, edit)


def line_of(text: str, number: int) -> str:
    """A line of a text, from 1; empty if there is none."""
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def with_line(text: str, number: int, new: str) -> str:
    """The text with another line ``number``."""
    lines = text.splitlines(keepends=True)
    old = lines[number - 1]
    lines[number - 1] = new + old[len(old.rstrip("\r\n")) :]
    return "".join(lines)
