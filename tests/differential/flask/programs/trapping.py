"""`PROPAGATE_EXCEPTIONS`, `TRAP_...`, `TESTING`, `DEBUG`: what comes out of an error."""

from flask import Flask, abort, request
from steps import note
from werkzeug.exceptions import BadRequestKeyError

PATHS = ("/boom", "/404", "/400", "/form-key", "/args-key", "/handled", "/nowhere", "/method")
CONFIGS = [
    {},
    {"TESTING": True},
    {"DEBUG": True},
    {"PROPAGATE_EXCEPTIONS": True},
    {"PROPAGATE_EXCEPTIONS": False},
    {"PROPAGATE_EXCEPTIONS": False, "TESTING": True},
    {"TRAP_HTTP_EXCEPTIONS": True},
    {"TRAP_HTTP_EXCEPTIONS": True, "PROPAGATE_EXCEPTIONS": True},
    {"TRAP_BAD_REQUEST_ERRORS": True},
    {"TRAP_BAD_REQUEST_ERRORS": True, "TESTING": True},
    {"TRAP_BAD_REQUEST_ERRORS": False, "DEBUG": True},
]


def create_app(**config):
    app = Flask(__name__)
    app.config.update(config)

    @app.errorhandler(LookupError)
    def handler(error):
        return f"handled {type(error).__name__}"

    @app.route("/boom")
    def boom():
        raise ZeroDivisionError("boom")

    @app.route("/<int:code>")
    def aborted(code):
        abort(code)

    @app.route("/form-key")
    def form_key():
        return request.form["the key"]

    @app.route("/args-key")
    def args_key():
        return request.args["the key"]

    @app.route("/handled")
    def handled():
        raise LookupError

    @app.route("/method", methods=["POST"])
    def method():
        return "x"

    return app


def outcomes(app):
    client = app.test_client()
    seen = {}
    for path in PATHS:
        try:
            answer = client.get(path)
        except Exception as error:
            seen[path] = [cls.__name__ for cls in type(error).__mro__[:3]]
        else:
            seen[path] = [answer.status_code, answer.text]
    return seen


def plain(app, client):
    return {str(config): outcomes(create_app(**config)) for config in CONFIGS}


def with_an_http_handler(app, client):
    seen = []
    for config in ({}, {"TRAP_HTTP_EXCEPTIONS": True}, {"TRAP_BAD_REQUEST_ERRORS": True}):
        other = create_app(**config)
        other.register_error_handler(404, lambda error: ("404 handled", 404))
        other.register_error_handler(400, lambda error: ("400 handled", 400))
        other.register_error_handler(500, lambda error: ("500 handled", 500))
        seen.append(outcomes(other))
    return seen


def with_a_key_error_handler(app, client):
    other = create_app()
    other.register_error_handler(BadRequestKeyError, lambda error: f"key {error.args}")
    return outcomes(other)


def trap_method(app, client):
    seen = []
    for config in CONFIGS:
        other = create_app(**config)
        errors = (BadRequestKeyError("x"), KeyError("x"))
        seen.append([other.trap_http_exception(error) for error in errors])
    return seen


def own_trap(app, client):
    class Own(Flask):
        def trap_http_exception(self, e):
            note("asked", type(e).__name__)
            return False

    other = Own("x")
    other.add_url_rule("/", "index", lambda: abort(418))
    return other.test_client().get("/").status_code


STEPS = [plain, with_an_http_handler, with_a_key_error_handler, trap_method, own_trap]
