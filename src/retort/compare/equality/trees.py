"""The values in a JSON value, by place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .bodies import Number, Object

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEYS = " order of keys"
_LENGTH = " length"


def without_aspect(place: str) -> str:
    """The place of an object or a list itself."""
    return place.removesuffix(_KEYS).removesuffix(_LENGTH)


def is_implied(place: str, left: str | None, right: str | None, missing: list[str]) -> bool:
    """Whether a difference follows from another one, which is reported by itself.

    What is in a list or an object that one side lacks; the items of a list with another length;
    the order of keys if a key is missing.

    :param missing: the places in which everything is implied; extended for those that follow.
    """
    if any(place.startswith(one) for one in missing):
        return True
    if left is None or right is None:
        if place != without_aspect(place):
            missing.append(f"{without_aspect(place)}/")
        return False
    if place.endswith(_LENGTH):
        known = min(int(left), int(right))
        name = without_aspect(place)
        missing += [f"{name}/{number}" for number in range(known, max(int(left), int(right)))]
    return place.endswith(_KEYS) and sorted(json.loads(left)) != sorted(json.loads(right))


def without_shuffling(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    """The three values with lists sorted that have the same items in another order each time.

    Also returns how many such lists there are.
    """
    if all(isinstance(one, Object) for one in (first, again, other)):
        return _in_objects(first, again, other)
    if not all(isinstance(one, list) and len(one) == len(first) for one in (first, again, other)):
        return first, again, other, 0
    ordered = [sorted(one, key=_text) for one in (first, again, other)]
    if first != again and ordered[0] == ordered[1] == ordered[2]:
        return ordered[0], ordered[1], ordered[2], 1
    found = [without_shuffling(*items) for items in zip(first, again, other, strict=True)]
    sides = [[one[side] for one in found] for side in range(3)]
    return sides[0], sides[1], sides[2], sum(one[3] for one in found)


def _in_objects(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    keys = [[key for key, _ in one] for one in (first, again, other)]
    if keys[0] != keys[1] or keys[0] != keys[2]:
        return first, again, other, 0
    found = [
        without_shuffling(a, b, c)
        for (_, a), (_, b), (_, c) in zip(first, again, other, strict=True)
    ]
    sides = [Object(zip(keys[0], (one[n] for one in found), strict=True)) for n in range(3)]
    return sides[0], sides[1], sides[2], sum(one[3] for one in found)


def _text(value: Any) -> str:
    return json.dumps(value)


def json_values(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """The values in a JSON value, with JSON pointers; containers by their sizes and keys."""
    stack = [(place, value)]
    while stack:
        pointer, one = stack.pop()
        if isinstance(one, Object):
            keys = [key for key, _ in one]
            yield f"{pointer} order of keys", json.dumps(keys)
            stack += [(f"{pointer}/{_escaped(key)}", item) for key, item in reversed(one)]
        elif isinstance(one, list):
            yield f"{pointer} length", str(len(one))
            stack += [(f"{pointer}/{n}", item) for n, item in reversed(list(enumerate(one)))]
        else:
            yield pointer or "/", one if isinstance(one, Number) else json.dumps(one)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
