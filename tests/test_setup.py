"""An application before its first request: names, rules, settings, what is refused when."""

import gc
import os
import sys
import weakref
from datetime import timedelta

import pytest
from werkzeug.exceptions import BadRequest, BadRequestKeyError, NotFound

import retort
from retort.errors import SetupError
from retort.setup import App, find_package


def test_a_route_accepts_get_head_and_options_by_default(app, client):
    @app.route("/")
    def index():
        return "hello"

    assert client.get("/").text == "hello"
    assert client.head("/").headers["Content-Length"] == "5"
    assert client.options("/").allow.as_set() == {"get", "head", "options"}
    refused = client.post("/")
    assert refused.status_code == 405
    assert refused.allow.as_set() == {"get", "head", "options"}


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_each_method_has_a_decorator(app, client, method):
    @getattr(app, method)("/", endpoint="it")
    def view():
        return "ok"

    assert view() == "ok"  # the decorator returns the function itself
    assert getattr(client, method)("/").text == "ok"
    methods = {method.upper(), "OPTIONS"} | ({"HEAD"} if method == "get" else set())
    assert next(app.url_map.iter_rules("it")).methods == methods


def test_a_decorator_for_one_method_takes_no_list_of_methods(app):
    with pytest.raises(TypeError, match="'route' decorator"):
        app.get("/", methods=["POST"])


def test_methods_must_be_a_list(app):
    with pytest.raises(TypeError, match="must be a list of strings"):
        app.route("/", methods="POST")(lambda: "")


def test_methods_may_be_an_attribute_of_the_view(app, client):
    def view():
        return retort.request.method

    view.methods = ["POST"]
    view.required_methods = ["PATCH"]
    view.provide_automatic_options = False
    app.add_url_rule("/", view_func=view)
    assert client.post("/").text == "POST"
    assert client.patch("/").text == "PATCH"
    assert client.options("/").status_code == 405
    assert client.get("/").allow.as_set() == {"post", "patch"}


def test_options_may_be_answered_by_the_view(app, client):
    @app.route("/", methods=["GET", "OPTIONS"])
    def index():
        return f"my own {retort.request.method}"

    assert client.options("/").text == "my own OPTIONS"


def test_automatic_options_can_be_switched_off(app, client):
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False

    @app.route("/")
    def index():
        return "x"

    assert client.options("/").status_code == 405


def test_two_views_cannot_share_an_endpoint(app):
    @app.route("/one")
    def index():
        return "one"

    def another():
        return "two"

    another.__name__ = "index"
    with pytest.raises(SetupError) as error:
        app.route("/two")(another)
    assert isinstance(error.value, AssertionError)
    assert str(error.value).count("test_setup.py:") == 2
    assert "endpoint='two'" in str(error.value)
    app.add_url_rule("/three", view_func=index)  # the same view may have two rules
    client = app.test_client()
    assert client.get("/three").text == "one"
    assert client.get("/two").status_code == 404


def test_a_rule_without_a_view_gets_one_later(app, client):
    app.add_url_rule("/", endpoint="index")

    @app.endpoint("index")
    def view():
        return "later"

    assert client.get("/").text == "later"


def test_a_rule_without_a_view_is_a_clear_error(app, client):
    app.add_url_rule("/", endpoint="index")
    with pytest.raises(KeyError, match=r"@app\.endpoint\('index'\)"):
        client.get("/")


def test_a_rule_needs_an_endpoint_or_a_view(app):
    with pytest.raises(AssertionError, match="needs an endpoint"):
        app.add_url_rule("/")


def test_a_malformed_rule_is_an_error_at_once(app):
    with pytest.raises(ValueError, match="slash"):
        app.add_url_rule("x", "x")
    with pytest.raises(LookupError, match="nothing"):
        app.add_url_rule("/<nothing:x>", "x")


def test_slashes_at_the_end(app, client):
    app.add_url_rule("/folder/", "folder", lambda: "folder")
    app.add_url_rule("/leaf", "leaf", lambda: "leaf")
    app.add_url_rule("/either", "either", lambda: "either", strict_slashes=False)
    redirected = client.get("/folder?a=1")
    assert (redirected.status_code, redirected.location) == (308, "http://localhost/folder/?a=1")
    assert client.get("/leaf/").status_code == 404
    assert client.get("/either/").text == "either"
    assert client.get("/either").text == "either"


