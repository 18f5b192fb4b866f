"""Render the page of the workload `template`: its rows dictionaries, and objects.

.venv-bench/bin/python -m benchmarks.micro.template --fast
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jinja2 import FileSystemLoader

from ..programs.material import ROWS, TEMPLATES, TITLE
from .sides import compare, environ_of, framework, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES: dict[str, list[Any]] = {
    "dictionaries": ROWS,
    "objects": [SimpleNamespace(**row) for row in ROWS],
}


def rendering(rows: list[Any], side: str) -> Callable[[], object]:
    app, render_template = program(side), framework(side).render_template
    app.jinja_loader = FileSystemLoader(TEMPLATES)
    app.request_context(environ_of("/hello")).push()  # and never popped
    return lambda: render_template("table.html", title=TITLE, rows=rows)


def main() -> None:
    runs = runner("benchmarks.micro.template")
    for what, rows in TABLES.items():
        compare(runs, f"a table of {what}", functools.partial(rendering, rows))


if __name__ == "__main__":
    main()
