"""Processor time of one request without a server: ``app(environ, start_response)`` in a loop.

    .venv-bench/bin/python -m benchmarks.micro.in_process

Each side runs in processes of its own, in turn; what counts is the quickest of many batches,
because other work on the machine can only make one slower.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from .sides import SIDES, batch_microseconds, environ_of, program, quickest, verdict

FORM = b"nm=Ada"
CASES: dict[str, dict[str, Any]] = {
    "hello": {"path": "/hello"},
    "variable part": {"path": "/success/Ada"},
    "redirect": {"path": "/login?nm=Ada"},
    "redirect after POST": {"path": "/login", "method": "POST", "data": {"nm": "Ada"}},
    "JSON": {"path": "/json"},
    "session counter": {"path": "/count"},
}
GOALS = {"hello": 8.0, "redirect": 6.0}
BATCH, BATCHES, TURNS = 500, 12, 3


def microseconds(side: str, case: str) -> float:
    """The best time for one request, in this process."""
    app, environ = program(side), environ_of(**CASES[case])
    return min(batch_microseconds(app, environ, FORM, BATCH) for _ in range(BATCHES))


def measure(side: str) -> dict[str, float]:
    return {case: microseconds(side, case) for case in CASES}


def compare() -> None:
    best = quickest("benchmarks.micro.in_process", SIDES, TURNS)
    for case in CASES:
        flask, retort = (best[side][case] for side in SIDES)
        ratio = verdict(flask / retort, GOALS.get(case))
        print(f"{case:<20} Flask {flask:6.1f} µs, Retort {retort:6.1f} µs: {ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES, help="measure one side; print JSON")
    side = parser.parse_args().side
    if side is None:
        compare()
    else:
        print(json.dumps(measure(side)))


if __name__ == "__main__":
    main()
