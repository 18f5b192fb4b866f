"""The order of before, after and teardown functions, and what each may do."""

import pytest

from retort import (
    Blueprint,
    Flask,
    Response,
    abort,
    after_this_request,
    g,
    has_request_context,
    request,
    session,
    url_for,
)
from retort.signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)


@pytest.fixture
def steps():
    return []


def add_hooks(target, name, steps):
    """Give an app or blueprint two of each hook; each writes its name into ``steps``."""

    def add(number):
        def before():
            steps.append(f"before {name} {number}")

        def after(response):
            steps.append(f"after {name} {number}")
            return response

        def teardown(error):
            steps.append(f"teardown {name} {number}")

        target.before_request(before)
        target.after_request(after)
        target.teardown_request(teardown)

    add(1)
    add(2)


def add_view(target, steps, path="/", endpoint="index"):
    def view():
        steps.append("view")
        return "answer"

    target.add_url_rule(path, endpoint, view)


# Order


def test_hooks_run_around_the_view_in_order_and_in_reverse_order(app, client, steps):
    add_hooks(app, "app", steps)
    app.teardown_appcontext(lambda error: steps.append("app context 1"))
    app.teardown_appcontext(lambda error: steps.append("app context 2"))
    add_view(app, steps)

    assert client.get("/").text == "answer"
    assert steps == [
        "before app 1",
        "before app 2",
        "view",
        "after app 2",
        "after app 1",
        "teardown app 2",
        "teardown app 1",
        "app context 2",
        "app context 1",
    ]


def test_hooks_of_nested_blueprints_run_from_the_outside_in_and_back(app, client, steps):
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    for target, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        add_hooks(target, name, steps)
    add_view(inner, steps)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    client.get("/outer/inner/")

    assert steps == [
        "before app 1",
        "before app 2",
        "before outer 1",
        "before outer 2",
        "before inner 1",
        "before inner 2",
        "view",
        "after inner 2",
        "after inner 1",
        "after outer 2",
        "after outer 1",
        "after app 2",
        "after app 1",
        "teardown inner 2",
        "teardown inner 1",
        "teardown outer 2",
        "teardown outer 1",
        "teardown app 2",
        "teardown app 1",
    ]


def test_hooks_of_a_blueprint_run_for_its_own_requests_only(app, client, steps):
    first = Blueprint("first", __name__, url_prefix="/first")
    second = Blueprint("second", __name__, url_prefix="/second")
    add_hooks(first, "first", steps)
    add_view(second, steps)
    add_view(app, steps)
    app.register_blueprint(first)
    app.register_blueprint(second)

    client.get("/second/")
    client.get("/")
    client.get("/first/nothing-here")

    assert steps == ["view", "view"]


def test_hooks_of_an_outer_blueprint_do_not_run_for_a_sibling_of_the_inner_one(app, client, steps):
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    left = Blueprint("left", __name__, url_prefix="/left")
    right = Blueprint("right", __name__, url_prefix="/right")
    left.before_request(lambda: steps.append("left"))
    right.before_request(lambda: steps.append("right"))
    add_view(left, steps)
    add_view(right, steps)
    outer.register_blueprint(left)
    outer.register_blueprint(right)
    app.register_blueprint(outer)

    client.get("/outer/left/")
    assert steps == ["left", "view"]
    client.get("/outer/right/")
    assert steps == ["left", "view", "right", "view"]


def test_app_hooks_of_a_blueprint_run_for_every_request(app, client, steps):
    blueprint = Blueprint("blueprint", __name__)

    @blueprint.before_app_request
    def before():
        steps.append("before")

    @blueprint.after_app_request
    def after(response):
        steps.append("after")
        return response

    @blueprint.teardown_app_request
    def teardown(error):
        steps.append("teardown")

    add_view(app, steps)
    app.register_blueprint(blueprint)

    client.get("/")
    assert steps == ["before", "view", "after", "teardown"]
    client.get("/nothing-here")
    assert steps[4:] == ["before", "after", "teardown"]


def test_hooks_of_the_app_run_for_an_unknown_url_and_a_wrong_method_too(app, client, steps):
    add_hooks(app, "app", steps)
    add_view(app, steps)
    around = [step for step in ("before", "after", "teardown") for _ in range(2)]

    assert client.get("/nothing-here").status_code == 404
    assert [step.split()[0] for step in steps] == around
    steps.clear()
    assert client.post("/").status_code == 405
    assert [step.split()[0] for step in steps] == around


