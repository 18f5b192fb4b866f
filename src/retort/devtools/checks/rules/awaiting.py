"""Find ``await`` of what Retort has as plain values and functions; in Quart they are awaited."""

from __future__ import annotations

import ast
from types import FunctionType
from typing import TYPE_CHECKING

import retort

from ....globals import request
from ....http import Request
from ..calls import nodes_in
from ..findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..calls import Scope
    from ..program import Program

_PARTS = frozenset({"form", "files", "values", "args", "data", "json", "cookies", "headers"})
_METHODS = frozenset({"get_json", "get_data"})


def check_awaiting(program: Program) -> Iterator[Finding]:
    """Report awaited parts of the request, and awaited functions of Retort."""
    for source, module in program.modules.values():
        for scope, node in nodes_in(source, module):
            if not isinstance(node, ast.Await):
                continue
            why = _why(program, scope, node.value)
            if why:
                shown = ast.unparse(node.value)
                yield Finding(
                    source.path,
                    node.lineno,
                    "needless-await",
                    f"{_place(scope)} awaits {shown}, which cannot be awaited: {why}.",
                    f"Write {shown} without await.",
                )


def _place(scope: Scope) -> str:
    return f"{scope.functions[-1].name}()" if scope.functions else "The module"


def _why(program: Program, scope: Scope, node: ast.expr) -> str:
    if _is_part_of_request(program, scope, node):
        return "the parts of a request are plain values, in async functions too"
    called = scope.resolve(node.func) if isinstance(node, ast.Call) else None
    if isinstance(called, FunctionType) and any(
        called is member for member in vars(retort).values()
    ):
        return "the function returns its result, in async functions too"
    return ""


def _is_part_of_request(program: Program, scope: Scope, node: ast.expr) -> bool:
    """``request.form``, ``request.get_json()``."""
    attribute, names = node, _PARTS
    if isinstance(node, ast.Call):
        attribute, names = node.func, _METHODS
    return (
        isinstance(attribute, ast.Attribute)
        and attribute.attr in names
        and scope.resolve(attribute.value) is request
        and attribute.attr not in program.request_attributes
        and not _is_replaced(program, attribute.attr)
    )


def _is_replaced(program: Program, name: str) -> bool:
    """Whether the request class of the program has this name itself."""
    cls = program.app.request_class
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return owner is None or owner not in Request.__mro__
