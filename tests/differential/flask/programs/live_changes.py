"""What is changed on an app that already serves takes effect with the next request."""

from datetime import timedelta

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    g,
    json,
    render_template_string,
    request,
    session,
)
from flask.ctx import _AppCtxGlobals
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from steps import note
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.route("/")
    def index():
        session["visits"] = session.get("visits", 0) + 1
        return f"index {session['visits']}"

    @app.route("/json")
    def as_json():
        return {"b": 1, "a": type(request._get_current_object()).__name__}

    @app.route("/template")
    def template():
        return render_template_string("{{ who }} {{ shout }}")

    @app.route("/g")
    def globals_of():
        return type(g._get_current_object()).__name__

    @part.route("/missing")
    @app.route("/missing")
    def missing():
        abort(404)

    app.register_blueprint(part)
    app.test_client().get("/")
    return app


PATHS = ("/", "/json", "/template", "/g", "/missing", "/part/missing", "/added", "/nowhere")


def seen(app):
    client = app.test_client()
    answers = [client.get(path) for path in PATHS]
    return [[answer.status_code, answer.text, answer.content_type] for answer in answers]


def changed(change):
    """What is answered before and after; only where it differs."""
    app = create_app()
    before = seen(app)
    change(app)
    after = seen(app)
    return {
        path: [then, now]
        for path, then, now in zip(PATHS, before, after, strict=True)
        if then != now
    }


class Text(Response):
    default_mimetype = "text/x-own"


class Own(Request):
    pass


class Globals(_AppCtxGlobals):
    pass


class Loud(DefaultJSONProvider):
    def dumps(self, obj, **kwargs):
        return super().dumps(obj, **kwargs).upper()


class Other(SecureCookieSessionInterface):
    def open_session(self, app, request):
        return SecureCookieSession({"visits": 40})


def hooks(app):
    app.before_request_funcs.setdefault(None, []).append(lambda: note("before", request.endpoint))
    app.after_request_funcs.setdefault("part", []).append(noted)
    app.teardown_request_funcs.setdefault(None, []).append(lambda error: note("teardown"))
    app.teardown_appcontext_funcs.append(lambda error: note("teardown app"))
    app.url_value_preprocessors.setdefault(None, []).append(lambda *args: note("values", *args))


def noted(response):
    note("after", response.status_code)
    return response


def handlers(app):
    app.error_handler_spec[None][404][NotFound] = lambda error: ("from app", 404)
    app.error_handler_spec["part"][404][NotFound] = lambda error: ("from part", 404)


def rules(app):
    app.url_map.add(Rule("/added", endpoint="added"))
    app.view_functions["added"] = lambda: "added"
    app.view_functions["index"] = lambda: "replaced"


def whole_map(app):
    app.url_map = Map([Rule("/added", endpoint="index"), Rule("/", endpoint="json")])
    app.view_functions["json"] = lambda: "from another map"


def own_map_settings(app):
    app.url_map.strict_slashes = False
    app.url_map.host_matching = True


def templates(app):
    app.template_context_processors[None].append(lambda: {"who": "processor"})
    app.jinja_env.globals["shout"] = "GLOBAL"


CHANGES = {
    "hooks": hooks,
    "handlers": handlers,
    "rules": rules,
    "whole map": whole_map,
    "map settings": own_map_settings,
    "templates": templates,
    "response class": lambda app: setattr(app, "response_class", Text),
    "request class": lambda app: setattr(app, "request_class", Own),
    "globals class": lambda app: setattr(app, "app_ctx_globals_class", Globals),
    "json": lambda app: setattr(app, "json", Loud(app)),
    "session interface": lambda app: setattr(app, "session_interface", Other()),
    "view removed": lambda app: app.view_functions.pop("index"),
    "server name": lambda app: app.config.update(SERVER_NAME="example.org"),
    "debug": lambda app: setattr(app, "debug", True),
    "json settings": lambda app: setattr(app.json, "sort_keys", False),
    "dispatch": lambda app: setattr(app, "dispatch_request", lambda: "dispatched"),
    "wsgi app": lambda app: setattr(app, "wsgi_app", wsgi),
    "make response": lambda app: setattr(app, "make_response", lambda value: Text("made")),
}


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"another application"]


def every_change(app, client):
    outcomes = {}
    for name, change in CHANGES.items():
        note("changing", name)
        outcomes[name] = changed(change)
    return outcomes


def cookies_by_config(app, client):
    seen = []
    for name, value in (
        ("SESSION_COOKIE_NAME", "other"),
        ("SESSION_COOKIE_PATH", "/x"),
        ("SESSION_COOKIE_SECURE", True),
        ("SESSION_COOKIE_HTTPONLY", False),
        ("PERMANENT_SESSION_LIFETIME", timedelta(days=1)),
        ("SECRET_KEY", None),
    ):
        app.config[name] = value
        answer = app.test_client().get("/")
        cookie = answer.headers.get("Set-Cookie", "")
        seen.append([answer.status_code, cookie.partition("=")[0], cookie.partition(";")[2]])
    return seen


def while_a_request_is_handled(app, client):
    other = Flask("other")

    @other.route("/")
    def index():
        other.view_functions["index"] = lambda: "second"
        other.before_request_funcs.setdefault(None, []).append(lambda: note("added by the view"))
        other.after_request_funcs.setdefault(None, []).append(noted)
        return "first"

    return [other.test_client().get("/").text for _ in range(2)]


def functions_that_look_late(app, client):
    with app.app_context():
        before = json.dumps({"a": 1})
        app.json = Loud(app)
        return before, json.dumps({"a": 1})


STEPS = [every_change, cookies_by_config, while_a_request_is_handled, functions_that_look_late]
