"""The table of routes, and the plan of an endpoint."""

import functools
import itertools
import re

import pytest
from werkzeug.exceptions import NotFound

import retort
from retort import cross_origin_exempt
from retort.cli import routes_command
from retort.sessions import SecureCookieSessionInterface
from retort.views import MethodView


@pytest.fixture
def shop():
    app = retort.Flask("shop", static_folder=None)
    view = lambda **values: ""  # noqa: E731
    app.add_url_rule("/zoo/<int:id>", "yard", view, methods=["GET", "POST"])
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/add", "add", view, methods=["POST"])
    return app


def table(app, *args):
    result = app.test_cli_runner().invoke(routes_command, args)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def column(app, name, *args):
    lines = table(app, *args)
    start = lines[0].index(name)
    return [line[start:].split()[0] for line in lines[2:]]


def test_the_table_has_a_line_for_each_route(shop):
    assert table(shop) == [
        "Endpoint  Methods    Rule         ",
        "--------  ---------  -------------",
        "add       POST       /add         ",
        "index     GET        /            ",
        "yard      GET, POST  /zoo/<int:id>",
    ]


def test_the_routes_of_websockets_are_marked(shop):
    shop.add_websocket("/ws", "ws", lambda: None)

    assert "ws        WebSocket  /ws          " in table(shop)
    assert "ws        WebSocket                 /ws          " in table(shop, "--all-methods")


def test_methods_that_are_implied_are_shown_on_request(shop):
    assert table(shop, "--all-methods")[2:] == [
        "add       OPTIONS, POST             /add         ",
        "index     GET, HEAD, OPTIONS        /            ",
        "yard      GET, HEAD, OPTIONS, POST  /zoo/<int:id>",
    ]


@pytest.mark.parametrize(
    ("order", "endpoints"),
    [
        ("endpoint", ["add", "index", "yard"]),
        ("methods", ["index", "yard", "add"]),
        ("rule", ["index", "add", "yard"]),
    ],
)
def test_the_lines_are_sorted_by_the_option(shop, order, endpoints):
    assert column(shop, "Endpoint", "--sort", order) == endpoints
    assert column(shop, "Endpoint", "-s", order) == endpoints


def test_the_order_of_matching_is_that_of_the_url_map(shop):
    expected = [rule.endpoint for rule in shop.url_map.iter_rules()]

    assert column(shop, "Endpoint", "-s", "match") == expected


def test_an_order_that_does_not_exist_is_an_error_that_names_the_others(shop):
    result = shop.test_cli_runner().invoke(routes_command, ["--sort", "length"])

    assert result.exit_code == 2
    for order in ("endpoint", "methods", "domain", "rule", "match"):
        assert repr(order) in result.output


def test_subdomains_have_a_column_if_there_are_any(shop):
    shop.add_url_rule("/", "admin", lambda: "", subdomain="admin")

    lines = table(shop, "-s", "domain")

    assert lines[0].split() == ["Endpoint", "Methods", "Subdomain", "Rule"]
    assert lines[-1].split() == ["admin", "GET", "admin", "/"]


def test_hosts_have_a_column_if_hosts_are_matched():
    app = retort.Flask("hosts", static_folder=None, host_matching=True)
    app.add_url_rule("/", "b", lambda: "", host="a.example")
    app.add_url_rule("/", "a", lambda: "", host="b.example")

    assert table(app)[0].split() == ["Endpoint", "Methods", "Host", "Rule"]
    assert column(app, "Host", "-s", "domain") == ["a.example", "b.example"]


def test_a_rule_without_methods_has_an_empty_cell():
    app = retort.Flask("plain", static_folder=None)
    app.url_map.add(retort.Flask.url_rule_class("/x", endpoint="x"))

    assert table(app)[-1].split() == ["x", "/x"]


def test_websocket_routes_are_marked():
    app = retort.Flask("sockets", static_folder=None)
    app.url_map.add(retort.Flask.url_rule_class("/chat", endpoint="chat", websocket=True))

    assert table(app)[-1].split() == ["chat", "WebSocket", "/chat"]


