"""Find the rule for a path, among ten rules and among ten thousand.

    .venv-bench/bin/python -m benchmarks.micro.routing --fast

Half of the rules are static, half have a variable part.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

from .sides import compare, framework, runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = (10, 100, 1_000, 10_000)


@functools.cache
def application(side: str, size: int) -> Any:
    app = framework(side).Flask("routes")
    for number in range(size // 2):
        app.add_url_rule(f"/pages/page{number}", f"page{number}", str)
        app.add_url_rule(f"/section{number}/items/<int:item>", f"items{number}", str)
    return app


def matcher(side: str, size: int) -> Callable[[str], object]:
    """What takes a path and answers the rule and its arguments."""
    app = application(side, size)
    if side == "Flask":
        adapter = app.url_map.bind("localhost")
        return lambda path: adapter.match(path, "GET", return_rule=True)
    from retort.routing.match import look_up

    return lambda path: look_up(app.url_map, path, "GET")


def paths(size: int, kind: str) -> Iterator[str]:
    """Without end: paths of rules from all over the map."""
    half = size // 2
    numbers = [(7919 * n) % half for n in range(64)]
    if kind == "static":
        return itertools.cycle([f"/pages/page{n}" for n in numbers])
    return itertools.cycle([f"/section{n}/items/{n + 3}" for n in numbers])


def finding(size: int, kind: str, side: str) -> Callable[[], object]:
    match, asked = matcher(side, size), paths(size, kind)
    if match(next(asked)) is None:
        raise LookupError(f"{side} finds no {kind} rule of {size}.")
    return lambda: match(next(asked))


def main() -> None:
    runs = runner("benchmarks.micro.routing")
    for size, kind in itertools.product(SIZES, ("static", "dynamic")):
        compare(runs, f"{kind} rule of {size}", functools.partial(finding, size, kind))


if __name__ == "__main__":
    main()
