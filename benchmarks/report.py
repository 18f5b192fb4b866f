"""Results as Markdown for people and as JSON for programs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .rows import FLASK, FLASK_GUNICORN, RAW_WSGI, RETORT, RETORT_RUN

if TYPE_CHECKING:
    from collections.abc import Callable

    from .results import Cell, Results

FOLDER = Path(__file__).with_name("results")
EMPTY = "-"

# What Retort aims at: Flask's processor time over its own, on the same server.
GOALS = {
    "hello": 7.0,
    "param": 7.0,
    "get_form": 7.0,
    "post_form": 6.0,
    "json": 6.0,
    "json_post": 2.5,
    "template": 2.0,
    "db": 4.0,
    "session": 4.0,
    "routes1000": 5.0,
    "upload": 1.7,
}
GOALS_OVER_GUNICORN = {"hello": 14.0, "param": 14.0, "get_form": 14.0}
GOAL_NEAR_LIMIT = 0.8
WHOLE_CORE = 0.8


def save(results: Results, folder: Path) -> Path:
    """Write both files; the name is the day's, and earlier runs of the day stay."""
    folder.mkdir(parents=True, exist_ok=True)
    day, number = time.strftime("%Y-%m-%d"), 1
    path = folder / f"{day}.md"
    while path.exists():
        number += 1
        path = folder / f"{day}-{number}.md"
    path.write_text(markdown(results) + "\n")
    path.with_suffix(".json").write_text(json.dumps(results.as_json(), indent=1) + "\n")
    return path


def markdown(results: Results) -> str:
    parts = [
        head(results),
        "## Processor time of the server per request, in µs\n\n" + cpu_table(results),
        "## Requests per second\n\n" + speed_table(results) + starved(results),
        "## How many times less processor time Retort takes\n\n" + ratio_table(results),
        near_limit(results),
        failures(results),
    ]
    return "\n\n".join(part for part in parts if part)


def head(results: Results) -> str:
    machine, versions = results.machine, results.versions()
    names = ", ".join(f"{package} {number}" for package, number in versions.items())
    return (
        f"# Benchmark of {results.started}\n\n"
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']},"
        f" Python {machine['python']}; Retort at {machine['revision']};"
        f" load before the run: {machine['load_before']}.\n"
        f"The best of {results.rounds} rounds of {results.seconds} s, each with new processes;"
        " 64 keep-alive connections, one worker process on one core, wrk on another.\n"
        f"Versions: {names}.\n\n"
        "Only ratios within this page mean anything: another machine has other numbers."
        " Bold: the best framework."
    )


def starved(results: Results) -> str:
    """A warning, where servers did not have their core for themselves."""
    cells = [cell for cell in results.cells.values() if cell.is_whole]
    waiting = [cell for cell in cells if cell.best.core_share < WHOLE_CORE]
    if not waiting:
        return ""
    return (
        f"\n\nIn {len(waiting)} of {len(cells)} cells the server had less than {WHOLE_CORE:.0%} of"
        " its core: it waited for wrk, or other work ran. There requests per second say too little;"
        " processor time is much less touched."
    )


def table(header: list[str], lines: list[list[str]]) -> str:
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, rule, *lines])


def cpu_table(results: Results) -> str:
    return full_table(results, "µs/request", lambda cell: cell.best.cpu_microseconds, min)


def speed_table(results: Results) -> str:
    return full_table(results, "requests/s", lambda cell: cell.best.per_second, max)


def full_table(
    results: Results,
    corner: str,
    figure: Callable[[Cell], float],
    best_of: Callable[[list[float]], float],
) -> str:
    def shown(row: str, workload: str) -> str:
        cell = results.cell(row, workload)
        if not cell.is_whole:
            return "failed" if cell.failure else EMPTY
        text = f"{figure(cell):,.0f}"
        is_best = figure(cell) == best[workload] and not row.startswith("limit")
        return f"**{text}**" if is_best else text

    names = [workload.name for workload in results.workloads]
    best = {
        name: best_of([figure(cell) for cell in frameworks(results, name)] or [0.0])
        for name in names
    }
    lines = [[row.name, *(shown(row.name, name) for name in names)] for row in results.rows]
    return table([corner, *names], lines)


def frameworks(results: Results, workload: str) -> list[Cell]:
    rows = [row for row in results.rows if not row.name.startswith("limit")]
    cells = [results.cell(row.name, workload) for row in rows]
    return [cell for cell in cells if cell.is_whole]


def best_peer(results: Results, workload: str, *, in_python: bool) -> str | None:
    """The peer that takes the least processor time; a C++ server is compared apart."""
    peers = [
        row.name
        for row in results.rows
        if row.is_peer
        and row.is_python_server_program is in_python
        and results.cell(row.name, workload).is_whole
    ]
    return min(
        peers, key=lambda name: results.cell(name, workload).best.cpu_microseconds, default=None
    )


def ratio_table(results: Results) -> str:
    header = [
        "workload",
        "Flask, same server",
        "goal",
        "Flask, gunicorn sync",
        "goal",
        "`retort run` and Flask, gunicorn sync",
        "best peer",
        "ratio",
        "C++ server",
    ]
    return table(header, [ratio_line(results, each.name) for each in results.workloads])


def ratio_line(results: Results, workload: str) -> list[str]:
    peer = best_peer(results, workload, in_python=True)
    native = best_peer(results, workload, in_python=False)

    def times(slow: str | None, fast: str = RETORT) -> str:
        ratio = results.ratio(slow, fast, workload) if slow else None
        return EMPTY if ratio is None else f"{ratio:.2f}"

    return [
        workload,
        times(FLASK),
        goal(GOALS.get(workload), results.ratio(FLASK, RETORT, workload)),
        times(FLASK_GUNICORN),
        goal(GOALS_OVER_GUNICORN.get(workload), results.ratio(FLASK_GUNICORN, RETORT, workload)),
        times(FLASK_GUNICORN, RETORT_RUN),
        peer or EMPTY,
        times(peer),
        times(native),
    ]


def goal(wanted: float | None, reached: float | None) -> str:
    if wanted is None:
        return EMPTY
    return f"{wanted:g}" + ("" if reached is None else " ✓" if reached >= wanted else " ✗")


def near_limit(results: Results) -> str:
    retort, raw = results.cell(RETORT, "hello"), results.cell(RAW_WSGI, "hello")
    if not (retort.is_whole and raw.is_whole):
        return ""
    by_time = raw.best.cpu_microseconds / retort.best.cpu_microseconds
    by_count = retort.best.per_second / raw.best.per_second
    return (
        "## Near the limit\n\n"
        f"On the same server a raw WSGI callable says hello in {by_time:.0%} of Retort's processor"
        f" time, and Retort gives {by_count:.0%} of its requests per second"
        f" (goal in %: {goal(GOAL_NEAR_LIMIT * 100, by_time * 100)})."
    )


def failures(results: Results) -> str:
    """Every cell that is empty, with its reason; none is dropped silently."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for (row, workload), cell in results.cells.items():
        if cell.failure:
            reasons.setdefault((row, cell.failure), []).append(workload)
    lines = [
        f"- {row}: {'all' if len(names) == len(results.workloads) else ', '.join(names)}:"
        f" {reason.replace(chr(10), ' ')[:300]}"
        for (row, reason), names in reasons.items()
    ]
    return "## What failed\n\n" + "\n".join(lines) if lines else ""
