"""Advice on the ``TypeError`` or ``AttributeError`` of an operation on ``None``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..edit import FileEdit, diff_of, quote_like
from ..record import Advice
from .operations import none_operand
from .origins import Origin, origin_of
from .running import running_at

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext
    from .running import RunningFunction

_TEXT_PARTS = frozenset({"args", "form", "values", "cookies", "headers"})


def none_used(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the value that is ``None``, the line that read it, and why it was ``None``."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) not in (TypeError, AttributeError) or "NoneType" not in str(error):
        return None
    if line is None or not diagnostic.is_raised_in_last_line:
        return None
    running = running_at(line)
    operand = None if running is None else none_operand(error, running)
    if running is None or operand is None:
        return None
    origin = origin_of(diagnostic, line, operand)
    shown = ast.unparse(operand)
    default = _default_for(error, running, operand, origin)
    fix = f"Before this line, handle the case that {shown} is None."
    if origin is not None and origin.reason is not None and origin.reason.fix:
        fix = origin.reason.fix
    elif default is not None and origin is not None:
        fix = f"Give a default: {ast.unparse(default)}."
    return Advice(
        what=described_none(shown, operand, origin, line.file),
        why=where_read(origin, line.file, line.line),
        place=diagnostic.last_place,
        fix=fix,
        diff=_default_diff(diagnostic, origin) if default is not None else "",
    )


def described_none(shown: str, operand: ast.expr, origin: Origin | None, file: str) -> str:
    """A sentence that a value is ``None``, with the reason if it is known."""
    if origin is not None and origin.because:
        return ended(f"{shown} is None: {origin.because}")
    if origin is not None and isinstance(origin.node, ast.Constant):
        return f"{shown} is None: its value comes from {origin.where(file)}."
    if origin is not None and origin.node is not operand:
        return f"{shown} is None: it is the value of {origin.shown}, {origin.where(file)}."
    return f"{shown} is None."


def where_read(origin: Origin | None, file: str, line: int) -> str:
    """A sentence with the line that read the value, unless it is the line that failed."""
    if origin is None or (origin.place.line, origin.path) == (line, file):
        return ""
    return f"Its value comes from {origin.where(file)}: {origin.place.source}"


def ended(sentence: str) -> str:
    """A sentence with its full stop, also after ``?nm=...``."""
    return sentence if sentence.endswith("...") else f"{sentence}."


# A default


def _default_for(
    error: BaseException, running: RunningFunction, operand: ast.expr, origin: Origin | None
) -> ast.Call | None:
    """The read with an empty text as its default, if the failed operation accepts a text."""
    if origin is None or origin.reason is None or origin.reason.part not in _TEXT_PARTS:
        return None
    if not _accepts_text(str(error), error) or not isinstance(origin.node, ast.Call):
        return None
    if len(origin.node.args) != 1 or origin.node.keywords:
        return None
    if isinstance(operand, ast.Name) and _is_compared_with_none(running, operand.id):
        return None
    return ast.Call(origin.node.func, [*origin.node.args, ast.Constant("")], [])


def _accepts_text(message: str, error: BaseException) -> bool:
    if isinstance(error, AttributeError):
        return hasattr("", error.name or "")
    return message.startswith("can only concatenate str ") or (
        message.startswith("unsupported operand type(s) for +") and "'str'" in message
    )


def _is_compared_with_none(running: RunningFunction, name: str) -> bool:
    """Whether the function distinguishes ``None`` from an empty text."""
    return any(
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Name)
        and node.left.id == name
        and any(isinstance(one, ast.Constant) and one.value is None for one in node.comparators)
        for node in ast.walk(running.node)
    )


def _default_diff(diagnostic: DiagnosticContext, origin: Origin | None) -> str:
    if origin is None or not isinstance(origin.node, ast.Call):
        return ""
    edit = FileEdit(origin.path)
    empty = quote_like(edit.source(origin.node), "")
    edit.insert(edit.end(origin.node.args[0]), f", {empty}")
    return diff_of(diagnostic.folder, edit)
