"""Blueprints inside blueprints: prefixes, hooks, error handlers, processors, url_for."""

from flask import Blueprint, Flask, abort, render_template_string, request, url_for
from steps import get, note


def hooked(blueprint):
    name = blueprint.name

    @blueprint.before_request
    def before():
        note("before", name)

    @blueprint.after_request
    def after(response):
        note("after", name)
        return response

    @blueprint.teardown_request
    def teardown(error):
        note("teardown", name)

    @blueprint.context_processor
    def context():
        return {name: "here", "shared": name}

    return blueprint


def create_app():
    app = Flask(__name__)
    parent = hooked(Blueprint("parent", __name__, url_prefix="/parent"))
    child = hooked(Blueprint("child", __name__, url_prefix="/child"))
    grandchild = hooked(Blueprint("grandchild", __name__, url_prefix="/grandchild"))
    sibling = hooked(Blueprint("sibling", __name__))
    app.before_request(lambda: note("before", "app"))
    app.context_processor(lambda: {"shared": "app"})

    @parent.errorhandler(403)
    def parents_403(error):
        return "parent's 403", 403

    @grandchild.errorhandler(403)
    def grandchilds_403(error):
        return "grandchild's 403", 403

    @parent.app_errorhandler(404)
    def everybodys_404(error):
        return f"app's 404 from parent: {request.blueprints}", 404

    @parent.before_app_request
    def before_app():
        note("before app", "parent")

    for blueprint in (parent, child, grandchild, sibling):
        add_views(blueprint)
    parent.register_blueprint(child)
    child.register_blueprint(grandchild)
    parent.register_blueprint(sibling, url_prefix="/brother", name="brother")
    app.register_blueprint(parent)
    return app


def add_views(blueprint):
    @blueprint.route("/")
    def index():
        return {
            "blueprint": request.blueprint,
            "blueprints": request.blueprints,
            "relative": url_for(".index"),
            "absolute": url_for("parent.child.index"),
        }

    @blueprint.route("/forbidden")
    def forbidden():
        abort(403)

    @blueprint.route("/missing")
    def missing():
        abort(404)

    @blueprint.route("/template")
    def template():
        return render_template_string(
            "{{ shared }} {{ parent }} {{ child }} {{ grandchild }} {{ sibling }}"
        )


PREFIXES = ["/parent", "/parent/child", "/parent/child/grandchild", "/parent/brother"]


def itself_inside_itself(app, client):
    one = Blueprint("one", __name__)
    one.register_blueprint(one)


def names_of_all(app, client):
    return sorted(app.blueprints), [one.name for one in app.iter_blueprints()]


def the_same_child_twice(app, client):
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    parent.register_blueprint(child)
    parent.register_blueprint(child)
    Flask("x").register_blueprint(parent)


def the_same_child_under_two_names(app, client):
    parent, child = Blueprint("parent", __name__), Blueprint("child", __name__)
    child.add_url_rule("/", "index", lambda: url_for(".index"))
    parent.register_blueprint(child, url_prefix="/a")
    parent.register_blueprint(child, url_prefix="/b", name="other")
    other = Flask("x")
    other.register_blueprint(parent, url_prefix="/p")
    client = other.test_client()
    return client.get("/p/a/").text, client.get("/p/b/").text, sorted(other.blueprints)


def prefix_given_at_both_ends(app, client):
    parent = Blueprint("parent", __name__, url_prefix="/own")
    child = Blueprint("child", __name__, url_prefix="/childs-own")
    child.add_url_rule("/x", "x", lambda: "")
    parent.register_blueprint(child, url_prefix="/given")
    other = Flask("x")
    other.register_blueprint(parent, url_prefix="/given-too")
    return sorted(str(rule) for rule in other.url_map.iter_rules())


STEPS = [
    *(get(f"{prefix}/") for prefix in PREFIXES),
    *(get(f"{prefix}/forbidden") for prefix in PREFIXES),
    *(get(f"{prefix}/missing") for prefix in PREFIXES),
    *(get(f"{prefix}/template") for prefix in PREFIXES),
    get("/parent/child/nothing"),
    itself_inside_itself,
    names_of_all,
    the_same_child_twice,
    the_same_child_under_two_names,
    prefix_given_at_both_ends,
]
