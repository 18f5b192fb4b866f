"""One row of the big table, served for as long as a small measurement takes."""

from __future__ import annotations

import contextlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import rows
from ..programs.material import HERE, make_database
from ..server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator


def row_for(name: str, program: str) -> rows.Row:
    """A row of the table with another program."""
    (row,) = rows.chosen([name])
    command = tuple(part.replace("flask_app:app", program) for part in row.command)
    return replace(row, command=command)


@contextlib.contextmanager
def served(row: rows.Row) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        database = Path(folder, "cities.sqlite3")
        make_database(str(database))
        server = Server(row, HERE, rows.environment(database, HERE), Path(folder, "log"))
        try:
            server.start()
            yield server
        finally:
            server.end()
