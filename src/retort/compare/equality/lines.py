"""Compare texts line by line."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from .values import DIFFERENT, NOISE, SAME, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_ALIGNED = 3_000  # lines; longer texts are aligned by their beginning and end
_MAX_SHOWN = 20  # lines of one difference


def compare_lines(
    first: str, again: str, other: str
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """The lines that are not equal: verdict, place, and the lines of both sides."""
    if first == other:
        return
    a, b, c = (text.splitlines(keepends=True) for text in (first, again, other))
    found = list(_line_by_line(a, b, c)) if len(a) == len(b) == len(c) else list(_aligned(a, b, c))
    is_different = any(one[0] == DIFFERENT for one in found)
    if is_different and first != again and sorted(a) == sorted(b) == sorted(c):
        found = [(NOISE, "order of lines", None, None)]
    yield from found


def _line_by_line(
    a: list[str], b: list[str], c: list[str]
) -> Iterator[tuple[str, str, str | None, str | None]]:
    for number, (left, again, right) in enumerate(zip(a, b, c, strict=True), 1):
        decided = verdict(left, again, right)
        if decided != SAME:
            yield decided, f"line {number}", left, right


def _aligned(
    a: list[str], b: list[str], c: list[str]
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Compare what stands between the lines that both have."""
    in_again = {start: (end, b[j1:j2]) for start, end, j1, j2 in _changes(a, b)}
    matched = _matches(a, b)
    for i1, i2, j1, j2 in _changes(a, c):
        place = f"line {i1 + 1}"
        left, right = a[i1:i2], c[j1:j2]
        if len(left) == len(right):
            seconds = [b[matched[n]] if n in matched else None for n in range(i1, i2)]
            if i1 in in_again and len(in_again[i1][1]) == len(left):
                seconds = list(in_again[i1][1])
            for number, (one, two, three) in enumerate(
                zip(left, seconds, right, strict=True), i1 + 1
            ):
                decided = verdict(one, two, three)
                if decided != SAME:
                    yield decided, f"line {number}", one, three
            continue
        end, again = in_again.get(i1, (-1, []))
        # A part that has another number of lines each time.
        is_noise = end == i2 and len(again) != len(left) and _alike(again or left, right)
        yield NOISE if is_noise else DIFFERENT, place, _shown(left), _shown(right)


def _alike(again: list[str], right: list[str]) -> bool:
    """Whether lines that only the second and the third text have are alike."""
    return all(
        any(verdict(one, other, line) != DIFFERENT for one in again for other in again)
        for line in right
    )


def _shown(lines: list[str]) -> str | None:
    if not lines:
        return None
    more = len(lines) - _MAX_SHOWN
    return "".join(lines[:_MAX_SHOWN]) + (f"... and {more} more lines" if more > 0 else "")


def _changes(a: list[str], b: list[str]) -> Iterator[tuple[int, int, int, int]]:
    if max(len(a), len(b)) > _MAX_ALIGNED:
        head = next(
            (n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
        )
        most = min(len(a), len(b)) - head
        tail = next((n for n in range(most) if a[-1 - n] != b[-1 - n]), most)
        if (head, head) != (len(a) - tail, len(b) - tail):
            yield head, len(a) - tail, head, len(b) - tail
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if tag != "equal":
            yield i1, i2, j1, j2


def _matches(a: list[str], b: list[str]) -> dict[int, int]:
    """The number of the equal line in ``b`` for each line of ``a`` that has one."""
    found: dict[int, int] = {}
    position = other = 0
    for i1, i2, _, j2 in [*_changes(a, b), (len(a), len(a), len(b), len(b))]:
        found.update((position + n, other + n) for n in range(i1 - position))
        position, other = i2, j2
    return found
