"""Which data of the process the expressions in a function are: names, attributes, items, calls.

Local names are followed where one of their values is data of the process, and so are the functions
of the program that return it.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from functools import cached_property
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ....globals import current_app
from ..reading.graph import parents_in
from ..source import UNKNOWN, Code, code_of, member_of, wrappers_of
from .values import (
    CHANGING,
    Fresh,
    Shared,
    Value,
    attribute_of,
    is_of_request,
    is_own_class,
    items_of,
    member,
    shared_object,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....app import Flask

_ITEM_METHODS = frozenset({"get", "setdefault", "pop", "popleft", "popitem"})
_WHOLE_METHODS = frozenset({"copy", "values", "items"})  # a copy, or a view of the same items
_COPYING = frozenset({"list", "tuple", "sorted", "reversed", "iter", "enumerate", "filter", "set"})
_DEPTH = 3  # of functions that return data of the process
_ROUNDS = 4  # of assignments that are followed


class Names:
    """The data of the process in one function.

    :param code: the function.
    :param bindings: what its parameters are, for one call.
    """

    def __init__(
        self, app: Flask, code: Code, bindings: Mapping[str, Value], depth: int = _DEPTH
    ) -> None:
        self.app = app
        self.code = code
        self.depth = depth
        self.values: dict[str, Value] = {**_defaults(code), **bindings}
        self._follow_assignments()

    @cached_property
    def outer(self) -> frozenset[str]:
        """The names that the function declares as ``global``, or as ``nonlocal`` of one around."""
        free = self.code.function.__code__.co_freevars
        found: set[str] = set()
        for node in ast.walk(self.code.node):
            if isinstance(node, ast.Global):
                found.update(node.names)
            elif isinstance(node, ast.Nonlocal):
                found.update(name for name in node.names if name in free)
        return frozenset(found)

    @property
    def parents(self) -> Mapping[ast.AST, ast.AST]:
        """The parent of each node."""
        return parents_in(self.code.node)

    def object(self, node: ast.expr) -> Any:
        """The object of a name or dotted name of a module or a closure, or `UNKNOWN`."""
        if isinstance(node, ast.Name):
            if node.id in self.outer:
                return self._outer_object(node.id)
            return self.code.resolve(node)
        if isinstance(node, ast.Attribute):
            owner = self.object(node.value)
            if issubclass(type(owner), ModuleType):
                return member_of(owner, node.attr)
        return UNKNOWN

    def of(self, node: ast.AST | None) -> Value | None:
        """The data that an expression is."""
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Subscript):
            owner = self.of(node.value)
            return None if owner is None else items_of(owner, node.slice)
        if isinstance(node, (ast.Await, ast.NamedExpr, ast.Starred)):
            return self.of(node.value)
        if isinstance(node, ast.BoolOp):
            return self._first(node.values)
        if isinstance(node, ast.IfExp):
            return self._first([node.body, node.orelse])
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            return self._comprehension(node)
        return self._call(node) if isinstance(node, ast.Call) else None

    def function(self, node: ast.expr) -> tuple[FunctionType, Value | None] | None:
        """The function of the program that an expression is, and what its ``self`` is."""
        found = self.object(node)
        owner: Value | None = None
        if found is UNKNOWN and isinstance(node, ast.Attribute):
            owner = self._owner(node.value)
            found = _method(owner, node.attr)
        if isinstance(found, classmethod):
            found, owner = found.__func__, _class_of(owner)
        elif isinstance(found, staticmethod):
            found, owner = found.__func__, None
        inner = _inner(found)
        return None if inner is None else (inner, owner)

    def method(self, owner: ast.expr, name: str) -> tuple[FunctionType, Value | None] | None:
        """A method of the program that a statement calls, such as ``__setitem__``."""
        value = self.of(owner)
        found = _method(value, name)
        return (found, value) if isinstance(found, FunctionType) and code_of(found) else None

    def setter(self, node: ast.Attribute) -> tuple[FunctionType, Value | None] | None:
        """The function of the program that an assignment to a property calls."""
        value = self.of(node.value)
        owners = (value.cls,) if isinstance(value, Fresh) else value.objects if value else ()
        for one in owners:
            found = member(one, node.attr)
            setter = found.fset if isinstance(found, property) else None
            if isinstance(setter, FunctionType) and code_of(setter) is not None:
                return setter, value
        return None

    def created(self, node: ast.expr) -> type | None:
        """The class of the program that an expression calls."""
        found = self.object(node)
        return found if isinstance(found, type) and is_own_class(found) else None

    def bind(self, function: FunctionType, owner: Value | None, call: ast.Call) -> dict[str, Value]:
        """What the parameters of a function are in a call."""
        code = function.__code__
        names = list(code.co_varnames[: code.co_argcount])
        bindings: dict[str, Value] = {}
        if owner is not None and names:
            bindings[names.pop(0)] = owner
        pairs = [*zip(names, call.args, strict=False)]
        pairs += [(each.arg, each.value) for each in call.keywords if each.arg]
        for name, node in pairs:
            value = self.of(node)
            if value is not None:
                bindings[name] = value
        return bindings

    # Parts

    def _name(self, node: ast.Name) -> Value | None:
        if node.id in self.values:
            return self.values[node.id]
        found = self.object(node)
        if found is current_app:
            found = self.app
        key = (self.code.function.__globals__.get("__name__", ""), node.id)
        return shared_object(found, node.id, key)

    def _attribute(self, node: ast.Attribute) -> Value | None:
        found = self.object(node)
        if found is current_app:  # flask.current_app
            found = self.app
        if found is not UNKNOWN:
            owner = self.object(node.value)
            key = (getattr(owner, "__name__", ""), node.attr)
            return shared_object(found, ast.unparse(node), key)
        owner = self.of(node.value)
        return None if owner is None else attribute_of(owner, node.attr)

    def _call(self, node: ast.Call) -> Value | None:
        cls = self.created(node.func)
        if cls is not None:
            return None if is_of_request(cls) else Fresh(cls)
        if isinstance(node.func, ast.Attribute):
            owner = self._owner(node.func.value)
            if isinstance(owner, Shared):
                if node.func.attr in _WHOLE_METHODS:
                    return replace(owner, is_copy=True)
                if node.func.attr == "_get_current_object":
                    return owner
                if node.func.attr in _ITEM_METHODS and _method(owner, node.func.attr) is None:
                    return items_of(owner, node.args[0] if node.args else None)
        if isinstance(node.func, ast.Name) and node.args:
            return self._builtin(node.func.id, node)
        return self._returned(node)

    def _builtin(self, name: str, node: ast.Call) -> Value | None:
        argument = self.of(node.args[-1 if name == "filter" else 0])
        if argument is None:
            return self._returned(node)
        if name in ("vars", "type"):
            return argument
        if name == "getattr" and len(node.args) > 1:
            attribute = getattr(node.args[1], "value", None)
            return attribute_of(argument, attribute) if isinstance(attribute, str) else None
        if name == "next":
            return items_of(argument)
        if name in _COPYING and isinstance(argument, Shared):
            return replace(argument, is_copy=True)
        return self._returned(node)

    def _returned(self, node: ast.Call) -> Value | None:
        found = self.function(node.func) if self.depth else None
        if found is None:
            return None
        function, owner = found
        code = code_of(function)
        if code is None:
            return None
        inner = Names(self.app, code, self.bind(function, owner, node), self.depth - 1)
        returns = [each.value for each in ast.walk(code.node) if isinstance(each, ast.Return)]
        return inner._first([value for value in returns if value is not None])

    def _first(self, nodes: list[ast.expr]) -> Value | None:
        return next((value for value in map(self.of, nodes) if value is not None), None)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Value | None:
        source = self.of(node.generators[0].iter)
        is_item = ast.unparse(node.elt) == ast.unparse(node.generators[0].target)
        is_shared = is_item and isinstance(source, Shared)
        return replace(source, is_copy=True) if is_shared else None  # type: ignore[type-var]

    def _owner(self, node: ast.expr) -> Value | None:
        """What the owner of a method is, also for ``super()``."""
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super":
            arguments = self.code.node.args.args
            return self.values.get(arguments[0].arg) if arguments else None
        return self.of(node)

    def _outer_object(self, name: str) -> Any:
        if name in self.code.function.__code__.co_freevars:
            cells = self.code.function.__closure__ or ()
            index = self.code.function.__code__.co_freevars.index(name)
            try:
                return cells[index].cell_contents
            except ValueError:
                return UNKNOWN
        return self.code.function.__globals__.get(name, UNKNOWN)

    # Local names

    def _follow_assignments(self) -> None:
        assigned = list(_assignments(self.code.node))
        for _ in range(_ROUNDS):
            before = {name: value.token for name, value in self.values.items()}
            for target, node, is_item in assigned:
                value = self.of(node)
                if value is not None and is_item:
                    value = items_of(value)
                if value is not None:
                    self._assign(target, value)
            if {name: value.token for name, value in self.values.items()} == before:
                return

    def _assign(self, target: ast.expr, value: Value) -> None:
        if isinstance(target, ast.Name):
            if target.id not in self.outer and target.id not in self.values:
                self.values[target.id] = value
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, Shared):
            for element in target.elts[-1:]:  # key, value
                self._assign(element, value)


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr, bool]]:
    """Targets, values, and whether the targets are the items of the value."""
    for each in ast.walk(node):
        if isinstance(each, ast.Assign):
            for target in each.targets:
                if not isinstance(target, (ast.Tuple, ast.List)):
                    yield target, each.value, False
        elif isinstance(each, (ast.AnnAssign, ast.NamedExpr)) and each.value is not None:
            yield each.target, each.value, False
        elif isinstance(each, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield each.target, each.iter, True
        elif isinstance(each, ast.withitem) and each.optional_vars is not None:
            yield each.optional_vars, each.context_expr, False


def _defaults(code: Code) -> dict[str, Value]:
    """The parameters whose default is a list or the like: all calls share it."""
    function = code.function
    count = function.__code__.co_argcount
    names = function.__code__.co_varnames[:count]
    defaults = function.__defaults__ or ()
    pairs = [*zip(names[count - len(defaults) :], defaults, strict=False)]
    pairs += list((function.__kwdefaults__ or {}).items())
    found: dict[str, Value] = {}
    for name, default in pairs:
        if isinstance(default, (list, dict, set)):
            found[name] = Shared((id(default),), f"{name} (the default of a parameter)", (default,))
    return found


def _method(owner: Value | None, name: str) -> Any:
    """The method of an object of the program's classes, or ``None``."""
    owners: tuple[Any, ...] = (owner.cls,) if isinstance(owner, Fresh) else ()
    if isinstance(owner, Shared) and not owner.is_copy:
        owners = owner.objects
    for one in owners:
        found = member(one, name)
        if isinstance(found, (FunctionType, classmethod, staticmethod)):
            return found if name not in CHANGING or _inner(found) is not None else None
    return None


def _class_of(owner: Value | None) -> Value | None:
    if isinstance(owner, Fresh):
        return Shared((id(owner.cls),), owner.cls.__name__, (owner.cls,))
    for one in owner.objects if owner is not None else ():
        cls = one if isinstance(one, type) else type(one)
        return Shared((id(cls),), cls.__name__, (cls,))
    return owner


def _inner(found: Any) -> FunctionType | None:
    """The function of the program below decorators such as ``functools.cache``."""
    wrapped = found
    if not isinstance(found, FunctionType) and not _is_wrapper(found):
        return None
    wrapped = list(wrappers_of(found))[-1]
    return wrapped if isinstance(wrapped, FunctionType) and code_of(wrapped) else None


def _is_wrapper(found: Any) -> bool:
    module = sys.modules.get("functools")
    return type(found) is getattr(module, "_lru_cache_wrapper", None)
