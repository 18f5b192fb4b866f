"""Advice on errors of indentation."""

from __future__ import annotations

import ast
import os
import re
from typing import TYPE_CHECKING

from ..record import Advice
from .parsing import certain_diff, error_in

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext
    from ..edit import FileEdit


def indentation(diagnostic: DiagnosticContext, edit: FileEdit, error: SyntaxError) -> Advice | None:
    """An error of indentation: what does not match, and how to indent the line."""
    if not isinstance(error, IndentationError):
        return None
    number = error.lineno or 1
    name = os.path.basename(edit.path)
    if isinstance(error, TabError):
        what = f"{name}, line {number} is indented inconsistently with tabs and spaces."
        fix = "Indent all lines with spaces."
        _expand_tabs(edit)
    else:
        what, fix = _by_message(name, number, error)
        if _indent_function(edit, number, error.msg or ""):
            fix = "Indent the lines of the function."
    return Advice(
        what=what,
        place=diagnostic.place(edit.path, number),
        fix=fix,
        diff=certain_diff(diagnostic, edit),
    )


def _by_message(name: str, number: int, error: SyntaxError) -> tuple[str, str]:
    message = error.msg or ""
    body = re.match(r"expected an indented block(?: after (.+) on line (\d+))?", message)
    if body:
        begin = f"the {body[1]} in line {body[2]}" if body[1] else "the block"
        what = f"{name}, line {number}: {begin} has no indented line below it."
        below = body[2] or number - 1
        fix = f"Indent line {number}, if it belongs to the block, or write 'pass' below line"
        return what, f"{fix} {below}."
    if message == "unexpected indent":
        return (
            f"{name}, line {number} is indented more than the block that it belongs to.",
            "Delete the additional spaces at its start.",
        )
    if message.startswith("unindent does not match"):
        return (
            f"{name}, line {number} has an indentation that matches no block around it.",
            "Indent it like the line of the block that it belongs to.",
        )
    return f"{name}, line {number}: {message}.", "Correct the indentation of this line."


def _indent_function(edit: FileEdit, number: int, message: str) -> bool:
    """Indent the lines up to the first ``return``, which belongs into a function."""
    begin = re.match(r"expected an indented block after function definition on line (\d+)", message)
    if begin is None:
        return False
    margin = _margin(edit.lines[int(begin[1]) - 1])
    for at in range(number, len(edit.lines) + 1):
        line = edit.lines[at - 1]
        is_other = re.match(r"\s*(?:$|@|def\b|class\b|async\b)", line)
        if is_other or not line.startswith(margin) or '"""' in line or "'''" in line:
            return False
        if _margin(line) == margin and re.match(r"\s*return\b", line):
            for own in range(number, at + 1):
                edit.insert(edit.offset(own), "    ")
            return error_in(edit.result()) is None
    return False


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _expand_tabs(edit: FileEdit) -> None:
    """Replace tabs in the indentation, if only one meaning is possible."""
    found: dict[str, str] = {}
    for width in (4, 8):
        text = "".join(_with_spaces(line, width) for line in edit.lines)
        try:
            found.setdefault(ast.dump(ast.parse(text)), text)
        except SyntaxError:
            continue
    if len(found) == 1:
        edit.replace(0, len(edit.text), next(iter(found.values())))


def _with_spaces(line: str, width: int) -> str:
    code = line.lstrip(" \t")
    return line[: len(line) - len(code)].expandtabs(width) + code