def test_a_program_without_routes_is_reported():
    app = retort.Flask("empty", static_folder=None)

    assert table(app) == ["No routes were registered."]


# The plan of an endpoint


def sections(app, endpoint, *args):
    """The tables of a plan by their titles; each row is a tuple of its cells."""
    lines = table(app, "--plan", endpoint, *args)
    tables = {}
    for number, rule in enumerate(lines):
        if not rule.startswith("---"):
            continue
        ends = [*(match.end() for match in re.finditer("-+", rule)), None]
        starts = [0, *(match.start() for match in re.finditer(" -", rule))]
        rows = itertools.takewhile(bool, lines[number + 1 :])
        tables[lines[number - 3]] = [
            tuple(row[start:end].strip() for start, end in zip(starts, ends, strict=False))
            for row in rows
        ]
    return tables


def steps(app, endpoint, method="GET"):
    """What runs for a method, without places."""
    return [row[:3] for row in sections(app, endpoint, "--method", method)[method]]


def place_of(function):
    code = function.__code__
    return f"{code.co_filename}:{code.co_firstlineno}"


@pytest.fixture
def ran():
    """The names of the functions that ran."""
    return []


@pytest.fixture
def nested(ran):
    """A program with hooks of all kinds, on an application and on two blueprints."""
    app = retort.Flask("nested", static_folder=None)
    app.secret_key = "secret"
    outer = retort.Blueprint("outer", "outer", url_prefix="/outer")
    inner = retort.Blueprint("inner", "inner", url_prefix="/inner")

    def hook(name):
        def run(response=None, *_):
            ran.append(name)
            return response

        run.__qualname__ = name
        return run

    def value_hook(name):
        def run(endpoint, values):
            ran.append(name)

        run.__qualname__ = name
        return run

    for name, owner in [("app", app), ("outer", outer), ("inner", inner)]:
        owner.url_value_preprocessor(value_hook(f"{name}_values"))
        for number in (1, 2):
            owner.before_request(hook(f"{name}_before_{number}"))
            owner.after_request(hook(f"{name}_after_{number}"))
        owner.teardown_request(hook(f"{name}_teardown"))
    app.teardown_appcontext(hook("pool_1"))
    app.teardown_appcontext(hook("pool_2"))

    @inner.get("/page/<int:id>")
    def page(id):
        ran.append("page")
        return "page"

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


PAGE = "outer.inner.page"


def test_the_plan_has_functions_in_the_order_in_which_they_run(nested, ran):
    planned = [name for _, name, _ in steps(nested, PAGE)]
    ran.clear()  # what ran with the context of the command

    assert nested.test_client().get("/outer/inner/page/7").status_code == 200
    assert [name.rpartition(".")[2] for name in planned if "_" in name or "page" in name] == ran
    assert len(ran) == 21


def test_the_plan_names_where_each_function_is_registered(nested):
    owners = {name: owner for _, name, owner in steps(nested, PAGE)}

    assert owners["app_values"] == owners["pool_1"] == "application"
    assert owners["outer_before_1"] == "blueprint 'outer'"
    assert owners["inner_teardown"] == "blueprint 'outer.inner'"


def test_a_plan_without_hooks_has_the_view_and_no_response(shop):
    assert steps(shop, "index") == [
        ("view", "<lambda>", ""),
        ("finish", "without a response", "no step would see one"),
        ("session", "never saved", "config SECRET_KEY is not set"),
    ]


def test_methods_with_the_same_plan_share_a_table(shop):
    assert list(sections(shop, "yard")) == ["GET, POST", "HEAD", "OPTIONS"]


def test_the_plan_of_one_method_is_shown_on_request(shop):
    assert list(sections(shop, "yard", "--method", "post")) == ["POST"]


