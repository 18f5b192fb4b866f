"""Objects of the loaded program that outlive a request, and what is reached from them.

A value is what an expression of a function may be: `Shared` data of the process, or a `Fresh`
object that the function creates. `names.py` evaluates expressions; here are the steps from one
value to the next, by attribute and by item. Objects of libraries, such as database sessions, are
not followed.
"""

from __future__ import annotations

import array
import ast
import collections
import contextvars
import inspect
import itertools
import os
import queue
import sys
import threading
import weakref
from collections.abc import Iterator as IteratorType
from dataclasses import dataclass, replace
from types import FunctionType, ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from werkzeug.local import Local, LocalProxy, LocalStack

from ....app import Flask
from ..source import UNKNOWN, code_of, is_own

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

_CONTAINERS = (
    *(list, dict, set, bytearray, collections.deque, collections.UserDict, collections.UserList),
    *(array.array, queue.Queue, queue.SimpleQueue, weakref.WeakValueDictionary),
    *(weakref.WeakKeyDictionary, weakref.WeakSet, type(os.environ), SimpleNamespace),
)
_PER_REQUEST = (threading.local, contextvars.ContextVar, Local, LocalStack, LocalProxy)
_COUNTING = (itertools.count, itertools.cycle)
_SEEN = 20  # items of a container that are looked at

#: The methods that change a container, of all kinds of containers.
CHANGING = frozenset(
    {"append", "appendleft", "extend", "extendleft", "insert", "remove", "pop", "popitem"}
    | {"popleft", "clear", "update", "subtract", "add", "discard", "setdefault", "sort", "reverse"}
    | {"rotate", "put", "put_nowait", "get_nowait", "move_to_end", "__setitem__", "__delitem__"}
    | {"difference_update", "intersection_update", "symmetric_difference_update"}
)


@dataclass(frozen=True)
class Shared:
    """Data of the process.

    :param key: equal for the same data under another name.
    :param name: as the program calls it, for messages: ``store.items``.
    :param objects: the objects that it may be; empty if they are not known.
    :param is_copy: a new container with the same items.
    """

    key: tuple[Hashable, ...]
    name: str
    objects: tuple[Any, ...] = ()
    is_copy: bool = False

    @property
    def token(self) -> tuple[Hashable, ...]:
        """The key that distinguishes values without comparing the objects."""
        return (*self.key, self.is_copy)


@dataclass(frozen=True)
class Fresh:
    """An object of a class of the program, created for this request."""

    cls: type

    @property
    def token(self) -> tuple[Hashable, ...]:
        """The key that distinguishes values."""
        return ("fresh", id(self.cls))


Value = Shared | Fresh


def shared_object(found: Any, name: str, key: tuple[Hashable, ...]) -> Shared | None:
    """The data that a name of a module or of a closure refers to; ``None`` for what is not data.

    :param key: of the name, for values such as numbers that have no identity.
    """
    if is_of_request(found) or found is UNKNOWN:
        return None
    if _is_a(found, Flask):
        return Shared(("app",), name, (found,))
    if is_followed(found):
        return Shared((id(found),), name, (found,))
    return Shared(key, name, (found,)) if found is None else None


def is_followed(found: Any) -> bool:
    """Whether an object is data whose parts and changes are followed."""
    return is_container(found) or is_counting(found) or is_own_object(found)


def is_container(found: Any) -> bool:
    """Whether an object is a container of the standard library that can be changed."""
    return _is_a(found, _CONTAINERS) or is_of_processes(found)


def is_counting(found: Any) -> bool:
    """Whether ``next(...)`` of an object gives another value each time."""
    return _is_a(found, (*_COUNTING, IteratorType))


def is_of_processes(found: Any) -> bool:
    """Whether it is a value that processes of one machine share, of `multiprocessing`."""
    module = type(found).__module__
    return module in ("multiprocessing.sharedctypes", "multiprocessing.managers")


def is_of_request(found: Any) -> bool:
    """Whether each request, thread or context has an object of its own behind this one."""
    return issubclass(type(found), _PER_REQUEST)


def is_own_object(found: Any) -> bool:
    """Whether it is a module, class or function of the program, or an object of such a class."""
    if issubclass(type(found), ModuleType):
        return is_own(getattr(found, "__file__", None))
    if issubclass(type(found), FunctionType):
        return code_of(found) is not None
    if issubclass(type(found), type):
        return is_own_class(found)
    return is_own_class(type(found)) and not is_of_request(found)


