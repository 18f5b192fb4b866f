"""The functions of a program that run on the event loop, and the functions that they call there."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from types import FunctionType
from typing import TYPE_CHECKING, Any

import retort

from .endings import is_generator, own_nodes
from .source import code_of
from .wrappers import is_of_known_package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .calls import Call
    from .program import Program, View
    from .source import Code

# Registries of functions by blueprint, and what a function in them is.
_HOOKS = {
    "before_request_funcs": "hook",
    "after_request_funcs": "hook",
    "teardown_request_funcs": "hook",
    "before_websocket_funcs": "hook",
    "after_websocket_funcs": "hook",
    "teardown_websocket_funcs": "hook",
    "template_context_processors": "context processor",
}
_AWAITING = (ast.Await, ast.AsyncFor, ast.AsyncWith)


@dataclass(frozen=True)
class OnLoop:
    """A function whose statements run on the event loop.

    :param code: the function.
    :param kind: of the function that Retort calls: ``view``, ``hook``, ``generator`` and the like.
    :param chain: the functions from that one to this one.
    """

    code: Code
    kind: str
    chain: tuple[Code, ...]

    @property
    def caller(self) -> tuple[Code, Code] | None:
        """The coroutine function, and the synchronous function that it calls here, if any."""
        for outer, inner in zip(self.chain, self.chain[1:], strict=False):
            if not is_async(inner):
                return outer, inner
        return None


def functions_on_loop(program: Program) -> Iterator[OnLoop]:
    """All functions of the program that are known to run on the event loop, each once."""
    if program.replaces("async_to_sync", "ensure_sync"):
        return
    seen: set[int] = set()
    for kind, code in _roots(program):
        yield from _reached(OnLoop(code, kind, (code,)), seen)


def is_async(code: Code) -> bool:
    """Whether it is a coroutine function or an asynchronous generator function."""
    return isinstance(code.node, ast.AsyncFunctionDef)


def awaits(code: Code) -> bool:
    """Whether a function has an ``await`` of its own, so that it has to be a coroutine function."""
    return any(
        isinstance(node, _AWAITING) or (isinstance(node, ast.comprehension) and node.is_async)
        for node in own_nodes(code.node)
    )


def _reached(function: OnLoop, seen: set[int]) -> Iterator[OnLoop]:
    code = function.code
    if id(code.node) in seen:
        return
    seen.add(id(code.node))
    yield function
    for node in own_nodes(code.node):
        called = code.resolve(node.func) if isinstance(node, ast.Call) else None
        inner = code_of(called) if isinstance(called, FunctionType) else None
        # A generator runs where it is iterated, which may be in a thread.
        if inner is not None and (is_async(inner) or not is_generator(inner.node)):
            yield from _reached(OnLoop(inner, function.kind, (*function.chain, inner)), seen)


def _roots(program: Program) -> Iterator[tuple[str, Code]]:
    """The coroutine functions that Retort runs, with what they are."""
    for kind, views in (("view", program.views), ("WebSocket view", program.sockets)):
        for view in views:
            if is_async(view.code) and _runs_on_loop(view):
                yield kind, view.code
            elif not is_async(view.code):
                yield from (("generator", code) for code in _returned_generators(view.code))
    app = program.app
    for name, kind in _HOOKS.items():
        for functions in getattr(app, name, {}).values():
            yield from _codes(kind, functions)
    yield from _codes("hook", app.teardown_appcontext_funcs)
    tasks = (_background_task(call) for call in program.calls)
    yield from _codes("background task", tasks)
    for by_code in app.error_handler_spec.values():
        for by_class in by_code.values():
            yield from _codes("error handler", by_class.values())


def _returned_generators(code: Code) -> Iterator[Code]:
    """Asynchronous generators that a synchronous view returns: the event loop runs them."""
    for node in own_nodes(code.node):
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.Tuple) and value.elts:  # with a status or headers
            value = value.elts[0]
        if isinstance(value, ast.Call) and value.args and _is_retorts(code.resolve(value.func)):
            value = value.args[0]  # event_stream(ticks())
        called = code.resolve(value.func) if isinstance(value, ast.Call) else None
        inner = code_of(called) if isasyncgenfunction(called) else None
        if inner is not None:
            yield inner


def _background_task(call: Call) -> Any:
    """The function that ``app.add_background_task(function, ...)`` starts."""
    function = call.node.func
    is_start = isinstance(function, ast.Attribute) and function.attr == "add_background_task"
    return call.scope.resolve(call.node.args[0]) if is_start and call.node.args else None


def _is_retorts(called: Any) -> bool:
    return any(called is member for member in vars(retort).values())


def _codes(kind: str, functions: Iterable[Any]) -> Iterator[tuple[str, Code]]:
    for function in functions:
        code = code_of(function) if iscoroutinefunction(function) else None
        if code is not None:
            yield kind, code


def _runs_on_loop(view: View) -> bool:
    """Whether all decorators leave it to Retort to run the coroutine."""
    return all(
        _is_coroutine_function(function) or _leaves_it_to_retort(function)
        for chain in view.chains
        for function in chain
    )


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    return iscoroutinefunction(function) or isasyncgenfunction(function)


def _leaves_it_to_retort(function: Callable[..., Any]) -> bool:
    """A dispatcher of Retort, a decorator of a known extension, or one that uses ensure_sync."""
    if hasattr(function, "view_class") or hasattr(function, "views_by_method"):
        return True
    if is_of_known_package(function):
        return True
    code = code_of(function)
    return code is not None and any(
        isinstance(node, ast.Attribute) and node.attr == "ensure_sync"
        for node in own_nodes(code.node)
    )
