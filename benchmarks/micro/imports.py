"""What it costs to start: the import, the first answer, the memory of a worker.

    .venv-bench/bin/python -m benchmarks.micro.imports

Each run is a new interpreter. Times are processor time over that of a bare interpreter, the
least of many, in turn.
"""

from __future__ import annotations

import resource
import subprocess
import sys

from .. import rows
from ..load import run_wrk
from ..workloads import WORKLOADS
from .served import row_for, served
from .sides import SIDES, verdict

RUNS = 15
SLOWEST = 15
GOAL = 2.0
BARE = "pass"
FIRST_ANSWER = """
from {package} import Flask
app = Flask("first")
@app.route("/success/<name>")
def success(name):
    return "welcome " + name
environ = dict(REQUEST_METHOD="GET", SCRIPT_NAME="", PATH_INFO="/success/Ada", QUERY_STRING="",
    SERVER_NAME="localhost", SERVER_PORT="80", HTTP_HOST="localhost", SERVER_PROTOCOL="HTTP/1.1")
environ["wsgi.url_scheme"] = "http"
assert b"".join(app(environ, lambda *arguments: None)) == b"welcome Ada"
"""


def least_milliseconds(programs: dict[str, str]) -> dict[str, float]:
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(RUNS):
        for name, program in programs.items():
            best[name] = min(best[name], milliseconds(program))
    return best


def milliseconds(program: str) -> float:
    """Processor time of an interpreter that runs ``program``, its own start included."""
    before = seconds_of_children()
    subprocess.run([sys.executable, "-c", program], check=True)
    return (seconds_of_children() - before) * 1000


def seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def compare(title: str, program: str) -> None:
    programs = {"bare": BARE, **{side: program.format(package=side.lower()) for side in SIDES}}
    best = least_milliseconds(programs)
    flask, retort = (best[side] - best["bare"] for side in SIDES)
    ratio = verdict(flask / max(retort, 1), GOAL)
    print(f"{title}: Flask {flask:.0f} ms, Retort {retort:.0f} ms over {best['bare']:.0f}: {ratio}")


def slowest_modules(package: str) -> list[tuple[int, str]]:
    """Microseconds that each module takes by itself: ``-X importtime``."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {package}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    columns = [line.removeprefix("import time:").split("|") for line in lines[1:]]
    found = [(int(own), name.strip()) for own, _, name in columns]
    return sorted(found, reverse=True)[:SLOWEST]


def worker_megabytes(row: rows.Row) -> float:
    """Memory of a worker that has answered some thousand requests of each kind."""
    with served(row) as server:
        for workload in WORKLOADS[:6]:
            run_wrk(server.port, workload.requests, 1)
        return server.resident_bytes() / (1 << 20)


def main() -> None:
    compare("import", "import {package}")
    compare("first answer", FIRST_ANSWER)
    weights = [
        worker_megabytes(row_for(name, "flask_app:app")) for name in (rows.FLASK, rows.RETORT)
    ]
    ratio = verdict(weights[0] / weights[1], 1.0)
    print(f"memory of a worker: Flask {weights[0]:.1f} MB, Retort {weights[1]:.1f} MB: {ratio}")
    print("\nThe slowest modules of `import retort`, by themselves:")
    for microseconds, name in slowest_modules("retort"):
        print(f"  {microseconds:7,} µs  {name}")


if __name__ == "__main__":
    main()
