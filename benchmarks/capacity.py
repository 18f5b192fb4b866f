"""Capacity of several replicas with a shared store, computed from what one replica uses.

    python -m benchmarks.capacity [FILE]

It needs haproxy, redis-server and wrk. Replicas of `programs/store_app.py` are behind HAProxy and
share one Redis. The processor time of each part for a request is measured with one replica: without
a call of Redis, with one, and with several. From that, the time with two replicas is predicted,
measured, and compared. Each connection pauses between requests, so that no core is saturated: the
parts are on one machine here, and would otherwise wait for each other. The numbers go to
FILE, by default `results/capacity.json`, and the tables of docs/several-machines.md to the output.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.metadata
import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from .load import complain, run_wrk
from .server import free_port
from .workloads import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
STORED = HERE / "results" / "capacity.json"
ROUNDS, SECONDS = 6, 2
CONNECTIONS, PAUSE_MILLISECONDS = 16, 20  # for each replica: up to 800 requests per second
START_SECONDS = 60
LEARNED = ((1, 0), (1, 1), (1, 4))
"""Numbers of replicas and of calls for a request, from which the others are predicted."""
PREDICTED = ((2, 0), (2, 1), (2, 2), (2, 4))
PARTS = ("Replicas", "Redis", "HAProxy")
RATES, CALLS, SHARE = (1_000, 5_000, 20_000), 2, 0.7
"""The computed table: requests per second, calls for each, and how busy a core may be."""

HAPROXY = """
global
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    http-reuse always
frontend one
    bind 127.0.0.1:{one}
    default_backend one
frontend two
    bind 127.0.0.1:{two}
    default_backend two
backend one
    server a 127.0.0.1:{a}
backend two
    balance roundrobin
    server a 127.0.0.1:{a}
    server b 127.0.0.1:{b}
