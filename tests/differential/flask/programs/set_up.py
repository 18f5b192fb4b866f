"""Set-up: what is refused once the app has served, and what scaffolds record."""

from flask import Blueprint, Flask
from steps import get


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    return app


LATE = {
    "add_url_rule": lambda scope: scope.add_url_rule("/x", "x", len),
    "route": lambda scope: scope.route("/x"),
    "get": lambda scope: scope.get("/x"),
    "endpoint": lambda scope: scope.endpoint("x"),
    "before_request": lambda scope: scope.before_request(len),
    "after_request": lambda scope: scope.after_request(len),
    "teardown_request": lambda scope: scope.teardown_request(len),
    "context_processor": lambda scope: scope.context_processor(dict),
    "url_value_preprocessor": lambda scope: scope.url_value_preprocessor(len),
    "url_defaults": lambda scope: scope.url_defaults(len),
    "errorhandler": lambda scope: scope.errorhandler(404),
    "register_error_handler": lambda scope: scope.register_error_handler(404, len),
    "register_blueprint": lambda scope: scope.register_blueprint(Blueprint("x", __name__)),
}
LATE_FOR_APPS = {
    "teardown_appcontext": lambda app: app.teardown_appcontext(len),
    "shell_context_processor": lambda app: app.shell_context_processor(dict),
    "template_filter": lambda app: app.template_filter(),
    "add_template_filter": lambda app: app.add_template_filter(len),
    "template_test": lambda app: app.template_test(),
    "add_template_test": lambda app: app.add_template_test(len),
    "template_global": lambda app: app.template_global(),
    "add_template_global": lambda app: app.add_template_global(len),
}
LATE_FOR_BLUEPRINTS = {
    "record": lambda one: one.record(len),
    "record_once": lambda one: one.record_once(len),
    "before_app_request": lambda one: one.before_app_request(len),
    "after_app_request": lambda one: one.after_app_request(len),
    "teardown_app_request": lambda one: one.teardown_app_request(len),
    "app_context_processor": lambda one: one.app_context_processor(dict),
    "app_errorhandler": lambda one: one.app_errorhandler(404),
    "app_url_value_preprocessor": lambda one: one.app_url_value_preprocessor(len),
    "app_url_defaults": lambda one: one.app_url_defaults(len),
    "app_template_filter": lambda one: one.app_template_filter(),
    "add_app_template_test": lambda one: one.add_app_template_test(len),
    "app_template_global": lambda one: one.app_template_global(),
    "make_setup_state": lambda one: one.make_setup_state(Flask("x"), {}),
}


def outcomes(scope, steps):
    seen = {}
    for name, step in steps.items():
        try:
            step(scope)
        except AssertionError as error:
            seen[name] = ["refused", name in str(error)]
        except Exception as error:
            seen[name] = type(error).__name__
        else:
            seen[name] = "accepted"
    return seen


def late_for_the_app(app, client):
    return outcomes(app, {**LATE, **LATE_FOR_APPS})


def in_time_for_the_app(app, client):
    return outcomes(Flask("x"), {**LATE, **LATE_FOR_APPS})


def late_for_a_blueprint(app, client):
    blueprint = Blueprint("one", __name__)
    Flask("x").register_blueprint(blueprint)
    return outcomes(blueprint, {**LATE, **LATE_FOR_BLUEPRINTS})


def in_time_for_a_blueprint(app, client):
    return outcomes(Blueprint("one", __name__), {**LATE, **LATE_FOR_BLUEPRINTS})


def attributes_after_the_first_request(app, client):
    app.secret_key = "late"
    app.testing = True
    app.config["LATE"] = True
    app.static_folder = "late"
    app.jinja_env.globals["late"] = 1
    app.extensions["late"] = 1
    app.view_functions["index"] = lambda: "replaced"
    return client.get("/").text


def what_decorators_return(app, client):
    other = Flask("x")

    def function(*args):
        return ""

    return [
        decorated is function
        for decorated in (
            other.route("/")(function),
            other.get("/get", endpoint="get")(function),
            other.endpoint("x")(function),
            other.before_request(function),
            other.after_request(function),
            other.teardown_request(function),
            other.teardown_appcontext(function),
            other.context_processor(function),
            other.errorhandler(404)(function),
            other.template_filter()(function),
            other.template_test("t")(function),
            other.template_global("g")(function),
            other.url_defaults(function),
            other.url_value_preprocessor(function),
            other.shell_context_processor(function),
        )
    ]


def what_is_recorded(app, client):
    other = Flask("x", static_folder=None)
    blueprint = Blueprint("part", __name__)
    for scope in (other, blueprint):
        scope.before_request(len)
        scope.after_request(len)
        scope.teardown_request(len)
        scope.context_processor(dict)
        scope.url_defaults(len)
        scope.url_value_preprocessor(len)
        scope.add_url_rule("/", "index", len)
    other.register_blueprint(blueprint)
    names = """
        view_functions before_request_funcs after_request_funcs teardown_request_funcs
        url_value_preprocessors url_default_functions template_context_processors
        teardown_appcontext_funcs shell_context_processors blueprints extensions
    """.split()
    recorded = {name: getattr(other, name) for name in names}
    return {
        name: sorted(map(str, value)) if isinstance(value, dict) else len(value)
        for name, value in recorded.items()
    }


def without_parentheses(app, client):
    other = Flask("x")
    other.route(lambda: "forgotten")


def of_a_static_blueprint(app, client):
    one = Blueprint("one", __name__, static_folder="static", static_url_path="/s", url_prefix="/p")
    other = Flask("x", static_folder=None)
    other.register_blueprint(one)
    return [str(rule) for rule in other.url_map.iter_rules()], repr(one)[:12], one.import_name


STEPS = [
    in_time_for_the_app,
    in_time_for_a_blueprint,
    get("/"),
    late_for_the_app,
    late_for_a_blueprint,
    attributes_after_the_first_request,
    what_decorators_return,
    what_is_recorded,
    without_parentheses,
    of_a_static_blueprint,
]
