"""Find views that end without a return value, of which no response can be made."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ....helpers import make_response, redirect, send_file, send_from_directory
from ....json import jsonify
from ....templating import render_template, render_template_string
from ..calls import is_one_of
from ..endings import ends_of, is_generator
from ..findings import Finding
from ..program import without_implied
from ..wrappers import returns_unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..endings import End
    from ..flow import Methods
    from ..program import Program, View

_MAKE_RESPONSES = (
    *(jsonify, make_response, redirect, render_template, render_template_string),
    *(send_file, send_from_directory),
)


def check_returns(program: Program) -> Iterator[Finding]:
    """Report views that return nothing: always, or in some branch."""
    for view in program.views:
        if is_generator(view.code.node) or not returns_unchanged(program, view):
            continue
        methods = without_implied(view.methods)
        empty = [end for end in ends_of(view.code, methods) if end.value is None]
        for end in empty:
            if end.ways.certain:
                yield _always(view, end, frozenset(methods))
                break
        else:
            yield from (_sometimes(view, end) for end in empty)


def _always(view: View, end: End, methods: Methods) -> Finding:
    certain = end.ways.certain
    which = "" if certain == methods else f" for {' and '.join(sorted(certain))}"
    return Finding(
        view.code.path,
        end.node.lineno,
        "no-return",
        f"{view.name} returns nothing{which}: {_where(end)}. The response is an error 500.",
        _fix(view, end.node),
    )


def _sometimes(view: View, end: End) -> Finding:
    return Finding(
        view.code.path,
        end.node.lineno,
        "some-return",
        f"{view.name} can end without a return value: {_where(end)}. The response is then an error"
        " 500.",
        _fix(view, end.node),
    )


def _where(end: End) -> str:
    if isinstance(end.node, ast.Return):
        return f"line {end.node.lineno} is {ast.unparse(end.node)!r}"
    last = end.node
    if isinstance(last, ast.If) and not last.orelse:
        return f"if the condition in line {last.lineno} is false, no return follows"
    if isinstance(last, (ast.For, ast.While, ast.AsyncFor)):
        return f"no return follows the loop in line {last.lineno}"
    if isinstance(last, (ast.Try, ast.Match, ast.If)):
        return f"no return follows the {_word(last)!r} in line {last.lineno}"
    return f"no return follows line {last.end_lineno or last.lineno}"


def _word(node: ast.stmt) -> str:
    return type(node).__name__.lower()


def _fix(view: View, last: ast.stmt) -> str:
    value = last.value if isinstance(last, ast.Expr) else None
    called = value.func if isinstance(value, ast.Call) else None
    if called is not None and is_one_of(view.code.resolve(called), _MAKE_RESPONSES):
        return f"Write return before it: return {ast.unparse(called)}(...)."
    if isinstance(last, ast.Return):
        return "Return a response, such as a string, a dict or render_template(...)."
    return "Add a return with a response, such as a string, a dict or render_template(...)."
