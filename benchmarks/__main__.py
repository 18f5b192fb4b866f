"""Measure Retort, Flask and the peers on the same work: `make bench`, or with fewer rows

    .venv-bench/bin/python -m benchmarks --only retort,flask --workloads hello,json --rounds 1

In each round all servers are started anew, since two processes of the same program may differ
by a tenth, and then measured in turn, workload by workload, so that whatever else the machine
does meets all of them alike. The best round counts. An answer is checked before anything is
measured. One core serves, another one loads; nothing else should run meanwhile.
A run with all rows and workloads also draws the chart of the docs anew.
"""

from __future__ import annotations

import argparse
import http.client
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from . import chart, exchange, report, rows
from .load import Refused, measure
from .programs.material import make_database
from .results import Results
from .server import DoesNotServe, Server
from .workloads import WORKLOADS, Workload, WrongAnswer

PROGRAMS = Path(__file__).with_name("programs")
FAULTS = (WrongAnswer, Refused, DoesNotServe, OSError, http.client.HTTPException)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--rounds", type=int, default=4, help="how often each cell is measured")
    parser.add_argument("--seconds", type=int, default=1, help="how long, each time")
    parser.add_argument("--only", default="", help="rows whose names hold one of these words: a,b")
    parser.add_argument("--workloads", default="", help="these workloads only: hello,json")
    parser.add_argument("--save", type=Path, default=report.FOLDER, help="folder of the results")
    return parser.parse_args()


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word.strip()]


def main() -> None:
    asked = options()
    # Ended from outside, it still ends its servers.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    names = words(asked.workloads)
    workloads = [each for each in WORKLOADS if not names or each.name in names]
    results = Results.of(rows.chosen(words(asked.only)), workloads, asked.rounds, asked.seconds)
    for turn in range(asked.rounds):
        with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder, ExitStack() as stack:
            servers = start_all(Path(folder), results, stack)
            # There and back again: what changes slowly on the machine evens out.
            order = servers if turn % 2 == 0 else servers[::-1]
            for workload in workloads:
                for server in order:
                    one_cell(server, workload, results, asked.seconds)
    print("\n" + report.markdown(results))
    saved = report.save(results, asked.save)
    print(f"\nSaved as {saved} and {saved.with_suffix('.json').name}.")
    if not (asked.only or asked.workloads):
        chart.draw(results)
        print(f"Drawn as {chart.PATH}.")


def start_all(folder: Path, results: Results, stack: ExitStack) -> list[Server]:
    database = folder / "cities.sqlite3"
    make_database(str(database))
    environ = rows.environment(database, PROGRAMS)
    servers = []
    for number, row in enumerate(results.rows):
        if (package := row.missing()) is not None:
            results.fail_all(row.name, f"{package} could not be installed")
            continue
        server = Server(row, PROGRAMS, environ, folder / f"{number}.log")
        stack.callback(server.end)
        try:
            server.start()
        except DoesNotServe as fault:
            results.fail_all(row.name, str(fault))
            continue
        print(f"{row.name} serves on port {server.port}.", flush=True)
        servers.append(server)
    return servers


def one_cell(server: Server, workload: Workload, results: Results, seconds: int) -> None:
    cell = results.cell(server.row.name, workload.name)
    if workload.name in server.row.lacks:
        cell.failure = server.row.lacks[workload.name]
    if cell.failure:
        return
    try:
        if not server.is_alive:
            server.start()
        requests = exchange.prepare(server.port, workload)
        cell.measures.append(measure(server, requests, seconds))
    except FAULTS as fault:
        cell.failure = f"{type(fault).__name__}: {fault}"
    note = cell.failure or str(cell.measures[-1])
    print(
        f"{time.strftime('%H:%M:%S')} {workload.name:<11} {server.row.name:<28} {note}", flush=True
    )


if __name__ == "__main__":
    main()
