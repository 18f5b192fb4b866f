"""`url_for` outside of requests, and what becomes of a URL that cannot be built."""

from flask import Flask, url_for
from steps import get, note
from werkzeug.routing import BuildError


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/item/<int:id>", "item", lambda id: url_for("item", id=id))
    app.add_url_rule("/broken", "broken", lambda: url_for("nothing", a=1))
    app.add_url_rule("/sub", "sub", lambda: "", subdomain="sub")
    return app


def with_config(app, **config):
    other = Flask("other")
    other.add_url_rule("/item/<int:id>", "item", lambda id: "")
    other.config.update(config)
    return other


def without_a_context(app, client):
    return url_for("item", id=1)


def without_server_name(app, client):
    with app.app_context():
        return url_for("item", id=1)


def of_the_app_without_a_context(app, client):
    return app.url_for("item", id=1)


def with_server_name(app, client):
    other = with_config(app, SERVER_NAME="example.org:5000")
    with other.app_context():
        return [
            url_for("item", id=1),
            url_for("item", id=1, _external=False),
            url_for("item", id=1, _scheme="https"),
            url_for("item", id=1, _anchor="a", q="ü"),
            other.url_for("item", id=1),
        ]


def with_server_name_without_a_context(app, client):
    return with_config(app, SERVER_NAME="example.org").url_for("item", id=1)


def with_root_and_scheme(app, client):
    other = with_config(
        app, SERVER_NAME="example.org", APPLICATION_ROOT="/mounted", PREFERRED_URL_SCHEME="https"
    )
    with other.app_context():
        return url_for("item", id=1), url_for("item", id=1, _external=False)


def relative_without_a_request(app, client):
    with with_config(app, SERVER_NAME="example.org").app_context():
        return url_for(".item", id=1)


def unknown_without_a_request(app, client):
    with with_config(app, SERVER_NAME="example.org").app_context():
        return url_for("nothing")


def scheme_but_internal(app, client):
    with with_config(app, SERVER_NAME="example.org").app_context():
        return url_for("item", id=1, _scheme="https", _external=False)


def a_handler_that_knows(app, client):
    def look_up(error, endpoint, values):
        note("asked", type(error).__name__, endpoint, dict(values))
        return f"http://elsewhere/{endpoint}" if endpoint == "nothing" else None

    other = with_config(app)
    other.url_build_error_handlers.append(look_up)
    with other.test_request_context("/"):
        return url_for("nothing", a=1, _anchor="x", _external=True)


def a_handler_that_gives_up(app, client):
    other = with_config(app)
    other.url_build_error_handlers.append(lambda error, endpoint, values: None)
    other.url_build_error_handlers.append(lambda error, endpoint, values: note("second"))
    with other.test_request_context("/"):
        return url_for("nothing")


def a_handler_that_raises_another(app, client):
    def raise_another(error, endpoint, values):
        raise BuildError("other", {}, None)

    other = with_config(app)
    other.url_build_error_handlers.append(raise_another)
    other.url_build_error_handlers.append(lambda error, endpoint, values: "found second")
    with other.test_request_context("/"):
        return url_for("nothing")


def a_server_name_in_a_request(app, client):
    other = with_config(app, SERVER_NAME="example.org")
    with other.test_request_context("/", base_url="http://elsewhere.net/"):
        return url_for("item", id=1), url_for("item", id=1, _external=True)


STEPS = [
    get("/item/1"),
    get("/broken"),
    without_a_context,
    without_server_name,
    of_the_app_without_a_context,
    with_server_name,
    with_server_name_without_a_context,
    with_root_and_scheme,
    relative_without_a_request,
    unknown_without_a_request,
    scheme_but_internal,
    a_handler_that_knows,
    a_handler_that_gives_up,
    a_handler_that_raises_another,
    a_server_name_in_a_request,
]
