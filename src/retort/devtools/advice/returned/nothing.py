"""Advice on a function that returned ``None``: the branch that ends without a ``return``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....helpers import abort
from ....http.convert import to_response
from ....lifecycle.run import convert
from ..diagnostic import DiagnosticContext, frame_value, joined
from ..edit import FileEdit, diff_of
from ..record import Advice
from .sources import (
    candidates,
    described_code,
    error_handlers,
    is_inside,
    returns_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...checks.source import Code

_RESPONSE_FUNCTIONS = frozenset(
    {"render_template", "render_template_string", "redirect", "jsonify", "make_response"}
    | {"send_file", "send_from_directory", "format", "join"}
)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_WHY = "The return value of a view is the response; without a return, it is None."


def returned_none(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the branch without ``return``."""
    error = diagnostic.error
    if frame_value(error, convert, "value") is not None:
        return None
    if frame_value(error, to_response, "value") is not None:
        return None
    if is_inside(diagnostic):
        return None
    found = [each for each in map(_Open.of, _codes(diagnostic)) if each.ends or each.values]
    if len(found) == 1:
        return _explain(diagnostic, found[0])
    if not found:
        return None
    return Advice(
        what=f"The return value for {diagnostic.what} is None.",
        why=_WHY,
        fix="Let each of these functions return a response.",
        facts=tuple((described_code(each.code), each.listed) for each in found),
    )


@dataclass(frozen=True)
class _Open:
    """How a function can return ``None``.

    :param ends: the statements at which it ends without a value.
    :param values: the returns whose value may be ``None``.
    """

    code: Code
    ends: list[ast.stmt]
    values: list[ast.Return]

    @classmethod
    def of(cls, code: Code) -> _Open:
        bare: list[ast.stmt] = [node for node in returns_of(code) if _returns_nothing(node)]
        ends = [end for end in _open_ends(code.node.body) if not _never_ends(code, end)]
        values = [each.node for each in candidates([code], None)]
        return cls(code, [*bare, *ends], [node for node in values if node not in bare])

    @property
    def listed(self) -> str:
        return _listed([*self.ends, *self.values])


def _codes(diagnostic: DiagnosticContext) -> list[Code]:
    """The functions whose value is sent; a hook before the view may return ``None``."""
    view, handlers = diagnostic.view, error_handlers(diagnostic.app)
    return handlers if view is None else [*view.wrappers, view.code, *handlers]


def _explain(diagnostic: DiagnosticContext, found: _Open) -> Advice:
    if not found.values:
        return _explain_ends(diagnostic, found.code, found.ends)
    node = found.values[0]
    what, place = f"{described_code(found.code)} returned None.", found.code.node.lineno
    fix = "Return a response in each of these lines and branches."
    if not found.ends and len(found.values) == 1 and node.value is not None:
        value = ast.unparse(node.value)
        what = f"{described_code(found.code)} returned None: {value} in line {node.lineno} is None."
        place = node.lineno
        fix = f"Return something else if {value} is None."
    return Advice(
        what=what,
        why=_WHY,
        place=diagnostic.place(found.code.path, place, found.code.node.name),
        fix=fix,
        facts=(
            *((("Branches without a return", _listed(found.ends)),) if found.ends else ()),
            ("Returns whose value may be None", _listed([*found.values])),
        ),
    )


def _explain_ends(diagnostic: DiagnosticContext, code: Code, ends: list[ast.stmt]) -> Advice:
    values = [end for end in ends if _may_be_returned(end)]
    edit = FileEdit(code.path)
    for value in values:
        edit.insert(edit.start(value), "return ")
    node = (values or ends)[-1]
    fix = _fix_at(node) if len(ends) == 1 else "End each of these branches with a return."
    return Advice(
        what=f"{described_code(code)} returned None: {_how(code, ends)}.",
        why=_WHY,
        place=diagnostic.place(code.path, node.lineno, code.node.name),
        fix="Write return before this line." if values else fix,
        diff=diff_of(diagnostic.folder, edit),
        facts=(("Branches without a return", _listed(ends)),),
    )


def _listed(ends: list[ast.stmt]) -> str:
    return ", ".join(dict.fromkeys(f"line {end.lineno}" for end in ends))


def _fix_at(node: ast.stmt) -> str:
    if isinstance(node, ast.Return):
        return "Return a string, a template or a redirect here."
    if isinstance(node, ast.If):
        return "Write a return below this if, for the case that it is false."
    if isinstance(node, ast.Match):
        return "Write 'case _:' with a return as the last case."
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return "Write a return below this loop."
    return "Write a return below this line."


def _how(code: Code, ends: list[ast.stmt]) -> str:
    """How the function ends; only one of several branches has run, and which is not known."""
    node = ends[0]
    if len(ends) > 1:
        lines = joined(list(dict.fromkeys(str(end.lineno) for end in ends)))
        return f"no value is returned by the branches that end at lines {lines}"
    if isinstance(node, ast.Return):
        return f"line {node.lineno} returns nothing"
    if isinstance(node, ast.If):
        test = ast.unparse(node.test)
        return f"if {test!r} (line {node.lineno}) is false, nothing is returned"
    if isinstance(node, ast.Match):
        return f"if no case of line {node.lineno} matches, nothing is returned"
    if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        return f"after the loop of line {node.lineno}, nothing is returned"
    which = "it" if node is code.node.body[-1] else "the branch"
    return f"{which} ends at line {node.lineno} without a return"


def _never_ends(code: Code, node: ast.stmt) -> bool:
    """Whether control never gets past a statement: an endless loop, or ``abort()``."""
    if isinstance(node, ast.While):
        is_endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        return is_endless and not any(isinstance(each, ast.Break) for each in ast.walk(node))
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return code.resolve(node.value.func) is abort
    return False


def _returns_nothing(node: ast.Return) -> bool:
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
