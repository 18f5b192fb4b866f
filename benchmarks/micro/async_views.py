"""Async views: processor time per request beside Starlette and Quart.

    .venv-bench/bin/python -m benchmarks.micro.async_views [ROUNDS]

In each round every server is started anew and measured in turn; the medians count. Each program
serves a constant text and a view that sleeps 50 ms. For the sleepers, the share of the responses
that would be possible if all slept at once counts, too.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import rows
from ..load import Measure, complain, run_wrk
from ..workloads import Request
from .served import served

if TYPE_CHECKING:
    from ..server import Server

SECONDS = 3
RETORT = "Retort, retort run"
PLAIN = "Retort without async views"
ASGI = "Retort, uvicorn"
STARLETTE = "Starlette, uvicorn"
QUART = "Quart, Granian ASGI"

# Path and connections of each workload, and the rows that are measured.
WORKLOADS = {
    "async hello": ("/hello", 64, (RETORT, ASGI, STARLETTE, QUART)),
    "sync hello": ("/sync", 64, (RETORT, PLAIN, ASGI, STARLETTE)),
    "sleep 50 ms, 256 connections": ("/sleep", 256, (RETORT, STARLETTE, QUART)),
    "sleep 50 ms, 1,000 connections": ("/sleep", 1_000, (RETORT, STARLETTE)),
}

# Workload, row, row that it is compared with, the largest ratio that is wanted.
GOALS = (
    ("sync hello", RETORT, PLAIN, 1.05),
    ("async hello", RETORT, STARLETTE, 1.2),
    ("async hello", RETORT, QUART, 0.25),
    ("sleep 50 ms, 256 connections", RETORT, STARLETTE, 0.85),
    ("async hello", ASGI, STARLETTE, 1.3),
    ("sync hello", ASGI, STARLETTE, 0.6),
)


def candidates() -> dict[str, rows.Row]:
    """The rows by their names."""
    (retort,) = rows.chosen([rows.RETORT_RUN])
    base = replace(retort, packages=("retort-web",))
    run = (*retort.command[:-1], "async_app:app")
    return {
        RETORT: replace(base, command=run),
        PLAIN: replace(base, command=(*run[:-1], "async_app:plain")),
        ASGI: replace(base, command=rows.uvicorn("async_app:app.asgi")),
        STARLETTE: replace(base, command=rows.uvicorn("async_starlette_app:app")),
        QUART: replace(base, command=rows.granian("asgi", "async_quart_app:app")),
    }


def measure(server: Server, path: str, connections: int) -> Measure:
    """Processor time and responses while ``connections`` clients send requests."""
    requests = [Request(path)]
    run_wrk(server.port, requests, 1, connections)
    before = server.cpu_seconds()
    counts = run_wrk(server.port, requests, SECONDS, connections)
    used = server.cpu_seconds() - before
    complain(counts)
    return Measure(counts["requests"], counts["microseconds"] / 1e6, used)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    by_name = candidates()
    for _ in range(rounds):
        for workload, (path, connections, names) in WORKLOADS.items():
            for name in names:
                with served(by_name[name]) as server:
                    found[workload, name].append(measure(server, path, connections))
    cost = {
        key: statistics.median(each.cpu_microseconds for each in measures)
        for key, measures in found.items()
    }
    for (workload, name), microseconds in cost.items():
        per_second = statistics.median(each.per_second for each in found[workload, name])
        print(f"{workload:32} {name:28} {microseconds:8.1f} µs {per_second:10,.0f}/s")
    for workload, name, other, goal in GOALS:
        ratio = cost[workload, name] / cost[workload, other]
        verdict = "reached" if ratio <= goal else "missed"
        print(f"{workload}: {name} / {other} = {ratio:.2f} (goal {goal:g}: {verdict})")


if __name__ == "__main__":
    main()
