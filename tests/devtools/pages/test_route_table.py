"""The route table on error pages: its order, and its columns."""

import pytest

import retort
from retort.devtools.route_table import filled, nearness, routes_near
from retort.views import MethodView


@pytest.mark.parametrize(
    ("rule", "path", "example"),
    [
        ("/login", "/nope", "/login"),
        ("/users/<name>", "/users/ada", "/users/ada"),
        ("/users/<int:id>", "/users/", "/users/id"),
        ("/users/<int:id>", "/", "/users/id"),
        ("/<a>/x/<b>", "/1/y/2", "/1/x/2"),
        ("/v<int:n>/all", "/v/all", "/vv/all"),
        ("/<any(a, 'b/c'):word>/end", "/a/end", "/a/end"),
        ("/files/<path:name>", "/files/a/b", "/files/a"),
    ],
)
def test_variables_are_filled_from_the_requested_path(rule, path, example):
    assert filled(rule, path) == example


def test_a_rule_that_fits_is_nearest_of_all():
    assert nearness("/users/<int:id>", "/users/7") == 1.0
    assert nearness("/login", "/logn") > nearness("/logout", "/logn")
    assert nearness("/login", "/login/") < 1.0


def test_the_nearest_route_comes_first(app):
    for rule in ("/about", "/login", "/success/<name>"):
        app.add_url_rule(rule, rule, lambda **variables: "")

    assert routes_near(app, "/logni")[0].rule == "/login"
    assert routes_near(app, "/successes/Ada")[0].rule == "/success/<name>"
    assert routes_near(app, "/success/Ada")[0].fits
    assert not routes_near(app, "/successes/Ada")[0].fits


def test_a_route_of_the_framework_has_no_line_of_the_program(app):
    assert {route.endpoint: route.place for route in routes_near(app, "/")} == {"static": ""}


def test_a_route_has_its_methods_its_line_and_the_fields_its_view_reads(app):
    @app.route("/login", methods=["GET", "POST", "PUT"])
    def login():
        retort.request.files["photo"]
        retort.request.args.get("next")
        return retort.request.form["nm"] + retort.request.form.get("age", "")

    route = routes_near(app, "/login")[0]

    assert route.methods == ("GET", "POST", "PUT", "HEAD", "OPTIONS")
    assert route.endpoint == "login"
    line = login.__code__.co_firstlineno
    assert route.place.endswith(f"test_route_table.py:{line}")
    assert set(route.fields) == {
        ("photo", "file"),
        ("next", "text"),
        ("nm", "text"),
        ("age", "text"),
    }


def test_the_functions_of_one_url_are_read_all(app):
    @app.get("/login")
    def login():
        return "who are you?"

    @login.post
    def login_post():
        return retort.request.form["nm"]

    assert routes_near(app, "/login")[0].fields == (("nm", "text"),)


def test_the_methods_of_a_class_are_read(app):
    class Login(MethodView):
        def post(self):
            return retort.request.form["nm"]

    app.add_url_rule("/login", view_func=Login.as_view("login"))
    route = routes_near(app, "/login")[0]

    assert route.fields == (("nm", "text"),)
    assert "test_route_table.py:" in route.place


def test_a_decorated_view_is_named_by_its_own_line(app):
    from functools import wraps

    def guarded(view):
        @wraps(view)
        def inner():
            return view()

        return inner

    @app.get("/")
    @guarded
    def index():
        return retort.request.args["q"]

    line = index.__wrapped__.__code__.co_firstlineno
    assert routes_near(app, "/")[0].place.endswith(f":{line}")
    assert routes_near(app, "/")[0].fields == (("q", "text"),)


def test_an_endpoint_without_a_view_or_with_a_strange_one_is_listed(app):
    class Callable:
        def __call__(self):
            return ""

    app.add_url_rule("/none", "none")
    app.add_url_rule("/object", "object", Callable())

    rules = {route.rule: route for route in routes_near(app, "/none")}
    assert rules["/none"].place == ""
    assert rules["/object"].place == ""


def test_the_domain_of_a_route_is_shown(app):
    app.subdomain_matching = True
    app.add_url_rule("/", "admin", lambda: "", subdomain="admin")

    assert routes_near(app, "/")[0].domain == "admin"
