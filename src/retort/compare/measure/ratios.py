"""Ratios with ranges, and percentiles."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from ..results import Range

if TYPE_CHECKING:
    from collections.abc import Sequence

# With fewer, two equal sides have a range without 1 in more than 1 of 20 measurements.
MIN_ROUNDS = 6
_MISSES = 100  # at most one of as many ranges misses the true median, if there are 8 rounds


def range_of(ratios: Sequence[float]) -> Range | None:
    """The median of the rounds' ratios, and its range; ``None`` with fewer than `MIN_ROUNDS`.

    The range is a confidence interval of the median by order statistics, which assumes nothing
    about the distribution of the ratios. Its confidence is 99 % from 8 rounds on. With 6 and 7
    rounds it goes from the least to the greatest ratio, which is 97 and 98 %.
    """
    if len(ratios) < MIN_ROUNDS:
        return None
    ordered = sorted(ratios)
    outside = _outside(len(ordered))
    low, high = ordered[outside], ordered[-1 - outside]
    return Range(statistics.median(ordered), low, high, len(ordered))


def _outside(rounds: int) -> int:
    """How many of the least and of the greatest ratios are outside of the range.

    Each ratio is above the true median with probability 1/2, as with tosses of a coin.
    """
    count, ways, total = 0, 1, 1  # total: ways to have at most `count` ratios on one side
    while True:
        ways = ways * (rounds - count) // (count + 1)
        total += ways
        if 2 * total * _MISSES > 2**rounds:
            return count
        count += 1


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that ``share`` (above 0, at most 1) of them do not exceed.

    0.0 if there are no values.
    """
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0
