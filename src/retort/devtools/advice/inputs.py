"""Advice on declared inputs that cannot be read, and on values that are not as declared."""

from __future__ import annotations

import ast
from traceback import walk_tb
from typing import TYPE_CHECKING

from ...errors import SetupError
from ..checks.endings import own_nodes
from ..checks.rules.inputs import lost_inputs, problem_of, split_message
from ..checks.source import source_of
from .edit import FileEdit, add_import, diff_of
from .record import Advice

if TYPE_CHECKING:
    from ..checks.rules.inputs import Lost
    from ..checks.source import Code
    from .diagnostic import DiagnosticContext

_INPUTS = "retort.extensions.inputs."


def unreadable_inputs(diagnostic: DiagnosticContext) -> Advice | None:
    """A declaration that is not valid, when a route is registered or with the first request."""
    error = diagnostic.error
    if not isinstance(error, SetupError) or not _is_raised_by(error, _INPUTS):
        return None
    view = None if diagnostic.app is None else diagnostic.view
    found = None if view is None else problem_of(view)
    if view is not None and found is not None:
        place = diagnostic.place(found.file, found.line, view.code.node.name)
        return Advice(what=found.message, why=_WHY, place=place, fix=found.fix)
    what, fix = split_message(error)
    return Advice(what=what, why=_WHY, place=diagnostic.last_place, fix=fix)


_WHY = (
    "The annotations of a view with a marker, such as `Query` or `Body`, are evaluated when its"
    " route is registered, or with its first request if a name is not defined then."
)


def hidden_inputs(diagnostic: DiagnosticContext) -> Advice | None:
    """A decorator without ``functools.wraps``: the view is called without its inputs."""
    error, view = diagnostic.error, diagnostic.view
    if type(error) is not TypeError or "missing" not in str(error) or view is None:
        return None
    last = diagnostic.last_line
    if last is None or last.frame.f_code is not view.code.function.__code__:
        return None
    for lost in lost_inputs(view):
        if any(f"'{name}'" in str(error) for name in lost.names):
            return Advice(
                what=lost.message,
                why=(
                    "Inputs are found in the signature of the function that is registered, or of"
                    " the one that functools.wraps names."
                ),
                place=diagnostic.place(view.code.path, view.code.node.lineno, view.code.node.name),
                fix=lost.fix,
                diff=_wrapping(diagnostic, view.code, lost),
            )
    return None


def _wrapping(diagnostic: DiagnosticContext, code: Code, lost: Lost) -> str:
    """Add ``@wraps(f)`` to the function of the decorator."""
    source = source_of(code.path)
    if source is None:
        return ""
    edit = FileEdit(code.path)
    indent = " " * code.node.col_offset
    edit.insert_line(code.node.lineno, f"{indent}@wraps({lost.variable})")
    add_import(edit, source.tree, "functools", "wraps")
    return diff_of(diagnostic.folder, edit)


def not_as_annotated(diagnostic: DiagnosticContext) -> Advice | None:
    """A return value that is not what the return annotation of its view says."""
    error, view = diagnostic.error, diagnostic.view
    if type(error) is not TypeError or view is None:
        return None
    if not _is_raised_by(error, f"{_INPUTS}returned"):
        return None
    what, _, _ = str(error).partition(" Return another value")
    returns = [node for node in own_nodes(view.code.node) if isinstance(node, ast.Return)]
    line = returns[0].lineno if len(returns) == 1 else view.code.node.lineno
    return Advice(
        what=what,
        why=(
            "A view with declared inputs promises what its return annotation says. This is"
            " checked in debug mode and in tests only."
        ),
        place=diagnostic.place(view.code.path, line, view.code.node.name),
        fix="Return another value, or change the annotation.",
    )


def _is_raised_by(error: BaseException, module: str) -> bool:
    """Whether a function of a module raised an error; `module` may be the start of a name."""
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    name = frames[-1].f_globals.get("__name__", "") if frames else ""
    return isinstance(name, str) and f"{name}.".startswith(f"{module.rstrip('.')}.")


ADVISORS = (unreadable_inputs, hidden_inputs, not_as_annotated)