def test_the_checks_are_shown_with_what_put_them_there():
    app = retort.Retort("checks", static_folder=None)
    app.config["METHOD_OVERRIDE"] = True
    app.add_url_rule("/", "upload", lambda: "", methods=["PUT"], accepts=["text/csv"])
    app.add_url_rule("/", "form", lambda: "", methods=["POST"], produces=["text/html"])

    def checks(endpoint, method):
        return [row[1:] for row in steps(app, endpoint, method) if row[0] == "check"]

    assert checks("upload", "PUT") == [
        ("cross-origin protection", "config CROSS_ORIGIN_PROTECTION"),
        ("partial PUT is refused", "config ACCEPT_PARTIAL_PUT"),
        ("media type of the content", "accepts=['text/csv']"),
    ]
    assert checks("form", "POST") == [
        ("cross-origin protection", "config CROSS_ORIGIN_PROTECTION"),
        ("method override", "config METHOD_OVERRIDE"),
        ("media types that are accepted", "produces=['text/html']"),
    ]
    assert checks("form", "OPTIONS")[0] == (
        "automatic OPTIONS, in place of the view",
        "config PROVIDE_AUTOMATIC_OPTIONS",
    )
    assert ("after", "security header fields", "config SEND_SECURITY_HEADERS") in steps(
        app, "form", "POST"
    )


def test_a_view_that_is_exempt_from_cross_origin_protection_is_shown_as_such():
    app = retort.Retort("exempt", static_folder=None)
    app.config["CROSS_ORIGIN_EXEMPT_RULES"] = ["POST /listed"]
    app.add_url_rule("/marked", "marked", cross_origin_exempt(lambda: ""), methods=["POST"])
    app.add_url_rule("/listed", "listed", lambda: "", methods=["POST"])

    assert steps(app, "marked", "POST")[0][2].endswith("; exempt by @cross_origin_exempt")
    assert steps(app, "listed", "POST")[0][2].endswith("; exempt by CROSS_ORIGIN_EXEMPT_RULES")


def test_a_decorated_function_is_shown_where_it_is_written(shop):
    def written():
        return ""

    @functools.wraps(written)
    def wrapper():
        return written()

    shop.add_url_rule("/wrapped", "wrapped", wrapper)
    shop.add_url_rule("/partial", "partial", functools.partial(written))

    plan = sections(shop, "wrapped", "--method", "GET")["GET"]
    assert plan[0] == ("view", "written", "", place_of(written))
    plan = sections(shop, "partial", "--method", "GET")["GET"]
    assert plan[0] == ("view", "partial(written)", "", place_of(written))


def test_a_place_below_the_current_folder_is_relative(retort, write):
    write("app.py", "import flask\n\napp = flask.Flask('app')\n\n@app.get('/')\ndef index(): ...\n")

    done = retort("routes", "--plan", "index")

    assert done.returncode == 0, done.stderr
    assert re.search(r"^view +index +app\.py:5$", done.stdout, re.M)
    assert "Replaced" not in done.stdout  # the classes have the names of Flask's modules


def test_the_view_of_a_method_is_the_function_for_it(shop):
    @shop.get("/login")
    def login():
        return ""

    @login.post
    def check_password():
        return ""

    class Entry(MethodView):
        def get(self):
            return ""

        async def put(self):
            return ""

    shop.add_url_rule("/entry", view_func=Entry.as_view("entry"))

    assert steps(shop, "login", "POST")[0] == ("view", "check_password", "")
    assert steps(shop, "login", "HEAD")[0] == ("view", "login", "")
    assert steps(shop, "entry", "HEAD")[0] == ("view", "Entry.get", "")
    assert steps(shop, "entry", "PUT")[0][:2] == ("view", "Entry.put (async)")


def test_coroutine_functions_are_marked(shop):
    @shop.before_request
    async def load(): ...

    assert steps(shop, "index")[0] == ("before", "load (async)", "event loop")


def test_a_container_that_the_program_assigned_is_shown_as_read_for_each_request(shop):
    def load(): ...

    shop.before_request_funcs = {None: [load]}
    plan = sections(shop, "index", "--method", "GET")

    assert plan["GET"][0][2] == "application (plain container, read for each request)"
    assert plan["Replaced"] == [
        (
            "before_request_funcs",
            "hooks before the view: plain container, read for each request",
            "app.__dict__",
            "",
        )
    ]


