"""`Vary: Cookie`: whenever the session was looked at, and only then."""

from flask import Flask, flash, get_flashed_messages, make_response, session
from flask.globals import request_ctx
from steps import get


def vary(value):
    response = make_response("x")
    response.vary.update(value)
    return response


WAYS = {
    "get": lambda: session.get("x"),
    "in": lambda: "x" in session,
    "set": lambda: session.__setitem__("x", 1),
    "pop": lambda: session.pop("x", None),
    "setdefault": lambda: session.setdefault("x", 1),
    "bool": lambda: bool(session),
    "len": lambda: len(session),
    "iter": lambda: list(session),
    "clear": lambda: session.clear(),
    "permanent": lambda: session.permanent,
    "set-permanent": lambda: setattr(session, "permanent", True),
    "new": lambda: session.new,
    "modified": lambda: session.modified,
    "accessed": lambda: session.accessed,
    "flash": lambda: flash("x"),
    "flashed": get_flashed_messages,
    "object": lambda: session._get_current_object(),
    "private": lambda: request_ctx._session,
    "nothing": lambda: None,
    "name-error": lambda: session["missing"],
}


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"

    @app.route("/<way>")
    def index(way):
        WAYS[way]()
        return "x"

    @app.route("/vary/<name>")
    def with_vary(name):
        session.get("x")
        return vary([name])

    @app.after_request
    def after(response):
        if response.headers.pop("X-Look", None):
            session.get("x")
        return response

    return app


def after_request_looks(app, client):
    app.view_functions["index"] = lambda way: ("x", {"X-Look": "1"})
    return client.get("/any").headers.get("Vary")


STEPS = [
    *(get(f"/{way}", fresh=True) for way in WAYS),
    get("/set"),
    *(get(f"/{way}") for way in WAYS),
    get("/vary/Accept", fresh=True),
    get("/vary/cookie", fresh=True),
    get("/vary/*", fresh=True),
    after_request_looks,
]
