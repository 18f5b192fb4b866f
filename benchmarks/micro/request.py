"""Make a request's context and read from it: arguments, headers, cookies, JSON.

.venv-bench/bin/python -m benchmarks.micro.request --fast
"""

from __future__ import annotations

import functools
import io
import json
from typing import TYPE_CHECKING, Any

from .sides import compare, environ_of, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = json.dumps({"name": "Ada", "items": list(range(200))}).encode()
READ: dict[str, Callable[[Any], object]] = {
    "nothing": lambda request: request,
    "method and path": lambda request: (request.method, request.path),
    "args": lambda request: request.args["nm"],
    "headers": lambda request: request.headers.get("User-Agent"),
    "cookies": lambda request: request.cookies["theme"],
    "url": lambda request: request.url,
    "get_json": lambda request: request.get_json(),
}


def reading(what: str, side: str) -> Callable[[], object]:
    app, read = program(side), READ[what]
    headers = {"User-Agent": "benchmark", "Cookie": "theme=dark; lang=en"}
    environ = environ_of("/login?nm=Ada&next=%2F", method="POST", headers=headers)
    environ.update(CONTENT_TYPE="application/json", CONTENT_LENGTH=str(len(BODY)))

    def run() -> object:
        return read(app.request_class({**environ, "wsgi.input": io.BytesIO(BODY)}))

    return run


def main() -> None:
    runs = runner("benchmarks.micro.request")
    for what in READ:
        compare(runs, f"request, {what}", functools.partial(reading, what))


if __name__ == "__main__":
    main()
