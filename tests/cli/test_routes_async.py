"""The plan of an endpoint says which steps run on the event loop, and which in a thread."""

import threading

import click
import pytest

import retort
from retort.cli.plan import plan_lines
from retort.views import MethodView


def rows(app, endpoint="index", method="GET"):
    """The cells of the table of a method, and the lines below it."""
    lines = plan_lines(app, endpoint, method)
    number = next(number for number, line in enumerate(lines) if line.startswith("---"))
    widths = [len(dashes) + 2 for dashes in lines[number].split("  ")]
    table, rest = [], lines[number + 1 :]
    while rest and rest[0]:
        line, cells = rest.pop(0), []
        for width in widths:
            cells.append(line[:width].strip())
            line = line[width:]
        table.append(cells)
    return lines[number - 1].split(), table, " ".join(rest).strip()


class Places:
    """Functions of both kinds, which record where they ran."""

    def __init__(self):
        self.ran = {}

    def function(self, name, *, is_async, result=None):
        def run(*args, **values):
            on_loop = threading.current_thread().name == "retort event loop"
            self.ran[name] = "event loop" if on_loop else "thread"
            return args[0] if result is None and args else result

        async def run_async(*args, **values):
            return run(*args, **values)

        function = run_async if is_async else run
        function.__name__ = function.__qualname__ = name
        return function


@pytest.mark.parametrize("is_view_async", [True, False], ids=["async view", "sync view"])
def test_the_plan_says_where_each_function_runs(is_view_async):
    app, places = retort.Flask("places", static_folder=None), Places()
    for kind in ("sync", "async"):
        is_async = kind == "async"
        app.before_request(places.function(f"before_{kind}", is_async=is_async))
        app.after_request(places.function(f"after_{kind}", is_async=is_async))
        app.teardown_request(places.function(f"teardown_{kind}", is_async=is_async))
        app.teardown_appcontext(places.function(f"pool_{kind}", is_async=is_async))
    app.url_value_preprocessor(places.function("values", is_async=False))
    app.get("/")(places.function("index", is_async=is_view_async, result="index"))

    assert app.test_client().get("/").text == "index"
    headings, table, _ = rows(app)

    assert headings == ["Step", "Runs", "In", "From", "Where"]
    planned = {cells[1].removesuffix(" (async)"): cells[2] for cells in table}
    assert {name: planned[name] for name in places.ran} == places.ran
    assert len(places.ran) == 10
    assert set(places.ran.values()) == {"event loop", "thread"}


def test_a_plan_without_coroutine_functions_has_no_such_column():
    app = retort.Flask("places", static_folder=None)
    app.get("/", endpoint="index")(lambda: "")

    headings, _, below = rows(app)

    assert headings == ["Step", "Runs", "From", "Where"]
    assert below == ""


@pytest.fixture
def app():
    """A program with an async view."""
    app = retort.Flask("places", static_folder=None)

    @app.get("/")
    async def index():
        return ""

    return app


def test_no_thread_waits_for_an_async_view(app):
    _, table, below = rows(app)

    assert [cells[:3] for cells in table] == [
        ["view", "index (async)", "event loop"],
        ["finish", "without a response", "event loop"],
        ["session", "never saved", ""],
    ]
    assert below == ""


def test_steps_that_retort_does_itself_run_on_the_loop_too():
    app = retort.Retort("places", static_folder=None)
    app.secret_key = "secret"

    @app.post("/")
    async def index():
        return ""

    assert [cells[:3] for cells in rows(app, method="POST")[1]] == [
        ["check", "cross-origin protection", "event loop"],
        ["view", "index (async)", "event loop"],
        ["finish", "without a response", "event loop"],
        ["after", "security header fields", "event loop"],
        ["session", "saved if it was opened", "thread"],
    ]


def test_the_reason_why_a_thread_waits_is_given():
    app = retort.Flask("places", static_folder=None)

    @app.before_request
    async def load():
        pass

    @app.get("/")
    def index():
        return ""

    assert rows(app)[2] == (
        "A thread waits for the steps on the event loop: the view is not a coroutine function."
    )


