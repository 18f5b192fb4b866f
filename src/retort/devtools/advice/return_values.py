"""Advice on a view that returned ``None``: the branch that ends without a ``return``."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .diagnostic import DiagnosticContext, advisor, described
from .edit import FileEdit, diff_of
from .record import Advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.program import View

_RESPONSE_FUNCTIONS = frozenset(
    {"render_template", "render_template_string", "redirect", "jsonify", "make_response"}
    | {"send_file", "send_from_directory", "format", "join"}
)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


@advisor
def returned_none(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the branch without ``return``."""
    error = diagnostic.error
    if not isinstance(error, TypeError) or " returned None. " not in str(error):
        return None
    view = diagnostic.view
    if view is None:
        return None
    ends = list(_open_ends(view.code.node.body))
    bare = [node for node in ast.walk(view.code.node) if _returns_nothing(node)]
    if not ends and len(bare) == 1:
        return _bare_return(diagnostic, view, bare[0])
    if not ends:
        return None
    value = next((end for end in ends if _may_be_returned(end)), None)
    node = value or ends[-1]
    edit = FileEdit(view.code.path)
    if value is not None:
        edit.insert(edit.start(value), "return ")
    return Advice(
        what=f"{described(view)} returned None: {_how(node)}.",
        why="The return value of a view is the response; without a return, it is None.",
        place=diagnostic.place(view.code.path, node.lineno, view.code.node.name),
        fix="Write return before this line." if value else "End this branch with a return.",
        diff=diff_of(diagnostic.folder, edit),
        facts=(("Branches without a return", _listed(ends)),),
    )


def _bare_return(diagnostic: DiagnosticContext, view: View, node: ast.AST) -> Advice:
    line = getattr(node, "lineno", view.code.node.lineno)
    return Advice(
        what=f"{described(view)} returned None: line {line} returns nothing.",
        place=diagnostic.place(view.code.path, line, view.code.node.name),
        fix="Return a string, a template or a redirect here.",
    )


def _listed(ends: list[ast.stmt]) -> str:
    return ", ".join(dict.fromkeys(f"line {end.lineno}" for end in ends))


def _how(node: ast.stmt) -> str:
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        return f"if {test!r} (line {node.lineno}) is false, nothing is returned"
    if isinstance(node, ast.Match):
        return f"if no case of line {node.lineno} matches, nothing is returned"
    return f"the branch ends at line {node.lineno} without a return"


def _returns_nothing(node: ast.AST) -> bool:
    if not isinstance(node, ast.Return):
        return False
    return node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)


def _may_be_returned(node: ast.stmt) -> bool:
    """Whether a statement is an unused value: ``render_template("x.html")``."""
    if not isinstance(node, ast.Expr):
        return False
    if isinstance(node.value, ast.Call):
        called = node.value.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        return name in _RESPONSE_FUNCTIONS
    return isinstance(node.value, (ast.JoinedStr, ast.BinOp, ast.Dict, ast.Name, ast.Constant))


def _open_ends(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements after which a function can end without a ``return``."""
    last = body[-1]
    if isinstance(last, _ENDS):
        return
    if isinstance(last, ast.If):
        yield from _open_ends(last.body)
        if last.orelse:
            yield from _open_ends(last.orelse)
        else:
            yield last
    elif isinstance(last, (ast.With, ast.AsyncWith)):
        yield from _open_ends(last.body)
    elif isinstance(last, ast.Try):
        yield from _open_ends_of_try(last)
    elif isinstance(last, ast.Match):
        for case in last.cases:
            yield from _open_ends(case.body)
        if not any(_is_default(case) for case in last.cases):
            yield last
    else:
        yield last


def _open_ends_of_try(node: ast.Try) -> Iterator[ast.stmt]:
    if node.finalbody and not list(_open_ends(node.finalbody)):
        return
    yield from _open_ends(node.orelse or node.body)
    for handler in node.handlers:
        yield from _open_ends(handler.body)


def _is_default(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and not case.pattern.pattern
