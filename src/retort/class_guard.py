"""Detect monkeypatched classes with one flag check.

A plan omits calls of methods that are not overridden, but tools monkeypatch methods of a class,
and of its base classes, at any time. CPython sets a flag on a class while its attributes are
cached, and clears it on that class and all its subclasses when an attribute of one of them is set.
So a subclass that is used for nothing else loses its flag when a base class is patched, and does
not regain it.

From CPython 3.13 on there is no such flag, but `PyType_Watch` ("Type Objects" in its C API), which
calls a function when a class changes; `_Marker` keeps the flag for it. Where Python has neither,
`UNCHANGED` is 0, no guard is ever armed, and `compose.py` compares the methods for each request.
Decision 22 has the measured benefit.
"""

from __future__ import annotations

import atexit
import sys
import typing as t
from types import SimpleNamespace

if t.TYPE_CHECKING:
    from collections.abc import Callable

# Py_TPFLAGS_VALID_VERSION_TAG
_FLAG = 1 << 19
# CPython 3.13 reports the first 1,000 changes of a class whose attributes are looked up.
_MAX_CHANGES = 500

#: A guard that is never armed.
DISARMED = SimpleNamespace(__flags__=0)


def guard_of(*classes: type) -> t.Any:
    """An armed guard for ``classes``: ``guard.__flags__ & UNCHANGED`` until one is patched.

    Returns `DISARMED` if one of them has a hook for subclasses, or if they cannot have a common
    subclass.
    """
    if any(map(_notices_subclasses, classes)):
        return DISARMED
    try:
        subclass = type(f"GuardOf{classes[0].__name__}", classes, {"__doc__": "Never used."})
    except TypeError:  # they cannot have a common subclass
        return DISARMED
    guard = subclass if _watch is None else _Marker(subclass, _watch)
    arm(guard)
    return guard


def _notices_subclasses(kind: type) -> bool:
    above = kind.__mro__[:-1]  # without `object`
    return type(kind) is not type or any("__init_subclass__" in vars(one) for one in above)


def arm(guard: t.Any) -> None:
    """Set the flag for the current state of the classes."""
    if type(guard) is _Marker:
        guard.arm()
    elif guard is not DISARMED:
        _ = guard.__init__  # any attribute look-up sets it


class _Marker:
    """Stores the flag of a class watched by CPython.

    :param watch: ``watch(subclass)`` makes CPython call :meth:`disarm` when a base class changes.
    """

    __slots__ = ("__flags__", "__weakref__", "changes", "subclass")

    def __init__(self, subclass: type, watch: Callable[[type], object]) -> None:
        self.subclass = subclass
        self.changes = 0
        self.__flags__ = 0
        subclass.marker = self  # type: ignore[attr-defined]
        watch(subclass)

    def arm(self) -> None:
        _ = self.subclass.__init__  # type: ignore[misc]  # or the next change is not reported
        if self.changes < _MAX_CHANGES:
            self.__flags__ = _FLAG

    def disarm(self) -> None:
        self.__flags__ = 0
        self.changes += 1


def _make_watch() -> Callable[[type], object] | None:
    """A function that calls CPython's ``PyType_Watch``, where it is required."""
    if sys.version_info < (3, 13) or not getattr(sys, "_is_gil_enabled", bool)():
        return None
    try:
        from ctypes import PYFUNCTYPE, c_int, py_object, pythonapi

        from _interpreters import get_current, get_main  # type: ignore[import-not-found]

        if get_current() != get_main():
            return None  # callbacks from C run in the main interpreter
        on_change = PYFUNCTYPE(c_int, py_object)(_on_change)
        number = pythonapi.PyType_AddWatcher(on_change)
    except (ImportError, AttributeError, RuntimeError):  # no ctypes, CPython or free watcher
        return None
    _called_from_c.append(on_change)
    atexit.register(pythonapi.PyType_ClearWatcher, number)
    return lambda subclass: pythonapi.PyType_Watch(number, py_object(subclass))


# Called while classes exist, so it must never be freed.
_called_from_c: list[object] = []


def _on_change(subclass: type) -> int:
    marker: t.Any = vars(subclass).get("marker")
    if hasattr(marker, "changes"):  # both may be in deallocation
        marker.disarm()
    return 0


_watch = _make_watch()


def _find_flag() -> int:
    """The bit mask of the flag in ``__flags__``, or 0 if the mechanism does not work."""

    class Above:
        pass

    class Beside:
        pass

    class Between(Above, Beside):
        pass

    guard = guard_of(Between)
    for patched in (Above, Beside, Between):
        if not guard.__flags__ & _FLAG:
            return 0
        setattr(patched, "name", None)  # noqa: B010
        if guard.__flags__ & _FLAG:
            return 0
        arm(guard)
    return _FLAG


#: The bit of ``guard.__flags__`` that is set while no class of a guard has changed.
UNCHANGED = _find_flag()
