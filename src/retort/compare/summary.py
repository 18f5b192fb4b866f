"""The result in one line, and the exit status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .grouping import FAILURE, KNOWN, UNEXPLAINED
from .measure.rounds import shows_difference

if TYPE_CHECKING:
    from .results import Comparison, Cost


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
    ratio = cost.cpu_ratio
    if ratio is None or not shows_difference(cost):
        return "no difference shown"
    if ratio.middle >= 1:
        return f"{ratio.middle:.1f} times less ({ratio.low:.1f} to {ratio.high:.1f})"
    low, high = 1 / ratio.high, 1 / ratio.low
    return f"{1 / ratio.middle:.1f} times more ({low:.1f} to {high:.1f})"


def status_of(
    comparison: Comparison, *, fail_on: str = UNEXPLAINED, at_least: float | None = None
) -> tuple[int, list[str]]:
    """The exit status, and sentences about what the options demand.

    0: nothing is unexplained; 1: something is, or an option is not met; 2: nothing was compared.
    """
    if comparison.why_not is not None or not comparison.steps:
        return 2, [comparison.why_not or "No request was sent, so nothing was compared."]
    if len(comparison.not_compared) == len(comparison.steps):
        return 2, ["No response could be compared: see the reasons in the report."]
    reasons: list[str] = []
    has_failed = comparison.count(UNEXPLAINED) or any(
        one.kind == FAILURE for one in comparison.findings
    )
    if fail_on == KNOWN and comparison.count(KNOWN):
        reasons.append("There are known differences, and --fail-on known was set.")
    if at_least is not None and not _gains(comparison.cost, at_least):
        reasons.append(f"The gain is not at least {at_least:g}x over the whole range.")
    suite_breaks = comparison.suite is not None and comparison.suite.broken
    return (1 if has_failed or reasons or suite_breaks else 0), reasons


def _gains(cost: Cost | None, at_least: float) -> bool:
    if cost is None or cost.cpu_ratio is None or not shows_difference(cost):
        return False
    return cost.cpu_ratio.low >= at_least
