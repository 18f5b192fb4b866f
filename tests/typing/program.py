"""What a type checker sees in a user's program. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typing_extensions import assert_type
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

import retort
from retort import (
    Blueprint,
    Flask,
    Response,
    Retort,
    WebSocketDisconnect,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    session,
    stream_with_context,
    url_for,
    websocket,
)
from retort.typing import ResponseReturnValue
from retort.views import MethodView

app = Flask(__name__)
pages = Blueprint("pages", __name__, url_prefix="/pages")
modern: Flask = Retort(__name__, static_folder=None)


# A decorator gives back the function it was given, with its own type.


@app.route("/users/<int:id>", methods=["GET", "PUT"])
def user(id: int) -> dict[str, int]:
    return {"id": id}


@pages.get("/")
def index() -> str:
    return render_template("index.html", users=[1])


assert_type(user(1), dict[str, int])
assert_type(index(), str)
user("one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# Everything a view may return.


@app.post("/text")
def text() -> str:
    return "text"


@app.put("/bytes")
def raw() -> bytes:
    return b"bytes"


@app.delete("/nothing")
def nothing() -> tuple[str, int]:
    return "", 204


@app.patch("/list")
def listed() -> list[int]:
    return [1]


@app.get("/created")
def created() -> tuple[dict[str, str], int, dict[str, str]]:
    return {"name": "Ada"}, 201, {"Location": url_for("user", id=1)}


@app.get("/stream")
def streamed() -> Iterator[str]:
    yield "a"


@app.get("/context")
def streamed_in_context() -> ResponseReturnValue:
    return stream_with_context(iter(["a"])), {"Content-Type": "text/plain"}


@app.get("/away")
def away() -> BaseResponse:
    return redirect(url_for("user", id=1), 303)


@app.get("/made")
def made() -> Response:
    response = make_response("made", 201)
    response.set_cookie("seen", "yes", max_age=60, httponly=True)
    return response


@app.get("/json")
def as_json() -> Response:
    return jsonify(name="Ada")


@app.get("/file")
def file() -> Response:
    return send_file("report.pdf", as_attachment=True)


@app.get("/later")
async def later() -> str:
    return "later"


@app.get("/missing")
def missing() -> str:
    abort(404)


# Hooks and handlers.


@app.before_request
def stop_strangers() -> ResponseReturnValue | None:
    if "user" not in session:
        return redirect(url_for("pages.index"))
    return None


@app.after_request
def add_header(response: Response) -> Response:
    response.headers["X-Seen"] = "yes"
    return response


@pages.teardown_request
def close(error: BaseException | None) -> None:
    assert_type(g.get("database"), Any)


@app.errorhandler(404)
def not_found(error: NotFound) -> tuple[str, int]:
    return "no such page", 404


@app.errorhandler(ValueError)
def bad_value(error: ValueError) -> tuple[dict[str, str], int]:
    return {"error": str(error)}, 400


@app.template_filter()
def shout(value: str) -> str:
    return value.upper()


@app.context_processor
def year() -> dict[str, Any]:
    return {"year": 2026}


# The request, the session and the app of the moment.


def the_request() -> None:
    assert_type(request.method, str)
    assert_type(request.path, str)
    assert_type(request.form, ImmutableMultiDict[str, str])
    assert_type(request.form["name"], str)
    assert_type(request.args.get("page"), "str | None")
    assert_type(request.args.get("page", 1, type=int), int)
    assert_type(request.get_json(), Any)
    assert_type(request.endpoint, "str | None")
    assert_type(session.permanent, bool)
    assert_type(current_app.debug, bool)
    assert_type(current_app.config["SECRET_KEY"], Any)
    assert_type(has_request_context(), bool)
    flash("saved", "info")
    get_flashed_messages(with_categories=True, category_filter=["info"])


class Users(MethodView):
    init_every_request = False

    def get(self, id: int) -> dict[str, int]:
        return {"id": id}


pages.add_url_rule("/users/<int:id>", view_func=Users.as_view("users"))
app.register_blueprint(pages)


def tests_of_a_program() -> None:
    client = app.test_client()
    response = client.post("/text", json={"name": "Ada"}, headers={"Accept": "text/plain"})
    assert_type(response.status_code, int)
    assert_type(response.get_data(as_text=True), str)
    with client.session_transaction() as stored:
        stored["user"] = 1
    with app.test_request_context("/text", method="POST"), app.app_context():
        url_for("text", _external=True, _anchor="top")
    assert_type(app.test_cli_runner().invoke(args=["routes"]).output, str)


application: retort.Flask = app

if __name__ == "__main__":
    app.run(debug=True, port=5000)


# WebSockets: the methods are awaited in coroutines.


@app.websocket("/echo/<name>", origins=["https://app.example"], subprotocols=["v1"])
async def echo(name: str) -> None:
    await websocket.accept(
        headers={"X-Name": name}, subprotocol=websocket.requested_subprotocols[0]
    )
    try:
        assert_type(await websocket.receive(), str | bytes)
    except WebSocketDisconnect as end:
        assert_type(end.code, int)
    async for message in websocket:
        assert_type(message, str | bytes)
        await websocket.send(message)
    await websocket.send_json({"a": 1})
    await websocket.close(1000, "done")


@pages.websocket("/refused")
def refused() -> tuple[str, int]:
    return "no", 403


@app.before_websocket
async def check() -> None:
    assert_type(websocket.args, MultiDict[str, str])


@app.after_websocket
def after(response: Response | None) -> Response | None:
    return response


assert_type(refused(), tuple[str, int])


def test_websocket() -> None:
    with app.test_client().websocket("/echo/Ada", subprotocols=["v1"]) as ws:
        ws.send("x")
        assert_type(ws.receive(timeout=2), str | bytes)
        assert_type(ws.closed, tuple[int, str] | None)


async def test_websocket_async() -> None:
    async with app.test_client().websocket("/echo/Ada") as ws:
        await ws.send("x")
        assert_type(await ws.receive(), str | bytes)
