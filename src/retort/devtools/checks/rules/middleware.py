"""Find middleware for which a thread waits during each request to an async view."""

from __future__ import annotations

import ast
import os
from inspect import iscoroutinefunction
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ....awaited import find_awaited
from ....lifecycle.deferred import waiting_layer
from ..calls import nodes_in
from ..findings import Finding
from ..program import first_line
from ..source import UNKNOWN
from .start import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..calls import Scope
    from ..program import Program, View

# A program that replaces one of these runs its coroutine functions in threads that wait.
_RUN_SYNC = (
    *("full_dispatch_request", "preprocess_request", "dispatch_request"),
    *("ensure_sync", "async_to_sync"),
)


def check_middleware(program: Program) -> Iterator[Finding]:
    """Report middleware of the program that does not pass on a response which is not known yet."""
    view, kind = _async_view(program)
    layer = waiting_layer(program.app)
    if view is None or layer is None or program.replaces(*_RUN_SYNC):
        return
    file, line = _place_of(program, layer) or (view.code.path, first_line(view))
    yield Finding(
        file,
        line,
        "waiting-thread",
        f"{_described(program, layer)} handles the response of each request, so a thread waits"
        f" for it while {kind} such as {view.name} ({place_of(view)}) runs: 'retort run --threads'"
        " limits how many of these requests run at the same time.",
        "Do its work in functions that are registered with before_request and after_request, for"
        " which no thread waits. Or set --threads to the number of async requests at a time.",
    )


def _async_view(program: Program) -> tuple[View | None, str]:
    """A view that runs on the event loop, and what it is."""
    functions = program.app.view_functions
    for view in program.views:
        for endpoint in view.endpoints:
            function = functions.get(endpoint)
            awaited = (find_awaited(function, method) for method in view.methods)
            if iscoroutinefunction(function) or any(awaited):
                return view, "an async view"
    return next(iter(program.sockets), None), "a WebSocket"


def _place_of(program: Program, layer: Any) -> tuple[str, int] | None:
    """The file and line in which the middleware is put around ``wsgi_app``, or is defined."""
    if _is_method(program, layer):
        code = layer.__func__.__code__
        path = os.path.realpath(code.co_filename)
        return (path, code.co_firstlineno) if path in program.modules else None
    for source, module in program.modules.values():
        for scope, node in nodes_in(source, module):
            if isinstance(node, ast.Assign) and _puts(program, scope, node, layer):
                return source.path, node.lineno
    return None


def _puts(program: Program, scope: Scope, node: ast.Assign, layer: Any) -> bool:
    """``app.wsgi_app = Layer(app.wsgi_app)``, also inside of another call."""
    target = node.targets[0]
    if not isinstance(target, ast.Attribute) or target.attr != "wsgi_app":
        return False
    owner = scope.resolve(target.value)
    if owner is not UNKNOWN and owner is not program.app:
        return False
    if isinstance(layer, (FunctionType, MethodType)):  # a call may have made it
        return True
    calls = [each for each in ast.walk(node.value) if isinstance(each, ast.Call)]
    return any(scope.resolve(call.func) is type(layer) for call in calls)


def _is_method(program: Program, layer: Any) -> bool:
    """Whether the class of the application replaces ``wsgi_app`` or ``__call__``."""
    return (
        isinstance(layer, MethodType)
        and layer.__self__ is program.app
        and isinstance(layer.__func__, FunctionType)
    )


def _described(program: Program, layer: Any) -> str:
    if _is_method(program, layer):
        return f"The method {layer.__func__.__qualname__}() of the program"
    thing = layer if isinstance(layer, (FunctionType, MethodType)) else type(layer)
    return f"The middleware {thing.__qualname__} around app.wsgi_app"
