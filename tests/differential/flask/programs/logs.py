"""The app's logger: its name, level, handler, the errors stream, and what it logs itself."""

import io
import logging

from flask import Flask, request
from flask.logging import create_logger, default_handler, has_level_handler, wsgi_errors_stream
from steps import get, note


def create_app():
    app = Flask(__name__)

    @app.route("/")
    def index():
        app.logger.debug("a detail")
        app.logger.info("said %s", request.path)
        app.logger.warning("a warning")
        app.logger.error("an error", extra={"own": 1})
        return str(app.logger.level)

    @app.route("/exception")
    def exception():
        try:
            raise LookupError("logged")
        except LookupError:
            app.logger.exception("went wrong")
        return "logged"

    @app.route("/unhandled")
    def unhandled():
        raise ZeroDivisionError("unhandled")

    @app.route("/stream")
    def stream():
        wsgi_errors_stream.write("to the server")
        return "written"

    return app


def named(app, client):
    return [app.logger.name, Flask("a.b.c").logger.name, app.logger is logging.getLogger(app.name)]


def in_debug(app, client):
    other = Flask("logs_in_debug")
    other.debug = True
    return other.logger.level, other.logger.getEffectiveLevel()


def level_of_its_own(app, client):
    logging.getLogger("logs_own_level").setLevel(logging.ERROR)
    other = Flask("logs_own_level")
    other.debug = True
    return other.logger.level


def its_handler(app, client):
    other = Flask("logs_handler")
    return [default_handler in other.logger.handlers, len(other.logger.handlers)]


def with_a_handler_already(app, client):
    logger = logging.getLogger("logs_has_handler")
    logger.addHandler(logging.NullHandler())
    other = Flask("logs_has_handler")
    return [type(handler).__name__ for handler in other.logger.handlers]


def with_a_handler_at_the_root(app, client):
    handler = logging.StreamHandler(io.StringIO())
    logging.getLogger().addHandler(handler)
    try:
        return len(Flask("logs_root_handler").logger.handlers)
    finally:
        logging.getLogger().removeHandler(handler)


def has_a_handler(app, client):
    parent = logging.getLogger("logs_parent")
    parent.setLevel(logging.WARNING)
    child = logging.getLogger("logs_parent.child")
    seen = [has_level_handler(child)]
    handler = logging.StreamHandler(io.StringIO())
    parent.addHandler(handler)
    seen.append(has_level_handler(child))
    handler.setLevel(logging.ERROR)
    seen.append(has_level_handler(child))
    parent.propagate = False
    return [*seen, has_level_handler(child)]


def made_by_hand(app, client):
    return create_logger(Flask("logs_by_hand")).name


def to_the_errors_stream(app, client):
    """What the handler writes ends up with the server of the request."""
    other = Flask("logs_stream")
    other.add_url_rule("/", "index", lambda: other.logger.error("in a request") or "x")
    errors = io.StringIO()
    other.test_client().get("/", errors_stream=errors)
    return errors.getvalue().partition("]")[2]


def the_format(app, client):
    return default_handler.formatter._fmt


def an_exception_with_its_request(app, client):
    errors = io.StringIO()
    client.get("/unhandled?a=1", errors_stream=errors)
    text = errors.getvalue()
    return [
        word in text for word in ("Exception on /unhandled [GET]", "ZeroDivisionError: unhandled")
    ]


def log_exception_by_hand(app, client):
    with app.test_request_context("/path", method="PUT"):
        try:
            raise LookupError
        except LookupError as error:
            app.log_exception((type(error), error, error.__traceback__))


def overridden(app, client):
    class Own(Flask):
        def log_exception(self, exc_info):
            note("own", exc_info[0].__name__, exc_info[1].args)

    other = Own("logs_overridden")
    other.add_url_rule("/", "index", lambda: 1 / 0)
    return other.test_client().get("/").status_code


STEPS = [
    get("/"),
    get("/exception"),
    get("/unhandled"),
    get("/unhandled?query=1", base_url="http://localhost/mounted"),
    get("/stream"),
    named,
    in_debug,
    level_of_its_own,
    its_handler,
    with_a_handler_already,
    with_a_handler_at_the_root,
    has_a_handler,
    made_by_hand,
    to_the_errors_stream,
    the_format,
    an_exception_with_its_request,
    log_exception_by_hand,
    overridden,
]
