"""What `docs/override-points.md` says of classes, registries, and when a replacement counts.

`test_overrides.py` replaces each step of a request; the other methods, attributes and classes are
replaced here, and also what is not noticed.
"""

import itsdangerous
import jinja2
import pytest
import werkzeug.routing
import werkzeug.wrappers
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, NotFound
from werkzeug.routing import Rule
from werkzeug.test import EnvironBuilder

import retort
from retort import Blueprint, Flask, Request, Response, abort, request, session, url_for
from retort.config import Config
from retort.context import AppContext, RequestContext
from retort.json.provider import DefaultJSONProvider
from retort.sessions import SecureCookieSessionInterface
from retort.templating import Environment, render_template, render_template_string
from retort.testing import FlaskClient, FlaskCliRunner


class Shouting(Response):
    def set_data(self, value):
        super().set_data(value.upper())


def make_app(flask_class=Flask, **options):
    app = flask_class("points", **options)
    app.secret_key = "test key"
    app.add_url_rule("/", "index", lambda: "page")
    app.add_url_rule("/json", "json", lambda: {"page": 1})
    return app


def ask(app, path="/", method="GET"):
    """The body that the server gets for a request."""
    body = app(EnvironBuilder(path, method=method).get_environ(), lambda *args: None)
    try:
        return b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


# The methods of the application that no step of a request is


def render(app):
    with app.app_context():
        return render_template_string("page")


def render_file(app):
    with app.app_context(), pytest.raises(jinja2.TemplateNotFound):
        render_template("missing.html")


def open_file(app):
    app.open_resource(__file__).close()


def open_instance_file(app):
    app.open_instance_resource(__file__).close()


def run_shell_context(app):
    assert app.make_shell_context()["app"] is app


def register_blueprint(app):
    shop = Blueprint("shop", "points")
    shop.get("/shop")(lambda: "shop")
    shop.app_errorhandler(404)(lambda error: "missing")
    app.register_blueprint(shop)


def ask_for_static_file(app):
    assert b"def ask_for_static_file" in ask(app, "/static/test_override_points.py")


USES = {
    "make_config": lambda app: type(app)("points"),
    "make_aborter": lambda app: type(app)("points"),
    "auto_find_instance_path": lambda app: type(app)("points"),
    "create_jinja_environment": render,
    "create_global_jinja_loader": render,
    "select_jinja_autoescape": render,
    "iter_blueprints": render_file,
    "send_static_file": ask_for_static_file,
    "get_send_file_max_age": ask_for_static_file,
    "open_resource": open_file,
    "open_instance_resource": open_instance_file,
    "make_shell_context": run_shell_context,
    "add_url_rule": lambda app: app.get("/new")(lambda: "new"),
    "register_blueprint": register_blueprint,
    "register_error_handler": lambda app: app.errorhandler(404)(str),
    "add_template_filter": lambda app: app.template_filter()(str),
    "add_template_test": lambda app: app.template_test()(str),
    "add_template_global": lambda app: app.template_global()(str),
    "test_client": lambda app: app.test_client(),
    "test_cli_runner": lambda app: app.test_cli_runner(),
    "test_request_context": lambda app: app.test_request_context(),
}
IN_THE_CONSTRUCTOR = {"make_config", "make_aborter", "auto_find_instance_path"}


WAYS = [
    (name, way)
    for name in USES
    for way in ("subclass", "class", "instance", "dictionary")
    if way in {"subclass", "class"} or name not in IN_THE_CONSTRUCTOR
]


@pytest.mark.parametrize(("name", "way"), WAYS)
def test_a_replaced_method_is_called(name, way, calls, monkeypatch):
    flask_class = Flask
    if way == "subclass":
        flask_class = type("Own", (Flask,), {name: calls.wrap(getattr(Flask, name))})
    app = make_app(
        flask_class, static_folder=__file__.rpartition("/")[0], static_url_path="/static"
    )
    calls.count = 0
    if way == "class":
        calls.patch(monkeypatch, Flask, name)
    elif way == "instance":
        setattr(app, name, calls.wrap(getattr(app, name)))
    elif way == "dictionary":
        app.__dict__[name] = calls.wrap(getattr(app, name))

    USES[name](app)

    assert calls.count > 0