def test_replaced_methods_are_shown_with_who_replaced_them(monkeypatch):
    class Shop(retort.Flask):
        def process_response(self, response):
            return super().process_response(response)

    original = retort.Flask.preprocess_request

    @functools.wraps(original)
    def traced(self):
        return original(self)

    def log(info): ...

    def app_entry(error): ...

    monkeypatch.setattr(retort.Flask, "preprocess_request", traced)
    app = Shop("shop", static_folder=None)
    app.log_exception = log
    app.__dict__["handle_exception"] = app_entry
    app.add_url_rule("/", "index", lambda: "")
    plan = sections(app, "index", "--method", "GET")

    assert [(name, by, place) for name, _, by, place in plan["Replaced"]] == [
        ("preprocess_request", "class Flask, patched", place_of(traced)),
        ("process_response", "class Shop", place_of(Shop.process_response)),
        ("handle_exception", "app.__dict__", place_of(app_entry)),
        ("log_exception", "app.__dict__", place_of(log)),
    ]
    assert ("finish", "as a response", "process_response is replaced") in steps(app, "index")


def test_classes_of_the_program_are_shown():
    class Interface(SecureCookieSessionInterface):
        def open_session(self, app, request):
            return super().open_session(app, request)

    class Answer(retort.Response):
        pass

    class Shop(retort.Flask):
        response_class = Answer

    app = Shop("shop", static_folder=None)
    app.secret_key = "secret"
    app.session_interface = Interface()
    app.add_url_rule("/", "index", lambda: "")
    plan = sections(app, "index", "--method", "GET")

    assert [row[:3] for row in plan["Replaced"]] == [
        ("response_class", "the class of responses: Answer", "class Shop"),
        ("session_interface", "opens and saves sessions: Interface", "app.__dict__"),
    ]
    assert steps(app, "index") == [
        ("session", "opened before all else", "Interface"),
        ("view", "<lambda>", ""),
        ("finish", "as a response", "response_class is Answer"),
        ("session", "saved if it was opened", "Interface"),
    ]


def test_error_handlers_that_can_answer_are_shown_in_the_order_of_the_search(nested):
    def register(scope, error, name):
        def handler(error): ...

        handler.__qualname__ = name
        nested.error_handler_spec[scope][getattr(error, "code", None)][error] = handler

    register(None, NotFound, "shadowed")
    register("outer", NotFound, "missing")
    register(None, Exception, "failed")
    register("outer.inner", LookupError, "no_item")
    register(None, KeyError, "never_reached")
    register("elsewhere", ValueError, "of_another_blueprint")
    plan = sections(nested, PAGE, "--method", "GET")

    assert [row[:3] for row in plan["Error handlers"]] == [
        ("404 NotFound", "missing", "blueprint 'outer'"),
        ("LookupError", "no_item", "blueprint 'outer.inner'"),
        ("Exception", "failed", "application"),
    ]


def test_an_endpoint_that_does_not_exist_is_an_error_that_names_close_ones(nested):
    result = nested.test_cli_runner().invoke(routes_command, ["--plan", "outer.iner.page"])

    assert result.exit_code == 2
    assert f"no endpoint 'outer.iner.page'. Did you mean '{PAGE}'?" in result.output
    assert "'retort routes' lists all of them" in result.output


def test_a_method_that_the_endpoint_does_not_take_is_an_error(shop):
    result = shop.test_cli_runner().invoke(routes_command, ["--plan", "add", "--method", "GET"])

    assert result.exit_code == 2
    assert "'add' does not take GET, but POST, OPTIONS." in result.output


def test_a_method_without_an_endpoint_is_an_error(shop):
    result = shop.test_cli_runner().invoke(routes_command, ["--method", "GET"])

    assert result.exit_code == 2
    assert "--method goes with --plan" in result.output


def test_the_plan_of_a_rule_without_methods_is_that_of_any_method():
    app = retort.Flask("plain", static_folder=None)
    app.url_map.add(retort.Flask.url_rule_class("/x", endpoint="x"))

    plan = sections(app, "x", "--method", "GET")
    assert [row[:2] for row in plan["Any method"]] == [
        ("view", "none: an error"),
        ("finish", "as a response"),
        ("session", "never saved"),
    ]
