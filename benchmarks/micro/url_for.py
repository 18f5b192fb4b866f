"""Build URLs within a request: static, with a variable part, with a query.

.venv-bench/bin/python -m benchmarks.micro.url_for --fast
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .sides import compare, environ_of, framework, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "static": ("hello", {}),
    "variable": ("success", {"name": "Ada"}),
    "variable to quote": ("success", {"name": "Ada Lovelace & Söhne"}),
    "query": ("login", {"nm": "Ada", "page": 2}),
    "external": ("success", {"name": "Ada", "_external": True}),
    "static file": ("static", {"filename": "css/site.css"}),
}


def building(what: str, side: str) -> Callable[[], object]:
    app, url_for = program(side), framework(side).url_for
    endpoint, values = CALLS[what]
    app.request_context(environ_of("/hello")).push()  # and never popped
    return lambda: url_for(endpoint, **values)


def main() -> None:
    runs = runner("benchmarks.micro.url_for")
    for what in CALLS:
        compare(runs, f"url_for, {what}", functools.partial(building, what))


if __name__ == "__main__":
    main()