# Classes and options of the application


def test_the_classes_of_what_the_constructor_makes_can_be_replaced():
    class Own(Flask):
        aborter_class = type("OwnAborter", (Aborter,), {})
        config_class = type("OwnConfig", (Config,), {})
        json_provider_class = type("OwnProvider", (DefaultJSONProvider,), {})
        url_map_class = type("OwnMap", (werkzeug.routing.Map,), {})
        url_rule_class = type("OwnRule", (Rule,), {})
        default_config = ImmutableDict({**Flask.default_config, "TESTING": True})

    app = make_app(Own)

    assert type(app.aborter) is Own.aborter_class
    assert type(app.config) is Own.config_class
    assert type(app.json) is Own.json_provider_class
    assert type(app.url_map) is Own.url_map_class
    assert {type(rule) for rule in app.url_map.iter_rules()} == {Own.url_rule_class}
    assert app.testing
    assert ask(app) == b"page"


def test_the_classes_of_clients_and_runners_can_be_replaced():
    app = make_app()
    app.test_client_class = type("OwnClient", (FlaskClient,), {})
    app.test_cli_runner_class = type("OwnRunner", (FlaskCliRunner,), {})

    assert type(app.test_client()) is app.test_client_class
    assert type(app.test_cli_runner()) is app.test_cli_runner_class


def test_the_class_and_the_options_of_the_template_environment_can_be_replaced():
    class OwnEnvironment(Environment):
        def getattr(self, obj, attribute):
            return f"my {attribute}"

    app = make_app()
    app.jinja_environment = OwnEnvironment
    app.jinja_options = {"variable_start_string": "<<", "variable_end_string": ">>"}

    with app.app_context():
        assert render_template_string("<< {'a': 1}.a >>") == "my a"


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("debug", True, "DEBUG"),
        ("testing", True, "TESTING"),
        ("secret_key", "another", "SECRET_KEY"),
        ("permanent_session_lifetime", 60, "PERMANENT_SESSION_LIFETIME"),
    ],
)
def test_an_attribute_that_stands_for_a_setting_changes_it(name, value, key):
    app = make_app()
    before = app.registry_changes.number

    setattr(app, name, value)

    assert app.config[key] == value
    assert app.registry_changes.number != before


def test_the_name_is_read_when_it_is_used():
    app = make_app()
    app.name = "another"

    assert app.logger.name == "another"


@pytest.mark.parametrize("owner", ["subclass", "class"])
def test_a_class_of_responses_put_on_the_class_of_the_application_is_noticed(owner, monkeypatch):
    kind = Flask if owner == "class" else type("Own", (Flask,), {})
    app = make_app(kind)
    assert ask(app) == b"page"

    monkeypatch.setattr(kind, "response_class", Shouting)

    assert ask(app) == b"PAGE"


def test_a_class_of_requests_put_on_the_class_of_the_application_is_noticed(monkeypatch, calls):
    app = make_app()
    ask(app)
    own = type("Own", (Request,), {"__init__": calls.wrap(Request.__init__)})

    monkeypatch.setattr(Flask, "request_class", own)
    ask(app)

    assert calls.count == 1


def test_a_session_interface_put_on_the_class_of_the_application_is_noticed(monkeypatch, calls):
    app = make_app()
    ask(app)
    method = calls.wrap(SecureCookieSessionInterface.open_session)
    own = type("Own", (SecureCookieSessionInterface,), {"open_session": method})

    monkeypatch.setattr(Flask, "session_interface", own())
    ask(app)

    assert calls.count == 1


