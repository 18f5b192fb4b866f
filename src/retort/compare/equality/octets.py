"""Compare bodies that are neither JSON nor text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alignment import common_end, common_start

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 4_096
_CLOSE = 16  # equal bytes between two that differ: equal by chance
_MARGIN = 2  # bytes beside a stretch: equal by chance in the first side's
_LONGER = 2  # times; for bodies that have another length each time
_MOSTLY = 0.9  # share of a body that differs: nothing is left to compare


class Octets:
    """Three bodies: the first side's, the same again, and the other side's.

    :param varied: what differs each time, as start and end in the first body.
    :param difference: the first byte that differs for another reason; ``None`` if there is none.
    """

    def __init__(self, first: bytes, again: bytes, other: bytes) -> None:
        self.varied: list[tuple[int, int]] = []
        self.size = len(first)
        if first == again or len(first) != len(again):
            self.difference = self._between(first, again, other)
        else:
            self.varied = [
                (max(0, start - _MARGIN), min(len(first), end + _MARGIN))
                for start, end in _ranges(first, again)
            ]
            self.difference = self._outside(first, other)

    @property
    def is_all_varied(self) -> bool:
        """Whether nearly every byte differs each time."""
        return bool(self.varied) and self._share() >= _MOSTLY

    def _share(self) -> float:
        return sum(end - start for start, end in self.varied) / max(1, self.size)

    def _between(self, first: bytes, again: bytes, other: bytes) -> int | None:
        """Compare the common beginning and end; between them, only the length."""
        at = common_start(first, other)
        if first == again:
            return None if first == other else at
        head = common_start(first, again)
        tail = max(0, common_end(first, again, head) - _MARGIN)
        head = max(0, head - _MARGIN)
        self.varied = [(head, len(first) - tail)]
        low, high = sorted(len(one) - head - tail for one in (first, again))
        middle = len(other) - head - tail
        if at < head or not low // _LONGER <= middle <= high * _LONGER + _CLOSE:
            return at
        left, right = first[len(first) - tail :], other[head + middle :]
        return None if left == right else head + middle + common_start(left, right)

    def _outside(self, first: bytes, other: bytes) -> int | None:
        if len(first) != len(other):
            return common_start(first, other)
        position = 0
        for start, end in [*self.varied, (len(first), len(first))]:
            left, right = first[position:start], other[position:start]
            if left != right:
                return position + common_start(left, right)
            position = end
        return None


def _ranges(first: bytes, again: bytes) -> Iterator[tuple[int, int]]:
    """The stretches of bytes that differ."""
    start = end = -_CLOSE
    for number in _differing(first, again):
        if number - end >= _CLOSE and end > 0:
            yield start, end
        if number - end >= _CLOSE or end <= 0:
            start = number
        end = number + 1
    if end > 0:
        yield start, end


def _differing(first: bytes, again: bytes) -> Iterator[int]:
    for begin in range(0, len(first), _CHUNK):
        left, right = first[begin : begin + _CHUNK], again[begin : begin + _CHUNK]
        if left != right:
            pairs = enumerate(zip(left, right, strict=True), begin)
            yield from (number for number, (one, two) in pairs if one != two)
