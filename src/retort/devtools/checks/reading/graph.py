"""Which functions of the program a function calls, and whether one of them uses the request.

Most functions of a program do not: they are not read line by line.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from types import FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..source import UNKNOWN, Code, code_of, wrappers_of
from .libraries import may_read

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tree(NamedTuple):
    """A function, and those that it calls, and those that these call.

    :param uses_request: whether one of them names the request.
    :param may_read: whether a function of a library that one of them calls may read it.
    :param codes: their sources.
    """

    uses_request: bool
    may_read: bool
    codes: tuple[Code, ...]


class _Summary(NamedTuple):
    code: Code
    uses_request: bool
    may_read: bool
    calls: tuple[FunctionType, ...]


@lru_cache(maxsize=10_000)
def tree_of(function: FunctionType, owner: type | None) -> Tree:
    """The functions behind a function.

    :param owner: the class of which it is a method, for ``self.helper()``.
    """
    found: dict[FunctionType, _Summary] = {}
    waiting = [function]
    while waiting:
        one = waiting.pop()
        summary = None if one in found else _summary_of(one, owner)
        if summary is not None:
            found[one] = summary
            waiting += summary.calls
    summaries = found.values()
    return Tree(
        any(one.uses_request for one in summaries),
        any(one.may_read for one in summaries),
        tuple(one.code for one in summaries),
    )


def function_behind(code: Code, node: ast.expr, owner: type | None) -> FunctionType | None:
    """The function of the program that an expression in a function is."""
    called = code.resolve(node)
    if called is UNKNOWN and isinstance(node, ast.Attribute) and owner is not None:
        is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        called = getattr(owner, node.attr, UNKNOWN) if is_own else UNKNOWN
    if not issubclass(type(called), FunctionType):
        return None
    function = list(wrappers_of(called))[-1]
    return function if isinstance(function, FunctionType) and has_source(function) else None


@lru_cache(maxsize=10_000)
def has_source(function: FunctionType) -> bool:
    """Whether the source of a function belongs to the program."""
    return code_of(function) is not None


def object_called(code: Code, function: ast.expr) -> Any:
    """The object that is called, or whose method is called; or `UNKNOWN`."""
    found = code.resolve(function)
    while found is UNKNOWN and isinstance(function, (ast.Attribute, ast.Call, ast.Subscript)):
        function = function.func if isinstance(function, ast.Call) else function.value
        found = code.resolve(function)
    return found


@lru_cache(maxsize=10_000)
def parents_in(node: ast.AST) -> Mapping[ast.AST, ast.AST]:
    """The parent of each node below a node."""
    return {child: outer for outer in ast.walk(node) for child in ast.iter_child_nodes(outer)}


@lru_cache(maxsize=10_000)
def _summary_of(function: FunctionType, owner: type | None) -> _Summary | None:
    code = code_of(function)
    if code is None:
        return None
    calls: list[FunctionType] = []
    uses_request = opens = False
    for node in ast.walk(code.node):
        if isinstance(node, (ast.Name, ast.Attribute)):
            uses_request = uses_request or code.is_request(node)
        elif isinstance(node, ast.Call):
            inner = function_behind(code, node.func, owner)
            if inner is not None:
                calls.append(inner)
                continue
            called = object_called(code, node.func)
            opens = opens or (called is not UNKNOWN and may_read(called))
    return _Summary(code, uses_request, opens, tuple(calls))
