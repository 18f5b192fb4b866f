"""Coroutine functions as views, hooks and handlers, under WSGI."""

import asyncio
import functools
import threading

import pytest

import retort
from retort.aio.loop import wait_for
from retort.routing import find_plan
from retort.views import MethodView, View


def test_a_coroutine_function_may_be_a_view(app, client):
    @app.get("/<name>")
    async def hello(name):
        await asyncio.sleep(0)
        return f"hello {name} {retort.request.method}"

    assert client.get("/Ada").text == "hello Ada GET"


def test_hooks_and_handlers_may_be_coroutine_functions(app, client):
    events = []

    @app.before_request
    async def before():
        events.append("before")

    @app.after_request
    async def after(response):
        events.append("after")
        response.headers["X-After"] = "1"
        return response

    @app.teardown_request
    async def teardown(error):
        events.append("teardown")

    @app.teardown_appcontext
    async def teardown_app(error):
        events.append("teardown app")

    @app.errorhandler(KeyError)
    async def handle(error):
        return "handled", 409

    @app.context_processor
    async def variables():
        return {"x": "from a coroutine"}

    @app.get("/")
    def index():  # a coroutine function could not wait for the processor from in here
        return retort.render_template_string("{{ x }}")

    @app.get("/error")
    async def error():
        raise KeyError("x")

    response = client.get("/")
    assert (response.text, response.headers["X-After"]) == ("from a coroutine", "1")
    assert events == ["before", "after", "teardown", "teardown app"]
    response = client.get("/error")
    assert (response.status_code, response.text) == (409, "handled")


def test_class_based_views_may_have_coroutine_methods(app, client):
    class Plain(View):
        async def dispatch_request(self):
            return "plain"

    class ByMethod(MethodView):
        async def get(self):
            return "get"

        async def post(self):
            return "post"

    app.add_url_rule("/plain", view_func=Plain.as_view("plain"))
    app.add_url_rule("/by-method", view_func=ByMethod.as_view("by_method"))
    assert client.get("/plain").text == "plain"
    assert client.get("/by-method").text == "get"
    assert client.post("/by-method").text == "post"


def test_a_partial_of_a_coroutine_function_is_waited_for(app, client):
    async def greet(greeting):
        return greeting

    app.add_url_rule("/", "greet", functools.partial(greet, "hi"))
    assert client.get("/").text == "hi"


def test_an_error_in_a_coroutine_reaches_the_test(app, client):
    @app.get("/")
    async def index():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_the_way_coroutines_are_run_can_be_replaced(app, client):
    @app.get("/")
    async def index():
        return "waited for"

    ran = []

    def run(func):
        def in_loop(*args, **kwargs):
            ran.append(func.__name__)
            return asyncio.run(func(*args, **kwargs))

        return in_loop

    assert client.get("/").text == "waited for"
    app.async_to_sync = run
    assert client.get("/").text == "waited for"
    assert ran == ["index"]


def test_session_g_and_context_are_those_of_the_request(app, client):
    @app.before_request
    def before():
        retort.g.user = "Ada"

    @app.get("/")
    async def index():
        retort.session["seen"] = True
        retort.g.user += "!"
        return retort.g.user

    @app.after_request
    def after(response):
        response.headers["X-User"] = retort.g.user
        return response

    response = client.get("/")
    assert (response.text, response.headers["X-User"]) == ("Ada!", "Ada!")
    assert "Set-Cookie" in response.headers


def test_a_synchronous_function_is_awaited_in_a_thread(app, client):
    def name_of_thread(greeting, *, mark):
        retort.g.seen = threading.current_thread().name
        return f"{greeting} {retort.request.args['name']}{mark}"

    called = app.ensure_async(name_of_thread)

    @app.get("/")
    async def index():
        return await called("hello", mark="!")

    @app.after_request
    def after(response):
        assert retort.g.seen != "retort event loop"
        return response

    assert client.get("/?name=Ada").text == "hello Ada!"
    assert called.__name__ == "name_of_thread"


