"""What a type checker sees of serving functions, background tasks and streams. Never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import flask
from typing_extensions import assert_type

from retort import (
    Blueprint,
    Event,
    Flask,
    Response,
    event_stream,
    request,
    stream_body,
    stream_with_context,
)

app = Flask(__name__)
pages = Blueprint("pages", __name__)


# Before and after serving.


@app.before_serving
async def connect() -> None: ...


@app.after_serving
@pages.after_app_serving
def disconnect() -> None: ...


@app.while_serving
@pages.while_app_serving
async def pool() -> AsyncIterator[None]:
    yield


@app.while_serving
def file() -> Iterator[None]:
    yield


pages.before_app_serving(connect)


# Background tasks.


async def send(address: str, *, again: bool) -> None: ...


@app.post("/signup/<address>")
def signup(address: str) -> tuple[str, int]:
    app.add_background_task(send, address, again=True)
    app.add_background_task(disconnect)
    assert_type(len(app.background_tasks), int)
    return "", 202


# Event streams, and bodies that are read while they arrive.


async def ticks() -> AsyncIterator[str | Event]:
    yield "tick"
    yield Event({"n": 1}, event="number", id=1, retry=1000)


def numbers() -> Iterator[Event]:
    yield Event("1")


@app.get("/ticks")
async def streamed() -> Response:
    assert_type(request.last_event_id, "str | None")
    return event_stream(ticks(), heartbeat=None, retry=2000)


@app.get("/numbers")
def streamed_numbers() -> Response:
    return event_stream(numbers())


@app.put("/files/<name>")
@stream_body
async def upload(name: str) -> tuple[str, int]:
    async for chunk in request.stream_chunks():
        assert_type(chunk, bytes)
    return "", 204


@app.post("/orders", on_disconnect="finish")
async def order() -> str:
    return ""


# The context is kept for asynchronous generators, too.


async def lines() -> AsyncIterator[str]:
    yield request.path


@app.get("/lines")
async def kept() -> AsyncIterator[str]:
    return stream_with_context(lines())


@flask.stream_with_context
async def decorated(name: str) -> AsyncIterator[str]:
    yield name


async def iterated() -> None:
    async for line in decorated("a"):
        assert_type(line, str)


def tests_of_a_program() -> None:
    with app.test_app() as served:
        assert_type(served.test_client().get("/lines").text, str)


async def async_tests_of_a_program() -> None:
    async with app.test_app() as served:
        assert_type(served.test_client().get("/lines").status_code, int)
    await app.startup()
    await app.shutdown()
