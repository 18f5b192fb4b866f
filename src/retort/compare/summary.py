"""The result in one line, and the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grouping import FAILURE, KNOWN, UNEXPLAINED
from .measure.rounds import shows_difference

if TYPE_CHECKING:
    from .results import Comparison, Cost, Range


def last_line(comparison: Comparison) -> str:
    """The result in one line."""
    compared = len(comparison.steps) - len(comparison.not_compared)
    parts = [
        f"same answers: {len(comparison.same)} of {compared}",
        f"known differences: {comparison.count(KNOWN)}",
        f"unexplained: {comparison.count(UNEXPLAINED) + comparison.count(FAILURE)}",
    ]
    if comparison.cost is not None and comparison.cost.sides:
        parts.append(f"CPU per request: {ratio_text(comparison.cost)}")
    return "; ".join(parts)


def ratio_text(cost: Cost) -> str:
    """The ratio of processor time with its range, as in ``5.3 times less (5.1 to 5.5)``."""
    return range_text(cost.cpu_ratio, cost.measured_requests)


def range_text(ratio: Range | None, requests: int) -> str:
    """A ratio with its range, or that ``requests`` on each side show no difference."""
    if ratio is None or not shows_difference(ratio, requests):
        return "no difference shown"
    is_less = ratio.middle >= 1
    ends = (ratio.low, ratio.high) if is_less else (1 / ratio.high, 1 / ratio.low)
    middle = ratio.middle if is_less else 1 / ratio.middle
    digits = 1 if ends[0] >= 1.1 else 2  # "1.0 times less" would be no difference
    low, high = (f"{end:.{digits}f}" for end in ends)
    return f"{middle:.{digits}f} times {'less' if is_less else 'more'} ({low} to {high})"


def status_of(
    comparison: Comparison, *, fail_on: str = UNEXPLAINED, at_least: float | None = None
) -> tuple[int, list[str]]:
    """The exit status, and sentences about what the options demand.

    0: nothing is unexplained; 1: something is, or an option is not met; 2: nothing was compared.
    """
    is_empty = not comparison.steps and comparison.suite is None
    if comparison.why_not is not None or is_empty:
        return 2, [comparison.why_not or "No request was sent, so nothing was compared."]
    if comparison.steps and len(comparison.not_compared) == len(comparison.steps):
        return 2, ["No response could be compared: see the reasons in the report."]
    reasons: list[str] = []
    if comparison.is_interrupted:
        reasons.append("It was interrupted, so not all was compared.")
    has_failed = any(one.kind in (FAILURE, UNEXPLAINED) for one in comparison.findings)
    if fail_on == KNOWN and comparison.count(KNOWN):
        reasons.append("There are known differences, and --fail-on known was set.")
    if at_least is not None:
        reasons += _missed(comparison.cost, at_least)
    suite_breaks = comparison.suite is not None and comparison.suite.broken
    return (1 if has_failed or reasons or suite_breaks else 0), reasons


def _missed(cost: Cost | None, at_least: float) -> list[str]:
    """Why ``--at-least`` is not met; empty if it is met."""
    if cost is None or not cost.sides:
        return [f"--at-least {at_least:g}x is not met: no cost was measured."]
    ratio = cost.cpu_ratio
    if shows_difference(ratio, cost.measured_requests) and ratio is not None:
        if ratio.low >= at_least:
            return []
        found = f"the range of the ratio begins at {ratio.low:.2f}"
    else:
        found = "no difference is shown"
    return [f"--at-least {at_least:g}x is not met: {found}. See 'CPU per request' in the result."]