def test_middleware_for_which_a_thread_waits_is_named(app):
    class Timing:
        def __init__(self, inner):
            self.inner = inner

        def __call__(self, environ, start_response):
            return self.inner(environ, start_response)

    app.wsgi_app = Timing(app.wsgi_app)

    assert "the middleware Timing() handles the response" in rows(app)[2]


class Entry(MethodView):
    async def get(self):
        return ""


class Decorated(Entry):
    decorators = [lambda view: lambda **values: view(**values)]


def test_no_thread_waits_for_an_async_method_of_a_class():
    app = retort.Flask("places", static_folder=None)
    app.add_url_rule("/", view_func=Entry.as_view("index"))

    _, table, below = rows(app)

    assert table[0][:3] == ["view", "Entry.get (async)", "event loop"]
    assert below == ""


def test_a_decorated_class_is_called_in_a_thread():
    app = retort.Flask("places", static_folder=None)
    app.add_url_rule("/", "index", view_func=Decorated.as_view("index"))

    assert "A thread waits" in rows(app)[2]
    assert "the view is called through ensure_sync" in rows(app)[2]


def test_a_replaced_method_that_makes_a_thread_wait_is_named():
    class App(retort.Flask):
        def dispatch_request(self):
            return super().dispatch_request()

    app = App("places", static_folder=None)

    @app.get("/")
    async def index():
        return ""

    assert "dispatch_request is replaced" in rows(app)[2].partition("Replaced")[0]


def test_coroutine_functions_that_the_program_runs_itself_have_no_place():
    class App(retort.Flask):
        def async_to_sync(self, func):
            return func

    app = App("places", static_folder=None)

    @app.get("/")
    async def index():
        return ""

    assert rows(app)[0] == ["Step", "Runs", "From", "Where"]


def test_the_plan_of_a_websocket_has_its_own_hooks():
    app, places = retort.Retort("places", static_folder=None), Places()
    for kind in ("sync", "async"):
        is_async = kind == "async"
        app.before_websocket(places.function(f"before_{kind}", is_async=is_async))
        app.after_websocket(places.function(f"after_{kind}", is_async=is_async))
        app.teardown_websocket(places.function(f"teardown_{kind}", is_async=is_async))
    app.before_request(places.function("of_requests", is_async=False))
    app.url_value_preprocessor(places.function("values", is_async=False))

    @app.websocket("/chat")
    async def index():
        await retort.websocket.send("hello")

    with app.test_client().websocket("/chat") as ws:
        assert ws.receive() == "hello"
    headings, table, below = rows(app, method=None)

    assert (headings, below) == (["Step", "Runs", "In", "From", "Where"], "")
    assert table[0][:4] == [
        *("check", "origin of the page", "event loop", "config CROSS_ORIGIN_PROTECTION")
    ]
    assert ["view", "index (async)", "event loop"] in [cells[:3] for cells in table]
    planned = {cells[1].removesuffix(" (async)"): cells[2] for cells in table}
    assert {name: planned.get(name) for name in places.ran} == places.ran
    assert len(places.ran) == 7
    assert "of_requests" not in planned


@pytest.mark.parametrize(
    ("origins", "source"),
    [
        ([], "origins=[]"),
        (["https://a.example"], "origins=['https://a.example']"),
        ("*", "origins='*'"),
    ],
)
def test_the_plan_of_a_websocket_names_its_rule_about_origins(origins, source):
    app = retort.Flask("places", static_folder=None)

    @app.websocket("/chat", origins=origins)
    def index():
        return "", 403

    assert rows(app, method=None)[1][0][:4] == ["check", "origin of the page", "event loop", source]


def test_a_websocket_has_no_methods():
    app = retort.Flask("places", static_folder=None)
    app.add_websocket("/chat", "chat", lambda: None)

    with pytest.raises(click.UsageError, match="is a WebSocket: leave --method out"):
        plan_lines(app, "chat", "GET")
