"""Puts the guard into the processes of a side, and reads what it has recorded.

`guard.py` is what runs in the processes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import guard

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Observed:
    """What the processes of a side have done, each once.

    :param refused: addresses of other machines to which connections were refused.
    :param databases: SQLite databases outside of the side's own folders.
    :param libraries: C libraries that the guard does not cover.
    """

    refused: list[str] = field(default_factory=list)
    databases: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)


def install_guard(root: Path, *, allows_network: bool) -> tuple[str, dict[str, str]]:
    """The folder that must come first in ``PYTHONPATH``, and the variables of the guard.

    :param root: the folder of the side; all that the side owns is in it.
    """
    folder = root / "guard"
    folder.mkdir(exist_ok=True)
    with open(guard.__file__, "rb") as source:
        (folder / "sitecustomize.py").write_bytes(source.read())
    spec = {"root": str(root), "file": str(_file(root)), "allows_network": allows_network}
    return str(folder), {guard.VARIABLE: json.dumps(spec)}


def observed(root: Path) -> Observed:
    """What the guard has recorded in a side so far."""
    found = Observed()
    lists = {"refused": found.refused, "database": found.databases, "library": found.libraries}
    try:
        lines = _file(root).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return found
    for line in dict.fromkeys(lines):
        kind, value = json.loads(line)
        lists[kind].append(value)
    return found


def notes_on(sides: Iterable[Observed], *, allows_network: bool) -> list[str]:
    """What the report says of shared databases, and of libraries that the guard misses."""
    sides = list(sides)
    uses = Counter(path for side in sides for path in side.databases)
    notes = [
        f"The sides share the database {path}, which is not in the program's folder, so each finds"
        " the changes of the others. Name another one for each side by --env SIDE:NAME=VALUE."
        for path, count in uses.items()
        if count > 1
    ]
    libraries = dict.fromkeys(name for side in sides for name in side.libraries)
    if libraries and not allows_network:
        notes.append(
            f"Connections of {', '.join(libraries)} are not checked: C libraries connect to other"
            " machines without Python's sockets."
        )
    return notes


def _file(root: Path) -> Path:
    return root / "observed.jsonl"
