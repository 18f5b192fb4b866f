"""The statements in a function that change data of the process."""

from __future__ import annotations

import ast
import bisect
import heapq
import random
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .values import (
    CHANGING,
    Fresh,
    Shared,
    is_container,
    is_counting,
    is_of_processes,
    is_own_object,
    member,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from .names import Names
    from .reach import Reached

COUNTS, STORES, SETS = "counts", "stores", "sets"  # adds to a number, keeps an item, replaces

_FIRST_ARGUMENT = (
    *(heapq.heappush, heapq.heappop, heapq.heapify, heapq.heappushpop, heapq.heapreplace),
    *(bisect.insort, bisect.insort_left, bisect.insort_right, random.shuffle, setattr, delattr),
)
_STORED = (ast.Store, ast.Del)
_LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)
_LOCKS_OF_CONTAINERS = (threading.Semaphore, threading.BoundedSemaphore)


@dataclass(frozen=True)
class Write:
    """A change of data of the process.

    :param key: equal for changes of the same data.
    :param name: as the program calls the data.
    :param how: `COUNTS`, `STORES` or `SETS`.
    :param lock: a lock that is held, as the program calls it; else empty.
    """

    reached: Reached
    key: tuple[Hashable, ...]
    name: str
    how: str
    node: ast.AST
    lock: str = ""
    objects: tuple[Any, ...] = ()

    @property
    def path(self) -> str:
        """The file."""
        return self.reached.code.path

    @property
    def line(self) -> int:
        """The line in the file."""
        return int(getattr(self.node, "lineno", 1))


def writes_in(reached: Reached) -> Iterator[Write]:
    """The changes that a function makes itself."""
    names = reached.names
    for node in ast.walk(reached.code.node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, _STORED):
            found = _name(names, node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, _STORED):
            found = _attribute(names, node)
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, _STORED):
            found = _item(names, node)
        elif isinstance(node, ast.Call):
            found = _call(names, node)
        else:
            continue
        if found is not None:
            how = COUNTS if _is_count(names, node) else found[1]
            value = found[0]
            lock = _lock_around(names, node)
            yield Write(reached, value.key, value.name, how, node, lock, value.objects)


def _name(names: Names, node: ast.Name) -> tuple[Shared, str] | None:
    if node.id in names.outer:
        module = names.code.function.__globals__.get("__name__", "")
        free = names.code.function.__code__.co_freevars
        value = names.of(node)
        if isinstance(value, Shared) and any(map(is_container, value.objects)):
            return value, SETS
        owner = id(_cell(names, node.id)) if node.id in free else module
        return Shared((owner, node.id), node.id), SETS
    parent = names.parents.get(node)
    value = names.values.get(node.id) if isinstance(parent, ast.AugAssign) else None
    if isinstance(value, Shared) and not value.is_copy and any(map(is_container, value.objects)):
        return value, STORES
    return None


def _cell(names: Names, name: str) -> Any:
    function = names.code.function
    return (function.__closure__ or ())[function.__code__.co_freevars.index(name)]


def _attribute(names: Names, node: ast.Attribute) -> tuple[Shared, str] | None:
    owner = names.of(node.value)
    if not isinstance(owner, Shared) or owner.is_copy:
        return None
    name = f"{owner.name}.{node.attr}"
    if owner.key == ("app",):
        return Shared(("app", node.attr), name), SETS
    if names.setter(node) is not None:
        return None
    if owner.objects and not any(_takes_attributes(one) for one in owner.objects):
        return None
    found = next((member(one, node.attr) for one in owner.objects), None)
    if is_container(found):
        return Shared((id(found),), name, (found,)), SETS
    return Shared((*owner.key, node.attr), name), SETS


def _takes_attributes(one: Any) -> bool:
    return is_own_object(one) or is_of_processes(one) or type(one).__name__ == "SimpleNamespace"


def _item(names: Names, node: ast.Subscript) -> tuple[Shared, str] | None:
    owner = names.of(node.value)
    if not isinstance(owner, Shared) or owner.is_copy:
        return None
    if not _is_container_or_unknown(owner):
        return None
    if owner.key == ("app", "config"):
        return Shared((*owner.key, ast.unparse(node.slice)), ast.unparse(node)), SETS
    return owner, STORES


def _call(names: Names, node: ast.Call) -> tuple[Shared, str] | None:
    function = node.func
    if isinstance(function, ast.Attribute) and function.attr in CHANGING:
        owner = names.of(function.value)
        if not isinstance(owner, Shared) or owner.is_copy or names.function(function):
            return None
        return (owner, STORES) if _is_container_or_unknown(owner) else None
    called = names.object(function)
    if not node.args:
        return None
    if called is next:
        value = names.of(node.args[0])
        is_one = isinstance(value, Shared) and any(map(is_counting, value.objects))
        return (value, COUNTS) if is_one and not value.is_copy else None  # type: ignore[return-value,union-attr]
    if any(called is one for one in _FIRST_ARGUMENT):
        value = names.of(node.args[0])
        if isinstance(value, Shared) and not value.is_copy:
            return value, STORES
    return None


def _is_container_or_unknown(owner: Shared) -> bool:
    return not owner.objects or any(map(is_container, owner.objects))


def _is_count(names: Names, node: ast.AST) -> bool:
    """``x += 1``, ``x["n"] = x.get("n", 0) + 1``, ``counter.update([...])``."""
    parent = names.parents.get(node)
    if isinstance(parent, ast.AugAssign) and parent.target is node:
        return isinstance(parent.op, (ast.Add, ast.Sub))
    if isinstance(parent, ast.Assign) and isinstance(parent.value, ast.BinOp):
        return isinstance(parent.value.right, ast.Constant)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = names.of(node.func.value)
        counted = isinstance(owner, Shared) and [type(one).__name__ for one in owner.objects]
        return counted == ["Counter"]
    return isinstance(node, ast.Call) and names.object(node.func) is next


def _lock_around(names: Names, node: ast.AST) -> str:
    """The lock in a ``with`` statement around a node."""
    outer: ast.AST | None = node
    while outer is not None:
        for item in outer.items if isinstance(outer, (ast.With, ast.AsyncWith)) else ():
            if _is_lock(names, item.context_expr):
                return ast.unparse(item.context_expr)
        outer = names.parents.get(outer)
    return ""


def _is_lock(names: Names, node: ast.expr) -> bool:
    found = names.object(node)
    if isinstance(node, ast.Attribute):
        owner = names.of(node.value)
        objects = owner.objects if isinstance(owner, Shared) else ()
        found = next((member(one, node.attr) for one in objects), found)
        if isinstance(owner, Fresh):
            found = member(owner.cls, node.attr)
    is_async = type(found).__module__ == "asyncio.locks"
    return is_async or isinstance(found, (*_LOCKS, *_LOCKS_OF_CONTAINERS))
