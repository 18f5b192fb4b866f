"""Hooks that answer, raise, or return what they should not."""

from flask import Flask, abort, request
from steps import get, note


def create_app():
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.before_request
    def before():
        match request.args.get("before"):
            case "answer":
                return "from before", 202
            case "abort":
                abort(401)
            case "raise":
                raise LookupError("before")
            case "empty":
                return ""
        return None

    @app.before_request
    def second():
        note("second before")

    @app.after_request
    def noted(response):
        note("after", response.status_code)
        return response

    @app.after_request
    def after(response):
        match request.args.get("after"):
            case "none":
                return None
            case "raise":
                raise LookupError("after")
            case "abort":
                abort(418)
            case "replace":
                return app.response_class("replaced", 203)
        return response

    @app.teardown_request
    def teardown(error):
        note("teardown", type(error).__name__)
        if request.args.get("teardown") == "raise":
            raise LookupError("teardown")

    @app.errorhandler(418)
    def teapot(error):
        if request.args.get("handler") == "raise":
            raise LookupError("handler")
        return "handled", 418

    @app.route("/")
    def index():
        note("view")
        return "index"

    @app.route("/boom")
    def boom():
        raise ValueError("view")

    @app.route("/teapot")
    def brew():
        abort(418)

    return app


def nothing_stays_current(app, client):
    from flask import has_app_context, has_request_context

    return has_request_context(), has_app_context(), client.get("/").text


STEPS = [
    get("/?before=answer"),
    get("/?before=abort"),
    get("/?before=raise"),
    get("/?before=empty"),
    get("/?after=none"),
    get("/?after=raise"),
    get("/?after=abort"),
    get("/?after=replace"),
    get("/?teardown=raise"),
    get("/boom"),
    get("/boom?after=raise"),
    get("/boom?teardown=raise"),
    get("/teapot"),
    get("/teapot?handler=raise"),
    get("/teapot?handler=raise&after=raise"),
    nothing_stays_current,
]