def test_a_class_that_the_program_made_can_be_patched_later(calls, monkeypatch):
    app = make_app(type("Own", (Flask,), {}))
    app.json = type("OwnProvider", (DefaultJSONProvider,), {})(app)
    app.session_interface = type("OwnInterface", (SecureCookieSessionInterface,), {})()
    app.response_class = type("OwnResponse", (Response,), {})
    ask(app, "/json")

    for owner, name in [
        (type(app), "process_response"),
        (type(app.json), "dumps"),
        (type(app.session_interface), "open_session"),
        (app.response_class, "set_data"),
    ]:
        calls.count = 0
        calls.patch(monkeypatch, owner, name)
        ask(app, "/json")
        assert calls.count > 0, name


# From when a replacement counts


def test_a_hook_that_a_request_registers_for_a_later_step_runs_in_this_request():
    app = make_app()

    @app.before_request
    def register():
        app.after_request_funcs[None].append(lambda response: Shouting(response.get_data(True)))

    assert ask(app) == b"PAGE"


def test_a_hook_that_a_request_registers_for_the_step_it_is_in_runs_in_the_next():
    app = make_app()

    @app.before_request
    def register():
        app.before_request_funcs[None].append(lambda: "registered")

    assert ask(app) == b"page"
    assert ask(app) == b"registered"


def test_a_response_class_that_a_view_sets_is_the_one_of_its_response():
    app = make_app()

    def index():
        app.response_class = Shouting
        return "page"

    app.view_functions["index"] = index

    assert ask(app) == b"PAGE"


def test_an_attribute_of_the_json_provider_counts_from_its_next_use():
    app = make_app()
    assert ask(app, "/json") == b'{"page":1}\n'

    def view():
        app.json.compact = False
        return {"page": 1}

    app.view_functions["json"] = view

    assert ask(app, "/json") == b'{\n  "page": 1\n}\n'


STEPS = [
    *("dispatch_request", "ensure_sync", "finalize_request", "make_response"),
    *("process_response", "do_teardown_request", "do_teardown_appcontext"),
]


@pytest.mark.parametrize("name", STEPS)
def test_a_class_patched_by_a_request_counts_from_the_next(name, calls, monkeypatch):
    app = make_app()

    def patch():
        calls.patch(monkeypatch, Flask, name)
        return "patched"

    app.view_functions["index"] = patch
    assert ask(app) == b"patched"
    app.view_functions["index"] = lambda: "page"
    calls.count = 0

    assert ask(app) == b"page"
    assert calls.count == 1


@pytest.mark.parametrize("name", ["__call__", "set_data", "get_wsgi_headers"])
def test_a_method_of_responses_patched_by_a_view_counts_for_its_response(name, calls, monkeypatch):
    app = make_app()

    def patch():
        calls.patch(monkeypatch, Response, name)
        return "patched"

    app.view_functions["index"] = patch

    assert ask(app) == b"patched"
    assert calls.count > 0


def test_a_method_put_on_the_session_interface_by_a_view_counts_from_the_next_request(calls):
    app = make_app()
    app.session_interface = interface = SecureCookieSessionInterface()

    def put():
        interface.save_session = calls.wrap(type(interface).save_session.__get__(interface))
        return "put"

    app.view_functions["index"] = put
    ask(app)
    app.view_functions["index"] = lambda: "page"
    calls.count = 0
    ask(app)

    assert calls.count == 1


# Registries that are plain lists and dictionaries


@pytest.mark.parametrize("is_dictionary", [False, True])
def test_a_plain_list_in_a_registry_is_read_for_each_request(is_dictionary):
    app = make_app()
    hooks = []
    if is_dictionary:
        app.before_request_funcs = {None: hooks}
    else:
        app.before_request_funcs[None] = hooks
    assert ask(app) == b"page"

    hooks.append(lambda: "closed")

    assert ask(app) == b"closed"
    assert app.before_request_funcs[None] is hooks


def test_a_function_added_to_a_plain_list_by_the_same_step_runs():
    app = make_app()
    app.before_request_funcs[None] = hooks = []
    hooks.append(lambda: hooks.append(lambda: "added"))

    assert ask(app) == b"added"


