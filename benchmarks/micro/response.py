"""Make a response of what views return, and hand it to the server.

.venv-bench/bin/python -m benchmarks.micro.response --fast
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .sides import answer, compare, environ_of, framework, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES: dict[str, Callable[[Any], object]] = {
    "text": lambda its: "Hello, World!",
    "bytes": lambda its: b"Hello, World!",
    "dictionary": lambda its: {"name": "Ada", "tags": ["analyst", "countess"]},
    "text, status, headers": lambda its: ("made", 201, {"X-Made": "yes"}),
    "redirect": lambda its: its.redirect("/success/Ada"),
    "response object": lambda its: its.Response("Hello, World!", mimetype="text/plain"),
}


def making(what: str, side: str) -> Callable[[], object]:
    app, its, value = program(side), framework(side), VALUES[what]
    environ = environ_of("/hello")
    context = app.request_context(environ)
    context.push()  # and never popped: this process makes nothing else
    return lambda: answer(app.make_response(value(its)), environ)


def main() -> None:
    runs = runner("benchmarks.micro.response")
    for what in VALUES:
        compare(runs, f"response, {what}", functools.partial(making, what))


if __name__ == "__main__":
    main()
