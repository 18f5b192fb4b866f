"""The same blueprint under several names and prefixes, with its hooks and handlers."""

from flask import Blueprint, Flask, abort, request, url_for
from steps import get, note


def create_app():
    app = Flask(__name__)
    forum = Blueprint("forum", __name__)
    forum.record_once(lambda state: note("once", state.name))
    forum.record(lambda state: note("each time", state.name, state.first_registration))

    @forum.before_request
    def before():
        note("before", request.blueprint)

    @forum.errorhandler(410)
    def gone(error):
        return f"gone from {request.blueprint}", 410

    @forum.before_app_request
    def before_all():
        note("before all")

    @forum.route("/")
    def index():
        return f"{request.endpoint} {url_for('.index')} {url_for('support.index')}"

    @forum.route("/gone")
    def removed():
        abort(410)

    app.register_blueprint(forum, url_prefix="/forum")
    app.register_blueprint(forum, url_prefix="/support", name="support")
    app.register_blueprint(forum, url_prefix="/old", name="old", url_defaults={"unused": 1})
    return app


def without_another_name(app, client):
    other = Flask("other")
    forum = Blueprint("forum", __name__)
    other.register_blueprint(forum)
    other.register_blueprint(forum)


def with_a_dotted_name(app, client):
    Flask("other").register_blueprint(Blueprint("forum", __name__), name="a.b")


def registered_names(app, client):
    return sorted(app.blueprints), len({id(one) for one in app.blueprints.values()})


STEPS = [
    get("/forum/"),
    get("/support/"),
    get("/support/gone"),
    get("/old/gone"),
    get("/forum/gone"),
    without_another_name,
    with_a_dotted_name,
    registered_names,
]
