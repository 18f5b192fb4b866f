"""Teardown functions: what they are told, in which order, when each of them fails."""

from flask import Blueprint, Flask, g, request
from steps import get, note


def create_app():
    app = Flask(__name__)
    app.testing = True
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.teardown_request
    def first(error):
        note("first", str(error))
        if "first" in request.args:
            raise KeyError("first")

    @app.teardown_request
    def second(error):
        note("second", str(error))
        if "second" in request.args:
            raise KeyError("second")

    @part.teardown_request
    def of_part(error):
        note("of part", str(error))

    @app.teardown_appcontext
    def context_first(error):
        note("context first", str(error), g.get("mark"))

    @app.teardown_appcontext
    def context_second(error):
        note("context second", str(error))
        if "context" in g:
            raise KeyError("context")

    @app.errorhandler(LookupError)
    def handled(error):
        return "handled"

    @part.route("/")
    @app.route("/")
    def index():
        g.mark = "kept"
        if "context" in request.args:
            g.context = True
        return "index"

    @app.route("/unhandled")
    def unhandled():
        raise ZeroDivisionError("unhandled")

    @app.route("/handled")
    def raises_handled():
        raise LookupError("handled")

    app.register_blueprint(part)
    return app


STEPS = [
    get("/"),
    get("/part/"),
    get("/?first"),
    get("/?second"),
    get("/?context"),
    get("/?first&context"),
    get("/unhandled"),
    get("/unhandled?second"),
    get("/handled"),
    get("/nowhere"),
    get("/"),
]
