"""The test client: requests, cookies, and contexts that stay to be looked at."""

import pytest
import werkzeug.test

import retort
from retort.sessions import SecureCookieSessionInterface, SessionInterface
from retort.testing import EnvironBuilder, FlaskClient


@pytest.fixture
def app(app):
    """An app that returns the request data."""

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    def index():
        request = retort.request
        return {
            "method": request.method,
            "url": request.url,
            "body": request.get_data(as_text=True),
            "address": request.remote_addr,
            "agent": str(request.user_agent).partition("/")[0],
            "x": request.headers.get("X-Test"),
            "cookies": request.cookies,
        }

    @app.get("/session")
    def session():
        return dict(retort.session)

    @app.get("/once")
    def once():
        return retort.redirect("/")

    @app.get("/twice")
    def twice():
        return retort.redirect("/once")

    @app.post("/again")
    def again():
        return retort.redirect("/", 307)

    @app.get("/elsewhere")
    def elsewhere():
        return retort.redirect("http://other.test/")

    @app.get("/fail")
    def fail():
        raise LookupError("lost")

    return app


# Requests


def test_a_client_is_werkzeugs_and_has_the_app(app, client):
    assert isinstance(client, FlaskClient)
    assert isinstance(client, werkzeug.test.Client)
    assert client.application is app


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_each_method_has_its_function(client, method):
    assert getattr(client, method)("/").json["method"] == method.upper()


def test_head_and_options_have_functions_too(client):
    assert client.head("/").data == b""
    assert "POST" in client.options("/").headers["Allow"]


def test_a_body_is_a_form_or_json(client):
    assert client.post("/", data={"name": "Ada"}).json["body"] == "name=Ada"
    assert client.post("/", json={"b": 1, "a": 2}).json["body"] == '{"a": 2, "b": 1}'
    with pytest.raises(TypeError):
        client.post("/", data="x", json={})


def test_a_response_is_the_apps_own_and_werkzeugs_for_tests(app, client):
    response = client.get("/")

    assert isinstance(response, retort.Response)
    assert isinstance(response, werkzeug.test.TestResponse)
    assert response.request.path == "/"


def test_json_of_a_response_is_read_by_the_app(app, client):
    class Reader(type(app.json)):
        def loads(self, s, **kwargs):
            return "read by the app"

    app.json = Reader(app)

    assert client.get("/").json == "read by the app"


def test_redirects_are_followed_with_the_option(client):
    response = client.get("/twice", follow_redirects=True)

    assert client.get("/twice").status_code == 302
    assert response.json["url"] == "http://localhost/"
    assert [step.location for step in response.history] == ["/once", "/"]
    assert client.post("/again", data="x", follow_redirects=True).json["body"] == "x"


def test_redirects_that_leave_the_app_are_not_followed(client):
    with pytest.raises(RuntimeError):
        client.get("/elsewhere", follow_redirects=True)


def test_every_request_begins_with_the_environ_base(client):
    assert client.get("/").json["address"] == "127.0.0.1"
    assert client.get("/").json["agent"] == "Werkzeug"

    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    client.environ_base["HTTP_X_TEST"] = "base"

    assert client.get("/").json["address"] == "192.0.2.1"
    assert client.get("/").json["x"] == "base"
    one_off = client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.2"})
    assert one_off.json["address"] == "192.0.2.2"
    assert one_off.json["x"] == "base"


def test_what_a_caller_hands_over_is_not_changed(client):
    base = {"REMOTE_ADDR": "192.0.2.1"}
    builder = werkzeug.test.EnvironBuilder("/")

    client.get("/", environ_base=base)
    client.open(builder)

    assert base == {"REMOTE_ADDR": "192.0.2.1"}
    assert not builder.environ_base


def test_open_takes_a_builder_an_environ_or_a_request(app, client):
    client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    own = EnvironBuilder(app, "/?q=1", method="PUT", headers={"X-Test": "kept"})
    werkzeugs = werkzeug.test.EnvironBuilder("/?q=1", method="PUT", headers={"X-Test": "kept"})
    environ = own.get_environ()
    request = retort.Request(own.get_environ())

    for sendable in (own, werkzeugs, environ, request):
        told = client.open(sendable).json
        assert (told["method"], told["url"]) == ("PUT", "http://localhost/?q=1")
        assert told["x"] == "kept"
        assert told["address"] == "192.0.2.1"


def test_the_request_of_a_response_can_be_sent_again(client):
    first = client.post("/?q=1", headers={"X-Test": "kept"})

    assert client.open(first.request).json["x"] == "kept"