def test_an_error_in_the_thread_reaches_the_coroutine(app, client):
    def fail():
        raise LookupError("no such user")

    @app.get("/")
    async def index():
        try:
            return await app.ensure_async(fail)()
        except LookupError as error:
            return str(error)

    assert client.get("/").text == "no such user"


def test_a_coroutine_function_is_its_own_async_function(app):
    async def fetch():
        return 1

    assert app.ensure_async(fetch) is fetch


def on_the_loop():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class ByHand(retort.Flask):
    """Overrides the methods after the view."""

    def finalize_request(self, *args, **kwargs):
        retort.g.places.append(("finalize", on_the_loop()))
        return super().finalize_request(*args, **kwargs)

    def make_response(self, rv):
        retort.g.places.append(("make", on_the_loop()))
        return super().make_response(rv)

    def process_response(self, response):
        retort.g.places.append(("process", on_the_loop()))
        return super().process_response(response)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_methods_of_the_program_after_the_view_run_in_a_thread(method):
    app = ByHand("by hand")
    seen = []

    @app.get("/")
    async def index():
        retort.g.places = seen
        return "text"

    assert app.test_client().open("/", method=method).status_code == 200
    assert seen == [("finalize", False), ("make", False), ("process", False)]


def test_a_hook_that_the_view_adds_runs_in_a_thread(app, client):
    seen = []

    @app.get("/")
    async def index():
        async def after(response):
            seen.append("coroutine")
            return response

        app.after_request_funcs.setdefault(None, []).append(after)
        return "text"

    assert client.get("/").text == "text"
    assert seen == ["coroutine"]


def test_a_view_that_fails_on_the_loop_leaves_no_context(app, client):
    @app.get("/")
    async def index():
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.get("/").status_code == 500
    assert not retort.has_request_context()
    assert not retort.has_app_context()


class Here(MethodView):
    def get(self):
        return f"{threading.get_ident()}"

    async def post(self):
        return f"{threading.get_ident()}"


async def ident():
    return threading.get_ident()


def test_coroutine_methods_of_a_class_are_awaited_on_the_loop(app, client):
    class Plain(View):
        async def dispatch_request(self, name):
            return f"{name} {threading.get_ident()}"

    app.add_url_rule("/plain/<name>", view_func=Plain.as_view("plain"))
    app.add_url_rule("/here", view_func=Here.as_view("here"))

    loop = str(wait_for(ident()))
    assert client.get("/plain/Ada").text == f"Ada {loop}"
    assert client.post("/here").text == loop
    assert client.get("/here").text != loop
    assert plan_for(app, "POST", "/here").is_async
    assert not plan_for(app, "GET", "/here").is_async


def test_coroutine_functions_by_method_are_awaited_on_the_loop(app, client):
    @app.get("/login")
    def login():
        return "form"

    @login.post
    async def send():
        return str(threading.get_ident())

    assert client.get("/login").text == "form"
    assert client.post("/login").text == str(wait_for(ident()))
    assert plan_for(app, "POST", "/login").is_async
    assert not plan_for(app, "GET", "/login").is_async


def test_a_decorator_around_a_class_gets_its_response(app, client):
    def shouting(view):
        @functools.wraps(view)
        def wrapper(**values):
            return f"{view(**values)}!"

        return wrapper

    class Decorated(View):
        decorators = (shouting,)

        async def dispatch_request(self):
            return "decorated"

    class Plain(View):
        async def dispatch_request(self):
            return "plain"

    app.add_url_rule("/decorated", view_func=Decorated.as_view("decorated"))
    app.add_url_rule("/plain", view_func=shouting(Plain.as_view("plain")))
    assert client.get("/decorated").text == "decorated!"
    assert client.get("/plain").text == "plain!"
    assert not plan_for(app, "GET", "/plain").is_async


def plan_for(app, method, path):
    return find_plan(app.current_plans(), method, path)
