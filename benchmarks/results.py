"""What was measured: a cell for each row and workload, and under which circumstances."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .load import Measure
    from .rows import Row
    from .workloads import Workload


@dataclass
class Cell:
    measures: list[Measure] = field(default_factory=list)
    failure: str = ""

    @property
    def is_whole(self) -> bool:
        return bool(self.measures) and not self.failure

    @property
    def best(self) -> Measure:
        """The round that counts: other work, and a slower clock, only make one slower."""
        return min(self.measures, key=lambda measure: measure.cpu_microseconds)


@dataclass
class Results:
    rows: Sequence[Row]
    workloads: Sequence[Workload]
    rounds: int
    seconds: int
    cells: dict[tuple[str, str], Cell]
    machine: dict[str, Any]
    started: str = field(default_factory=lambda: time.strftime("%Y-%m-%d %H:%M"))

    @classmethod
    def of(
        cls, rows: Sequence[Row], workloads: Sequence[Workload], rounds: int, seconds: int
    ) -> Results:
        cells = {(row.name, each.name): Cell() for row in rows for each in workloads}
        return cls(rows, workloads, rounds, seconds, cells, machine())

    def cell(self, row: str, workload: str) -> Cell:
        return self.cells.get((row, workload), Cell())

    def fail_all(self, row: str, reason: str) -> None:
        for workload in self.workloads:
            self.cell(row, workload.name).failure = reason

    def versions(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for row in self.rows:
            if row.missing() is None:
                found.update(row.versions())
        return found

    def ratio(self, slow: str, fast: str, workload: str) -> float | None:
        """How many times the processor time of ``fast`` a request costs ``slow``."""
        first, second = self.cell(slow, workload), self.cell(fast, workload)
        if not (first.is_whole and second.is_whole and second.best.cpu_microseconds):
            return None
        return first.best.cpu_microseconds / second.best.cpu_microseconds

    def as_json(self) -> dict[str, Any]:
        return {
            "started": self.started,
            "machine": self.machine,
            "versions": self.versions(),
            "rounds": self.rounds,
            "seconds": self.seconds,
            "rows": {row.name: self._row_as_json(row.name) for row in self.rows},
        }

    def _row_as_json(self, row: str) -> dict[str, Any]:
        return {each.name: _cell_as_json(self.cell(row, each.name)) for each in self.workloads}


def _cell_as_json(cell: Cell) -> dict[str, Any]:
    if not cell.is_whole:
        return {"failed": cell.failure or "not measured"}
    return {
        "cpu_microseconds": round(cell.best.cpu_microseconds, 2),
        "per_second": round(cell.best.per_second, 1),
        "rounds": [vars(measure) for measure in cell.measures],
    }


def machine() -> dict[str, Any]:
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 2),
        "revision": revision(),
    }


def revision() -> str:
    """The commit of Retort that is measured; "-dirty" if files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    found = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