def test_defaults_are_arguments_and_redirect_their_longer_url(app, client):
    @app.route("/pages/", defaults={"page": 1})
    @app.route("/pages/<int:page>")
    def pages(page):
        return str(page)

    assert client.get("/pages/").text == "1"
    assert client.get("/pages/2").text == "2"
    assert client.get("/pages/1").status_code == 308


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        ("/<string(length=2):x>", "/ab", "ab"),
        ("/<int:x>", "/7", 7),
        ("/<int(signed=True):x>", "/-7", -7),
        ("/<float:x>", "/1.5", 1.5),
        ("/<path:x>", "/a/b/c", "a/b/c"),
        ("/<any(red, blue):x>", "/blue", "blue"),
        ("/<uuid:x>", "/12345678-1234-5678-1234-567812345678", None),
        ("/<x>", "/Zo%C3%AB", "Zoë"),
        ("/<x>", "/a%20b", "a b"),
    ],
)
def test_converters_give_values(app, client, rule, path, value):
    import uuid

    seen = []
    app.add_url_rule(rule, "view", lambda x: seen.append(x) or "ok")
    assert client.get(path).text == "ok"
    assert seen == [uuid.UUID(path[1:]) if value is None else value]


@pytest.mark.parametrize(
    "method",
    [
        lambda app: app.route("/x")(lambda: ""),
        lambda app: app.add_url_rule("/x", "x", lambda: ""),
        lambda app: app.before_request(lambda: None),
        lambda app: app.errorhandler(404)(lambda error: ""),
        lambda app: app.register_blueprint(retort.Blueprint("x", __name__)),
        lambda app: app.template_filter("x")(str),
        lambda app: app.teardown_appcontext(lambda error: None),
    ],
)
def test_set_up_after_the_first_request_is_an_error(app, client, method):
    client.get("/")
    with pytest.raises(AssertionError, match="can no longer be called"):
        method(app)


def test_the_name_of_a_script_is_that_of_its_file(monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "__file__", "/somewhere/shop.py", raising=False)
    assert retort.Flask("__main__").name == "shop"
    monkeypatch.delattr(sys.modules["__main__"], "__file__")
    assert retort.Flask("__main__", root_path="/").name == "__main__"
    assert retort.Flask("package.module").name == "package.module"


def test_paths_start_beside_the_program(tmp_path, monkeypatch):
    (tmp_path / "shop_of_paths.py").write_text("import retort\napp = retort.Flask(__name__)\n")
    monkeypatch.syspath_prepend(tmp_path)
    import shop_of_paths

    assert shop_of_paths.app.root_path == str(tmp_path)
    assert shop_of_paths.app.instance_path == str(tmp_path / "instance")
    assert shop_of_paths.app.static_folder == str(tmp_path / "static")
    assert find_package("shop_of_paths") == (None, str(tmp_path))


def test_an_installed_program_has_its_instance_folder_below_the_prefix():
    prefix, folder = find_package("werkzeug")
    assert os.path.basename(folder) == "site-packages"
    assert retort.Flask("werkzeug").instance_path == os.path.join(
        prefix, "var", "werkzeug-instance"
    )


def test_the_instance_path_must_be_absolute(tmp_path):
    with pytest.raises(ValueError, match="absolute"):
        retort.Flask("x", instance_path="relative")
    app = retort.Flask("x", instance_path=str(tmp_path), instance_relative_config=True)
    (tmp_path / "settings.cfg").write_text("ANSWER = 42")
    app.config.from_pyfile("settings.cfg")
    assert app.config["ANSWER"] == 42
    with app.open_instance_resource("notes.txt", "w") as file:
        file.write("é")
    with app.open_instance_resource("notes.txt") as file:
        assert file.read() == "é".encode()


def test_resources_are_opened_for_reading_only(tmp_path):
    (tmp_path / "data.txt").write_text("é", encoding="utf-8")
    app = retort.Flask("x", root_path=str(tmp_path))
    with app.open_resource("data.txt") as file:
        assert file.read() == "é".encode()
    with app.open_resource("data.txt", "r", encoding="utf-8") as file:
        assert file.read() == "é"
    with pytest.raises(ValueError, match="reading"):
        app.open_resource("data.txt", "w")


