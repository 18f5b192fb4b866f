"""`g` and its methods, in requests and out of them."""

from flask import Flask, g
from steps import get, note


def create_app():
    app = Flask(__name__)

    @app.before_request
    def before():
        note("fresh", list(g))
        g.user = "ada"

    @app.teardown_appcontext
    def over(error):
        note("at the end", sorted(g), g.pop("user", None))

    @app.route("/")
    def index():
        g.setdefault("user", "other")
        g.setdefault("numbers", []).append(1)
        return {
            "get": g.get("user"),
            "default": g.get("nothing", "default"),
            "none": g.get("nothing"),
            "in": ["user" in g, "nothing" in g],
            "iter": sorted(g),
            "pop": g.pop("numbers"),
            "pop default": g.pop("numbers", "gone"),
            "bool": bool(g),
        }

    @app.route("/missing")
    def missing():
        return g.missing

    @app.route("/pop")
    def pop():
        return g.pop("missing")

    @app.route("/del")
    def delete():
        del g.user
        note("deleted", "user" in g)
        del g.user
        return "not reached"

    return app


def outside(app, client):
    g.user = "nobody"


def repr_names_the_app(app, client):
    with app.app_context():
        return repr(g._get_current_object())


class Globals:
    kind = "own class"


def own_class(app, client):
    other = Flask("other")
    other.app_ctx_globals_class = Globals
    with other.app_context():
        return g.kind


STEPS = [
    get("/"),
    get("/missing"),
    get("/pop"),
    get("/del"),
    outside,
    repr_names_the_app,
    own_class,
]
