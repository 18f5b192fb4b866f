"""The functions of a program that requests run: views, hooks, handlers, and what these call."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..source import FUNCTIONS, Code, code_of, first_line_of, wrappers_of
from .names import Names
from .values import Fresh, Shared, is_own_class

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from ..program import Program, View
    from .values import Value

VIEW, SOCKET, HOOK, TASK = "view", "WebSocket view", "hook", "background task"

_HOOKS = (
    *("before_request_funcs", "after_request_funcs", "teardown_request_funcs"),
    *("before_websocket_funcs", "after_websocket_funcs", "teardown_websocket_funcs"),
    *("url_value_preprocessors", "url_default_functions", "template_context_processors"),
)
# The last part of decorators by which extensions register functions that requests run.
_REGISTERING = frozenset(
    {"on", "on_event", "event", "user_loader", "request_loader", "verify_password", "connect"}
    | {"verify_token", "get_password", "connect_via", "connect_to", "route", "error_handler"}
    | {"user_lookup_loader", "token_in_blocklist_loader", "user_identity_loader", "scheduled_job"}
    | {"on_namespace", "default_error_handler", "task", "errorhandler", "header_loader"}
)
_STORED = (ast.Store, ast.Del)
_MOST = 20_000  # functions, each counted for each kind of call


@dataclass(frozen=True)
class Reached:
    """A function that requests run, for one kind of call.

    :param kind: of the function that is called first: `VIEW`, `SOCKET`, `HOOK` or `TASK`.
    :param entry: the name of that function.
    """

    names: Names
    kind: str
    entry: str

    @property
    def code(self) -> Code:
        """The source of the function."""
        return self.names.code


def reached_functions(program: Program) -> list[Reached]:
    """All functions of the program that requests run, each once for each kind of call."""
    seen: set[Hashable] = set()
    found: list[Reached] = []
    waiting = [*_roots(program)][::-1]
    while waiting and len(found) < _MOST:
        function, bindings, kind, entry = waiting.pop()
        tokens = sorted((name, str(value.token)) for name, value in bindings.items())
        key = (id(function), kind, tuple(tokens))
        code = None if key in seen else code_of(function)
        seen.add(key)
        if code is None:
            continue
        names = Names(program.app, code, bindings)
        one = Reached(names, kind, entry)
        found.append(one)
        waiting += [(*call, kind, entry) for call in _called(names)]
    return found


_Root = tuple[FunctionType, "dict[str, Value]", str, str]


def _roots(program: Program) -> Iterator[_Root]:
    for view in program.views:
        yield from _of_view(view, VIEW)
    for view in program.sockets:
        yield from _of_view(view, SOCKET)
    for function in _hooks(program):
        for one in wrappers_of(function):
            if isinstance(one, FunctionType):
                yield one, {}, HOOK, one.__name__
    for function, kind in _registered(program):
        yield function, {}, kind, function.__name__


def _of_view(view: View, kind: str) -> Iterator[_Root]:
    entry = view.code.node.name
    cls = getattr(view.chains[0][0], "view_class", None) if view.chains else None
    bindings: dict[str, Value] = {}
    arguments = view.code.node.args.args
    if isinstance(cls, type) and is_own_class(cls) and arguments:
        bindings[arguments[0].arg] = _self_of(cls)
        entry = f"{cls.__name__}.{entry}"
    yield view.code.function, bindings, kind, entry
    for wrapper in view.wrappers:
        yield wrapper.function, {}, kind, entry


def _self_of(cls: type) -> Value:
    if getattr(cls, "init_every_request", True):
        return Fresh(cls)
    return Shared((id(cls), "self"), cls.__name__, ())


def _hooks(program: Program) -> Iterator[Any]:
    app = program.app
    for name in _HOOKS:
        for functions in getattr(app, name, {}).values():
            yield from functions
    yield from app.teardown_appcontext_funcs
    for by_code in app.error_handler_spec.values():
        for by_class in by_code.values():
            yield from by_class.values()
    for registry in (app.jinja_env.filters, app.jinja_env.globals, app.jinja_env.tests):
        yield from registry.values()


def _registered(program: Program) -> Iterator[tuple[FunctionType, str]]:
    """Functions that extensions call, and background tasks."""
    for source, module in program.modules.values():
        by_line = _functions_of(vars(module).values())
        for node in ast.walk(source.tree):
            if isinstance(node, FUNCTIONS) and any(map(_registers, node.decorator_list)):
                function = by_line.get((source.path, first_line_of(node)))
                if function is not None:
                    yield function, SOCKET if _is_event(node) else HOOK
    for call in program.calls:
        name = call.node.func.attr if isinstance(call.node.func, ast.Attribute) else ""
        if name in ("add_background_task", "start_background_task") and call.node.args:
            function = call.scope.resolve(call.node.args[0])
            if isinstance(function, FunctionType):
                yield function, TASK


def _functions_of(values: Iterable[Any]) -> dict[tuple[str, int], FunctionType]:
    found = {}
    for value in list(values):
        for one in wrappers_of(value) if callable(value) else ():
            if isinstance(one, FunctionType):
                code = code_of(one)
                if code is not None:
                    found[code.path, one.__code__.co_firstlineno] = one
    return found


def _registers(decorator: ast.expr) -> bool:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(node, ast.Attribute) and node.attr in _REGISTERING


def _is_event(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("socket" in ast.unparse(one).partition("(")[0] for one in node.decorator_list)


def _called(names: Names) -> Iterator[tuple[FunctionType, dict[str, Value]]]:
    """The functions that a function calls or passes on, with what their parameters are."""
    parents = names.parents
    for node in ast.walk(names.code.node):
        if isinstance(node, ast.Call):
            yield from _of_call(names, node)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, _STORED):
            found = _called_to_store(names, node)
            if found is not None:
                yield found[0], _self_binding(*found)
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            parent = parents.get(node)
            is_called = isinstance(parent, ast.Call) and parent.func is node
            if not is_called and not isinstance(parent, ast.Attribute):
                found = names.function(node)
                if found is not None:
                    yield from _with_wrappers(names, node, found[0], _self_binding(*found))


def _called_to_store(
    names: Names, node: ast.Subscript | ast.Attribute
) -> tuple[FunctionType, Value | None] | None:
    """The method behind ``store[key] = value``, ``del store[key]`` or ``store.name = value``."""
    if isinstance(node, ast.Attribute):
        return names.setter(node)
    name = "__setitem__" if isinstance(node.ctx, ast.Store) else "__delitem__"
    return names.method(node.value, name)


def _of_call(names: Names, node: ast.Call) -> Iterator[tuple[FunctionType, dict[str, Value]]]:
    cls = names.created(node.func)
    if cls is not None:
        init = cls.__init__  # type: ignore[misc]
        if isinstance(init, FunctionType):
            yield init, names.bind(init, Fresh(cls), node)
        return
    found = names.function(node.func)
    if found is not None:
        bindings = names.bind(found[0], found[1], node)
        yield from _with_wrappers(names, node.func, found[0], bindings)


def _with_wrappers(
    names: Names, node: ast.expr, function: FunctionType, bindings: dict[str, Value]
) -> Iterator[tuple[FunctionType, dict[str, Value]]]:
    yield function, bindings
    outer = names.object(node)
    if isinstance(outer, FunctionType) and outer is not function:
        for one in wrappers_of(outer):
            if isinstance(one, FunctionType) and one is not function:
                yield one, {}


def _self_binding(function: FunctionType, owner: Value | None) -> dict[str, Value]:
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return {names[0]: owner} if owner is not None and names else {}
