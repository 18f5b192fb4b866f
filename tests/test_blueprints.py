import pytest

from retort import (
    Blueprint,
    Flask,
    current_app,
    g,
    render_template,
    render_template_string,
    request,
    url_for,
)
from retort.blueprint import BlueprintSetupState


def page(text="page"):
    """A view that answers ``text`` and the endpoint it was reached by."""

    def view(**values):
        extra = f" {values}" if values else ""
        return f"{text} {request.endpoint}{extra}"

    return view


def make(name, *, prefix=None, path="/", **options):
    """A blueprint with one view, ``index``."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix, **options)
    blueprint.add_url_rule(path, "index", page())
    return blueprint


# Names


@pytest.mark.parametrize("name", ["", "a.b", "."])
def test_a_name_must_not_be_empty_nor_have_a_dot(name):
    with pytest.raises(ValueError, match="name"):
        Blueprint(name, __name__)


def test_the_name_of_a_registration_is_taken_as_it_is(app):
    blueprint = make("b")

    app.register_blueprint(blueprint, name="a.b")

    # As in Flask: only the blueprint's own name is checked.
    assert list(app.blueprints) == ["a.b"]


def test_endpoints_begin_with_the_name_of_the_blueprint(app, client):
    app.register_blueprint(make("b", prefix="/b"))

    assert client.get("/b/").text == "page b.index"
    assert "b.index" in app.view_functions


def test_a_request_in_a_blueprint_has_the_blueprint(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", view_func=lambda: f"{request.blueprint} {request.blueprints}")
    blueprint_less = app.route("/app")(lambda: f"{request.blueprint} {request.blueprints}")
    assert blueprint_less
    app.register_blueprint(blueprint)

    assert client.get("/").text == "b ['b']"
    assert client.get("/app").text == "None []"


@pytest.mark.parametrize("endpoint", ["a.b", ".a"])
def test_an_endpoint_in_a_blueprint_must_not_have_a_dot(endpoint):
    blueprint = Blueprint("b", __name__)

    with pytest.raises(ValueError, match="endpoint"):
        blueprint.add_url_rule("/", endpoint, page())
    with pytest.raises(ValueError, match="endpoint"):
        blueprint.route("/", endpoint=endpoint)(page())


def test_the_name_of_a_view_must_not_have_a_dot():
    blueprint = Blueprint("b", __name__)
    view = page()
    view.__name__ = "a.b"

    with pytest.raises(ValueError, match="name"):
        blueprint.add_url_rule("/", view_func=view)


def test_the_name_of_the_view_is_the_endpoint(app):
    blueprint = Blueprint("b", __name__)

    @blueprint.route("/")
    def some_view():
        return ""

    app.register_blueprint(blueprint)

    assert app.view_functions["b.some_view"] is some_view


def test_a_view_may_be_given_for_an_endpoint_later(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index")

    @blueprint.endpoint("b.index")
    def index():
        return "answered"

    app.register_blueprint(blueprint)

    assert client.get("/").text == "answered"


def test_two_blueprints_of_one_name_are_an_error(app):
    app.register_blueprint(make("b", prefix="/one"))

    with pytest.raises(ValueError, match=r"'b'.*name="):
        app.register_blueprint(make("b", prefix="/two"))


def test_a_blueprint_registered_twice_needs_another_name(app):
    blueprint = make("b")
    app.register_blueprint(blueprint, url_prefix="/one")

    with pytest.raises(ValueError, match=r"'b'.*name="):
        app.register_blueprint(blueprint, url_prefix="/two")


def test_a_blueprint_can_be_registered_twice_under_two_names(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", lambda: url_for(".index"))
    blueprint.before_request(lambda: setattr(g, "count", g.get("count", 0) + 1))
    blueprint.add_url_rule("/count", "count", lambda: str(g.count))
    app.register_blueprint(blueprint, url_prefix="/one")
    app.register_blueprint(blueprint, url_prefix="/two", name="second")

    assert client.get("/one/").text == "/one/"
    assert client.get("/two/").text == "/two/"
    assert client.get("/one/count").text == "1"
    assert client.get("/two/count").text == "1"
    assert list(app.blueprints) == ["b", "second"]
    assert [blueprint] * 2 == list(app.iter_blueprints())


def test_what_is_recorded_for_the_whole_app_is_done_once_per_app(app, client):
    seen = []
    blueprint = make("b")
    blueprint.before_app_request(lambda: seen.append("before"))
    app.register_blueprint(blueprint, url_prefix="/one")
    app.register_blueprint(blueprint, url_prefix="/two", name="second")

    client.get("/one/")

    assert seen == ["before"]


def test_a_blueprint_can_be_registered_on_two_apps():
    blueprint = make("b")
    first, second = Flask("first"), Flask("second")
    first.register_blueprint(blueprint, url_prefix="/x")
    second.register_blueprint(blueprint, url_prefix="/y")

    assert first.test_client().get("/x/").text == "page b.index"
    assert second.test_client().get("/y/").text == "page b.index"
    assert second.test_client().get("/x/").status_code == 404


def test_the_representation_shows_the_name():
    assert repr(Blueprint("b", __name__)) == "<Blueprint 'b'>"


# Rules


@pytest.mark.parametrize(
    ("prefix", "rule", "path"),
    [
        ("", "/", "/"),
        ("", "/page", "/page"),
        ("/b", "", "/b"),
        ("/b", "/", "/b/"),
        ("/b", "page", "/b/page"),
        ("/b", "/page", "/b/page"),
        ("/b/", "/page", "/b/page"),
        ("/b/", "page", "/b/page"),
        ("/b//", "//page", "/b/page"),
        ("/b/", "", "/b/"),
        ("/a/b", "/c/d", "/a/b/c/d"),
        (None, "/page", "/page"),
    ],
)
def test_prefix_and_rule_are_joined_with_one_slash(app, client, prefix, rule, path):
    blueprint = Blueprint("b", __name__, url_prefix=prefix)
    blueprint.add_url_rule(rule, "index", page())
    app.register_blueprint(blueprint)

    assert client.get(path).text == "page b.index"
    assert next(app.url_map.iter_rules("b.index")).rule == path


def test_the_prefix_of_the_registration_wins_over_the_blueprint_s_own(app, client):
    app.register_blueprint(make("b", prefix="/own"), url_prefix="/given")

    assert client.get("/given/").status_code == 200
    assert client.get("/own/").status_code == 404


def test_an_empty_prefix_of_the_registration_wins_too(app, client):
    app.register_blueprint(make("b", prefix="/own"), url_prefix="")

    assert client.get("/").text == "page b.index"


def test_a_prefix_may_have_variables(app, client):
    blueprint = make("b", prefix="/<language>")
    app.register_blueprint(blueprint)

    assert client.get("/de/").text == "page b.index {'language': 'de'}"
    with app.test_request_context():
        assert url_for("b.index", language="en") == "/en/"


def test_methods_and_defaults_of_a_rule_are_kept(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", page(), methods=["PUT"], defaults={"x": 1})
    app.register_blueprint(blueprint)

    assert client.put("/").text == "page b.index {'x': 1}"
    assert client.get("/").status_code == 405


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_a_blueprint_has_a_decorator_for_each_method(app, client, method):
    blueprint = Blueprint("b", __name__)
    getattr(blueprint, method)("/")(page())
    app.register_blueprint(blueprint)

    assert getattr(client, method)("/").status_code == 200
    assert client.open("/", method="TRACE").status_code == 405
    with pytest.raises(TypeError, match="route"):
        getattr(Blueprint("c", __name__), method)("/", methods=["GET"])


def test_automatic_options_can_be_switched_off_for_a_rule(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", page(), provide_automatic_options=False)
    app.register_blueprint(blueprint)

    assert client.options("/").status_code == 405


def test_defaults_for_all_rules_come_from_blueprint_and_registration(app, client):
    blueprint = Blueprint("b", __name__, url_defaults={"a": 1, "b": 1})
    blueprint.add_url_rule("/", "index", page())
    blueprint.add_url_rule("/own", "own", page(), defaults={"b": 3})
    app.register_blueprint(blueprint, url_defaults={"b": 2})

    assert client.get("/").text == "page b.index {'a': 1, 'b': 2}"
    assert client.get("/own").text == "page b.own {'a': 1, 'b': 3}"


def test_url_for_with_a_dot_is_relative_to_the_blueprint_of_the_request(app, client):
    for name in ("one", "two"):
        blueprint = Blueprint(name, __name__, url_prefix=f"/{name}")
        blueprint.add_url_rule("/", "index", lambda: url_for(".index"))
        blueprint.add_url_rule("/absolute", "absolute", lambda: url_for("one.index"))
        app.register_blueprint(blueprint)
    app.add_url_rule("/app", "index", lambda: url_for(".index"))

    assert client.get("/two/").text == "/two/"
    assert client.get("/two/absolute").text == "/one/"
    assert client.get("/app").text == "/app"


# Subdomains and hosts


def subdomain_app():
    app = Flask("subdomains", subdomain_matching=True)
    app.testing = True
    app.config["SERVER_NAME"] = "example.com"
    return app


def test_a_blueprint_may_live_on_a_subdomain():
    app = subdomain_app()
    app.register_blueprint(make("api", subdomain="api"))
    client = app.test_client()

    assert client.get("/", base_url="http://api.example.com").text == "page api.index"
    assert client.get("/", base_url="http://example.com").status_code == 404
    with app.test_request_context():
        assert url_for("api.index", _external=True) == "http://api.example.com/"


def test_the_subdomain_of_the_registration_wins():
    app = subdomain_app()
    app.register_blueprint(make("api", subdomain="own"), subdomain="given")

    client = app.test_client()
    assert client.get("/", base_url="http://given.example.com").status_code == 200
    assert client.get("/", base_url="http://own.example.com").status_code == 404


def test_a_subdomain_may_have_variables():
    app = subdomain_app()
    app.register_blueprint(make("user", subdomain="<name>"))

    response = app.test_client().get("/", base_url="http://ada.example.com")
    assert response.text == "page user.index {'name': 'ada'}"


def test_subdomains_of_nested_blueprints_are_joined():
    app = subdomain_app()
    outer = Blueprint("outer", __name__, subdomain="api")
    outer.register_blueprint(make("inner", subdomain="v1"))
    outer.register_blueprint(make("plain", prefix="/plain"))
    app.register_blueprint(outer)
    client = app.test_client()

    assert client.get("/", base_url="http://v1.api.example.com").text == "page outer.inner.index"
    assert client.get("/plain/", base_url="http://api.example.com").text == (
        "page outer.plain.index"
    )


def test_a_nested_blueprint_may_be_registered_with_a_subdomain():
    app = subdomain_app()
    outer = Blueprint("outer", __name__)
    outer.register_blueprint(make("inner"), subdomain="api")
    app.register_blueprint(outer)

    response = app.test_client().get("/", base_url="http://api.example.com")
    assert response.text == "page outer.inner.index"


def test_rules_of_a_blueprint_may_name_a_host():
    app = Flask("hosts", host_matching=True, static_folder=None)
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "one", page(), host="one.example")
    blueprint.add_url_rule("/", "two", page(), host="two.example")
    app.register_blueprint(blueprint)
    client = app.test_client()

    assert client.get("/", base_url="http://one.example").text == "page b.one"
    assert client.get("/", base_url="http://two.example").text == "page b.two"
    assert client.get("/", base_url="http://three.example").status_code == 404


# Nesting


def nested(*, child_prefix=None, parent_prefix=None):
    parent = make("parent", prefix=parent_prefix)
    child = make("child", prefix=child_prefix)
    grandchild = make("grandchild", path="/grandchild")
    child.register_blueprint(grandchild)
    parent.register_blueprint(child)
    return parent


def test_nested_blueprints_join_names_and_prefixes(app, client):
    app.register_blueprint(nested(parent_prefix="/parent", child_prefix="/child"))

    assert client.get("/parent/").text == "page parent.index"
    assert client.get("/parent/child/").text == "page parent.child.index"
    assert client.get("/parent/child/grandchild").text == "page parent.child.grandchild.index"
    assert list(app.blueprints) == ["parent", "parent.child", "parent.child.grandchild"]


@pytest.mark.parametrize(
    ("parent", "given_parent", "child", "given_child", "path"),
    [
        ("/p", None, "/c", None, "/p/c/"),
        (None, "/P", "/c", None, "/P/c/"),
        ("/p", "/P", "/c", None, "/P/c/"),
        ("/p", None, None, "/C", "/p/C/"),
        ("/p", None, "/c", "/C", "/p/C/"),
        ("/p", None, None, None, "/p/"),
        (None, None, "/c", None, "/c/"),
        (None, None, None, "/C", "/C/"),
        ("/p/", None, "/c/", None, "/p/c/"),
    ],
)
def test_prefixes_of_nested_blueprints(app, client, parent, given_parent, child, given_child, path):
    outer = Blueprint("outer", __name__, url_prefix=parent)
    options = {} if given_child is None else {"url_prefix": given_child}
    outer.register_blueprint(make("inner", prefix=child), **options)
    options = {} if given_parent is None else {"url_prefix": given_parent}
    app.register_blueprint(outer, **options)

    assert client.get(path).text == "page outer.inner.index"


def test_request_blueprints_lists_them_from_the_inside_out(app, client):
    parent = Blueprint("parent", __name__)
    child = Blueprint("child", __name__)
    child.add_url_rule("/", view_func=lambda: " ".join(request.blueprints), endpoint="index")
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    assert client.get("/").text == "parent.child parent"


def test_a_nested_blueprint_may_be_renamed(app, client):
    parent = Blueprint("parent", __name__)
    child = make("child")
    parent.register_blueprint(child, url_prefix="/one")
    parent.register_blueprint(child, url_prefix="/two", name="second")
    app.register_blueprint(parent)

    assert client.get("/one/").text == "page parent.child.index"
    assert client.get("/two/").text == "page parent.second.index"


def test_a_child_in_two_parents_has_two_names(app, client):
    child = make("child", prefix="/child")
    for name in ("one", "two"):
        parent = Blueprint(name, __name__, url_prefix=f"/{name}")
        parent.register_blueprint(child)
        app.register_blueprint(parent)

    assert client.get("/one/child/").text == "page one.child.index"
    assert client.get("/two/child/").text == "page two.child.index"


def test_a_renamed_parent_renames_its_children(app, client):
    app.register_blueprint(nested(), name="mother", url_prefix="/m")

    assert client.get("/m/grandchild").text == "page mother.child.grandchild.index"


def test_a_blueprint_cannot_be_nested_in_itself():
    blueprint = Blueprint("b", __name__)

    with pytest.raises(ValueError, match="itself"):
        blueprint.register_blueprint(blueprint)


def test_two_children_of_one_name_are_an_error(app):
    parent = Blueprint("parent", __name__)
    parent.register_blueprint(make("child", prefix="/one"))
    parent.register_blueprint(make("child", prefix="/two"))

    with pytest.raises(ValueError, match=r"parent\.child"):
        app.register_blueprint(parent)


def test_url_for_with_a_dot_is_relative_to_the_innermost_blueprint(app, client):
    parent = Blueprint("parent", __name__, url_prefix="/p")
    child = Blueprint("child", __name__, url_prefix="/c")
    child.add_url_rule("/", "index", lambda: url_for(".other"))
    child.add_url_rule("/other", "other", lambda: url_for("parent.index"))
    parent.add_url_rule("/", "index", lambda: url_for(".child.index"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    assert client.get("/p/c/").text == "/p/c/other"
    assert client.get("/p/c/other").text == "/p/"
    assert client.get("/p/").text == "/p/c/"


# Templates


def folder_with(folder, name, text):
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "templates" / name).write_text(text)
    return str(folder)


def test_templates_of_a_blueprint_come_after_those_of_the_app(tmp_path):
    app = Flask("app", root_path=folder_with(tmp_path / "app", "both.html", "app"))
    root = folder_with(tmp_path / "b", "both.html", "blueprint")
    folder_with(tmp_path / "b", "own.html", "own {{ value }}")
    blueprint = Blueprint("b", __name__, root_path=root, template_folder="templates")
    blueprint.context_processor(lambda: {"value": "processed"})
    blueprint.add_url_rule("/both", "both", lambda: render_template("both.html"))
    blueprint.add_url_rule("/own", "own", lambda: render_template("own.html"))
    app.register_blueprint(blueprint)
    client = app.test_client()

    assert client.get("/both").text == "app"
    assert client.get("/own").text == "own processed"
    assert blueprint.jinja_loader.searchpath == [str(tmp_path / "b" / "templates")]


def test_a_blueprint_without_a_template_folder_has_no_loader():
    assert Blueprint("b", __name__).jinja_loader is None


def test_context_processors_of_nested_blueprints_run_from_the_outside_in(app, client):
    parent = Blueprint("parent", __name__)
    child = Blueprint("child", __name__)
    app.context_processor(lambda: {"a": "app", "b": "app", "c": "app"})
    parent.context_processor(lambda: {"b": "parent", "c": "parent"})
    child.context_processor(lambda: {"c": "child"})
    child.add_url_rule("/", "index", lambda: render_template_string("{{ a }} {{ b }} {{ c }}"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)

    assert client.get("/").text == "app parent child"


@pytest.mark.parametrize("with_name", [False, True])
def test_filters_tests_and_globals_of_a_blueprint_work_with_and_without_a_name(app, with_name):
    blueprint = Blueprint("b", __name__)
    options = {"name": "given"} if with_name else {}
    name = "given" if with_name else "function"

    def function(value):
        return value == 1

    assert blueprint.app_template_filter(**options)(function) is function
    blueprint.app_template_test(**options)(function)
    blueprint.app_template_global(**options)(function)
    app.register_blueprint(blueprint)

    assert app.jinja_env.filters[name] is function
    assert app.jinja_env.tests[name] is function
    assert app.jinja_env.globals[name] is function


def test_filters_can_be_added_without_a_decorator(app):
    blueprint = Blueprint("b", __name__)
    blueprint.add_app_template_filter(str.upper, "shouted")
    blueprint.add_app_template_test(str.isupper, name="loud")
    blueprint.add_app_template_global(max)
    app.register_blueprint(blueprint)

    assert app.jinja_env.filters["shouted"] is str.upper
    assert app.jinja_env.tests["loud"] is str.isupper
    assert app.jinja_env.globals["max"] is max


# Recorded functions


def test_a_recorded_function_is_called_at_each_registration(app):
    states = []
    blueprint = Blueprint("b", __name__)
    blueprint.record(states.append)
    blueprint.record_once(lambda state: states.append("once"))

    app.register_blueprint(blueprint, url_prefix="/one")
    app.register_blueprint(blueprint, url_prefix="/two", name="second")

    first, once, second = states
    assert once == "once"
    assert isinstance(first, BlueprintSetupState)
    assert (first.app, first.blueprint, first.first_registration) == (app, blueprint, True)
    assert (first.url_prefix, first.name, first.name_prefix) == ("/one", "b", "")
    assert first.options == {"url_prefix": "/one"}
    assert (second.url_prefix, second.name, second.first_registration) == ("/two", "second", False)


def test_options_of_the_registration_reach_the_recorded_functions(app):
    seen = []
    blueprint = Blueprint("b", __name__, subdomain="own", url_defaults={"x": 1})
    blueprint.record(
        lambda state: seen.append((state.subdomain, state.url_defaults, state.options["extra"]))
    )

    app.register_blueprint(blueprint, extra="given")

    assert seen == [("own", {"x": 1}, "given")]


def test_a_recorded_function_may_add_rules(app, client):
    blueprint = Blueprint("b", __name__, url_prefix="/b")
    blueprint.record(lambda state: state.add_url_rule("/added", "added", page()))
    app.register_blueprint(blueprint)

    assert client.get("/b/added").text == "page b.added"


def test_a_rule_added_by_the_state_is_named_after_its_view(app, client):
    def some_view():
        return "answer"

    blueprint = Blueprint("b", __name__)
    blueprint.record(lambda state: state.add_url_rule("/", view_func=some_view))
    app.register_blueprint(blueprint)

    assert app.view_functions["b.some_view"] is some_view


def test_a_blueprint_may_use_a_setup_state_of_its_own(app, client):
    class OwnState(BlueprintSetupState):
        def add_url_rule(self, rule, endpoint=None, view_func=None, **options):
            super().add_url_rule(f"/own{rule}", endpoint, view_func, **options)

    class OwnBlueprint(Blueprint):
        def make_setup_state(self, app, options, first_registration=False):
            return OwnState(self, app, options, first_registration)

    blueprint = OwnBlueprint("b", __name__)
    blueprint.add_url_rule("/", "index", page())
    app.register_blueprint(blueprint)

    assert client.get("/own/").text == "page b.index"


def test_register_can_be_overridden(app):
    class OwnBlueprint(Blueprint):
        def register(self, app, options):
            options["url_prefix"] = "/forced"
            super().register(app, options)

    blueprint = OwnBlueprint("b", __name__)
    blueprint.add_url_rule("/", "index", page())
    app.register_blueprint(blueprint)

    assert app.test_client().get("/forced/").status_code == 200


# Set-up that comes too late


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add_url_rule", ("/", "index", page())),
        ("route", ("/",)),
        ("before_request", (page(),)),
        ("after_app_request", (page(),)),
        ("record", (page(),)),
        ("register_blueprint", (Blueprint("other", __name__),)),
        ("errorhandler", (404,)),
        ("app_template_filter", ("name",)),
    ],
)
def test_setup_after_the_registration_is_an_error(app, name, arguments):
    blueprint = Blueprint("b", __name__)
    app.register_blueprint(blueprint)

    with pytest.raises(AssertionError, match=rf"{name}.*'b'"):
        getattr(blueprint, name)(*arguments)


def test_a_blueprint_registered_after_the_first_request_is_an_error(app, client):
    client.get("/")

    with pytest.raises(AssertionError, match="register_blueprint"):
        app.register_blueprint(Blueprint("b", __name__))


# The rest


def test_current_app_is_the_app_in_views_of_a_blueprint(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", lambda: str(current_app._get_current_object() is app))
    app.register_blueprint(blueprint)

    assert client.get("/").text == "True"


def test_the_root_path_of_a_blueprint_can_be_given(tmp_path):
    blueprint = Blueprint("b", "no_such_module", root_path=str(tmp_path), static_folder="files")

    assert blueprint.root_path == str(tmp_path)
    assert blueprint.static_folder == str(tmp_path / "files")
    assert blueprint.static_url_path == "/files"


def test_json_of_a_view_in_a_blueprint_is_the_app_s(app, client):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/", "index", lambda: {"b": 1, "a": [1, None]})
    app.register_blueprint(blueprint)

    assert client.get("/").json == {"a": [1, None], "b": 1}


def test_an_endpoint_taken_by_the_app_is_free_in_a_blueprint(app, client):
    app.add_url_rule("/", "index", page("app"))
    app.register_blueprint(make("b", prefix="/b"))

    assert client.get("/").text == "app index"
    assert client.get("/b/").text == "page b.index"


def test_two_views_with_one_endpoint_in_a_blueprint_are_an_error(app):
    blueprint = Blueprint("b", __name__)
    blueprint.add_url_rule("/one", "index", page("one"))
    blueprint.add_url_rule("/two", "index", page("two"))

    with pytest.raises(AssertionError, match=r"b\.index"):
        app.register_blueprint(blueprint)


def test_commands_of_a_blueprint_are_in_a_group_of_its_name(app):
    blueprint = Blueprint("b", __name__)

    @blueprint.cli.command("say")
    def say():
        print("said")

    app.register_blueprint(blueprint)

    result = app.test_cli_runner().invoke(args=["b", "say"])
    assert result.output == "said\n"


@pytest.mark.parametrize(
    ("options", "given", "arguments"),
    [
        ({"cli_group": "group"}, {}, ["group", "say"]),
        ({"cli_group": None}, {}, ["say"]),
        ({"cli_group": "own"}, {"cli_group": "given"}, ["given", "say"]),
        ({}, {"name": "renamed"}, ["renamed", "say"]),
    ],
)
def test_the_group_of_the_commands_can_be_named(app, options, given, arguments):
    blueprint = Blueprint("b", __name__, **options)
    blueprint.cli.command("say")(lambda: print("said"))
    app.register_blueprint(blueprint, **given)

    assert app.test_cli_runner().invoke(args=arguments).output == "said\n"
