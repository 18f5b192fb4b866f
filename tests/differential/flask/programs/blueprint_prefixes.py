"""Blueprints with prefixes, defaults, endpoints, and set-up that waits for registration."""

from flask import Blueprint, Flask, blueprints, request, url_for
from steps import get, note, post

shop = Blueprint("shop", __name__, url_prefix="/shop", url_defaults={"currency": "EUR"})


@shop.record
def recorded(state):
    note("recorded", state.url_prefix, state.first_registration, state.name, dict(state.options))


@shop.record_once
def recorded_once(state):
    note("recorded once", state.app.name)


@shop.route("/", defaults={"page": 1})
@shop.route("/page/<int:page>")
def index(page, currency):
    return {
        "page": page,
        "currency": currency,
        "endpoint": request.endpoint,
        "blueprint": request.blueprint,
        "blueprints": request.blueprints,
        "urls": [url_for(".index", page=1), url_for(".index", page=2), url_for("shop.item", id=3)],
    }


@shop.get("/item/<int:id>", endpoint="item")
def get_item(id, currency):
    return f"{id} {currency}"


@shop.post("/item/<int:id>")
def change_item(id, currency):
    return f"changed {id}", 201


@shop.endpoint("outside")
def outside():
    return request.blueprint or "no blueprint"


def create_app():
    app = Flask(__name__)
    app.register_blueprint(shop)
    plain = Blueprint("plain", __name__)
    plain.add_url_rule("/plain", "plain", lambda: url_for(".plain"))
    app.register_blueprint(plain, url_prefix="/moved/")
    app.add_url_rule("/outside", endpoint="outside")
    late = Blueprint("late", __name__, url_prefix="/nothing")
    late.add_url_rule("no-slash", "no_slash", lambda: "joined")
    late.add_url_rule("", "root", lambda: "root")
    app.register_blueprint(late, url_prefix="/late")
    return app


def a_dot_in_its_name(app, client):
    Blueprint("a.b", __name__)


def an_empty_name(app, client):
    Blueprint("", __name__)


def a_dot_in_an_endpoint(app, client):
    Blueprint("x", __name__).add_url_rule("/", "a.b", lambda: "")


def a_dot_in_a_views_name(app, client):
    def view():
        return ""

    view.__name__ = "a.b"
    Blueprint("x", __name__).add_url_rule("/", view_func=view)


def registered_on_an_app_that_served(app, client):
    app.register_blueprint(Blueprint("too_late", __name__))


def changed_after_it_was_registered(app, client):
    shop.add_url_rule("/new", "new", lambda: "")


def the_same_name_twice(app, client):
    other = Flask("other")
    other.register_blueprint(Blueprint("same", __name__))
    other.register_blueprint(Blueprint("same", __name__))


def listed(app, client):
    return [one.name for one in app.iter_blueprints()], [
        sorted([str(rule), rule.endpoint]) for rule in app.url_map.iter_rules()
    ]


def made_setup_state(app, client):
    state = shop.make_setup_state(app, {"url_prefix": "/other"})
    return [
        isinstance(state, blueprints.BlueprintSetupState),
        state.url_prefix,
        state.url_defaults,
        state.subdomain,
        state.name_prefix,
    ]


STEPS = [
    get("/shop/"),
    get("/shop/page/1"),
    get("/shop/page/2"),
    get("/shop"),
    get("/shop/item/5"),
    post("/shop/item/5"),
    post("/shop/"),
    get("/moved/plain"),
    get("/outside"),
    get("/late/no-slash"),
    get("/late"),
    a_dot_in_its_name,
    an_empty_name,
    a_dot_in_an_endpoint,
    a_dot_in_a_views_name,
    registered_on_an_app_that_served,
    changed_after_it_was_registered,
    the_same_name_twice,
    listed,
    made_setup_state,
]
