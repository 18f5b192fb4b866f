"""What a type checker sees in a program with async views and WebSockets. Never run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import flask
from typing_extensions import assert_type
from werkzeug.exceptions import NotFound

import retort
from retort import (
    Blueprint,
    Flask,
    Response,
    WebSocketDisconnect,
    copy_current_websocket_context,
    has_websocket_context,
    request,
    session,
    stream_with_context,
    websocket,
)
from retort.testing import WebSocketRefused
from retort.typing import ResponseReturnValue
from retort.views import MethodView

app = Flask(__name__)
pages = Blueprint("pages", __name__)


# A decorator gives back the coroutine function it was given.


@app.get("/users/<int:id>")
async def user(id: int) -> dict[str, int]:
    return {"id": id}


@pages.post("/pages")
async def save() -> tuple[str, int]:
    assert_type(request.form["name"], str)
    session["saved"] = True
    return "", 204


async def calls() -> None:
    assert_type(await user(1), dict[str, int])
    await user("one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Everything an async view may return.


async def lines() -> AsyncIterator[str]:
    yield "a"


@app.get("/lines")
async def streamed() -> AsyncIterator[str]:
    return lines()


@app.get("/generated")
async def generated() -> AsyncIterator[bytes]:
    yield b"a"


@app.get("/sync")
def streamed_by_a_function() -> ResponseReturnValue:
    return lines(), 200, {"Content-Type": "text/plain"}


class Users(MethodView):
    async def get(self, id: int) -> dict[str, int]:
        return {"id": id}


app.add_url_rule("/classes/<int:id>", view_func=Users.as_view("users"))


# Hooks and handlers.


@app.before_request
async def load() -> ResponseReturnValue | None:
    return None


@app.after_request
async def add_header(response: Response) -> Response:
    return response


@app.teardown_request
@pages.teardown_app_request
@app.teardown_appcontext
async def close(error: BaseException | None) -> None: ...


@app.errorhandler(404)
async def not_found(error: NotFound) -> tuple[str, int]:
    return "no such page", 404


@app.context_processor
async def year() -> dict[str, Any]:
    return {"year": 2026}


def in_a_thread() -> int:
    return 1


async def colours() -> None:
    waited: dict[str, int] = app.async_to_sync(user)(1)
    assert_type(waited["id"], int)
    app.ensure_sync(user)(1)
    await app.ensure_async(in_a_thread)()


# WebSockets.


@app.websocket("/chat", origins=["https://shop.example"], subprotocols=["chat"], max_message=1024)
async def chat() -> None:
    assert_type(websocket.args["room"], str)
    assert_type(websocket.requested_subprotocols, list[str])
    await websocket.accept(headers={"X-Room": "1"}, subprotocol="chat")
    async for message in websocket:
        assert_type(message, "str | bytes")
        await websocket.send(message)
    try:
        assert_type(await websocket.receive(), "str | bytes")
        await websocket.send_json({"n": 1})
    except WebSocketDisconnect as left:
        assert_type((left.code, left.reason, left.was_clean), tuple[int, str, bool])
    await websocket.close(1000, "done")


@pages.websocket("/refused", origins="*")
async def refused() -> ResponseReturnValue | None:
    return "", 403


@app.before_websocket
async def check() -> ResponseReturnValue | None:
    return ("", 401) if "user" not in session else None


@app.teardown_websocket
def forget(error: BaseException | None) -> None:
    assert_type(has_websocket_context(), bool)


@copy_current_websocket_context
async def elsewhere() -> int:
    return 1


pages.before_app_websocket(check)
app.add_websocket("/added", "added", chat)


# ASGI and tests.


def tests_of_a_program() -> None:
    client = app.test_client()
    assert_type(client.get("/users/1").status_code, int)
    try:
        with client.websocket("/chat", headers={"Origin": "a"}, subprotocols=["chat"]) as ws:
            ws.send("hello")
            assert_type(ws.receive(timeout=1), "str | bytes")
            assert_type(ws.closed, "tuple[int, str] | None")
    except WebSocketRefused as refused:
        assert_type(refused.response.status_code, int)


async def async_tests_of_a_program() -> None:
    async with app.test_client().websocket("/chat") as ws:
        await ws.send(b"hello")
        assert_type(await ws.receive(), "str | bytes")


# A program that imports the other names from flask.

same = flask.Flask(__name__)


@same.websocket("/chat")
async def of_flask() -> None:
    await retort.websocket.send("hello")


@same.get("/")
@flask.stream_with_context
async def kept() -> AsyncIterator[str]:
    yield flask.request.path


application: Any = app.asgi
kept_open = stream_with_context(lines())
