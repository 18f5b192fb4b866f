"""What more routes cost: time to match one, time to set up, memory.

    .venv-bench/bin/python -m benchmarks.micro.growth

Retort's match time is to stay flat from ten routes to ten thousand.
"""

from __future__ import annotations

import argparse
import json
import time
import tracemalloc

import psutil

from . import routing
from .sides import SIDES, apart, verdict

BATCH, BATCHES = 2_000, 25
ROUTES_WEIGHED = 10_000
MEANING = {
    "static": "match a static path, ns",
    "dynamic": "match a path with a variable part, ns",
    "set-up": "add all routes and match the first, s",
    "objects": "memory of Python's objects, KB",
    "resident": "memory of the process, KB",
}
FLAT = 1.5
"""How much longer matching may take among ten thousand rules than among ten."""


def match_nanoseconds(side: str, size: int, kind: str) -> float:
    find = routing.finding(size, kind, side)
    best = float("inf")
    for _ in range(BATCHES):
        before = time.process_time_ns()
        for _ in range(BATCH):
            find()
        best = min(best, (time.process_time_ns() - before) / BATCH)
    return best


def set_up_seconds(side: str, size: int) -> float:
    """Add the rules and match once: from then on everything is in its tables."""
    before = time.process_time()
    routing.finding(size, "dynamic", side)()
    return time.process_time() - before


def kilobytes_per_1000(side: str, what: str) -> float:
    """Memory of routes and what is compiled from them: Python's objects, or all resident."""
    routing.finding(10, "static", side)()
    if what == "objects":
        tracemalloc.start()
    before = memory_bytes(what)
    routing.finding(ROUTES_WEIGHED, "dynamic", side)()
    return (memory_bytes(what) - before) / 1024 / (ROUTES_WEIGHED / 1000)


def memory_bytes(what: str) -> int:
    if what == "objects":
        return tracemalloc.get_traced_memory()[0]
    resident: int = psutil.Process().memory_info().rss
    return resident


def measure(side: str, what: str) -> dict[str, float]:
    if what in {"objects", "resident"}:
        return {"1000": kilobytes_per_1000(side, what)}
    if what == "set-up":
        return {str(size): set_up_seconds(side, size) for size in routing.SIZES}
    return {str(size): match_nanoseconds(side, size, what) for size in routing.SIZES}


def compare() -> None:
    for what, meaning in MEANING.items():
        both = {s: apart("benchmarks.micro.growth", "--side", s, what) for s in SIDES}
        print(f"\n{meaning}")
        for routes, flask in both["Flask"].items():
            retort = both["Retort"][routes]
            ratio = verdict(flask / retort, None)
            print(f"  {routes:>6} routes: Flask {flask:9,.2f}, Retort {retort:9,.2f}: {ratio}")
        if what in {"static", "dynamic"}:
            print("  " + flatness(both["Retort"]))


def flatness(found: dict[str, float]) -> str:
    growth = found[str(routing.SIZES[-1])] / found[str(routing.SIZES[0])]
    is_flat = "flat" if growth <= FLAT else f"NOT flat (at most {FLAT:g})"
    return f"Retort, 10,000 routes over 10: {growth:.2f}, {is_flat}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES, help="measure one side; print JSON")
    parser.add_argument("what", nargs="?", choices=MEANING)
    asked = parser.parse_args()
    if asked.side is None:
        compare()
    else:
        print(json.dumps(measure(asked.side, asked.what)))


if __name__ == "__main__":
    main()
