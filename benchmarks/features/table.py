"""The stored marks, and the table that docs/should-i-switch.md shows of them.

A stored mark is ``[is_there, what was observed]``; the table is a function of the stored file
alone, so that a test without the peers can compare it with the page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STORED = Path(__file__).parent.parent / "results" / "features.json"


def save(stored: dict[str, Any], path: Path = STORED) -> None:
    path.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def markdown(stored: dict[str, Any]) -> str:
    """One table, with a line for each group of rows."""
    names = stored["frameworks"]
    lines = [f"| | {' | '.join(names)} |", "| --- |" + " --- |" * len(names)]
    group = ""
    for row in stored["rows"]:
        if row["group"] != group:
            group = row["group"]
            lines.append(f"| **{group}** |" + " |" * len(names))
        cells = [cell(row, name) for name in names]
        lines.append(f"| {row['text']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(row: dict[str, Any], name: str) -> str:
    is_there, _ = row["marks"][name]
    package = row["added_by"].get(name)
    if is_there:
        return "yes"
    return f"no ({package})" if package else "no"