def is_own_class(cls: type) -> bool:
    """Whether a class is written in the program."""
    module = sys.modules.get(getattr(cls, "__module__", None) or "")
    return module is not None and is_own(getattr(module, "__file__", None))


def attribute_of(value: Value, name: str) -> Value | None:
    """The value of an attribute, or ``None`` if it is no data of the process."""
    if isinstance(value, Fresh):
        return _attribute_of_class(value.cls, name)
    if value.key == ("app",):
        return _attribute_of_app(value, name)
    path = f"{value.name}.{name}"
    if name in ("__class__", "__dict__"):
        return value
    for one in value.objects:
        found = member(one, name)
        if found is UNKNOWN:
            continue
        if is_container(found) or is_own_object(found) or is_counting(found):
            return None if isinstance(found, FunctionType) else Shared((id(found),), path, (found,))
        return Shared((*value.key, name), path, (found,)) if _is_plain(found) else None
    is_open = all(_has_only_own_bases(one) for one in value.objects)
    return Shared((*value.key, name), path) if is_open else None


def member(owner: Any, name: str) -> Any:
    """An attribute of an object, class or module, without calling anything; or `UNKNOWN`."""
    return inspect.getattr_static(owner, name, UNKNOWN)


def items_of(value: Value, key: ast.expr | None = None) -> Value | None:
    """The value of an item; of all items where the key is not a constant."""
    if isinstance(value, Fresh):
        return None
    constant = getattr(key, "value", UNKNOWN)
    found = [item for one in value.objects for item in _items(one, constant)]
    data = [item for item in found if is_followed(item)]
    if found and not data:
        return None
    own = [item for item in data if is_own_object(item)]
    if own and type(constant) in (str, int):
        return Shared((id(own[0]),), f"{value.name}[{constant!r}]", (own[0],))
    return replace(value, name=value.name, objects=tuple(data), is_copy=False)


def _items(one: Any, key: Any) -> Iterator[Any]:
    if isinstance(one, dict):
        if type(key) in (str, int) and key in one:
            yield dict.__getitem__(one, key)
            return
        yield from itertools.islice(list(dict.values(one)), _SEEN)
    elif isinstance(one, (list, set, tuple, collections.deque)):
        yield from itertools.islice(list(one), _SEEN)


def _attribute_of_app(value: Shared, name: str) -> Shared | None:
    path = f"{value.name}.{name}"
    for app in value.objects:
        found = vars(app).get(name, UNKNOWN)
        if found is UNKNOWN and hasattr(type(app), name):
            return None
        if found is not UNKNOWN:
            return Shared(("app", name), path, (found,)) if is_followed(found) else None
    return Shared(("app", name), path)


def _attribute_of_class(cls: type, name: str) -> Shared | None:
    """A container that the objects of a class share: it is made in the body of the class."""
    for owner in cls.__mro__:
        found = vars(owner).get(name, UNKNOWN)
        if found is not UNKNOWN:
            if not is_own_class(owner) or not is_container(found) or sets_on_self(cls, name):
                return None
            return Shared((id(found),), f"{owner.__name__}.{name}", (found,))
    return None


def sets_on_self(cls: type, name: str) -> bool:
    """Whether a method of a class assigns ``self.name``."""
    return any(
        isinstance(function, FunctionType) and name in _assigned_on_self(function)
        for owner in cls.__mro__
        if is_own_class(owner)
        for function in vars(owner).values()
    )


def _assigned_on_self(function: FunctionType) -> set[str]:
    code = code_of(function)
    arguments = code.node.args.args if code is not None else []
    if code is None or not arguments:
        return set()
    return {
        node.attr
        for node in ast.walk(code.node)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == arguments[0].arg
    }


def _is_a(found: Any, classes: type | tuple[type, ...]) -> bool:
    """``isinstance`` by the type alone: ``__class__`` of a proxy may not be available now."""
    return issubclass(type(found), classes)


def _is_plain(found: Any) -> bool:
    return found is None or _is_a(found, (int, float, str, bytes, tuple, frozenset))


def _has_only_own_bases(one: Any) -> bool:
    """Whether an attribute that is not set yet can only be one that the program sets."""
    cls = one if isinstance(one, type) else type(one)
    if isinstance(one, (ModuleType, FunctionType, SimpleNamespace)):
        return True
    if any("__getattr__" in vars(base) for base in cls.__mro__):
        return False
    return all(base is object or is_own_class(base) for base in cls.__mro__)