def test_debug_mode_reloads_templates(app):
    assert app.jinja_env.auto_reload is False
    app.debug = True
    assert app.jinja_env.auto_reload is True
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    app.debug = True
    assert app.jinja_env.auto_reload is True  # as before, once the setting has a value
    assert app.create_jinja_environment().auto_reload is False


def test_attributes_for_settings_read_and_write_them(app):
    app.secret_key = "new"
    app.testing = False
    app.permanent_session_lifetime = 60
    assert (app.config["SECRET_KEY"], app.config["TESTING"]) == ("new", False)
    assert app.permanent_session_lifetime == timedelta(seconds=60)


@pytest.mark.parametrize(
    ("config", "debug", "error", "trapped"),
    [
        ({}, False, BadRequestKeyError(), False),
        ({}, True, BadRequestKeyError(), True),
        ({}, True, BadRequest(), False),
        ({"TRAP_BAD_REQUEST_ERRORS": True}, False, BadRequest(), True),
        ({"TRAP_BAD_REQUEST_ERRORS": False}, True, BadRequestKeyError(), False),
        ({"TRAP_BAD_REQUEST_ERRORS": True}, False, NotFound(), False),
        ({"TRAP_HTTP_EXCEPTIONS": True}, False, NotFound(), True),
    ],
)
def test_which_http_exceptions_are_raised_instead_of_answered(app, config, debug, error, trapped):
    app.config.update(config)
    app.debug = debug
    assert app.trap_http_exception(error) is trapped


def test_an_application_is_freed_at_once():
    gc.disable()
    try:
        app = retort.Flask("x")
        alive = weakref.ref(app)
        del app
        assert alive() is None
    finally:
        gc.enable()


def test_a_static_host_goes_with_host_matching():
    with pytest.raises(AssertionError, match="static_host"):
        retort.Flask("x", static_host="static.example.com")
    with pytest.raises(AssertionError, match="static_host"):
        retort.Flask("x", host_matching=True)
    assert retort.Flask("x", host_matching=True, static_folder=None).url_map.host_matching


def test_retort_differs_from_flask_by_its_settings_alone():
    different = {
        key
        for key in retort.Flask.default_config
        if retort.Retort.default_config[key] != retort.Flask.default_config[key]
    }
    assert different == {
        "ACCEPT_PARTIAL_PUT",
        "ALLOW_PUBLIC_DEBUG",
        "CROSS_ORIGIN_PROTECTION",
        "DESCRIBE_EMPTY_RESPONSES",
        "FORM_FROM_GET_BODY",
        "LIMIT_URLENCODED_FORMS",
        "MAX_CONTENT_LENGTH",
        "REDIRECT_AFTER_UNSAFE",
        "REFUSE_INVALID_COOKIES",
        "REFUSE_LARGE_COOKIES",
        "SEND_SECURITY_HEADERS",
        "SESSION_COOKIE_SAMESITE",
        "SESSION_COOKIE_SECURE",
    }

    class AnyClass:
        """It has what every class has."""

    assert set(vars(retort.Retort)) - set(vars(AnyClass)) == {"default_config"}
    assert issubclass(retort.Retort, retort.Flask)


def test_trusted_hosts_are_the_only_ones_served(app, client):
    app.config["TRUSTED_HOSTS"] = ["example.com", ".example.org"]
    app.add_url_rule("/", "index", lambda: retort.request.host)
    assert client.get("/", headers={"Host": "example.com"}).text == "example.com"
    assert client.get("/", headers={"Host": "www.example.org"}).text == "www.example.org"
    assert client.get("/", headers={"Host": "evil.test"}).status_code == 400


def test_a_form_that_a_redirect_would_lose_is_an_error_in_debug_mode(app, client, monkeypatch):
    from werkzeug.routing import RequestRedirect

    @app.post("/user/")
    def user():
        return "ok"

    app.debug = True
    assert client.post("/user").status_code == 308  # keeps the form
    monkeypatch.setattr(RequestRedirect, "code", 301)
    with pytest.raises(AssertionError, match="loses the submitted data"):
        client.post("/user")
    app.debug = False
    assert client.post("/user").status_code == 301


def test_a_class_of_another_framework_made_of_app_adds_its_own_static_rule():
    class Other(App):
        pass

    other = Other("other")

    assert other.has_static_folder
    assert list(other.url_map.iter_rules()) == []
    other.add_url_rule("/static/<path:filename>", "static", lambda filename: filename)
