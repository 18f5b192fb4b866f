"""Ratios with ranges, and percentiles."""

from __future__ import annotations

import random
import statistics
from typing import TYPE_CHECKING

from ..results import Range

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_ROUNDS = 5
_RESAMPLES = 2_000
_TAIL = 0.005  # of the resamples on each side: the range is a 99 % interval
_SEED = 1


def range_of(ratios: Sequence[float]) -> Range | None:
    """The median of the rounds' ratios, and its range; ``None`` with fewer than five rounds.

    The range is the 99 % bootstrap interval of the median, so that two equal sides have a range
    with 1 in at least 19 of 20 measurements.
    """
    if len(ratios) < MIN_ROUNDS:
        return None
    drawn = random.Random(_SEED)  # the same figures give the same range
    medians = sorted(
        statistics.median(drawn.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES)
    )
    cut = int(_RESAMPLES * _TAIL)
    return Range(statistics.median(ratios), medians[cut], medians[-1 - cut], len(ratios))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