def test_plain_dictionaries_in_the_place_of_registries_are_read_for_each_request():
    app = make_app()
    app.view_functions = views = {"index": lambda: 1 / 0}
    app.error_handler_spec = handlers = {None: {None: {}}}
    app.teardown_appcontext_funcs = teardown = []
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True
    ask(app)
    errors = []

    handlers[None][None][ZeroDivisionError] = lambda error: "handled"
    teardown.append(errors.append)
    assert ask(app) == b"handled"
    assert errors == [None]

    views["index"] = lambda: "page"
    assert ask(app) == b"page"


def test_a_plain_dictionary_as_configuration_is_read_for_each_request():
    app = make_app()
    app.view_functions["index"] = lambda: session.update(user=1) or "page"
    app.config = config = dict(app.config)
    client = app.test_client()
    assert client.get("/").headers["Set-Cookie"].startswith("session=")

    config["SESSION_COOKIE_NAME"] = "another"

    assert client.get("/").headers["Set-Cookie"].startswith("another=")


def test_an_endpoint_put_on_a_live_rule_counts():
    app = make_app()
    assert ask(app) == b"page"

    (rule,) = app.url_map.iter_rules("index")
    rule.endpoint = "json"

    assert ask(app) == b'{"page":1}\n'


def test_a_method_taken_from_a_live_rule_is_not_allowed_any_more():
    app = make_app()
    assert app.test_client().get("/").status_code == 200

    (rule,) = app.url_map.iter_rules("index")
    rule.methods.discard("GET")

    assert app.test_client().get("/").status_code == 405


# Classes of Werkzeug and other libraries


def make_versatile_app():
    app = make_app()
    app.view_functions["json"] = lambda: {"args": request.args, "type": request.mimetype}
    app.add_url_rule("/cookie", "cookie", set_and_delete_cookies)
    app.add_url_rule("/form", "form", read_form, methods=["POST"])
    app.add_url_rule("/read", "read", read_body, methods=["POST"])
    app.add_url_rule("/missing", "missing", lambda: abort(404))
    return app


def set_and_delete_cookies():
    session["user"] = 1
    response = Response(url_for("index"))
    response.set_cookie("a", "1")
    response.delete_cookie("b")
    return response


def read_form():
    return str((request.form, request.cookies))


def read_body():
    return str((request.get_data(), request.get_json(), request.authorization))


def ask_in_every_way(app):
    """Requests that use what there is in a request and a response."""
    client = app.test_client()
    for path in ("/", "/json?a=1", "/cookie", "/missing", "/nowhere"):
        client.get(path).close()
    client.post("/form", data={"name": "Ada"}).close()
    client.post("/read", json=[1]).close()


FOUND = [
    (werkzeug.wrappers.Response, "set_data"),
    (werkzeug.wrappers.Response, "get_wsgi_response"),
    (werkzeug.wrappers.Response, "get_wsgi_headers"),
    (werkzeug.wrappers.Response, "get_app_iter"),
    (werkzeug.wrappers.Response, "iter_encoded"),
    (werkzeug.wrappers.Response, "close"),
    (werkzeug.wrappers.Response, "status"),
    (werkzeug.wrappers.Response, "status_code"),
    (werkzeug.wrappers.Response, "delete_cookie"),
    (werkzeug.wrappers.Request, "get_data"),
    (werkzeug.wrappers.Request, "get_json"),
]


@pytest.mark.parametrize(("owner", "name"), FOUND)
def test_a_method_of_werkzeug_s_that_ours_inherit_or_call_is_found(owner, name, calls, monkeypatch):
    app, other = make_versatile_app(), make_versatile_app()
    ask(other)
    calls.patch(monkeypatch, owner, name)

    ask_in_every_way(app)
    assert calls.count > 0

    calls.count = 0
    ask_in_every_way(other)
    assert calls.count > 0