def test_signals_come_in_their_place_among_the_hooks(app, client, steps):
    add_hooks(app, "app", steps)
    add_view(app, steps)

    def note(name):
        def listen(sender, **values):
            assert sender is app
            steps.append(name)

        return listen

    with (
        request_started.connected_to(note("started"), app),
        request_finished.connected_to(note("finished"), app),
        request_tearing_down.connected_to(note("tearing down"), app),
        appcontext_tearing_down.connected_to(note("app context tearing down"), app),
    ):
        client.get("/")

    assert steps == [
        "started",
        "before app 1",
        "before app 2",
        "view",
        "after app 2",
        "after app 1",
        "finished",
        "teardown app 2",
        "teardown app 1",
        "tearing down",
        "app context tearing down",
    ]


# before_request


def test_a_before_function_that_returns_something_answers_for_the_view(app, client, steps):
    add_hooks(app, "app", steps)
    app.before_request(lambda: ("stopped", 418))
    app.before_request(lambda: steps.append("never"))
    add_view(app, steps)

    response = client.get("/")

    assert (response.status_code, response.text) == (418, "stopped")
    assert "view" not in steps
    assert "never" not in steps
    assert steps[2:4] == ["after app 2", "after app 1"]


@pytest.mark.parametrize("empty", ["", b"", {}, []])
def test_an_empty_return_value_of_a_before_function_is_a_response(app, client, steps, empty):
    app.before_request(lambda: empty)
    add_view(app, steps)

    assert client.get("/").status_code == 200
    assert steps == []


def test_a_before_function_of_the_app_keeps_those_of_a_blueprint_from_running(app, client, steps):
    blueprint = Blueprint("blueprint", __name__)
    add_hooks(blueprint, "blueprint", steps)
    add_view(blueprint, steps)
    app.register_blueprint(blueprint)
    app.before_request(lambda: "stopped")

    assert client.get("/").text == "stopped"
    assert steps == [
        "after blueprint 2",
        "after blueprint 1",
        "teardown blueprint 2",
        "teardown blueprint 1",
    ]


def test_a_before_function_may_abort(app, client, steps):
    add_hooks(app, "app", steps)
    app.before_request(lambda: abort(403))
    add_view(app, steps)

    assert client.get("/").status_code == 403
    assert "view" not in steps
    assert "after app 1" in steps


def test_a_before_function_sees_the_matched_rule(app, client):
    seen = []
    app.add_url_rule("/user/<name>", "user", lambda name: name)

    @app.before_request
    def look():
        seen.append((request.endpoint, request.view_args, request.url_rule.rule))

    client.get("/user/Ada")

    assert seen == [("user", {"name": "Ada"}, "/user/<name>")]


def test_a_before_function_may_change_the_arguments_of_the_view(app, client):
    app.add_url_rule("/user/<name>", "user", lambda name: name)

    @app.before_request
    def change():
        request.view_args["name"] = "Bob"

    assert client.get("/user/Ada").text == "Bob"


def test_what_a_before_function_sets_on_g_is_there_for_the_view(app, client):
    @app.before_request
    def load():
        g.user = "Ada"

    app.add_url_rule("/", view_func=lambda: g.user)

    assert client.get("/").text == "Ada"


def test_a_before_function_may_respond_to_unmatched_requests(app, client):
    app.before_request(lambda: f"caught {request.path}")

    response = client.get("/nothing-here")

    assert (response.status_code, response.text) == (200, "caught /nothing-here")


# after_request


def test_an_after_function_may_change_the_response(app, client):
    @app.after_request
    def mark(response):
        response.headers["X-Mark"] = "marked"
        return response

    app.add_url_rule("/", view_func=lambda: "answer")

    assert client.get("/").headers["X-Mark"] == "marked"
    assert client.get("/nothing-here").headers["X-Mark"] == "marked"


def test_an_after_function_may_respond_with_another_response(app, client):
    app.after_request(lambda response: Response("replaced", response.status))
    app.add_url_rule("/", view_func=lambda: ("answer", 201))

    response = client.get("/")

    assert (response.status_code, response.text) == (201, "replaced")


def test_an_after_function_may_still_change_the_session(app, client):
    @app.after_request
    def note(response):
        session["seen"] = True
        return response

    app.add_url_rule("/", view_func=lambda: str(session.get("seen")))

    assert client.get("/").text == "None"
    assert client.get("/").text == "True"


def test_an_error_in_an_after_function_is_a_500_and_teardown_still_runs(app, client, steps):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_hooks(app, "app", steps)

    @app.after_request
    def broken(response):
        raise ValueError

    add_view(app, steps)

    assert client.get("/").status_code == 500
    assert steps[-2:] == ["teardown app 2", "teardown app 1"]


