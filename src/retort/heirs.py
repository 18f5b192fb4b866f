"""Notice that a class was patched, at the price of one look at it.

The quick ways through a request leave out methods that nobody has replaced; but tools replace
methods of a class, and of the classes above it, at any time. CPython marks a class while it
remembers its attributes, and takes the mark off that class and all its heirs when something
is set on one of them. So an heir of which nobody asks anything loses its mark when a class
above it is changed, and does not get it back by itself. :class:`Seen` is what to use::

    seen = Seen(look, Request, Response)
    ...
    seen.now()  # what look() gave, again if one of the classes was changed

Where Python keeps no such marks every look says that there may be a change, and the
comparison is made each time.
"""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

from .fast import IS_FAST

if t.TYPE_CHECKING:
    from collections.abc import Callable

T = t.TypeVar("T")


class Seen(t.Generic[T]):
    """What ``look`` made of some classes, which looks again when one of them was changed."""

    __slots__ = ("_heir", "_look", "_result")

    def __init__(self, look: Callable[[], T], *kinds: type) -> None:
        self._look = look
        self._heir = heir_of(*kinds)
        self._result = look()

    def now(self) -> T:
        """The result for the classes as they are now."""
        if not self._heir.__flags__ & UNCHANGED:
            settle(self._heir)  # first: what is changed while we look counts the next time
            self._result = self._look()
        return self._result


def heir_of(*kinds: type) -> t.Any:
    """A class below ``kinds`` that nobody asks for anything.

    It never has a mark if one of them would notice that it has an heir, or cannot have this one.
    """
    if any(map(_notices_heirs, kinds)):
        return _NOBODY
    try:
        heir = type(f"HeirOf{kinds[0].__name__}", kinds, {"__doc__": "Only to be looked at."})
    except TypeError:  # they cannot have an heir in common
        return _NOBODY
    settle(heir)
    return heir


_NOBODY = SimpleNamespace(__flags__=0)


def _notices_heirs(kind: type) -> bool:
    above = kind.__mro__[:-1]  # without `object`
    return type(kind) is not type or any("__init_subclass__" in vars(one) for one in above)


def settle(heir: t.Any) -> None:
    """Have the classes above marked as they are now."""
    _ = heir.__init__  # to be asked for an attribute is enough


def _mark() -> int:
    """The bit of ``type.__flags__`` that is the mark, or 0 where it does not work so."""
    bit = 1 << 19  # Py_TPFLAGS_VALID_VERSION_TAG

    class Above:
        pass

    class Beside:
        pass

    class Between(Above, Beside):
        pass

    heir = heir_of(Between)
    for changed in (Above, Beside, Between):
        if not heir.__flags__ & bit:
            return 0
        setattr(changed, "name", None)  # noqa: B010
        if heir.__flags__ & bit:
            return 0
        settle(heir)
    return bit


#: What ``heir.__flags__`` has while nothing above ``heir`` was changed.
UNCHANGED = _mark() if IS_FAST else 0
