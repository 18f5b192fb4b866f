"""Attributes that cost nothing until somebody asks for them.

Most requests are answered without a look at most of what a request, a response or a context
has to offer.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable


class Lazy:
    """An attribute that ``make(owner)`` gives at its first use, and plain afterwards."""

    def __init__(self, make: Callable[[t.Any], t.Any], doc: str | None = None) -> None:
        self.make = make
        self.__doc__ = doc or make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner: t.Any, kind: type) -> t.Any:
        if owner is None:
            return self
        value = owner.__dict__[self.name] = self.make(owner)
        return value  # found in the owner's own dictionary from now on
