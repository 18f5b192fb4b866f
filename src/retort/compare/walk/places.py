"""The same place in the pages of several sides: links and forms that correspond.

What two pages have in common is matched, by addresses without their numbers and identifiers and by
the names of fields. What differs between is matched in order if both have the same number there.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ..messages import NoResponse
from ..pages import Page, read_page
from .addresses import pattern_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from ..messages import Step
    from ..pages import Form

_MOST_COMPARED = 300  # of longer lists, what is between a common beginning and end is not matched


class Pages:
    """The pages of the last step of each side, parsed once; equal ones are the same object."""

    def __init__(self) -> None:
        self._step: Step | None = None
        self._pages: dict[str, Page] = {}

    def of(self, step: Step) -> dict[str, Page]:
        """The page of each side; an empty one for what is no page."""
        if step is not self._step:
            self._step, self._pages = step, _read(step)
        return self._pages


def _read(step: Step) -> dict[str, Page]:
    from_body: dict[tuple[str | None, str | None, bytes], Page] = {}
    pages: dict[str, Page] = {}
    for side, outcome in step.outcomes.items():
        if isinstance(outcome, NoResponse):
            pages[side] = Page()
            continue
        key = outcome.get("Content-Type"), outcome.get("Content-Encoding"), outcome.body
        if key not in from_body:
            from_body[key] = read_page(outcome)
        pages[side] = from_body[key]
    return pages


def key_of(form: Form) -> tuple[Hashable, ...]:
    """What makes a form the same in another page: where it leads, and its fields."""
    names = tuple((one.name, one.kind) for one in form.controls)
    return form.method, pattern_of(form.action).partition("?")[0], names


def same_links(first: Page, other: Page) -> dict[int, str]:
    """The link of the other page for each place in the first one; without those that it lacks."""
    if first is other:
        return dict(enumerate(first.links))
    places = matched([*map(pattern_of, first.links)], [*map(pattern_of, other.links)])
    return {place: other.links[found] for place, found in places.items()}


def same_forms(first: Page, other: Page) -> dict[int, Form]:
    """The form of the other page for each place in the first one."""
    places = matched([*map(key_of, first.forms)], [*map(key_of, other.forms)])
    return {place: other.forms[found] for place, found in places.items()}


def matched(first: Sequence[Hashable], other: Sequence[Hashable]) -> dict[int, int]:
    """Which places of two lists correspond."""
    begin = _common(first, other)
    end = _common(first[begin:][::-1], other[begin:][::-1])
    found = {place: place for place in range(begin)}
    shift = len(other) - len(first)
    found |= {place: place + shift for place in range(len(first) - end, len(first))}
    left, right = first[begin : len(first) - end], other[begin : len(other) - end]
    for tag, i1, i2, j1, j2 in _differences(left, right):
        if tag == "equal" or i2 - i1 == j2 - j1:
            found |= {begin + i1 + n: begin + j1 + n for n in range(i2 - i1)}
    return found


def _differences(
    left: Sequence[Hashable], right: Sequence[Hashable]
) -> list[tuple[str, int, int, int, int]]:
    if max(len(left), len(right)) > _MOST_COMPARED:
        return [("replace", 0, len(left), 0, len(right))]
    return SequenceMatcher(None, left, right, autojunk=False).get_opcodes()  # type: ignore[return-value]


def _common(first: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """The length of what both begin with."""
    count = 0
    for one, two in zip(first, other, strict=False):
        if one != two:
            break
        count += 1
    return count
