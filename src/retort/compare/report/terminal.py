"""The report for the terminal: at most 40 lines."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..summary import last_line
from .shown import around_difference, shortened, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..results import Comparison, Cost, Finding, SideCost

MAX_LINES = 40
_MIN_WIDTH = 60
_MAX_OF_A_KIND = 4


def text(comparison: Comparison, width: int | None = None) -> str:
    """The report. The last line is the result; colours are for terminals only."""
    columns = max(_MIN_WIDTH, width or shutil.get_terminal_size((80, 24)).columns)
    head = list(_head(comparison))
    tail = [*_cost(comparison.cost), "", click.style(last_line(comparison), bold=True)]
    room = MAX_LINES - len(head) - len(tail)
    body = [_cut(line, columns) for line in _findings(comparison, room, columns)]
    return "\n".join([*head, *body, *tail])


def _cut(line: str, columns: int) -> str:
    plain = click.unstyle(line)
    is_to_copy = plain.startswith("  curl ")
    return line if is_to_copy or len(plain) <= columns else shortened(plain, columns)


def _head(comparison: Comparison) -> Iterator[str]:
    yield "Compared: " + ", ".join(dict.fromkeys(one.label for one in comparison.sides))
    if comparison.is_interrupted:
        yield click.style("Interrupted: this is what was done until then.", fg="yellow")
    for line in comparison.baseline[:3]:
        yield click.style(line, fg="yellow")
    if len(comparison.baseline) > 3:
        yield f"... and {len(comparison.baseline) - 3} more answers that differ by themselves."
    if comparison.refused_connections:
        shown = ", ".join(comparison.refused_connections[:4])
        yield f"Refused connections to other machines: {shown} (--allow-network permits them)."
    yield from comparison.notes[:4]
    if comparison.masked:
        most = sorted(comparison.masked.items(), key=lambda item: -item[1])[:3]
        shown = ", ".join(f"{place} ({count})" for place, count in most)
        count = sum(comparison.masked.values())
        yield f"Masked as noise: {count} {'value' if count == 1 else 'values'}, such as {shown}."
    if comparison.not_compared:
        reasons = dict.fromkeys(comparison.not_compared.values())
        yield f"Not compared: {len(comparison.not_compared)} ({', '.join(reasons)})."
    yield from _suite(comparison)


def _suite(comparison: Comparison) -> Iterator[str]:
    suite = comparison.suite
    if suite is None:
        return
    yield f"Tests: {len(suite.outcomes)}; pass on the first side only: {len(suite.broken)}"
    for name in suite.broken[:5]:
        yield click.style(f"  {name}", fg="red")
    if len(suite.broken) > 5:
        yield f"  ... and {len(suite.broken) - 5} more, in the report"
    if suite.unreliable:
        yield (
            f"Tests with two results on the first side, which do not count:"
            f" {len(suite.unreliable)}, such as {suite.unreliable[0]}"
        )


def _findings(comparison: Comparison, room: int, columns: int) -> list[str]:
    lines: list[str] = []
    labels = [one.label for one in comparison.sides]
    for kind in (FAILURE, UNEXPLAINED, KNOWN):
        found = [one for one in comparison.findings if one.kind == kind]
        for number, finding in enumerate(found):
            shown = list(_lines_of(finding, labels, columns))
            rest = len(found) - number
            if len(lines) + len(shown) + 1 > room or number >= _MAX_OF_A_KIND:
                lines.append(f"... and {rest} more {kind}, in --report FILE or --json FILE.")
                break
            lines += shown
    return lines


def _lines_of(finding: Finding, labels: list[str], columns: int) -> Iterator[str]:
    times = f", {len(finding.steps)} requests" if len(finding.steps) > 1 else ""
    if finding.kind == KNOWN:
        yield f"{finding.kind}{times}: {finding.title}"
        return
    yield ""
    yield click.style(f"{finding.kind}{times}: {finding.title}", fg="red")
    if finding.view:
        yield f"  view: {finding.view}"
    for one in finding.differences[:1]:
        place = f"{one.part} {one.place}".strip()
        left, right = around_difference(one.left or "", one.right or "", columns - 30)
        yield f"  {place}"
        yield f"    {labels[0]}: {'(nothing)' if one.left is None else left}"
        yield f"    {labels[-1]}: {'(nothing)' if one.right is None else right}"
    for traceback in list(finding.tracebacks.values())[-1:]:
        yield f"    {traceback.strip().splitlines()[-1]}"
    if finding.curl:
        yield f"  {without_secrets(finding.curl)}"


def _cost(cost: Cost | None) -> Iterator[str]:
    if cost is None:
        return
    if cost.sides:
        yield ""
        yield f"{'':<10}{'CPU/request':>13}{'median':>11}{'95 %':>11}{'memory':>10}{'start':>9}"
        for name, side in cost.sides.items():
            yield _row(name, side)
    yield from cost.notes[:3]


def _row(name: str, side: SideCost) -> str:
    times = (side.cpu_seconds, side.median_seconds, side.p95_seconds)
    cpu, median, p95 = (f"{value * 1e6:,.0f} µs" for value in times)
    memory = f"{side.memory_bytes / 2**20:,.0f} MiB"
    return f"{name:<10}{cpu:>13}{median:>11}{p95:>11}{memory:>10}{side.start_seconds:>7.2f} s"
