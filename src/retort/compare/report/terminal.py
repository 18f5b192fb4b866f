"""The report for the terminal: at most 40 lines."""

from __future__ import annotations

import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click

from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..summary import last_line
from .redaction import without_secrets
from .shown import around_difference, shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..results import Comparison, Cost, Finding, SideCost, SuiteResult

MAX_LINES = 40
_MIN_WIDTH = 60
_MAX_HEAD = 16  # so that the findings have room
_MAX_NOTE_LINES = 4  # about the cost
_MAX_OF_A_KIND = 4
_MAX_NAMES = 5


def text(comparison: Comparison, width: int | None = None) -> str:
    """The report. The last line is the result; colours are for terminals only.

    :param width: in columns, at least 60; ``None``: that of the terminal. ``curl`` lines, which are
        copied, and the last line can be longer.
    """
    comparison = without_secrets(comparison)
    columns = max(_MIN_WIDTH, width or shutil.get_terminal_size((80, 24)).columns)
    head = list(_head(comparison, columns))
    if len(head) > _MAX_HEAD:
        rest = len(head) - _MAX_HEAD + 1
        head[_MAX_HEAD - 1 :] = [f"... and {rest} more lines, in --report FILE or --json FILE."]
    tail = [*_cost(comparison.cost, columns), "", click.style(last_line(comparison), bold=True)]
    room = MAX_LINES - len(head) - len(tail)
    return "\n".join([*head, *_findings(comparison, room, columns), *tail])


def _wrapped(line: str, columns: int, **style: Any) -> list[str]:
    # A path or an address stays in one piece, so that it can be copied.
    lines = textwrap.wrap(
        visible(line),
        columns,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]
    return [click.style(one, **style) if style else one for one in lines]


def _head(comparison: Comparison, columns: int) -> Iterator[str]:
    labels = ", ".join(dict.fromkeys(one.label for one in comparison.sides))
    if labels:
        yield from _wrapped(f"Compared: {labels}", columns)
    if comparison.why_not is not None:
        line = f"Nothing could be compared: {comparison.why_not}"
        yield from _wrapped(line, columns, fg="red")
    if comparison.is_interrupted:
        yield click.style("Interrupted: this is what was done until then.", fg="yellow")
    for line in comparison.baseline[:3]:
        yield from _wrapped(line, columns, fg="yellow")
    if len(comparison.baseline) > 3:
        yield f"... and {len(comparison.baseline) - 3} more answers that differ by themselves."
    if comparison.suite is not None:
        yield from _suite(comparison.suite, columns)
    for line in _facts(comparison):
        yield from _wrapped(line, columns)


def _suite(suite: SuiteResult, columns: int) -> Iterator[str]:
    yield f"Tests: {len(suite.outcomes)}; pass on the first side only: {len(suite.broken)}"
    for name in suite.broken[:_MAX_NAMES]:
        yield click.style(f"  {shortened(name, columns - 2)}", fg="red")
    if len(suite.broken) > _MAX_NAMES:
        yield f"  ... and {len(suite.broken) - _MAX_NAMES} more, in the report"
    if suite.unreliable:
        line = "Tests with two results on the first side, which do not count:"
        named = f"{line} {len(suite.unreliable)}, such as {suite.unreliable[0]}"
        yield from _wrapped(named, columns)


def _facts(comparison: Comparison) -> Iterator[str]:
    if comparison.refused_connections:
        shown = ", ".join(comparison.refused_connections[:4])
        yield f"Refused connections to other machines: {shown} (--allow-network permits them)."
    yield from comparison.notes[:4]
    if comparison.masked:
        most = sorted(comparison.masked.items(), key=lambda item: -item[1])[:3]
        shown = ", ".join(f"{shortened(place, 60)} ({count})" for place, count in most)
        count = sum(comparison.masked.values())
        yield f"Masked as noise: {count} {'value' if count == 1 else 'values'}, such as {shown}."
    if comparison.not_compared:
        reasons = ", ".join(list(dict.fromkeys(comparison.not_compared.values()))[:3])
        yield f"Not compared: {len(comparison.not_compared)} ({reasons})."


def _findings(comparison: Comparison, room: int, columns: int) -> list[str]:
    lines: list[str] = []
    labels = [one.label for one in comparison.sides] or [""]
    by_kind = {
        kind: found
        for kind in (FAILURE, UNEXPLAINED, KNOWN)
        if (found := [one for one in comparison.findings if one.kind == kind])
    }
    for number, (kind, found) in enumerate(by_kind.items(), 1):
        kept_free = len(by_kind) - number  # at least one line for each of the other kinds
        lines += _of_kind(kind, found, room - len(lines) - kept_free, labels, columns)
    return lines


def _of_kind(
    kind: str, found: list[Finding], room: int, labels: list[str], columns: int
) -> list[str]:
    lines: list[str] = []
    for number, finding in enumerate(found):
        shown = list(_lines_of(finding, labels, columns))
        is_last = number == len(found) - 1
        if len(lines) + len(shown) + (not is_last) > room or number >= _MAX_OF_A_KIND:
            rest = len(found) - number
            return [*lines, f"... and {rest} more {kind}, in --report FILE or --json FILE."]
        lines += shown
    return lines


def _lines_of(finding: Finding, labels: list[str], columns: int) -> Iterator[str]:
    times = f", {len(finding.steps)} requests" if len(finding.steps) > 1 else ""
    title = shortened(f"{finding.kind}{times}: {finding.title}", columns)
    if finding.kind == KNOWN:
        yield title
        return
    yield ""
    yield click.style(title, fg="red")
    if finding.view:
        yield shortened(f"  view: {finding.view}", columns)
    for one in finding.differences[:1]:
        yield shortened(f"  {one.part} {one.place}".rstrip(), columns)
        first, other = f"    {labels[0]}: ", f"    {labels[-1]}: "
        most = max(20, columns - max(len(first), len(other)))
        left, right = around_difference(one.left or "", one.right or "", most)
        yield shortened(f"{first}{'(nothing)' if one.left is None else left}", columns)
        yield shortened(f"{other}{'(nothing)' if one.right is None else right}", columns)
    last = [
        line for one in finding.tracebacks.values() for line in one.splitlines() if line.strip()
    ]
    if last:
        yield shortened(f"    {last[-1].strip()}", columns)
    if finding.curl:
        yield f"  {visible(finding.curl)}"


def _cost(cost: Cost | None, columns: int) -> Iterator[str]:
    if cost is None:
        return
    if cost.sides:
        yield ""
        yield f"{'':<10}{'CPU/request':>13}{'median':>11}{'95 %':>11}{'memory':>10}{'start':>9}"
        for name, side in cost.sides.items():
            yield shortened(_row(name, side), columns)
    lines = [line for note in cost.notes for line in _wrapped(note, columns)]
    yield from lines[:_MAX_NOTE_LINES]


def _row(name: str, side: SideCost) -> str:
    times = (side.cpu_seconds, side.median_seconds, side.p95_seconds)
    cpu, median, p95 = (f"{value * 1e6:,.0f} µs" for value in times)
    memory = f"{side.memory_bytes / 2**20:,.0f} MiB"
    return f"{name:<10}{cpu:>13}{median:>11}{p95:>11}{memory:>10}{side.start_seconds:>7.2f} s"
