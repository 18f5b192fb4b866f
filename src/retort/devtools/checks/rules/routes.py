"""Find decorators of routes and error handlers that are written without parentheses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ....app import Flask
from ....blueprint import Blueprint
from ..calls import nodes_in
from ..findings import Finding
from ..source import FUNCTIONS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..calls import Scope
    from ..program import Program
    from ..source import Source

_ROUTES = frozenset({"route", "get", "post", "put", "patch", "delete", "query"})
_HANDLERS = frozenset({"errorhandler", "app_errorhandler"})


def check_routes(program: Program) -> Iterator[Finding]:
    """Report ``@app.route`` and its like without an address."""
    for source, function, decorator in bare_decorators(program, _ROUTES | _HANDLERS):
        yield _finding(source.path, function, decorator)


def bare_decorators(
    program: Program, names: frozenset[str] = _ROUTES
) -> Iterator[tuple[Source, str, ast.Attribute]]:
    """The decorators of the application without parentheses, with their functions."""
    for source, module in program.modules.values():
        for scope, node in nodes_in(source, module):
            if not isinstance(node, FUNCTIONS):
                continue
            for decorator in node.decorator_list:
                if not isinstance(decorator, ast.Attribute) or decorator.attr not in names:
                    continue
                if _is_bare(scope, decorator):
                    yield source, node.name, decorator


def _is_bare(scope: Scope, decorator: ast.Attribute) -> bool:
    owner = scope.resolve(decorator.value)
    if owner is UNKNOWN:
        return _is_made_around(scope, decorator.value)
    return issubclass(type(owner), (Flask, Blueprint))


def _is_made_around(scope: Scope, name: ast.expr) -> bool:
    """Whether a local variable of the functions around is an application or a blueprint."""
    if not isinstance(name, ast.Name) or not scope.functions:
        return False
    made: list[Any] = []
    for node in ast.walk(scope.functions[0]):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name.id for target in node.targets
        ):
            call = node.value
            made.append(scope.resolve(call.func) if isinstance(call, ast.Call) else UNKNOWN)
    return bool(made) and all(
        isinstance(one, type) and issubclass(one, (Flask, Blueprint)) for one in made
    )


def _finding(path: str, function: str, decorator: ast.Attribute) -> Finding:
    written = ast.unparse(decorator)
    what, example = "route", f"'/{function}'"
    if decorator.attr in _HANDLERS:
        what, example = "error handler", "404"
    return Finding(
        path,
        decorator.lineno,
        "route-parentheses",
        f"@{written} has no parentheses: it registers no {what}, and replaces {function}() by a"
        " decorator.",
        f"Write its argument in parentheses: @{written}({example}).",
    )
