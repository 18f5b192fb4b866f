"""Find views that read data their route never receives, or that change data on GET."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..findings import Finding
from ..flow import reached_nodes, tested_methods
from ..program import BODY_METHODS
from ..reads import direct_reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..program import Program, View

# The methods that browsers convert to capitals (Fetch standard, "normalize a method").
_IN_CAPITALS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
_STORES = frozenset({"session", "db", "query", "objects", "database", "conn", "connection"})


def check_views(program: Program) -> Iterator[Finding]:
    """Report views whose methods do not match their code."""
    for view in program.views:
        yield from _missing_method(program, view)
        yield from _method_in_lower_case(view)
        yield from _changes_on_get(view)


def _missing_method(program: Program, view: View) -> Iterator[Finding]:
    if view.methods & BODY_METHODS:
        return
    for node, methods in tested_methods(view.code):
        tested = methods & BODY_METHODS
        if tested and isinstance(node.ops[0], (ast.Eq, ast.In)):
            yield _never(view, node.lineno, f"tests for {' or '.join(sorted(tested))}")
            return
    touched = direct_reads(view.code).touched
    for source in ("form", "files"):
        if source in touched and source not in program.request_attributes:
            yield _never(view, touched[source], f"reads request.{source}")
            return


def _never(view: View, line: int, what: str) -> Finding:
    rule = view.rules[0].rule
    if view.is_alone:
        fix = (
            f"methods=['GET', 'POST'] at the route {rule!r}; or read request.args, which GET fills."
        )
    else:
        fix = "Move this to the function for POST; or read request.args, which GET fills."
    taken = " and ".join(sorted(view.methods - {"HEAD", "OPTIONS"})) or "HEAD"
    return Finding(
        view.code.path,
        line,
        "view-method",
        f"{view.name} {what}, but accepts {taken} only: no form data can arrive here.",
        fix,
    )


def _method_in_lower_case(view: View) -> Iterator[Finding]:
    """``request.method == "post"``; methods are case-sensitive (RFC 9110 section 9.1)."""
    for node, methods in tested_methods(view.code):
        wrong = sorted(name for name in methods if name.upper() not in methods)
        if not wrong or not {name.upper() for name in wrong} <= _IN_CAPITALS:
            continue
        meant = " or ".join(repr(name.upper()) for name in wrong)
        yield Finding(
            view.code.path,
            node.lineno,
            "view-method",
            f"{view.name} compares request.method with {' or '.join(map(repr, wrong))}, but"
            f" browsers send methods in capitals: {meant}.",
            f"Write {meant}.",
        )


def _changes_on_get(view: View) -> Iterator[Finding]:
    if "GET" not in view.methods:
        return
    for node, methods in reached_nodes(view.code, view.methods):
        call = _change_in(node)
        if call is not None and "GET" in methods:
            yield Finding(
                view.code.path,
                call.lineno,
                "state-on-get",
                f"{view.name} changes data on GET ({ast.unparse(call)}). Browsers"
                " prefetch pages, search engines follow links, and any other site can send a"
                " visitor here (RFC 9110 §9.2.1).",
                "Change data for POST only: methods=['POST'] and a form with method='post', or"
                " 'if request.method == \"POST\":' around it.",
            )
            return


def _change_in(node: ast.AST) -> ast.Call | None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            if inner.func.attr == "commit" and not inner.args:
                return inner
            if inner.func.attr == "delete" and _is_of_store(inner.func.value):
                return inner
    return None


def _is_of_store(node: ast.expr) -> bool:
    """Whether ``node`` in ``node.delete()`` is a database object, judged by its name."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in _STORES:
            return True
        if isinstance(inner, ast.Name) and inner.id in _STORES:
            return True
    return False
