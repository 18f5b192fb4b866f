"""Align two sequences in bounded time: texts, bytes, lists of lines or of words.

The common beginning and end are found first, then items that occur once in both. Only short
stretches between those are aligned item by item, because that takes cubic time at worst.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAX_STEPS = 30_000_000  # of item by item alignment, for one pair of sequences
_MAX_PASSES = 50_000  # stretches that are looked at
_Stretch = tuple[int, int, int, int]


def common_start(left: Sequence[object], right: Sequence[object]) -> int:
    """The length of the common beginning."""
    equal, size = 0, min(len(left), len(right))
    if left[:size] == right[:size]:
        return size
    while size - equal > 1:
        middle = (equal + size) // 2
        if left[equal:middle] == right[equal:middle]:
            equal = middle
        else:
            size = middle
    return equal


def common_end(left: Sequence[object], right: Sequence[object], start: int) -> int:
    """The length of the common end of what follows ``start``."""
    return common_start(left[start:][::-1], right[start:][::-1])


def changes(a: Sequence[str], b: Sequence[str]) -> list[_Stretch]:
    """What differs: first and last index in ``a``, and in ``b``, as in ``a[i1:i2]``."""
    found: list[_Stretch] = []
    position = other = 0
    for i, j, size in [*sorted(_blocks(a, b)), (len(a), len(b), 0)]:
        if position < i or other < j:
            found.append((position, i, other, j))
        position, other = i + size, j + size
    return found


def _blocks(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Equal stretches: where they begin in each, and their length."""
    pending: list[_Stretch] = [(0, len(a), 0, len(b))]
    steps = passes = 0
    while pending:
        i1, i2, j1, j2 = pending.pop()
        left, right = a[i1:i2], b[j1:j2]
        head = common_start(left, right)
        tail = common_end(left, right, head)
        yield i1, j1, head
        yield i2 - tail, j2 - tail, tail
        left, right = left[head : len(left) - tail], right[head : len(right) - tail]
        i1, j1 = i1 + head, j1 + head
        if not left or not right:
            continue
        passes += 1
        cost = len(left) * len(right) * min(len(left), len(right))
        if steps + cost <= _MAX_STEPS:
            steps += cost
            matcher = SequenceMatcher(None, left, right, autojunk=False)
            yield from ((i1 + i, j1 + j, size) for i, j, size in matcher.get_matching_blocks())
        elif passes <= _MAX_PASSES:
            pending += _between(_anchors(left, right), (i1, i2 - tail, j1, j2 - tail))


def _between(anchors: list[tuple[int, int]], stretch: _Stretch) -> Iterator[_Stretch]:
    """The stretches that begin at an anchor; none without anchors."""
    i1, i2, j1, j2 = stretch
    starts = [(i1, j1), *((i1 + i, j1 + j) for i, j in anchors)]
    ends = [*starts[1:], (i2, j2)]
    if anchors:
        yield from ((i, k, j, m) for (i, j), (k, m) in zip(starts, ends, strict=True))


def _anchors(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Items that occur once in both, as many as are in the same order."""
    counts_a, counts_b = Counter(a), Counter(b)
    in_b = {item: j for j, item in enumerate(b) if counts_b[item] == 1}
    pairs = [(i, in_b[x]) for i, x in enumerate(a) if counts_a[x] == 1 and x in in_b]
    tops: list[int] = []  # the lowest end of an increasing run of each length
    chosen: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        at = bisect_left(tops, j)
        tops[at : at + 1] = [j]
        chosen[at : at + 1] = [number]
        before.append(chosen[at - 1] if at else -1)
    found: list[tuple[int, int]] = []
    number = chosen[-1] if chosen else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]
