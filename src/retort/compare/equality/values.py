"""Compare the values of one place: the first side's, the same again, and the other side's."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from .shapes import has_shape, tokens
from .times import differ_by_time_only

SAME = "same"
NOISE = "noise"
DIFFERENT = "different"

_MAX_TOKENS = 4_000  # for longer texts, the common beginning and end have to do
_MAX_HOLES = 12


def verdict(first: str | None, again: str | None, other: str | None) -> str:
    """``same``, ``noise`` or ``different``; ``None``: the place is missing.

    Noise is what differs between ``first`` and ``again``, at exactly this part of the text, if
    ``other`` has a value of the same shape there; or a time that is some seconds away.
    """
    if first == other:
        return SAME
    if first is None or other is None:
        return NOISE if first != again and again == other else DIFFERENT
    if differ_by_time_only(first, other):
        return NOISE
    if again is None or first == again:
        return DIFFERENT
    if sorted(tokens(first)) == sorted(tokens(again)) == sorted(tokens(other)):
        return NOISE  # the same in another order
    return NOISE if _fits(first, again, other) else DIFFERENT


def _fits(first: str, again: str, other: str) -> bool:
    """Whether ``other`` is equal to ``first`` apart from the parts that ``again`` changes."""
    a, b = tokens(first), tokens(again)
    if max(len(a), len(b)) > _MAX_TOKENS:
        return _fits_between(first, again, other)
    pattern, holes = "", []
    for is_fixed, left, right in _parts(a, b):
        pattern += re.escape(left) if is_fixed else "(.*?)"
        holes += [] if is_fixed else [(left, right)]
    if len(holes) > _MAX_HOLES:
        return _fits_between(first, again, other)
    found = re.fullmatch(pattern, other, re.DOTALL)
    return found is not None and all(
        has_shape(value, *hole) for value, hole in zip(found.groups(), holes, strict=True)
    )


def _parts(a: list[str], b: list[str]) -> list[tuple[bool, str, str]]:
    """Whether a part is in both, and its text in each.

    A single character between two parts that differ belongs to them: it is equal by chance.
    """
    parts: list[tuple[bool, str, str]] = []
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        left, right = "".join(a[i1:i2]), "".join(b[j1:j2])
        parts.append((tag == "equal", left, right))
        if len(parts) >= 3 and not parts[-1][0] and parts[-2][0] and len(parts[-2][1]) == 1:
            last = parts[-3:]
            left, right = "".join(part[1] for part in last), "".join(part[2] for part in last)
            parts[-3:] = [(False, left, right)]
    return parts


def _fits_between(first: str, again: str, other: str) -> bool:
    """For long texts: the same beginning and end, and a middle of the same shape."""
    head = _common(first, again)
    tail = min(_common(first[::-1], again[::-1]), min(len(first), len(again)) - head)
    if other[:head] != first[:head] or (tail and other[-tail:] != first[-tail:]):
        return False
    if len(other) < head + tail:
        return False
    ends = [len(text) - tail for text in (first, again, other)]
    return has_shape(other[head : ends[2]], first[head : ends[0]], again[head : ends[1]])


def _common(left: str, right: str) -> int:
    """The length of the common beginning."""
    size = min(len(left), len(right))
    return next((n for n in range(size) if left[n] != right[n]), size)