def test_open_alone_gets_the_root(client):
    assert client.open().json["method"] == "GET"
    assert client.open(path="/", method="POST").json["method"] == "POST"


def test_the_url_of_a_request_can_be_given_in_parts(client):
    assert client.get("/", subdomain="api").json["url"] == "http://api.localhost/"
    assert client.get("/", url_scheme="https").json["url"] == "https://localhost/"
    assert client.get("/", base_url="https://shop.test/").json["url"] == "https://shop.test/"


def test_cookies_are_kept_unless_switched_off(app):
    @app.get("/bake")
    def bake():
        response = retort.make_response("x")
        response.set_cookie("taste", "sweet")
        return response

    client = app.test_client()
    client.get("/bake")
    forgetful = app.test_client(use_cookies=False)
    forgetful.get("/bake")

    assert client.get("/").json["cookies"] == {"taste": "sweet"}
    assert client.get_cookie("taste").value == "sweet"
    assert forgetful.get("/").json["cookies"] == {}


def test_the_requests_behind_the_client_can_be_built_alone(client):
    request = client._request_from_builder_args(("/p?q=1",), {"method": "POST"})

    assert (request.method, request.path, request.args["q"]) == ("POST", "/p", "1")


def test_cookies_can_be_added_to_an_environ(app, client):
    client.set_cookie("taste", "sweet")
    environ = EnvironBuilder(app).get_environ()

    client._add_cookies_to_wsgi(environ)

    assert environ["HTTP_COOKIE"] == "taste=sweet"


def test_a_client_class_of_ones_own_is_used(app):
    class Own(FlaskClient):
        def __init__(self, *args, **kwargs):
            self.token = kwargs.pop("token")
            super().__init__(*args, **kwargs)

        def open(self, *args, **kwargs):
            kwargs["headers"] = {"X-Test": self.token}
            return super().open(*args, **kwargs)

    app.test_client_class = Own

    assert app.test_client(token="secret").get("/").json["x"] == "secret"


# Contexts that stay


def test_without_a_with_block_nothing_stays(client):
    client.get("/")

    assert not retort.has_request_context()
    assert not retort.has_app_context()


def test_in_a_with_block_the_last_request_can_be_looked_at(app):
    @app.get("/mark")
    def mark():
        retort.g.mark = "seen"
        retort.session["name"] = "Ada"
        return "x"

    with app.test_client() as client:
        client.get("/mark?q=1")
        assert retort.request.args["q"] == "1"
        assert retort.session["name"] == "Ada"
        assert retort.g.mark == "seen"
        assert retort.current_app.name == app.name

        client.get("/")
        assert retort.request.path == "/"
        assert "mark" not in retort.g

    assert not retort.has_request_context()
    assert not retort.has_app_context()


def test_after_redirects_the_last_request_is_the_one_to_look_at(app):
    with app.test_client() as client:
        client.get("/twice", follow_redirects=True)
        assert retort.request.path == "/"
    assert not retort.has_request_context()


def test_each_request_of_a_chain_of_redirects_is_torn_down_as_often_as_the_last(app):
    paths = []
    app.teardown_request(lambda error: paths.append(retort.request.path))

    with app.test_client() as client:
        client.get("/twice", follow_redirects=True)

    assert sorted(paths) == ["/", "/", "/once", "/once", "/twice", "/twice"]


def test_a_request_without_a_route_can_be_looked_at(app):
    with app.test_client() as client:
        assert client.get("/nowhere").status_code == 404
        assert retort.request.path == "/nowhere"


def test_a_request_that_became_a_500_can_be_looked_at(app):
    app.testing = False
    with app.test_client() as client:
        assert client.get("/fail").status_code == 500
        assert retort.request.path == "/fail"


def test_an_error_that_comes_out_leaves_nothing_behind(app):
    with app.test_client() as client:
        client.get("/")
        with pytest.raises(LookupError):
            client.get("/fail")
        assert not retort.has_request_context()

        client.get("/once")
        assert retort.request.path == "/once"
    assert not retort.has_request_context()
    assert not retort.has_app_context()


def test_an_error_in_the_block_ends_the_contexts(app):
    def look():
        with app.test_client() as client:
            client.get("/")
            raise LookupError("in the test")

    with pytest.raises(LookupError, match="in the test"):
        look()
    assert not retort.has_request_context()


