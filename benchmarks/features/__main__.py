"""Run the probes and store the marks; some minutes, because slow clients are slow

    .venv-bench/bin/python -m benchmarks.features --only Retort,Flask --rows HEAD,slow

Only a run of all rows and frameworks is stored. `make .venv-bench/installed` installs the peers.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..server import DoesNotServe
from . import table
from .frameworks import FRAMEWORKS, Framework
from .rows import ROWS, Row
from .site import Site, Visit

Marks = dict[str, tuple[bool, str]]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", default="", help="these frameworks: Retort,Flask")
    parser.add_argument("--rows", default="", help="rows whose text contains one of these words")
    return parser.parse_args()


def main() -> None:
    given = options()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # `nohup` ignores it, and servers inherit that
    only = given.only.split(",") if given.only else []
    words = given.rows.split(",") if given.rows else [""]
    frameworks = [each for each in FRAMEWORKS if not only or each.name in only]
    rows = [row for row in ROWS if any(word in row.text for word in words)]
    found: dict[str, Marks] = {}
    with tempfile.TemporaryDirectory(prefix="features-") as folder:
        for framework in frameworks:
            place = Path(folder) / framework.name
            place.mkdir()
            found[framework.name] = all_marks(framework, rows, place)
    stored = as_stored(frameworks, rows, found)
    print("\n" + table.markdown(stored))
    if not (given.only or given.rows):
        table.save(stored)
        print(f"\nStored as {table.STORED}.")


def all_marks(framework: Framework, rows: list[Row], folder: Path) -> Marks:
    site = Site(framework, folder)
    marks: Marks = {}
    for purpose in dict.fromkeys(row.purpose for row in rows):
        chosen = [row for row in rows if row.purpose == purpose]
        marks |= marks_of(site, purpose, chosen)
    for row in rows:
        is_there, note = marks[row.key]
        print(
            f"{framework.name:<9} {'yes' if is_there else 'no ':<4} {row.text}: {note}", flush=True
        )
    return marks


def marks_of(site: Site, purpose: str, rows: list[Row]) -> Marks:
    """The rows that are probed on one running program, or without one."""
    if not purpose:
        return {row.key: probed(row, site) for row in rows}
    # Slow clients wait; they do so at the same time.
    number = len(rows) if purpose == "slow" else 1
    command = "default" if purpose == "slow" else purpose
    try:
        with site.served(command) as server, ThreadPoolExecutor(number) as pool:
            visit = Visit(site, server)
            found = list(pool.map(lambda row: probed(row, visit), rows))
            return {row.key: mark for row, mark in zip(rows, found, strict=True)}
    except DoesNotServe as reason:
        return {row.key: (False, str(reason)) for row in rows}


def probed(row: Row, subject: Site | Visit) -> tuple[bool, str]:
    try:
        is_there, note = row.probe(subject)
    except Exception as error:  # a probe that fails has not found the feature; the note says why
        return False, f"{type(error).__name__}: {error}"[:160]
    return is_there, without_chance(note, subject)


def without_chance(note: str, subject: Site | Visit) -> str:
    port = getattr(subject, "port", None)
    return note.replace(str(port), "PORT") if port else note


def as_stored(
    frameworks: list[Framework], rows: list[Row], found: dict[str, Marks]
) -> dict[str, Any]:
    packages = dict.fromkeys(name for each in frameworks for name in each.packages)
    return {
        "date": time.strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in packages},
        "frameworks": [each.name for each in frameworks],
        "commands": {each.name: command_of(each) for each in frameworks},
        "rows": [
            {
                "group": row.group,
                "text": row.text,
                "added_by": row.added_by,
                "marks": {each.name: found[each.name][row.key] for each in frameworks},
            }
            for row in rows
        ],
    }


def command_of(framework: Framework) -> str:
    command = " ".join(Path(word).name for word in framework.commands["default"])
    return command.replace("{port}", "PORT")


if __name__ == "__main__":
    main()
