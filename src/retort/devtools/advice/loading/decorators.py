"""Advice on a decorator without a function below it."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from ..record import Advice
from .parsing import certain_diff, error_in

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext
    from ..edit import FileEdit


def loose_decorator(
    diagnostic: DiagnosticContext, edit: FileEdit, error: SyntaxError
) -> Advice | None:
    """A decorator that is the only error of a file: where it belongs, if that is certain."""
    number = _decorator_before(edit.lines, error.lineno or 1)
    if number is None:
        return None
    text = edit.lines[number - 1]
    without = "".join([*edit.lines[: number - 1], "\n", *edit.lines[number:]])
    if error_in(without) is not None:
        return None
    owner = _owner(ast.parse(without), number)
    if owner is not None:
        ended = text if text.endswith("\n") else f"{text}\n"
        edit.replace(edit.offset(number), edit.offset(number + 1), "")
        edit.insert(edit.offset(owner.lineno), ended)
    shown = text.strip()
    return Advice(
        what=f"{os.path.basename(edit.path)}, line {number}: {shown} has no function below it.",
        why="A decorator stands directly above the function that it belongs to.",
        place=diagnostic.place(edit.path, number),
        fix=f"Move it directly above {f'def {owner.name}' if owner else 'its function'}.",
        diff=certain_diff(diagnostic, edit) if owner else "",
    )


def _decorator_before(lines: list[str], number: int) -> int | None:
    """The number of the last line with code up to a line, not that line's own statement."""
    for at in range(min(number, len(lines)), 0, -1):
        code = lines[at - 1].strip()
        if code.startswith("@"):
            return at
        if code and not code.startswith("#") and at < number:
            return None
    return None


def _owner(tree: ast.Module, number: int) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The only function without a decorator next to a line; ``None`` if there are two."""
    above = [node for node in tree.body if node.lineno < number][-1:]
    below = [node for node in tree.body if node.lineno > number and _is_free(node)][:1]
    found = [node for node in [*above, *below] if _is_free(node)]
    if len(found) != 1 or not isinstance(found[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
        return None
    return found[0]


def _is_free(node: ast.stmt) -> bool:
    is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    return is_function and not node.decorator_list  # type: ignore[attr-defined]