def test_after_functions_run_for_an_unhandled_error_as_well(app, client, steps):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_hooks(app, "app", steps)
    app.add_url_rule("/", view_func=lambda: 1 // 0)

    assert client.get("/").status_code == 500
    assert steps[2:4] == ["after app 2", "after app 1"]


def test_after_this_request_runs_first_and_for_this_request_only(app, client, steps):
    add_hooks(app, "app", steps)

    @app.get("/")
    def index():
        @after_this_request
        def first(response):
            steps.append("this 1")
            response.headers["X-This"] = "1"
            return response

        @after_this_request
        def second(response):
            steps.append("this 2")
            return response

        return "answer"

    app.add_url_rule("/other", "other", lambda: "other")

    assert client.get("/").headers["X-This"] == "1"
    assert steps[2:6] == ["this 1", "this 2", "after app 2", "after app 1"]
    steps.clear()
    assert "X-This" not in client.get("/other").headers
    assert "this 1" not in steps


def test_after_this_request_may_replace_the_response(app, client):
    @app.get("/")
    def index():
        after_this_request(lambda response: Response("replaced"))
        return "answer"

    assert client.get("/").text == "replaced"


def test_after_this_request_outside_of_a_request_is_a_clear_error(app):
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        after_this_request(lambda response: response)


# teardown


def test_teardown_functions_get_none_if_all_went_well(app, client, steps):
    app.teardown_request(steps.append)
    app.teardown_appcontext(steps.append)
    app.add_url_rule("/", view_func=lambda: "answer")

    client.get("/")

    assert steps == [None, None]


def test_teardown_functions_get_the_unhandled_error(app, client, steps):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.teardown_request(steps.append)
    app.teardown_appcontext(steps.append)
    app.add_url_rule("/", view_func=lambda: 1 // 0)

    client.get("/")

    assert [type(error) for error in steps] == [ZeroDivisionError, ZeroDivisionError]


def test_teardown_functions_get_none_for_an_error_that_was_handled(app, client, steps):
    app.teardown_request(steps.append)
    app.errorhandler(ZeroDivisionError)(lambda error: "handled")
    app.add_url_rule("/", view_func=lambda: 1 // 0)
    app.add_url_rule("/abort", "abort", lambda: abort(404))

    assert client.get("/").text == "handled"
    client.get("/abort")

    assert steps == [None, None]


def test_teardown_functions_run_even_if_the_error_reaches_the_server(app, client, steps):
    app.teardown_request(steps.append)
    app.add_url_rule("/", view_func=lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        client.get("/")

    assert [type(error) for error in steps] == [ZeroDivisionError]
    assert not has_request_context()


def test_teardown_functions_run_if_a_before_function_fails(app, client, steps):
    app.teardown_request(lambda error: steps.append("teardown"))

    @app.before_request
    def broken():
        raise ValueError("in before")

    app.add_url_rule("/", view_func=lambda: "answer")

    with pytest.raises(ValueError, match="in before"):
        client.get("/")

    assert steps == ["teardown"]


def test_teardown_functions_still_have_the_request_and_g(app, client, steps):
    @app.teardown_request
    def teardown(error):
        steps.append((request.path, g.mark))

    @app.get("/path")
    def index():
        g.mark = "marked"
        return ""

    client.get("/path")

    assert steps == [("/path", "marked")]


def test_what_a_teardown_function_returns_does_not_matter(app, client):
    app.teardown_request(lambda error: "ignored")
    app.teardown_appcontext(lambda error: True)
    app.add_url_rule("/", view_func=lambda: 1 // 0)

    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_the_context_ends_even_if_a_teardown_function_fails(app, client):
    @app.teardown_request
    def broken(error):
        raise ValueError("in teardown")

    app.add_url_rule("/", view_func=lambda: "answer")

    with pytest.raises(ValueError, match="in teardown"):
        client.get("/")
    assert not has_request_context()
    with pytest.raises(RuntimeError):
        url_for("index")


# URL values


def test_a_url_value_preprocessor_takes_values_before_the_before_functions(app, client, steps):
    @app.url_value_preprocessor
    def take_language(endpoint, values):
        steps.append(endpoint)
        g.language = values.pop("language", None)

    @app.before_request
    def check():
        steps.append(g.language)

    app.add_url_rule("/<language>/<page>", "page", lambda page: f"{g.language} {page}")

    assert client.get("/de/home").text == "de home"
    assert steps == ["page", "de"]


def test_a_url_value_preprocessor_gets_none_where_no_rule_matched(app, client, steps):
    app.url_value_preprocessor(lambda endpoint, values: steps.append((endpoint, values)))

    client.get("/nothing-here")

    assert steps == [(None, None)]


def test_url_value_preprocessors_run_from_the_outside_in(app, client, steps):
    outer = Blueprint("outer", __name__)
    inner = Blueprint("inner", __name__)
    for target, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        target.url_value_preprocessor(lambda endpoint, values, name=name: steps.append(name))
    inner.app_url_value_preprocessor(lambda endpoint, values: steps.append("inner for app"))
    add_view(inner, steps)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    client.get("/")

    assert steps == ["app", "inner for app", "outer", "inner", "view"]


def test_url_defaults_fill_up_the_values_of_url_for(app, client):
    @app.url_defaults
    def add_language(endpoint, values):
        if "language" not in values and app.url_map.is_endpoint_expecting(endpoint, "language"):
            values["language"] = g.language

    @app.url_value_preprocessor
    def take_language(endpoint, values):
        g.language = values.pop("language", None)

    app.add_url_rule("/<language>/", "index", lambda: url_for("about"))
    app.add_url_rule("/<language>/about", "about", lambda: url_for("index", language="en"))
    app.add_url_rule("/plain", "plain", lambda: url_for("plain"))

    assert client.get("/de/").text == "/de/about"
    assert client.get("/de/about").text == "/en/"
    assert client.get("/plain").text == "/plain"


def test_url_defaults_of_a_blueprint_are_for_its_endpoints_only(app):
    blueprint = Blueprint("blueprint", __name__, url_prefix="/b")
    blueprint.url_defaults(lambda endpoint, values: values.setdefault("x", "blueprint"))
    blueprint.app_url_defaults(lambda endpoint, values: values.setdefault("y", "all"))
    add_view(blueprint, [])
    add_view(app, [], "/app", "index")
    app.register_blueprint(blueprint)

    with app.test_request_context():
        assert url_for("blueprint.index") == "/b/?y=all&x=blueprint"
        assert url_for("index") == "/app?y=all"


# Hooks and live changes


def test_hooks_put_into_the_dictionaries_after_the_first_request_count(app, client, steps):
    add_view(app, steps)
    client.get("/")
    steps.clear()

    app.before_request_funcs.setdefault(None, []).append(lambda: steps.append("before"))
    app.after_request_funcs.setdefault(None, []).append(
        lambda response: steps.append("after") or response
    )
    app.teardown_request_funcs.setdefault(None, []).append(lambda error: steps.append("teardown"))
    client.get("/")

    assert steps == ["before", "view", "after", "teardown"]


def test_hooks_removed_from_the_dictionaries_do_not_run(app, client, steps):
    add_hooks(app, "app", steps)
    add_view(app, steps)
    client.get("/")
    steps.clear()

    app.before_request_funcs.clear()
    app.after_request_funcs[None].clear()
    del app.teardown_request_funcs[None]
    client.get("/")

    assert steps == ["view"]


def test_a_view_replaced_after_the_first_request_is_the_one_called(app, client):
    app.add_url_rule("/", "index", lambda: "first")
    assert client.get("/").text == "first"

    app.view_functions["index"] = lambda: "second"

    assert client.get("/").text == "second"


@pytest.mark.parametrize("name", ["before_request", "after_request", "teardown_request"])
def test_a_hook_decorator_gives_the_function_back(app, name):
    def hook(*args):
        return None

    assert getattr(app, name)(hook) is hook
    assert getattr(Blueprint("b", __name__), name)(hook) is hook


@pytest.mark.parametrize(
    "name",
    ["before_request", "after_request", "teardown_request", "teardown_appcontext", "url_defaults"],
)
def test_a_hook_registered_after_the_first_request_is_an_error(app, client, name):
    client.get("/")

    with pytest.raises(AssertionError, match=name):
        getattr(app, name)(lambda *args: None)


def test_async_hooks_are_awaited(app, client, steps):
    @app.before_request
    async def before():
        steps.append("before")

    @app.after_request
    async def after(response):
        steps.append("after")
        return response

    @app.teardown_request
    async def teardown(error):
        steps.append("teardown")

    @app.teardown_appcontext
    async def teardown_context(error):
        steps.append("app context")

    add_view(app, steps)
    client.get("/")

    assert steps == ["before", "view", "after", "teardown", "app context"]


# Overridden steps


def test_overridden_steps_are_called(steps):
    class OwnApp(Flask):
        def preprocess_request(self):
            steps.append("preprocess")
            return super().preprocess_request()

        def dispatch_request(self):
            steps.append("dispatch")
            return super().dispatch_request()

        def process_response(self, response):
            steps.append("process")
            return super().process_response(response)

        def do_teardown_request(self, *args):
            steps.append("teardown")
            return super().do_teardown_request(*args)

        def do_teardown_appcontext(self, *args):
            steps.append("teardown context")
            return super().do_teardown_appcontext(*args)

    app = OwnApp("own")
    add_view(app, steps)

    app.test_client().get("/")

    assert steps == [
        "preprocess",
        "dispatch",
        "view",
        "process",
        "teardown",
        "teardown context",
    ]


def test_receivers_get_the_unhandled_error(app, client, steps):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/", view_func=lambda: 1 // 0)
    app.add_url_rule("/abort", "abort", lambda: abort(500))

    def listen(sender, exception):
        steps.append((sender, type(exception)))

    with got_request_exception.connected_to(listen):
        client.get("/")
        client.get("/abort")

    assert steps == [(app, ZeroDivisionError)]
