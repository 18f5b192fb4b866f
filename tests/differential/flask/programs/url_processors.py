"""URL value preprocessors and URL defaults, of the app and of blueprints."""

from flask import Blueprint, Flask, g, url_for
from steps import get, note


def create_app():
    app = Flask(__name__)
    admin = Blueprint("admin", __name__, url_prefix="/<lang>/admin")

    @app.url_value_preprocessor
    def take_language(endpoint, values):
        note("preprocess", endpoint, values and sorted(values))
        g.lang = (values or {}).pop("lang", None)

    @app.url_defaults
    def add_language(endpoint, values):
        if "lang" not in values and app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values["lang"] = g.get("lang") or "en"

    @admin.url_value_preprocessor
    def of_blueprint(endpoint, values):
        note("preprocess in admin", endpoint, sorted(values))
        values["extra"] = 1

    @admin.url_defaults
    def defaults_of_blueprint(endpoint, values):
        values["from"] = "admin"

    @admin.app_url_value_preprocessor
    def for_all(endpoint, values):
        note("app preprocess from admin")

    @admin.app_url_defaults
    def defaults_for_all(endpoint, values):
        values.setdefault("all", "1")

    @app.route("/<lang>/")
    def index():
        return f"{g.lang} {url_for('index')} {url_for('about', lang='de')} {url_for('plain')}"

    @app.route("/<lang>/about")
    def about():
        return f"about {g.lang} {url_for('admin.index')}"

    @app.route("/plain")
    def plain():
        return f"{g.lang} {url_for('index')}"

    @admin.route("/", endpoint="index")
    def admin_index(extra):
        return f"{g.lang} {extra} {url_for('.index')} {url_for('about')}"

    app.register_blueprint(admin)
    return app


def injected_by_hand(app, client):
    values = {"given": 1}
    with app.test_request_context("/de/"):
        app.preprocess_request()
        app.inject_url_defaults("admin.index", values)
    return values


STEPS = [
    get("/de/"),
    get("/fr/about"),
    get("/plain"),
    get("/de/admin/"),
    get("/de/nothing/at/all"),
    injected_by_hand,
]
