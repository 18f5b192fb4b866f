"""An application factory: config given, extension bound late, blueprints registered."""

from flask import Blueprint, Flask, current_app, jsonify
from steps import get

api = Blueprint("api", __name__)


class Counter:
    """An extension in the usual shape."""

    def __init__(self, app=None):
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.extensions["counter"] = {"hits": 0}
        app.before_request(self.count)

    def count(self):
        current_app.extensions["counter"]["hits"] += 1


counter = Counter()


@api.route("/hits")
def hits():
    return jsonify(hits=current_app.extensions["counter"]["hits"], name=current_app.name)


def make(config=None):
    app = Flask("factory", root_path="/somewhere")
    app.config.from_mapping(GREETING="hello", SECRET_KEY="dev")
    app.config.update(config or {})
    counter.init_app(app)
    app.register_blueprint(api, url_prefix="/api")
    app.add_url_rule("/", "index", lambda: current_app.config["GREETING"])
    return app


def create_app():
    return make({"GREETING": "hi"})


def two_apps_share_nothing(app, client):
    other = make()
    answers = [other.test_client().get("/api/hits").json for _ in range(3)]
    return answers, other.test_client().get("/").text, sorted(other.extensions)


def what_it_is_made_of(app, client):
    return {
        "name": app.name,
        "import_name": app.import_name,
        "root_path": app.root_path,
        "static": [app.static_folder, app.static_url_path],
        "templates": app.template_folder,
        "blueprints": sorted(app.blueprints),
        "extensions": sorted(app.extensions),
        "rules": sorted(str(rule) for rule in app.url_map.iter_rules()),
        "repr": repr(app),
        "str": str(app),
    }


def main_as_import_name(app, client):
    main = Flask("__main__")
    return [main.name != "__main__", main.import_name]


def a_missing_import_name(app, client):
    return Flask()


def an_unknown_import_name(app, client):
    return Flask("no.such.module").name


def a_builtin_module_as_import_name(app, client):
    return Flask("sys")


STEPS = [
    get("/"),
    get("/api/hits"),
    get("/api/hits"),
    two_apps_share_nothing,
    what_it_is_made_of,
    main_as_import_name,
    a_missing_import_name,
    an_unknown_import_name,
    a_builtin_module_as_import_name,
]
