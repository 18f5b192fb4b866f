"""The values in a JSON value, by place.

A place is a JSON pointer. What a container has beside its items, the number of them or the order of
its keys, is an aspect of its place; its mark does not occur in pointers, where ``~`` is escaped.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from ...json.pointer import pointer_step
from .bodies import Number, Object
from .shapes import has_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = "~keys"
_LENGTH = "~length"
_ASPECTS = {_KEYS: "order of keys", _LENGTH: "length"}
_IN_JSON = re.compile(r"/")  # after the place of what contains the rest
_IN_COOKIES = re.compile(r"/|: |; ")


def base_of(place: str) -> str:
    """The place of an object or a list itself."""
    return place.removesuffix(_KEYS).removesuffix(_LENGTH)


def shown_place(place: str) -> str:
    """A place for the report."""
    for mark, text in _ASPECTS.items():
        if place.endswith(mark):
            return f"{place.removesuffix(mark).rstrip()} {text}".strip()
    return place


def shown_value(place: str, value: str) -> str:
    """A container that the other side lacks, for the report."""
    if place.endswith(_KEYS):
        return f"an object with the keys {value}"
    return f"a list with the length {value}" if place.endswith(_LENGTH) else value


class Implied:
    """Differences that follow from another one, which is reported by itself.

    They are the values in a container or a cookie that one side lacks, the items of a list with
    another length, and the order of keys if only a key is missing.
    """

    def __init__(self, *, is_cookie: bool) -> None:
        self._is_cookie = is_cookie
        self._separators = _IN_COOKIES if is_cookie else _IN_JSON
        self._parents: set[str] = set()
        self._varied: set[str] = set()

    def covers(self, place: str, left: str | None, right: str | None) -> bool:
        """Whether the difference at ``place`` follows from an earlier one."""
        if any(place[: one.end()] in self._parents for one in self._separators.finditer(place)):
            return True
        if left is None or right is None:
            return self._is_item_of_varied(place, left, right)
        if not place.endswith(_KEYS):
            return False
        one, other = json.loads(left), json.loads(right)
        both = set(one) & set(other)
        is_same_order = [key for key in one if key in both] == [key for key in other if key in both]
        return is_same_order and len(both) < max(len(one), len(other))

    def add(self, place: str, left: str | None, right: str | None) -> None:
        """Add what follows from a difference at ``place``."""
        base = base_of(place)
        if left is None or right is None or place.endswith(_LENGTH):
            self._parents.add(f"{base}/")
            if self._is_cookie and base == place:
                self._parents.add(f"{base}; ")
        if self._is_cookie:
            self._parents.add(f"{base}: ")

    def add_noise(self, place: str) -> None:
        """Add that the value at ``place`` is another one each time."""
        if place.endswith(_LENGTH):
            self._varied.add(f"{base_of(place)}/")

    def is_beyond(self, place: str, second: str | None) -> bool:
        """Whether it is in an item that the second of two lists, which vary in length, lacks."""
        parents = (place[: one.end()] for one in self._separators.finditer(place))
        return second is None and any(one in self._varied for one in parents)

    def _is_item_of_varied(self, place: str, left: str | None, right: str | None) -> bool:
        """Whether it is an item at the end of a list that has another length each time."""
        base = base_of(place)
        parent = base[: base.rfind("/") + 1]
        if parent not in self._varied:
            return False
        self.add(place, left, right)
        return True


def is_same_kind(left: str, right: str) -> bool:
    """Whether two values are both numbers, both strings, or both something else."""
    kinds = [(one[:1] == '"', one[-1:].isdigit()) for one in (left, right)]
    return kinds[0] == kinds[1]


def without_noise(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    """The three values without what is noise in the form of containers.

    Lists that have the same items in another order each time get one order, and keys that are
    others each time are replaced. Also returns how many such containers there are. Containers that
    have no difference become ``None``.
    """
    if first == other:
        return None, None, None, 0
    kinds = {type(one) for one in (first, again, other)}
    if kinds == {Object}:
        return _in_objects(first, again, other)
    if kinds == {list}:
        return _in_lists(first, again, other)
    return first, again, other, 0


def _in_lists(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    shuffled = 0
    if len(first) == len(again) == len(other) and _is_shuffled(first, again):
        again, other, shuffled = first, _in_order_of(first, other), 1
    items = [
        without_noise(one, again[number] if number < len(again) else None, other[number])
        for number, one in enumerate(first[: len(other)])
    ]
    sides = [[one[side] for one in items] for side in range(3)]
    found = [
        side[: len(whole)] + whole[len(items) :]
        for side, whole in zip(sides, (first, again, other), strict=True)
    ]
    return found[0], found[1], found[2], shuffled + sum(one[3] for one in items)


def _in_objects(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    named = [dict(one) for one in (first, again, other)]
    if any(len(one) != len(both) for one, both in zip((first, again, other), named, strict=True)):
        return first, again, other, 0  # a key occurs twice
    sides, changing = _with_same_keys(named)
    for key in sides[0].keys() & sides[1].keys() & sides[2].keys():
        *values, count = without_noise(*(side[key] for side in sides))
        changing += count
        for side, value in zip(sides, values, strict=True):
            side[key] = value
    objects = [Object(side.items()) for side in sides]
    return objects[0], objects[1], objects[2], changing


def _with_same_keys(named: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Give keys that are others each time the same name."""
    both = named[0].keys() & named[1].keys()
    own = [[key for key in one if key not in both] for one in named]
    if not own[0] or len(own[0]) != len(own[1]):
        return named, 0
    own[2] = [
        key for key, *pair in zip(own[2], own[0], own[1], strict=False) if has_shape(key, *pair)
    ]
    names = [{key: f"key {number}" for number, key in enumerate(keys, 1)} for keys in own]
    renamed = [
        {to.get(key, key): value for key, value in one.items()}
        for one, to in zip(named, names, strict=True)
    ]
    return renamed, len(own[0])


def _is_shuffled(first: list[Any], again: list[Any]) -> bool:
    return first != again and Counter(map(_text, first)) == Counter(map(_text, again))


def _in_order_of(first: list[Any], other: list[Any]) -> list[Any]:
    """Items of ``other`` at the places of equal items of ``first``, the others between them."""
    left = Counter(map(_text, first)) & Counter(map(_text, other))
    open_places = left.copy()
    rest = iter([one for one in other if not _take(left, _text(one))])
    found = [one if _take(open_places, _text(one)) else next(rest, one) for one in first]
    return [*found, *rest]


def _take(counts: Counter[str], text: str) -> bool:
    counts[text] -= 1
    return counts[text] >= 0


def _text(value: Any) -> str:
    return json.dumps(value)


def json_values(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """The values in a JSON value, with JSON pointers; containers by their sizes and keys."""
    stack = [(place, value)]
    while stack:
        pointer, one = stack.pop()
        if isinstance(one, Object):
            yield pointer + _KEYS, json.dumps([key for key, _ in one])
            stack += [(f"{pointer}/{pointer_step(key)}", item) for key, item in reversed(one)]
        elif isinstance(one, list):
            yield pointer + _LENGTH, str(len(one))
            stack += [(f"{pointer}/{n}", item) for n, item in reversed(list(enumerate(one)))]
        else:
            yield pointer, one if isinstance(one, Number) else json.dumps(one)