NOT_FOUND = [
    (werkzeug.wrappers.Response, "set_cookie"),
    (werkzeug.wrappers.Request, "close"),
    (werkzeug.wrappers.Request, "make_form_data_parser"),
    (werkzeug.wrappers.Request, "_load_form_data"),
    (werkzeug.wrappers.Request, "want_form_data_parsed"),
    (werkzeug.routing.MapAdapter, "build"),
    (itsdangerous.TimestampSigner, "sign"),
    (itsdangerous.URLSafeTimedSerializer, "dumps"),
]


@pytest.mark.parametrize(("owner", "name"), NOT_FOUND)
def test_what_is_no_override_point_is_not_called(owner, name, calls, monkeypatch):
    """If one of these fails, more takes effect than `docs/override-points.md` says."""
    app = make_versatile_app()
    calls.patch(monkeypatch, owner, name)

    ask_in_every_way(app)

    assert calls.count == 0


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (werkzeug.wrappers.Response, "__init__"),
        (werkzeug.wrappers.Response, "__call__"),
        (werkzeug.routing.Map, "bind_to_environ"),
        (werkzeug.routing.MapAdapter, "match"),
    ],
)
def test_an_ordinary_request_does_not_go_through_werkzeug_s_methods(
    owner, name, calls, monkeypatch
):
    app = make_app()
    calls.patch(monkeypatch, owner, name)

    assert ask(app) == b"page"
    assert ask(app, "/json") == b'{"page":1}\n'
    assert calls.count == 0


# Which of Werkzeug's members have a successor of ours, as the page names them.
RESPONSE_OWN = {"__init__", "__call__", "set_cookie", "make_conditional", "default_mimetype"}
RESPONSE_OWN |= {"max_cookie_size"}
REQUEST_OWN = {"__init__", "close", "args", "cookies", "form", "files", "stream", "mimetype"}
REQUEST_OWN |= {"mimetype_params", "want_form_data_parsed", "make_form_data_parser"}
REQUEST_OWN |= {"_load_form_data"}
# Those that call Werkzeug's, and what is no method.
CALL_WERKZEUG = {"get_json", "on_json_loading_failed", "authorization", "if_range"}
SET_BY_WERKZEUG = {"headers", "response"}
DATA = {"json_module", "autocorrect_location_header", "form_data_parser_class"}
DATA |= {"max_content_length", "max_form_memory_size", "max_form_parts"}


class AnyClass:
    """What Python itself puts into every class, which depends on its version."""


SET_BY_PYTHON = vars(AnyClass).keys() | {"__annotations__", "__annotate_func__"}


@pytest.mark.parametrize(
    ("own", "werkzeug_s", "named"),
    [
        (Response, werkzeug.wrappers.Response, RESPONSE_OWN),
        (Request, werkzeug.wrappers.Request, REQUEST_OWN),
    ],
)
def test_the_page_names_what_our_classes_replace_of_werkzeug_s(own, werkzeug_s, named):
    inherited = {name for kind in werkzeug_s.__mro__[:-1] for name in vars(kind)}
    replaced = vars(own).keys() & inherited

    assert replaced - CALL_WERKZEUG - SET_BY_WERKZEUG - SET_BY_PYTHON - DATA == named


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Response, "__init__"),
        (Response, "__call__"),
        (Response, "set_cookie"),
        (Request, "__init__"),
        (Request, "close"),
        (Request, "make_form_data_parser"),
        (Request, "_load_form_data"),
        (Request, "want_form_data_parsed"),
    ],
)
def test_a_method_patched_on_our_class_is_called(owner, name, calls, monkeypatch):
    app = make_versatile_app()
    ask(app)
    calls.patch(monkeypatch, owner, name)

    ask_in_every_way(app)

    assert calls.count > 0


@pytest.mark.parametrize("name", ["args", "cookies", "mimetype"])
def test_an_attribute_patched_on_our_class_is_read(name, monkeypatch):
    app = make_app()
    app.view_functions["index"] = lambda: getattr(request, name)
    ask(app)

    monkeypatch.setattr(Request, name, "patched")

    assert ask(app) == b"patched"


