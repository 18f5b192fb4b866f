"""Declared inputs without a server: processor time of one request, beside FastAPI.

    .venv-bench/bin/python -m benchmarks.micro.inputs_in_process

Retort is called as a WSGI application, FastAPI as an ASGI application in a task of uvloop. Each
runs in processes of its own, in turn; what counts is the quickest of many batches. `inputs.py`
measures the same programs with their servers, whose own time is the larger part there.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
import time
from typing import Any

import uvloop

from ..programs.material import HERE
from .inputs import REQUESTS
from .sides import batch_microseconds, environ_of, quickest

SIDES = {"Retort": "inputs_app", "FastAPI": "inputs_fastapi_app"}
PATHS = ("/json/typed", "/form/typed")
GOAL = 1 / 3
BATCH, BATCHES, TURNS = 200, 30, 3
ADDRESS = "127.0.0.1"


class WrongAnswer(Exception):
    """A program that does not accept the valid request."""


def scope_of(path: str) -> dict[str, Any]:
    request = REQUESTS[path]
    fields = {"Host": ADDRESS, **request.headers, "Content-Length": str(len(request.body))}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in fields.items()],
        "client": (ADDRESS, 40_000),
        "server": (ADDRESS, 80),
    }


def check(status: object) -> None:
    if not str(status).startswith("200"):
        raise WrongAnswer(str(status))


async def call_asgi(app: Any, scope: dict[str, Any], body: bytes) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            check(message["status"])

    await app(scope, receive, send)


def wsgi_microseconds(app: Any, path: str) -> float:
    request = REQUESTS[path]
    environ = environ_of(path, method=request.method, headers=request.headers, data=request.body)
    app(environ.copy(), lambda status, fields, exc_info=None: check(status))
    return min(batch_microseconds(app, environ, request.body, BATCH) for _ in range(BATCHES))


async def asgi_microseconds(app: Any, path: str) -> float:
    best = float("inf")
    loop, body = asyncio.get_running_loop(), REQUESTS[path].body
    for _ in range(BATCHES):
        scopes = [scope_of(path) for _ in range(BATCH)]
        before = time.process_time_ns()
        for each in scopes:
            await loop.create_task(call_asgi(app, each, body))
        best = min(best, (time.process_time_ns() - before) / BATCH / 1000)
    return best


def measure(side: str) -> dict[str, float]:
    sys.path.insert(0, str(HERE))
    app = importlib.import_module(SIDES[side]).app
    if side == "Retort":
        return {path: wsgi_microseconds(app, path) for path in PATHS}
    return {path: uvloop.run(asgi_microseconds(app, path)) for path in PATHS}


def compare() -> None:
    best = quickest("benchmarks.micro.inputs_in_process", SIDES, TURNS)
    for path in PATHS:
        retort, fastapi = (best[side][path] for side in SIDES)
        ratio = retort / fastapi
        verdict = "reached" if ratio <= GOAL else "missed"
        print(
            f"{path}: Retort {retort:.1f} µs, FastAPI {fastapi:.1f} µs: {ratio:.2f}"
            f" (goal {GOAL:.2f}: {verdict})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES, help="measure one side; print JSON")
    side = parser.parse_args().side
    if side is None:
        compare()
    else:
        print(json.dumps(measure(side)))


if __name__ == "__main__":
    main()
