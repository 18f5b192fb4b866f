"""Attributes that are computed at first use.

Most requests use only a few attributes of the request, the response and the context.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable


class Lazy:
    """A descriptor that stores ``make(owner)`` as an instance attribute at first use."""

    def __init__(self, make: Callable[[t.Any], t.Any], doc: str | None = None) -> None:
        self.make = make
        self.__doc__ = doc or make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: t.Any, kind: type) -> t.Any:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.make(owner)
        return value  # later look-ups find it in the instance dictionary