@pytest.mark.parametrize("name", ["render", "generate"])
def test_rendering_can_be_patched_on_jinja_s_template(name, calls, monkeypatch):
    app = make_app()
    app.view_functions["index"] = lambda: (
        render_template_string("page")
        if name == "render"
        else retort.stream_template_string("page")
    )
    ask(app)
    calls.patch(monkeypatch, jinja2.Template, name)

    assert ask(app) == b"page"
    assert calls.count == 1


@pytest.mark.parametrize("name", ["from_string", "compile", "get_template"])
def test_loading_can_be_patched_on_jinja_s_environment(name, calls, monkeypatch):
    app = make_app()
    render(app)
    calls.patch(monkeypatch, jinja2.Environment, name)

    assert render(app) == "page"
    render_file(app)
    assert calls.count == 1


@pytest.mark.parametrize("name", ["default_status", "default_mimetype"])
def test_the_default_status_of_werkzeug_s_response_is_found_and_its_media_type_is_not(
    name, monkeypatch
):
    app = make_app()
    client = app.test_client()
    client.get("/")

    monkeypatch.setattr(
        werkzeug.wrappers.Response, name, 203 if name == "default_status" else "a/b"
    )
    response = client.get("/")

    assert response.mimetype == "text/html"
    assert response.status_code == (203 if name == "default_status" else 200)


def test_getattr_of_jinja_s_environment_is_found_by_environments_made_later(calls, monkeypatch):
    def render_attributes(app):
        with app.app_context():
            return render_template_string("{{ {'a': 1}.a }}{{ 2 .real }}")

    app = make_app()
    render_attributes(app)
    calls.patch(monkeypatch, jinja2.Environment, "getattr")

    assert render_attributes(app) == "12"
    assert calls.count == 0
    assert render_attributes(make_app()) == "12"
    assert calls.count == 1  # not for the item of the dictionary


def test_new_context_of_jinja_s_template_is_not_called(calls, monkeypatch):
    calls.patch(monkeypatch, jinja2.Template, "new_context")

    assert render(make_app()) == "page"
    assert calls.count == 0


def test_json_of_python_is_no_override_point(monkeypatch):
    monkeypatch.setattr("json.dumps", lambda *args, **kwargs: "patched")

    assert ask(make_app(), "/json") == b'{"page":1}\n'


def test_a_request_has_one_context_so_the_init_of_app_contexts_is_not_called(calls, monkeypatch):
    app = make_app()
    calls.patch(monkeypatch, AppContext, "__init__")
    ask(app)
    assert calls.count == 0

    calls.patch(monkeypatch, RequestContext, "__init__")
    ask(app)
    assert calls.count == 1


# What is not noticed


def write_past_setattr(app):
    object.__setattr__(app, "process_response", lambda response: Shouting("replaced"))


def exchange_the_dictionary(app):
    replaced = {"process_response": lambda response: Shouting("replaced")}
    app.__dict__ = {**app.__dict__, **replaced}


@pytest.mark.parametrize("replace", [write_past_setattr, exchange_the_dictionary])
def test_what_is_written_past_setattr_counts_from_the_next_change(replace):
    app = make_app()
    ask(app)

    replace(app)
    app.view_functions["index"] = app.view_functions["index"]

    assert ask(app) == b"REPLACED"


def test_what_is_written_into_the_json_provider_s_dictionary_counts_from_the_next_change():
    app = make_app()
    ask(app, "/json")

    vars(app.json)["dumps"] = lambda *args, **kwargs: "replaced"
    app.view_functions["json"] = app.view_functions["json"]

    assert ask(app, "/json") == b"replaced\n"


def test_a_method_put_on_the_object_of_a_url_map_does_not_match_requests():
    app = make_app()

    def bind(*args, **kwargs):
        raise NotFound

    app.url_map.bind_to_environ = bind

    assert ask(app) == b"page"
