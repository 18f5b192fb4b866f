"""What the user excludes from the comparison: the values of ``--mask``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..options import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Masks:
    """The values of ``--mask``: ``header NAME``, ``cookie NAME``, ``json POINTER`` or a pattern.

    :raises CompareError: if a pattern is no regular expression.
    """

    def __init__(self, values: Iterable[str]) -> None:
        self.places: set[tuple[str, str]] = set()
        self.patterns: list[re.Pattern[str]] = []
        for value in values:
            kind, space, place = value.partition(" ")
            if space and kind in ("header", "cookie", "json"):
                self.places.add((kind if kind != "json" else "body", place.strip().lower()))
                continue
            try:
                self.patterns.append(re.compile(value))
            except re.error as error:
                raise CompareError(
                    f"--mask {value!r} is no regular expression: {error}. Other masks are"
                    " 'header NAME', 'cookie NAME' and 'json POINTER'."
                ) from None

    def covers(self, part: str, place: str, left: str | None, right: str | None) -> bool:
        """Whether a difference is excluded."""
        name = place.lower()
        if any(part == kind and _is_within(name, one) for kind, one in self.places):
            return True
        if part != "body" or left is None or right is None:
            return False
        return any(one.sub("", left) == one.sub("", right) for one in self.patterns)


def _is_within(place: str, outer: str) -> bool:
    """Whether a place is ``outer`` or in it: a JSON pointer below it, an attribute of a cookie."""
    return place == outer or (place.startswith(outer) and place[len(outer)] in "/:; ")