"""


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[psutil.Process]:
    """A process that listens on a port; it is ended by its own pid."""
    with log.open("ab") as output:
        process = psutil.Popen(
            command,
            cwd=HERE / "programs",
            env={**os.environ, "PYTHONPATH": str(HERE / "programs")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_listening(process, port, log)
        yield process
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def wait_until_listening(process: psutil.Popen, port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.05)
    sys.exit(f"{log.stem} does not start:\n{log.read_text(errors='replace')[-2000:]}")


def cpu_seconds(processes: list[psutil.Process]) -> float:
    """Processor time of processes and their children, with all their threads."""
    everyone = [each for process in processes for each in (process, *process.children())]
    return sum(time.clock_gettime(clock_of(each.pid)) for each in everyone)


def clock_of(pid: int) -> int:
    """The clock that clock_getcpuclockid(3) returns on Linux; /proc has only steps of 1/100 s."""
    return (~pid << 3) | 2


@dataclass
class Site:
    """The processes of each part, and a port of HAProxy for each number of replicas."""

    parts: dict[str, list[psutil.Process]]
    ports: dict[int, int]

    def measure(self, replicas: int, calls: int) -> tuple[int, dict[str, float]]:
        """The requests of one round, and the processor time of each part, in seconds."""
        before = {name: cpu_seconds(self.parts[name]) for name in PARTS}
        requests = [Request(f"/calls/{calls}")]
        counts = run_wrk(
            self.ports[replicas], requests, SECONDS, replicas * CONNECTIONS, PAUSE_MILLISECONDS
        )
        used = {name: cpu_seconds(self.parts[name]) - before[name] for name in PARTS}
        complain(counts)
        return counts["requests"], used


@contextlib.contextmanager
def site(folder: Path) -> Iterator[Site]:
    """Two replicas and Redis, and HAProxy in front of one and of both."""
    with contextlib.ExitStack() as stack:

        def start(name: str, command: list[str], port: int) -> psutil.Process:
            log = folder / f"{name}.txt"
            return stack.enter_context(running(command, port, log))

        port = free_port()
        os.environ["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        redis = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
        parts = {"Redis": [start("redis", redis, port)]}
        ports = {name: free_port() for name in ("a", "b", "one", "two")}
        run = [sys.executable, "-m", "retort", "run", "--app", "store_app", "--port"]
        parts["Replicas"] = [start(name, [*run, str(ports[name])], ports[name]) for name in "ab"]
        (folder / "haproxy.cfg").write_text(HAPROXY.format_map(ports), encoding="utf-8")
        haproxy = ["haproxy", "-db", "-f", str(folder / "haproxy.cfg")]
        parts["HAProxy"] = [start("haproxy", haproxy, ports["one"])]
        yield Site(parts, {1: ports["one"], 2: ports["two"]})


@dataclass
class Total:
    requests: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    def microseconds(self) -> dict[str, float]:
        """Of each part, for a request."""
        return {name: round(used / self.requests * 1e6, 1) for name, used in self.seconds.items()}


def measure_all() -> dict[tuple[int, int], Total]:
    """All numbers of replicas and calls, in turn, so that each has its part of other load."""
    totals = {each: Total() for each in (*LEARNED, *PREDICTED)}
    with tempfile.TemporaryDirectory(prefix="capacity-") as folder, site(Path(folder)) as measured:
        measured.measure(2, 1)  # not counted: connections are made, code is loaded
        for _ in range(ROUNDS):
            for each, total in totals.items():
                requests, used = measured.measure(*each)
                total.requests += requests
                for name, seconds in used.items():
                    total.seconds[name] += seconds
    return totals


def version_of(command: list[str], pattern: str) -> str:
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(pattern, text)
    return found[1] if found else "unknown"


def stored() -> dict[str, Any]:
    """Measure, and describe the run."""
    totals = measure_all()
    return {
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "versions": {
            "retort-web": importlib.metadata.version("retort-web"),
            "redis-py": importlib.metadata.version("redis"),
            "Redis": version_of(["redis-server", "--version"], r"v=(\S+)"),
            "HAProxy": version_of(["haproxy", "-v"], r"version ([\d.]+)"),
        },
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "connections": CONNECTIONS,
        "pause_milliseconds": PAUSE_MILLISECONDS,
        "learned": [row(each, totals[each]) for each in LEARNED],
        "predicted": [row(each, totals[each]) for each in PREDICTED],
    }


def row(each: tuple[int, int], total: Total) -> dict[str, Any]:
    replicas, calls = each
    measured = total.microseconds()
    return {"replicas": replicas, "calls": calls, "requests": total.requests, **measured}


def model(learned: list[dict[str, float]]) -> dict[str, tuple[float, float, float]]:
    """For each part, in microseconds: a request, its first call of the store, each further one."""
    without, one, several = learned
    further = several["calls"] - one["calls"]
    return {
        part: (
            without[part],
            one[part] - without[part],
            (several[part] - one[part]) / further,
        )
        for part in PARTS
    }


def predict(costs: tuple[float, float, float], calls: int) -> float:
    """Microseconds of processor time of a part for a request with this many calls."""
    request, first, further = costs
    return request + (first + (calls - 1) * further if calls else 0)


def tables(run: dict[str, Any]) -> Iterator[str]:
    """The tables of the page."""
    costs = model(run["learned"])
    yield "| | A request | Its first call of Redis | Each further call |"
    yield "| --- | ---: | ---: | ---: |"
    for part in PARTS:
        yield f"| {part} | " + " | ".join(f"{cost:.0f} µs" for cost in costs[part]) + " |"
    yield "\n| Calls for a request | Part | Predicted | Measured | Error |"
    yield "| ---: | --- | ---: | ---: | ---: |"
    for each in run["predicted"]:
        for part in PARTS if each["calls"] else ("Replicas", "HAProxy"):
            predicted, measured = predict(costs[part], each["calls"]), each[part]
            error = f"{round(100 * (predicted / measured - 1)):+d} %"
            yield f"| {each['calls']} | {part} | {predicted:.0f} µs | {measured:.0f} µs | {error} |"
    yield f"\n| Requests per second | {' | '.join(f'Cores: {part}' for part in PARTS)} |"
    yield "| ---: |" + " ---: |" * len(PARTS)
    for rate in RATES:
        used = [rate * predict(costs[part], CALLS) / 1e6 / SHARE for part in PARTS]
        yield f"| {rate:,} | " + " | ".join(f"{cores:.1f}" for cores in used) + " |"


def main() -> None:
    run = stored()
    file = Path(*sys.argv[1:]) if sys.argv[1:] else STORED
    file.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    print("\n".join(tables(run)))


if __name__ == "__main__":
    main()
