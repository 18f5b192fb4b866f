"""Advice on two views with one endpoint: a free name, or the decorator that hides the names."""

from __future__ import annotations

import re
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ...errors import SharedEndpointError
from ...scaffold import proposed_endpoint
from ...tracebacks import where
from ..checks.source import FUNCTIONS, code_of
from .edit import FileEdit, add_import, diff_of
from .record import Advice

if TYPE_CHECKING:
    import ast

    from ..checks.source import Code
    from .diagnostic import DiagnosticContext


def shared_endpoint(diagnostic: DiagnosticContext) -> Advice | None:
    """Give the second view another name."""
    error = diagnostic.error
    if not isinstance(error, SharedEndpointError):
        return None
    code = code_of(error.second)
    if _code(error.first) is not None and _code(error.first) is _code(error.second):
        return _one_function(diagnostic, error, code)
    name = error.endpoint.rpartition(".")[2]
    is_named_by_function = code is not None and code.node.name == name
    proposed = _free_name(error, code)
    edit = _renamed(code, proposed) if code is not None and is_named_by_function else None
    return Advice(
        what=f"Two views have the endpoint {error.endpoint!r}: {_where_both(error)}.",
        why="The endpoint of a view is the name of its function, unless its route has another.",
        place=_place(diagnostic, code),
        fix=(
            f"Rename the second function, for instance to {proposed}()."
            if is_named_by_function
            else f"Write another endpoint at one of the routes, such as {proposed!r}."
        ),
        diff="" if edit is None else diff_of(diagnostic.folder, edit),
    )


def _free_name(error: SharedEndpointError, code: Code | None) -> str:
    """The proposed name, unless the file has it further below."""
    names = set() if code is None else {each.name for each in code.source.functions()}
    if error.name not in names:
        return error.name
    return proposed_endpoint("", error.endpoint.rpartition(".")[2], names)


def _where_both(error: SharedEndpointError) -> str:
    first, second = where(error.first), where(error.second)
    return f"{first} and {second}"


def _code(view: Any) -> Any:
    return getattr(view, "__code__", None)


def _place(diagnostic: DiagnosticContext, code: Code | None) -> Any:
    if code is None:
        return diagnostic.last_place
    return diagnostic.place(code.path, code.node.lineno, code.node.name)


def _renamed(code: Code, name: str) -> FileEdit:
    edit = FileEdit(code.path)
    found = re.compile(rf"def\s+({code.node.name})\b").search(edit.text, edit.start(code.node))
    if found is not None:
        edit.replace(found.start(1), found.end(1), name)
    return edit


def _one_function(
    diagnostic: DiagnosticContext, error: SharedEndpointError, code: Code | None
) -> Advice:
    """A decorator returned both, or a loop registers the same function several times."""
    wrapped = _wrapped_name(error.second)
    shown = where(error.second)
    edit = None if code is None or not wrapped else _with_wraps(code, wrapped)
    return Advice(
        what=f"Two views have the endpoint {error.endpoint!r}, because both are {shown}.",
        why=(
            "The decorator returns this function in place of the view. functools.wraps gives it the"
            " name of the view."
            if wrapped
            else "The endpoint of a view is the name of its function."
        ),
        place=_place(diagnostic, code),
        fix=(
            f"Write @wraps({wrapped}) above the function."
            if wrapped
            else "Write an endpoint of its own at each route."
        ),
        diff="" if edit is None else diff_of(diagnostic.folder, edit),
    )


def _wrapped_name(view: Any) -> str:
    """The name of the only function in the closure of a wrapper; empty if there is none."""
    if not isinstance(view, FunctionType):
        return ""
    names = [
        name
        for name, cell in zip(view.__code__.co_freevars, view.__closure__ or (), strict=True)
        if isinstance(cell.cell_contents, FunctionType)
    ]
    return names[0] if len(names) == 1 else ""


def _with_wraps(code: Code, wrapped: str) -> FileEdit | None:
    node: ast.AST = code.node
    if not isinstance(node, FUNCTIONS) or node.decorator_list:
        return None
    edit = FileEdit(code.path)
    edit.insert_line(node.lineno, f"{' ' * node.col_offset}@wraps({wrapped})")
    add_import(edit, code.source.tree, "functools", "wraps")
    return edit
