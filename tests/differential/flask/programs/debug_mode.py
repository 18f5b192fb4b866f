"""Debug mode: form data that a redirect would lose, files that were not sent, key names."""

from flask import Flask, request
from steps import get, post, put


def create_app():
    app = Flask(__name__)
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = None

    @app.route("/folder/", methods=["GET", "POST", "PUT"])
    def folder():
        return request.method

    @app.route("/file", methods=["POST"])
    def file():
        return request.files["upload"].filename

    @app.route("/field", methods=["GET", "POST"])
    def field():
        return request.form["field"]

    @app.route("/arg")
    def arg():
        return request.args["arg"]

    @app.route("/header")
    def header():
        return request.headers["X-Missing"]

    @app.route("/cookie")
    def cookie():
        return request.cookies["missing"]

    @app.route("/old", methods=["GET", "POST"], redirect_to="/folder/")
    def old():
        return "never"

    @app.errorhandler(IsADirectoryError)
    def directory(error):
        return "x"

    return app


def the_message(app, client):
    """It names what was asked for, and how to send it."""
    try:
        client.post("/file", data={"upload": "name.txt"})
    except KeyError as error:
        return ["upload" in str(error), "multipart/form-data" in str(error)]


def the_other_message(app, client):
    try:
        client.post("/folder", data={"a": 1})
    except AssertionError as error:
        return ["/folder/" in str(error), "/folder" in str(error)]


def not_in_debug(app, client):
    other = create_app()
    other.debug = False
    client = other.test_client()
    return [
        client.post("/folder", data={"a": 1}).status_code,
        client.post("/file", data={"upload": "name.txt"}).status_code,
        client.post("/file", data={"upload": "name.txt"}).text,
    ]


def debug_and_reload(app, client):
    other = Flask("x")
    seen = [other.debug, other.jinja_env.auto_reload]
    other.debug = True
    return [*seen, other.jinja_env.auto_reload, other.config["DEBUG"], other.testing]


def late_set_up(app, client):
    app.add_url_rule("/late", "late", lambda: "x")


STEPS = [
    get("/folder"),
    post("/folder"),
    post("/folder", data={"a": "1"}),
    put("/folder", data="x"),
    post("/old", data={"a": "1"}),
    post("/file", data={"upload": "name.txt"}),
    post("/file", data={"other": "x"}),
    post("/file"),
    post("/file", json={"upload": "x"}),
    get("/field"),
    post("/field", data={}),
    get("/arg"),
    get("/header"),
    get("/cookie"),
    the_message,
    the_other_message,
    not_in_debug,
    debug_and_reload,
    late_set_up,
]
