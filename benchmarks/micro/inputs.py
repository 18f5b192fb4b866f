"""Declared inputs: processor time per request, beside checks by hand and beside FastAPI.

    .venv-bench/bin/python -m benchmarks.micro.inputs [ROUNDS]

In each round every server is started anew and measured in turn; the medians count.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import rows
from ..load import complain, run_wrk
from ..workloads import FORM, Request
from .served import served

if TYPE_CHECKING:
    from ..server import Server

SECONDS = 3
CONNECTIONS = 32
RETORT = "Retort, retort run"
FASTAPI = "FastAPI, uvicorn"

JSON = Request("", "POST", {"Content-Type": "application/json"}, b'{"name":"Ada","count":3}')
FIELDS = Request("", "POST", {"Content-Type": FORM}, b"name=Ada&count=3&is_gift=on")
REQUESTS = {
    "/json/typed": JSON,
    "/json/by-hand": JSON,
    "/form/typed": FIELDS,
    "/form/plain": FIELDS,
}
MEASURED = (
    *((RETORT, path) for path in REQUESTS),
    *((FASTAPI, path) for path in ("/json/typed", "/form/typed")),
)

# A row and a path, the ones that they are compared with, the largest ratio that is wanted.
GOALS = (
    ((RETORT, "/json/typed"), (RETORT, "/json/by-hand"), 1.2),
    ((RETORT, "/json/typed"), (FASTAPI, "/json/typed"), 1 / 3),
    ((RETORT, "/form/typed"), (RETORT, "/form/plain"), 1.4),
    ((RETORT, "/form/typed"), (FASTAPI, "/form/typed"), 1 / 3),
)


def candidates() -> dict[str, rows.Row]:
    """The rows by their names."""
    (retort,) = rows.chosen([rows.RETORT_RUN])
    base = replace(retort, packages=("retort-web",))
    return {
        RETORT: replace(base, command=(*retort.command[:-1], "inputs_app:app")),
        FASTAPI: replace(base, command=rows.uvicorn("inputs_fastapi_app:app")),
    }


def microseconds(server: Server, path: str) -> float:
    """The processor time of the server for one request."""
    requests = [replace(REQUESTS[path], target=path)]
    run_wrk(server.port, requests, 1, CONNECTIONS)
    before = server.cpu_seconds()
    counts = run_wrk(server.port, requests, SECONDS, CONNECTIONS)
    complain(counts)
    return (server.cpu_seconds() - before) / counts["requests"] * 1e6


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    by_name = candidates()
    for _ in range(rounds):
        for name, path in MEASURED:
            with served(by_name[name]) as server:
                found[name, path].append(microseconds(server, path))
    cost = {key: statistics.median(each) for key, each in found.items()}
    for (name, path), each in cost.items():
        print(f"{path:16} {name:24} {each:8.1f} µs")
    for key, other, goal in GOALS:
        ratio = cost[key] / cost[other]
        verdict = "reached" if ratio <= goal else "missed"
        print(f"{' '.join(key)} / {' '.join(other)} = {ratio:.2f} (goal {goal:.2f}: {verdict})")


if __name__ == "__main__":
    main()
