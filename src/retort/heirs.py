"""Notice that a class was patched, at the price of one look at it.

The quick ways through a request leave out methods that nobody has replaced; but tools replace
methods of a class, and of the classes above it, at any time. CPython marks a class while it
remembers its attributes, and takes the mark off that class and all its heirs when something
is set on one of them. So an heir of which nobody asks anything loses its mark when a class
above it is changed, and does not get it back by itself. :class:`Seen` is what to use::

    seen = Seen(look, Request, Response)
    ...
    seen.now()  # what look() gave, again if one of the classes was changed

From CPython 3.13 on there are no such marks, but C functions to be told of the changes of a class
(``PyType_Watch``); the heir is watched there, and :class:`_Marker` keeps the mark for it. Where
Python has neither, every look says that there may be a change, and the comparison is made each
time.
"""

from __future__ import annotations

import atexit
import sys
import threading
import typing as t
from types import SimpleNamespace

from .fast import IS_FAST

if t.TYPE_CHECKING:
    from collections.abc import Callable

T = t.TypeVar("T")


class Seen(t.Generic[T]):
    """What ``look`` made of some classes, which looks again when one of them was changed."""

    __slots__ = ("_heir", "_lock", "_look", "_own_heir", "_result")

    def __init__(self, look: Callable[[], T], *kinds: type) -> None:
        self._look = look
        self._lock = threading.RLock()
        self._heir = self._own_heir = heir_of(*kinds)
        self._result = look()

    def now(self) -> T:
        """The result for the classes as they are now."""
        if not self._heir.__flags__ & UNCHANGED:
            return self._look_again()
        return self._result

    def _look_again(self) -> T:
        if not UNCHANGED:
            return self._look()
        with self._lock:
            self._heir = UNMARKED  # other threads wait for the new result
            settle(self._own_heir)  # first: what is changed while we look counts the next time
            result = self._result = self._look()
            self._heir = self._own_heir
        return result


# Py_TPFLAGS_VALID_VERSION_TAG
_MARK = 1 << 19


def heir_of(*kinds: type) -> t.Any:
    """A class below ``kinds`` that nobody asks for anything, or what stands for it.

    It never has a mark if one of them would notice that it has an heir, or cannot have this one.
    """
    if any(map(_notices_heirs, kinds)):
        return UNMARKED
    try:
        heir = type(f"HeirOf{kinds[0].__name__}", kinds, {"__doc__": "Only to be looked at."})
    except TypeError:  # they cannot have an heir in common
        return UNMARKED
    watched = heir if _watch is None else _Marker(heir, _watch)
    settle(watched)
    return watched


def _notices_heirs(kind: type) -> bool:
    above = kind.__mro__[:-1]  # without `object`
    return type(kind) is not type or any("__init_subclass__" in vars(one) for one in above)


def settle(heir: t.Any) -> None:
    """Have the classes above marked as they are now."""
    if type(heir) is _Marker:
        heir.settle()
    else:
        _ = heir.__init__  # to be asked for an attribute is enough


class _Marker:
    """Has the mark of an heir that Python is asked to watch.

    :param watch: ``watch(heir)`` has :meth:`take_off` called when a class above it is changed.
    """

    __slots__ = ("__flags__", "__weakref__", "changes", "heir")

    def __init__(self, heir: type, watch: Callable[[type], object]) -> None:
        self.heir = heir
        self.changes = 0
        self.__flags__ = 0
        heir._marker = self  # type: ignore[attr-defined]
        watch(heir)

    def settle(self) -> None:
        _ = self.heir.__init__  # type: ignore[misc]  # or Python does not tell of the next change
        if self.changes < _MOST_CHANGES:
            self.__flags__ = _MARK

    def take_off(self) -> None:
        self.__flags__ = 0
        self.changes += 1


# CPython 3.13 tells of the first 1,000 changes of a class that somebody asks something after.
_MOST_CHANGES = 500
#: In the place of an heir while, or because, it has no mark.
UNMARKED = SimpleNamespace(__flags__=0)


def _make_watch() -> Callable[[type], object] | None:
    """CPython's ``PyType_Watch`` ("Type Objects" in its C API), where it has to be used."""
    if not IS_FAST or sys.version_info < (3, 13) or not getattr(sys, "_is_gil_enabled", bool)():
        return None
    try:
        from ctypes import PYFUNCTYPE, c_int, py_object, pythonapi

        from _interpreters import get_current, get_main  # type: ignore[import-not-found]

        if get_current() != get_main():
            return None  # calls from C arrive in the main interpreter
        tell = PYFUNCTYPE(c_int, py_object)(_tell)
        number = pythonapi.PyType_AddWatcher(tell)
    except (ImportError, AttributeError, RuntimeError):  # no ctypes, not CPython, too many watch
        return None
    _called_from_c.append(tell)
    atexit.register(pythonapi.PyType_ClearWatcher, number)
    return lambda heir: pythonapi.PyType_Watch(number, py_object(heir))


# Called for as long as there are classes, so it must not be forgotten before.
_called_from_c: list[object] = []


def _tell(heir: type) -> int:
    marker: t.Any = vars(heir).get("_marker")
    if hasattr(marker, "changes"):  # or both are just being forgotten
        marker.take_off()
    return 0


_watch = _make_watch()


def _mark() -> int:
    """The bit of ``__flags__`` that is the mark, or 0 where it does not work so."""

    class Above:
        pass

    class Beside:
        pass

    class Between(Above, Beside):
        pass

    heir = heir_of(Between)
    for changed in (Above, Beside, Between):
        if not heir.__flags__ & _MARK:
            return 0
        setattr(changed, "name", None)  # noqa: B010
        if heir.__flags__ & _MARK:
            return 0
        settle(heir)
    return _MARK


#: What ``heir.__flags__`` has while nothing above ``heir`` was changed.
UNCHANGED = _mark() if IS_FAST else 0