def test_teardown_runs_after_the_request_and_again_when_its_contexts_go(app):
    events = []
    app.teardown_request(lambda error: events.append("request"))
    app.teardown_appcontext(lambda error: events.append("app"))

    with app.test_client() as client:
        client.get("/")
        assert events == ["request", "app"]
        events.clear()
        client.get("/")
        assert events == ["request", "app", "request", "app"]
        events.clear()
    assert events == ["request", "app"]


def test_other_contexts_fit_inside_the_block(app):
    with app.test_client() as client:
        client.get("/?q=1")
        with app.test_request_context("/inner"):
            assert retort.request.path == "/inner"
        with app.app_context():
            assert retort.request.path == "/"
        assert retort.request.args["q"] == "1"


def test_two_clients_can_be_nested_but_one_cannot_twice(app):
    with app.test_client() as outer:
        outer.get("/?who=outer")
        with app.test_client() as inner:
            inner.get("/?who=inner")
            assert retort.request.args["who"] == "inner"
        assert retort.request.args["who"] == "outer"
        with pytest.raises(RuntimeError, match=r"already in a `with` block.*app\.test_client"):
            outer.__enter__()

    with outer:  # but one after the other is fine
        outer.get("/")


def test_a_streamed_response_can_be_read_in_the_block(app):
    @app.get("/stream")
    def stream():
        @retort.stream_with_context
        def pieces():
            yield "at "
            yield retort.request.path

        return pieces()

    with app.test_client() as client:
        assert client.get("/stream").text == "at /stream"
        assert retort.request.path == "/stream"
    assert app.test_client().get("/stream").text == "at /stream"
    assert not retort.has_request_context()


def test_any_caller_can_preserve_the_contexts(app, client):
    kept = []

    client.get("/", environ_overrides={"werkzeug.debug.preserve_context": kept.append})

    assert any(isinstance(context, retort.context.RequestContext) for context in kept)
    assert not retort.has_request_context()


# Session transactions


def test_a_session_can_be_opened_changed_and_saved(client):
    with client.session_transaction() as session:
        session["name"] = "Ada"

    assert client.get("/session").json == {"name": "Ada"}

    with client.session_transaction() as session:
        assert session == {"name": "Ada"}
        session.clear()

    assert client.get("/session").json == {}
    assert client.get_cookie("session") is None


def test_a_session_that_was_only_looked_at_is_not_saved(client):
    with client.session_transaction() as session:
        assert session == {}

    assert client.get_cookie("session") is None


def test_an_error_in_the_block_saves_nothing(client):
    def change_and_fail():
        with client.session_transaction() as session:
            session["name"] = "Ada"
            raise LookupError("in the test")

    with pytest.raises(LookupError, match="in the test"):
        change_and_fail()
    assert client.get("/session").json == {}


def test_a_transaction_is_no_request_context(client):
    with client.session_transaction():
        assert not retort.has_request_context()
    assert not retort.has_request_context()


def test_a_transaction_leaves_the_contexts_of_a_with_block_alone(client):
    with client:
        client.get("/?q=1")
        with client.session_transaction() as session:
            assert retort.request.args["q"] == "1"
            assert session is not retort.session._get_current_object()
        assert retort.request.args["q"] == "1"


def test_a_transaction_can_set_its_request(app, client):
    class Interface(SecureCookieSessionInterface):
        def get_cookie_name(self, app):
            return "session-of-" + retort.request.args.get("shop", "none")

    app.session_interface = Interface()

    with client.session_transaction("/?shop=7") as session:
        session["name"] = "Ada"

    assert client.get("/session?shop=7").json == {"name": "Ada"}
    assert client.get("/session?shop=8").json == {}


def test_a_session_belongs_to_its_host(client):
    with client.session_transaction(base_url="http://other.test") as session:
        session["name"] = "Ada"

    assert client.get("/session").json == {}
    assert client.get("/session", base_url="http://other.test").json == {"name": "Ada"}


def test_a_transaction_needs_cookies(app):
    client = app.test_client(use_cookies=False)

    with (
        pytest.raises(TypeError, match=r"Cookies are disabled.*use_cookies=True"),
        client.session_transaction(),
    ):
        pass


def test_a_transaction_needs_a_session(app, client):
    app.secret_key = None

    with (
        pytest.raises(RuntimeError, match=r"did not open a session.*SECRET_KEY"),
        client.session_transaction(),
    ):
        pass


def test_a_null_session_of_an_interface_is_not_saved(app, client):
    class Interface(SessionInterface):
        def open_session(self, app, request):
            return self.make_null_session(app)

        def save_session(self, app, session, response):
            raise AssertionError("a null session is never saved")

    app.session_interface = Interface()

    with client.session_transaction() as session:
        assert session == {}
