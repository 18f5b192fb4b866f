"""Which error handler is found: by code, class, ancestor, blueprint; and bad registrations."""

from flask import Blueprint, Flask, abort
from steps import get, post
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, NotFound


class Problem(Exception):
    pass


class Trouble(Problem):
    pass


class ShopClosed(Forbidden):
    description = "The shop is closed."


class Own(HTTPException):
    code = 499
    description = "own code"

    @property
    def name(self):
        return "Own"


class WithResponse(HTTPException):
    pass


RAISED = {
    "problem": Problem,
    "trouble": Trouble,
    "key": KeyError,
    "index": IndexError,
    "closed": ShopClosed,
    "forbidden": Forbidden,
    "not-found": NotFound,
    "own": Own,
    "zero": ZeroDivisionError,
    "internal": InternalServerError,
}


def create_app():
    app = Flask(__name__)
    part = Blueprint("part", __name__, url_prefix="/part")
    app.register_error_handler(Problem, lambda error: (f"app Problem: {type(error).__name__}", 400))
    app.register_error_handler(403, lambda error: (f"app 403: {error.description}", 403))
    app.register_error_handler(KeyError, lambda error: ("app KeyError", 400))
    app.register_error_handler(LookupError, lambda error: ("app LookupError", 400))
    app.register_error_handler(
        500, lambda error: (f"app 500: {type(error.original_exception).__name__}", 500)
    )

    @app.errorhandler(404)
    def not_found(error):
        return f"app 404: {error.code}", 404

    @part.errorhandler(Trouble)
    def trouble(error):
        return "part Trouble", 400

    @part.errorhandler(ShopClosed)
    def closed(error):
        return "part ShopClosed", 403

    @part.errorhandler(HTTPException)
    def any_http(error):
        return f"part HTTPException {error.code}", error.code

    for scope in (app, part):

        @scope.route("/raise/<name>", methods=["GET", "POST"])
        def raise_it(name):
            raise RAISED[name]("said")

        @scope.route("/abort/<int:code>")
        def abort_with(code):
            abort(code)

        @scope.route("/abort-response")
        def abort_response():
            abort(app.response_class("a response", 299))

    app.register_blueprint(part)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def a_bad_code(app, client):
    Flask("x").register_error_handler(999, len)


def a_code_as_text(app, client):
    Flask("x").register_error_handler("404", len)


def not_an_exception(app, client):
    Flask("x").register_error_handler(int, len)


def an_instance(app, client):
    Flask("x").register_error_handler(NotFound(), len)


def a_plain_instance(app, client):
    Flask("x").register_error_handler(KeyError("x"), len)


def a_class_without_code(app, client):
    other = Flask("x")
    other.register_error_handler(WithResponse, lambda error: "handled")
    return [
        [code, sorted(cls.__name__ for cls in handlers)]
        for code, handlers in other.error_handler_spec[None].items()
    ]


def after_the_first_request(app, client):
    app.register_error_handler(409, len)


def the_specification(app, client):
    return {
        str(scope): {
            str(code): sorted(cls.__name__ for cls in handlers)
            for code, handlers in codes.items()
            if handlers
        }
        for scope, codes in app.error_handler_spec.items()
    }


def changed_through_the_dict(app, client):
    app.error_handler_spec[None][404][NotFound] = lambda error: ("replaced", 404)
    return client.get("/nowhere").text


STEPS = [
    *(get(f"{scope}/raise/{name}") for scope in ("", "/part") for name in RAISED),
    *(
        get(f"{scope}/abort/{code}")
        for scope in ("", "/part")
        for code in (403, 404, 405, 418, 503)
    ),
    get("/abort/299"),
    get("/abort-response"),
    get("/part/abort-response"),
    get("/part/nowhere"),
    post("/part/abort/404"),
    a_bad_code,
    a_code_as_text,
    not_an_exception,
    an_instance,
    a_plain_instance,
    a_class_without_code,
    after_the_first_request,
    the_specification,
    changed_through_the_dict,
]
