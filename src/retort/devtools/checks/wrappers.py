"""Determine whether the decorators of a view return what the view returns."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from ...views import MethodView
from ...views import View as ViewClass
from .endings import own_nodes
from .source import UNKNOWN, code_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .program import Program, View
    from .source import Code

# Packages whose decorators return what the view returns, or do not call it.
_KNOWN = frozenset(
    {"flask_login", "flask_httpauth", "flask_jwt_extended", "flask_limiter", "flask_principal"}
    | {"flask_security", "flask_wtf", "flask_cors", "retort"}
)
# The methods of an application that handle what a view returns.
_METHODS = ("make_response", "finalize_request", "dispatch_request", "full_dispatch_request")


def returns_unchanged(program: Program, view: View) -> bool:
    """Whether the application receives what the view returns, by each of its rules."""
    if program.replaces(*_METHODS):
        return False
    return all(_is_transparent(chain) for chain in view.chains)


def _is_transparent(chain: list[Callable[..., Any]]) -> bool:
    first, *others = chain
    cls = getattr(first, "view_class", None)
    if cls is not None and not _calls_method(first, cls):
        return False
    is_dispatcher = cls is not None or hasattr(first, "views_by_method")
    wrappers = others[:-1] if is_dispatcher else chain[:-1]
    return all(_passes_on(wrapper) for wrapper in wrappers)


def _calls_method(function: Any, cls: type) -> bool:
    """Whether the function of a class-based view returns what the method returns."""
    if hasattr(function, "__wrapped__") or not issubclass(cls, ViewClass) or cls.decorators:
        return False
    dispatch = cls.dispatch_request
    return not issubclass(cls, MethodView) or dispatch is MethodView.dispatch_request


def is_of_known_package(wrapper: Callable[..., Any]) -> bool:
    """Whether a wrapper function belongs to a package whose decorators are known."""
    module = getattr(wrapper, "__module__", None) or ""
    origin = getattr(getattr(wrapper, "__globals__", None), "get", lambda _: "")("__name__")
    return str(origin or module).partition(".")[0] in _KNOWN


def _passes_on(wrapper: Callable[..., Any]) -> bool:
    code = code_of(wrapper)
    return is_of_known_package(wrapper) if code is None else _returns_calls(code)


def _returns_calls(code: Code) -> bool:
    """Whether each call of the decorated function is the value of a return statement."""
    nodes = list(own_nodes(code.node))
    returned = {_awaited(node.value) for node in nodes if isinstance(node, ast.Return)}
    calls = [node for node in nodes if isinstance(node, ast.Call) and _calls_inner(code, node.func)]
    return bool(calls) and all(call in returned for call in calls)


def _awaited(node: ast.expr | None) -> ast.expr | None:
    return node.value if isinstance(node, ast.Await) else node


def _calls_inner(code: Code, function: ast.expr) -> bool:
    """``f(...)`` or ``current_app.ensure_sync(f)(...)``, with ``f`` of the function around."""
    if isinstance(function, ast.Call) and function.args:
        function = function.args[0]
    if not isinstance(function, ast.Name) or function.id in code.local_names:
        return False
    inner = code.resolve(function)
    return inner is not UNKNOWN and function.id in code.function.__code__.co_freevars
