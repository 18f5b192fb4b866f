"""Compare the values of one place: the first side's, the same again, and the other side's."""

from __future__ import annotations

from .alignment import changes, common_end, common_start
from .shapes import has_shape, longest, tokens
from .times import differ_by_time_only, with_times_of

SAME = "same"
NOISE = "noise"
DIFFERENT = "different"

_MAX_TOKENS = 20_000  # for longer texts, the common beginning and end have to do
_LONG = 16
_MAX_STARTS = 50  # places at which a fixed part can stand, after each hole


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
    if again == other or _varies(first, again, other):
        return NOISE
    again, other = with_times_of(first, again), with_times_of(first, other)
    return NOISE if _varies(first, again, other) else DIFFERENT


def _varies(first: str, again: str, other: str) -> bool:
    a, b = tokens(first), tokens(again)
    if max(len(a), len(b)) > _MAX_TOKENS:
        return _fits_between(first, again, other)
    c, ordered = tokens(other), sorted(a)
    if ordered == sorted(b):  # the same in another order
        return ordered == sorted(c)
    return _fits_one_by_one(a, b, c) or _fits(_parts(a, b), other)


def _fits_one_by_one(a: list[str], b: list[str], c: list[str]) -> bool:
    if not len(a) == len(b) == len(c):
        return False
    words = zip(a, b, c, strict=True)
    return all(y == z if x == y else has_shape(z, x, y) for x, y, z in words)


_Part = tuple[bool, str, str]


def _parts(a: list[str], b: list[str]) -> list[_Part]:
    """Whether a part is in both, and its text in each.

    A single character between two parts that differ belongs to them: it is equal by chance.
    """
    parts: list[_Part] = []
    position = 0
    for i1, i2, j1, j2 in changes(a, b):
        _add(parts, (True, same := "".join(a[position:i1]), same))
        _add(parts, (False, "".join(a[i1:i2]), "".join(b[j1:j2])))
        position = i2
    _add(parts, (True, same := "".join(a[position:]), same))
    return _widened(parts)


def _widened(parts: list[_Part]) -> list[_Part]:
    """Let a long value begin and end with "-" and "_", which base64 has by chance in both."""
    found = list(parts)
    for number, (is_fixed, left, right) in enumerate(parts):
        if is_fixed or min(len(left), len(right)) < _LONG:
            continue
        start, end = "", ""
        if number and found[number - 1][0]:
            fixed = found[number - 1][1]
            start = fixed[len(fixed.rstrip("-_")) :]
            found[number - 1] = (True, *(fixed[: len(fixed) - len(start)],) * 2)
        if number + 1 < len(found) and found[number + 1][0]:
            fixed = found[number + 1][1]
            end = fixed[: len(fixed) - len(fixed.lstrip("-_"))]
            found[number + 1] = (True, *(fixed[len(end) :],) * 2)
        found[number] = (False, f"{start}{left}{end}", f"{start}{right}{end}")
    return found


def _add(parts: list[_Part], part: _Part) -> None:
    if part[0] and not part[1]:
        return
    parts.append(part)
    if len(parts) >= 3 and not part[0] and parts[-2][0] and len(parts[-2][1]) == 1:
        last = parts[-3:]
        left, right = "".join(one[1] for one in last), "".join(one[2] for one in last)
        parts[-3:] = [(False, left, right)]


def _fits(parts: list[_Part], text: str) -> bool:
    """Whether ``text`` has the fixed parts, with values of the same shape between them."""
    starts = [0]
    hole: tuple[str, str] | None = None
    for is_fixed, left, right in parts:
        if not is_fixed:
            hole = (left, right)
            continue
        ends = {end for start in starts for end in _ends(text, start, left, hole)}
        starts, hole = sorted(ends)[:_MAX_STARTS], None
    if hole is None:
        return len(text) in starts
    return any(has_shape(text[start:], *hole) for start in starts)


def _ends(text: str, start: int, fixed: str, hole: tuple[str, str] | None) -> list[int]:
    """Where ``fixed`` can end if it follows a hole that begins at ``start``."""
    if hole is None:
        return [start + len(fixed)] if text.startswith(fixed, start) else []
    limit = start + longest(*hole) + len(fixed)
    found: list[int] = []
    at = text.find(fixed, start, limit)
    while at >= 0 and len(found) < _MAX_STARTS:
        if has_shape(text[start:at], *hole):
            found.append(at + len(fixed))
        at = text.find(fixed, at + 1, limit)
    return found


def _fits_between(first: str, again: str, other: str) -> bool:
    """For long texts: the same beginning and end, and a middle of the same shape."""
    head = common_start(first, again)
    tail = common_end(first, again, head)
    if other[:head] != first[:head] or (tail and other[-tail:] != first[-tail:]):
        return False
    if len(other) < head + tail:
        return False
    ends = [len(text) - tail for text in (first, again, other)]
    return has_shape(other[head : ends[2]], first[head : ends[0]], again[head : ends[1]])
