"""Compare texts line by line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .alignment import changes
from .shapes import tokens
from .values import DIFFERENT, NOISE, SAME, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

Found = tuple[str, str, str | None, str | None]

_MAX_SHOWN = 20  # lines of one difference
_MAX_VARIED = 50  # lines of a part that has another number of lines each time
_FEW = 3  # differences for which lines with the same number belong together
_SHUFFLED = 3  # lines; fewer can change places by chance
_MAX_ROUNDS = 10
_APART = 3  # lines between two that differ; more belong to two blocks


def compare_lines(first: str, again: str, other: str) -> list[Found]:
    """The lines that are not equal: verdict, place, and the lines of both sides."""
    if first == other:
        return []
    a, b, c = (text.splitlines(keepends=True) for text in (first, again, other))
    if not len(a) == len(b) == len(c):
        return list(_Aligned(a, b, c).compare())
    blocks = list(_shuffled_blocks(a, b, c))
    for start, end in blocks:
        b[start:end] = c[start:end] = a[start:end]
    found = [(NOISE, f"{_place(start)} to {end}", None, None) for start, end in blocks]
    return found + _without_blocks(a, b, c)


def _without_blocks(a: list[str], b: list[str], c: list[str]) -> list[Found]:
    ended = [_with_last_break(lines) for lines in (a, b, c)]
    shuffled = _with_unmoved(_shuffled(ended[0], ended[1]), *ended)
    found = list(_line_by_line(a, b, c, shuffled))
    if _count(found) > _FEW and not shuffled:
        aligned = list(_Aligned(a, b, c).compare())
        return min(found, aligned, key=_count)
    return found


def _shuffled_blocks(a: list[str], b: list[str], c: list[str]) -> Iterator[tuple[int, int]]:
    """Lines next to each other that have the same words in another order in all texts."""
    blocks: list[list[int]] = []
    for number, left in enumerate(a):
        if left == b[number] == c[number]:
            continue
        if blocks and number - blocks[-1][1] < _APART:
            blocks[-1][1] = number + 1
        else:
            blocks.append([number, number + 1])
    for start, end in blocks:
        texts = ["".join(one[start:end]) for one in (a, b, c)]
        words = [Counter(tokens(text)) for text in texts]
        if texts[0] != texts[1] and words[0] == words[1] == words[2]:
            yield start, end


def _count(found: list[Found]) -> int:
    return sum(one[0] == DIFFERENT for one in found)


def _line_by_line(a: list[str], b: list[str], c: list[str], shuffled: list[int]) -> Iterator[Found]:
    left_lines, right_lines = _with_last_break(a), _with_last_break(c)
    yield from _in_another_order([(n, left_lines[n], right_lines[n]) for n in shuffled])
    exempt = set(shuffled)
    for number, (left, again, right) in enumerate(zip(a, b, c, strict=True)):
        decided = SAME if number in exempt else verdict(left, again, right)
        if decided != SAME:
            yield decided, _place(number), left, right


def _with_last_break(lines: list[str]) -> list[str]:
    """The lines with a line break at the end, so that the last one can stand elsewhere."""
    return lines if not lines or lines[-1].endswith("\n") else [*lines[:-1], f"{lines[-1]}\n"]


def _shuffled(a: list[str], b: list[str]) -> list[int]:
    """The numbers of lines that are the same in another order."""
    differing = [n for n, (left, right) in enumerate(zip(a, b, strict=True)) if left != right]
    moved = Counter(a[n] for n in differing) & Counter(b[n] for n in differing)
    found = [n for n in differing if a[n] in moved and b[n] in moved]
    is_closed = Counter(a[n] for n in found) == Counter(b[n] for n in found)
    return found if is_closed else []


def _with_unmoved(shuffled: list[int], a: list[str], b: list[str], c: list[str]) -> list[int]:
    """Add lines of the same group that only the third text has at another place."""
    found = set(shuffled)
    others = [n for n, left in enumerate(a) if shuffled and left == b[n] != c[n]]
    for _ in range(_MAX_ROUNDS):
        known = {a[n] for n in found} | {c[n] for n in found}
        more = {n for n in others if a[n] in known or c[n] in known}
        if more <= found:
            break
        found |= more
    if Counter(a[n] for n in found) == Counter(c[n] for n in found):
        return sorted(found)
    return shuffled if len(shuffled) >= _SHUFFLED else []


def _in_another_order(lines: list[tuple[int, str, str]]) -> Iterator[Found]:
    """Compare lines whose order has no meaning."""
    missing = Counter(left for _, left, _ in lines) - Counter(right for _, _, right in lines)
    extra = Counter(right for _, _, right in lines) - Counter(left for _, left, _ in lines)
    lost = missing.elements()
    for number, left, right in lines:
        if extra[right]:
            extra[right] -= 1
            yield DIFFERENT, _place(number), next(lost), right
        elif left != right:
            yield NOISE, _place(number), left, right


class _Aligned:
    """Compares what stands between the lines that two texts have in common."""

    def __init__(self, a: list[str], b: list[str], c: list[str]) -> None:
        self.a, self.b, self.c = a, b, c
        self.varied: list[tuple[int, int, list[str]]] = []
        self.again: dict[int, str] = {}  # the line of ``b`` for each line of ``a`` that has one
        self._align()

    def _align(self) -> None:
        position = 0
        for i1, i2, j1, j2 in [*changes(self.a, self.b), (len(self.a), len(self.a), 0, 0)]:
            self.again.update((n, self.a[n]) for n in range(position, i1))
            if i2 - i1 == j2 - j1:
                self.again.update(zip(range(i1, i2), self.b[j1:j2], strict=True))
            else:
                self.varied.append((i1, i2, self.b[j1:j2]))
            position = i2

    def compare(self) -> Iterator[Found]:
        for i1, i2, j1, j2 in changes(self.a, self.c):
            yield from self._stretch(i1, i2, j1, j2)

    def _stretch(self, i1: int, i2: int, j1: int, j2: int) -> Iterator[Found]:
        if i2 - i1 == j2 - j1:
            for number in range(i2 - i1):
                yield from self._line(i1 + number, j1 + number)
            return
        while i1 < i2 and j1 < j2 and self._is_noise(i1, j1):
            yield from self._line(i1, j1)
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and self._is_noise(i2 - 1, j2 - 1):
            i2, j2 = i2 - 1, j2 - 1
            yield from self._line(i2, j2)
        left, right = self.a[i1:i2], self.c[j1:j2]
        decided = NOISE if self._varies(i1, i2, right) else DIFFERENT
        yield decided, _place(i1), _shown(left), _shown(right)

    def _line(self, number: int, other: int) -> Iterator[Found]:
        decided = verdict(self.a[number], self.again.get(number), self.c[other])
        if decided != SAME:
            yield decided, _place(number), self.a[number], self.c[other]

    def _is_noise(self, number: int, other: int) -> bool:
        again = self.again.get(number)
        return again is not None and verdict(self.a[number], again, self.c[other]) == NOISE

    def _varies(self, i1: int, i2: int, right: list[str]) -> bool:
        """Whether the first side has another number of lines there each time, of this kind."""
        for start, end, again in self.varied:
            if start <= i2 and i1 <= end:
                known = [*self.a[start:end], *again]
                is_left_out = right or not self.a[start:end] or not again
                return bool(is_left_out) and all(_is_alike(known, line) for line in right)
        return False


def _is_alike(known: list[str], line: str) -> bool:
    if line in known:
        return True
    if len(known) > _MAX_VARIED:
        return False
    pairs = zip(known, [*known[1:], known[0]], strict=True)
    return any(verdict(one, other, line) != DIFFERENT for one, other in pairs)


def _place(number: int) -> str:
    return f"line {number + 1}"


def _shown(lines: list[str]) -> str | None:
    if not lines:
        return None
    more = len(lines) - _MAX_SHOWN
    return "".join(lines[:_MAX_SHOWN]) + (f"... and {more} more lines" if more > 0 else "")
