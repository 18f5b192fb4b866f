"""What every program here answers with: the same rows, documents and table for each."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TEMPLATES = str(HERE / "templates")
STATIC = str(HERE / "static")
DATABASE = os.environ.get("BENCHMARK_DATABASE", str(HERE / "cities.sqlite3"))

HELLO = "Hello, World!"
SECRET = "a key that only the benchmark knows, 32 bytes"
SECTIONS = 1000
TITLE = "Cities & rivers"
ROWS = [{"id": n, "name": f"City <{n}>", "people": 1000 * n + 7} for n in range(20)]

_local = threading.local()


def document() -> dict[str, Any]:
    """What the workload `json` sends: made anew for each request, as a view would."""
    return {
        "id": 4711,
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "is_admin": False,
        "score": 99.5,
        "tags": ["analyst", "countess", "poet"],
    }


def with_total(order: dict[str, Any]) -> dict[str, Any]:
    """What the workload `json_post` answers: the order as it came, and what it adds up to."""
    total = sum(item["price"] * item["count"] for item in order["items"])
    return {**order, "total": total}


def city(number: int) -> dict[str, Any]:
    """One row of the database; each thread keeps its connection."""
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = sqlite3.connect(DATABASE)
    found = connection.execute("SELECT id, name, people FROM city WHERE id = ?", (number,))
    row = found.fetchone()
    return {"id": row[0], "name": row[1], "people": row[2]}


def make_database(path: str) -> None:
    """The table that `city` reads."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT, people INTEGER)")
        rows = [(n, f"City {n}", 1000 * n) for n in range(1, 1001)]
        connection.executemany("INSERT INTO city VALUES (?, ?, ?)", rows)
    connection.close()
