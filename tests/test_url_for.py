"""Building URLs: Flask's "API" page, ``flask.url_for``."""

import pytest
from werkzeug.routing import BaseConverter, BuildError

import retort


@pytest.fixture
def app(app):
    @app.get("/")
    def index():
        return retort.url_for(**retort.request.args)

    @app.get("/success/<name>")
    def success(name):
        return name

    @app.get("/page/", defaults={"number": 1})
    @app.get("/page/<int:number>")
    def page(number):
        return str(number)

    @app.route("/thing", methods=["GET"], endpoint="thing")
    @app.route("/thing/edit", methods=["POST"], endpoint="thing")
    def thing():
        return "thing"

    auth = retort.Blueprint("auth", __name__, url_prefix="/auth")

    @auth.get("/login")
    def login():
        return retort.url_for(".logout")

    @auth.get("/logout")
    def logout():
        return retort.url_for("index")

    app.register_blueprint(auth)
    return app


@pytest.mark.parametrize(
    ("arguments", "url"),
    [
        ({"endpoint": "index"}, "/"),
        ({"endpoint": "success", "name": "Ada"}, "/success/Ada"),
        ({"endpoint": "success", "name": "a b"}, "/success/a%20b"),
        ({"endpoint": "success", "name": "Zoë?#"}, "/success/Zo%C3%AB%3F%23"),
        ({"endpoint": "page", "number": 1}, "/page/"),
        ({"endpoint": "page", "number": 2}, "/page/2"),
        ({"endpoint": "page", "number": 2, "q": "x y"}, "/page/2?q=x+y"),
        ({"endpoint": "page", "number": 2, "q": ["a", "b"]}, "/page/2?q=a&q=b"),
        ({"endpoint": "page", "number": 2, "q": None}, "/page/2"),
        ({"endpoint": "auth.login"}, "/auth/login"),
        ({"endpoint": ".success", "name": "x"}, "/success/x"),
        ({"endpoint": "static", "filename": "a/b.css"}, "/static/a/b.css"),
        ({"endpoint": "index", "_anchor": "x y/é"}, "/#x%20y/%C3%A9"),
        ({"endpoint": "index", "_anchor": ""}, "/#"),
        ({"endpoint": "index", "_external": True}, "http://localhost/"),
        ({"endpoint": "index", "_scheme": "https"}, "https://localhost/"),
        ({"endpoint": "index", "_scheme": "", "_external": True}, "//localhost/"),
        ({"endpoint": "thing", "_method": "POST"}, "/thing/edit"),
        ({"endpoint": "thing"}, "/thing"),
    ],
)
def test_a_url_is_built_inside_a_request(app, arguments, url):
    with app.test_request_context():
        assert retort.url_for(**arguments) == url


def test_a_dot_before_the_endpoint_means_this_blueprint(client):
    assert client.get("/auth/login").text == "/auth/logout"


def test_outside_of_a_request_urls_are_absolute_and_need_a_server_name(app):
    with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
        retort.url_for("index")
    app.config.update(
        SERVER_NAME="example.com:8443", PREFERRED_URL_SCHEME="https", APPLICATION_ROOT="/app"
    )
    assert app.url_for("success", name="x") == "https://example.com:8443/app/success/x"
    with app.app_context():
        assert retort.url_for("index") == "https://example.com:8443/app/"
        assert retort.url_for("index", _external=False) == "/app/"


def test_a_scheme_needs_an_absolute_url(app):
    with app.test_request_context(), pytest.raises(ValueError, match="_scheme"):
        retort.url_for("index", _scheme="https", _external=False)


def test_the_mount_point_of_the_application_is_in_the_url(app, client):
    url = client.get("/?endpoint=success&name=x", environ_overrides={"SCRIPT_NAME": "/mounted"})
    assert url.text == "/mounted/success/x"


@pytest.mark.parametrize(
    "arguments",
    [{"endpoint": "nothing"}, {"endpoint": "success"}, {"endpoint": "page", "number": "x"}],
)
def test_what_cannot_be_built_is_an_error(app, arguments):
    with app.test_request_context(), pytest.raises((BuildError, ValueError)):
        retort.url_for(**arguments)


def test_a_build_error_handler_may_return_the_url(app):
    asked = []

    def elsewhere(error, endpoint, values):
        asked.append((type(error), endpoint, values))
        return None if endpoint == "nowhere" else f"https://elsewhere/{endpoint}"

    app.url_build_error_handlers.append(elsewhere)
    with app.test_request_context():
        assert retort.url_for("outside", a=1, _anchor="x") == "https://elsewhere/outside"
        with pytest.raises(BuildError, match="nowhere"):
            retort.url_for("nowhere")
    values = {"a": 1, "_anchor": "x", "_external": False, "_method": None, "_scheme": None}
    assert asked[0] == (BuildError, "outside", values)


def test_the_last_handlers_error_is_the_one_raised(app):
    def handler(error, endpoint, values):
        raise BuildError(f"instead of {endpoint}", {}, None, error.adapter)

    app.url_build_error_handlers.append(handler)
    with app.test_request_context(), pytest.raises(BuildError, match="instead of nothing"):
        retort.url_for("nothing")


def test_defaults_fill_in_what_is_not_given(app):
    @app.get("/<lang>/about")
    def about(lang):
        return lang

    @app.url_defaults
    def language(endpoint, values):
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", "de")

    with app.test_request_context():
        assert retort.url_for("about") == "/de/about"
        assert retort.url_for("about", lang="fr") == "/fr/about"
        assert retort.url_for("index") == "/"


def test_a_converter_of_the_program_writes_its_part(app):
    class ListConverter(BaseConverter):
        def to_python(self, value):
            return value.split(",")

        def to_url(self, value):
            return ",".join(super(ListConverter, self).to_url(part) for part in value)

    app.url_map.converters["list"] = ListConverter

    @app.get("/tags/<list:tags>")
    def tagged(tags):
        return {"tags": tags}

    client = app.test_client()
    assert client.get("/tags/a,b").json == {"tags": ["a", "b"]}
    with app.test_request_context():
        assert retort.url_for("tagged", tags=["a", "é"]) == "/tags/a,%C3%A9"


def test_an_overridden_url_for_is_the_one_that_counts(app):
    app.url_for = lambda endpoint, **values: f"<{endpoint}>"
    with app.test_request_context():
        assert retort.url_for("index") == "<index>"
