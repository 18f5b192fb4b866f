"""WebSocket messages: processor time of the server for each one that it sends back.

    .venv-bench/bin/python -m benchmarks.micro.echo [ROUNDS]

64 clients send a short text again as soon as it has come back. In each round every server is
started anew; the medians count.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
from collections import defaultdict
from dataclasses import replace

from .. import rows
from ..load import Measure
from .clients import echo_for, open_websocket
from .served import served

SECONDS = 4
CONNECTIONS = 64
TEXT = b"a message of the size that chats have, or a small document"
RETORT = "Retort, retort run"
STARLETTE = "Starlette, uvicorn"
GOAL = 1.0


def candidates() -> dict[str, rows.Row]:
    """The rows by their names."""
    (retort,) = rows.chosen([rows.RETORT_RUN])
    base = replace(retort, packages=("retort-web",))
    return {
        RETORT: replace(base, command=(*retort.command[:-1], "async_app:app")),
        STARLETTE: replace(base, command=rows.uvicorn("async_starlette_app:app")),
    }


def measure(row: rows.Row) -> Measure:
    """Processor time and messages of one server."""
    with served(row) as server, contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(open_websocket(server.port)) for _ in range(CONNECTIONS)]
        echo_for(sockets, TEXT, 1)
        before = server.cpu_seconds()
        count, seconds = echo_for(sockets, TEXT, SECONDS)
        return Measure(count, seconds, server.cpu_seconds() - before)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[str, list[Measure]] = defaultdict(list)
    for _ in range(rounds):
        for name, row in candidates().items():
            found[name].append(measure(row))
    cost = {}
    for name, measures in found.items():
        cost[name] = statistics.median(each.cpu_microseconds for each in measures)
        per_second = statistics.median(each.per_second for each in measures)
        print(f"{name:28} {cost[name]:8.1f} µs {per_second:10,.0f}/s")
    ratio = cost[RETORT] / cost[STARLETTE]
    verdict = "reached" if ratio <= GOAL else "missed"
    print(f"{RETORT} / {STARLETTE} = {ratio:.2f} (goal {GOAL:g}: {verdict})")


if __name__ == "__main__":
    main()
