"""Where calls of a program run, and which values their arguments have."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ....app import Flask
from ..source import UNKNOWN
from .settings import is_below_main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..calls import Call
    from ..program import Program
    from ..source import Function
    from .reach import Reached


def serving_calls(program: Program, reached: Sequence[Reached]) -> Iterator[tuple[Call, bool]]:
    """The calls that run when the program is loaded or for a request, and which of both it is.

    Calls in commands, and in functions that nothing is known of, are left out.
    """
    in_requests = {id(one.code.node) for one in reached}
    for call in program.calls:
        if any(id(function) in in_requests for function in call.scope.functions):
            yield call, True
        elif is_below_main(call.scope, call.node):
            continue
        elif all(_creates_app(call, function) for function in call.scope.functions):
            yield call, False


def _creates_app(call: Call, function: Function) -> bool:
    """Whether a function is a factory of an application, or a part of one: ``def init(app):``."""
    if any(one.arg == "app" for one in function.args.args):
        return True
    called = (
        call.scope.resolve(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)
    )
    return any(isinstance(one, type) and issubclass(one, Flask) for one in called)


def is_named(called: Any, package: str, *names: str) -> bool:
    """Whether a class or function of a package has one of these names."""
    if called is UNKNOWN or getattr(called, "__name__", None) not in names:
        return False
    return str(getattr(called, "__module__", "")).partition(".")[0] == package


def first_call(program: Program, package: str, *names: str) -> tuple[str, int] | None:
    """The file and line of the first call of a class or function of a package."""
    found = (call for call in program.calls if is_named(call.called, package, *names))
    return next(((call.path, call.node.lineno) for call in found), None)


def argument(call: ast.Call, position: int, *names: str) -> ast.expr | None:
    """An argument of a call by its position or one of its names."""
    if len(call.args) > position:
        return call.args[position]
    return next((each.value for each in call.keywords if each.arg in names), None)


def texts_in(call: Call, node: ast.AST | None) -> list[str]:
    """The strings in an expression, and those of the names of the module in it."""
    found: list[str] = []
    for each in ast.walk(node) if node is not None else ():
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            found.append(each.value)
        elif isinstance(each, (ast.Name, ast.Attribute)):
            value = call.scope.resolve(each)
            found += [value] if type(value) is str else []
    return found
