"""Flask and Retort beside each other: the same program for both, and how they are compared."""

from __future__ import annotations

import functools
import importlib
import io
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pyperf
from werkzeug.test import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIDES = ("Flask", "Retort")


def framework(side: str) -> Any:
    """The package of a side; Retort's has the same names, and never imports Flask."""
    return importlib.import_module(side.lower())


@functools.cache
def program(side: str) -> Any:
    """The tutorial's program, and what answers JSON and counts visits."""
    its = framework(side)
    app = its.Flask("program")
    app.secret_key = "a key that only the benchmark knows"

    @app.route("/hello")
    def hello() -> str:
        return "Hello, World!"

    @app.route("/success/<name>")
    def success(name: str) -> str:
        return f"welcome {name}"

    @app.route("/login", methods=["POST", "GET"])
    def login() -> Any:
        values = its.request.form if its.request.method == "POST" else its.request.args
        return its.redirect(its.url_for("success", name=values["nm"]))

    @app.get("/json")
    def document() -> dict[str, Any]:
        return {"id": 4711, "name": "Ada Lovelace", "tags": ["analyst", "countess", "poet"]}

    @app.get("/count")
    def count() -> str:
        its.session["count"] = its.session.get("count", 0) + 1
        return str(its.session["count"])

    return app


def environ_of(path: str, **options: Any) -> dict[str, Any]:
    """What a server would call with; the options are `werkzeug.test.EnvironBuilder`'s."""
    return EnvironBuilder(path, **options).get_environ()


def answer(app: Any, environ: dict[str, Any]) -> bytes:
    """Call an application as a server does, and take all of its answer."""
    body = app(environ, _start_response)
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return content


def _start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
    pass


def runner(module: str) -> pyperf.Runner:
    """pyperf's runner for a script that is started as ``python -m module``."""
    return pyperf.Runner(program_args=("-m", module))


def compare(runs: pyperf.Runner, name: str, make: Callable[[str], Callable[[], object]]) -> None:
    """Measure what ``make`` gives for each side, and print the ratio.

    ``make`` is called only in the processes that measure it.
    """
    means: list[float] = []
    for side in SIDES:
        found = runs.bench_time_func(f"{name}: {side}", _seconds, functools.cache(make), side)
        if found is not None and not runs.args.worker:
            means.append(found.mean())
    if len(means) == len(SIDES):
        print(f"{name}: Flask / Retort = {means[0] / means[1]:.2f}\n")


def _seconds(loops: int, make: Callable[[str], Callable[[], object]], side: str) -> float:
    run = make(side)
    before = time.perf_counter()
    for _ in range(loops):
        run()
    return time.perf_counter() - before


def apart(module: str, *arguments: str) -> Any:
    """What ``python -m module ARGUMENTS`` prints as JSON: nothing is shared with this process."""
    command = [sys.executable, "-m", module, *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def quickest(module: str, sides: Iterable[str], turns: int) -> dict[str, dict[str, float]]:
    """The least time of each case that ``python -m module --side SIDE`` prints, in some turns."""
    best: dict[str, dict[str, float]] = {side: {} for side in sides}
    for _ in range(turns):
        for side, cases in best.items():
            for case, found in apart(module, "--side", side).items():
                cases[case] = min(cases.get(case, found), found)
    return best


def batch_microseconds(app: Any, environ: dict[str, Any], body: bytes, size: int) -> float:
    """The processor time of a request to a WSGI application, in a batch of requests."""
    environs = [{**environ, "wsgi.input": io.BytesIO(body)} for _ in range(size)]
    before = time.process_time_ns()
    for each in environs:
        answer(app, each)
    return (time.process_time_ns() - before) / size / 1000


def verdict(ratio: float, goal: float | None) -> str:
    """A ratio, and whether it is what we aim at: 8.31 (goal 8: reached)."""
    if goal is None:
        return f"{ratio:.2f}"
    return f"{ratio:.2f} (goal {goal:g}: {'reached' if ratio >= goal else 'missed'})"
