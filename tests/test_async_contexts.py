"""All steps of a request with a coroutine view share one context; other requests have another."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

import retort
from retort import copy_current_request_context, current_app, g, request, session

USER = ContextVar("user", default="guest")


def set_all(name):
    """Set a mark in each place that belongs to a request."""
    USER.set(name)
    g.user = name
    session["user"] = name
    request.user = name


def seen():
    return [USER.get(), g.get("user"), session.get("user"), getattr(request, "user", None)]


def objects():
    """The objects behind the proxies."""
    return [id(proxy._get_current_object()) for proxy in (g, session, request, current_app)]


@pytest.fixture
def log(app):
    """What the after and teardown functions have seen."""
    log = {}

    @app.after_request
    def after(response):
        log["after"] = seen()
        return response

    @app.teardown_request
    async def teardown(error):
        log["teardown"] = seen()

    @app.teardown_appcontext
    def teardown_app(error):
        log["app teardown"] = [USER.get(), g.get("user")]

    return log


@pytest.mark.parametrize("place", ["sync before", "async before", "view", "in a sync function"])
def test_what_is_set_in_one_step_is_seen_in_all_later_ones(app, client, log, place):
    if place == "sync before":
        app.before_request(lambda: set_all("Ada"))
    if place == "async before":

        @app.before_request
        async def before():
            set_all("Ada")

    @app.get("/")
    async def index():
        if place == "view":
            set_all("Ada")
        if place == "in a sync function":
            await asyncio.sleep(0)
            set_all("Ada")
        await asyncio.sleep(0)
        return seen()

    assert client.get("/").json == ["Ada"] * 4
    assert log == {
        "after": ["Ada"] * 4,
        "teardown": ["Ada"] * 4,
        "app teardown": ["Ada"] * 2,
    }


@pytest.mark.parametrize("kind", ["await", "create_task", "gather", "to_thread"])
def test_other_tasks_and_threads_of_the_request_see_the_same_objects(app, client, log, kind):
    async def inside():
        await asyncio.sleep(0)
        g.inside = kind
        return [seen(), objects()]

    def inside_thread():
        g.inside = kind
        return [seen(), objects()]

    @app.get("/")
    async def index():
        set_all("Ada")
        found = {
            "await": lambda: inside(),
            "create_task": lambda: asyncio.create_task(inside()),
            "gather": lambda: asyncio.gather(inside(), inside()),
            "to_thread": lambda: asyncio.to_thread(inside_thread),
        }[kind]()
        found = await found
        found = found[0] if kind == "gather" else found
        return {"found": found, "own": [seen(), objects()], "inside": g.inside}

    answer = client.get("/").json
    assert answer["found"] == answer["own"]
    assert answer["inside"] == kind
    assert answer["own"][0] == ["Ada"] * 4


def test_a_context_variable_of_one_request_is_not_seen_by_another(app, client):
    @app.get("/<name>")
    async def index(name):
        before = seen()
        set_all(name)
        session.clear()
        return before

    USER.set("of the test")
    try:
        for name in ("Ada", "Bob"):
            assert client.get(f"/{name}").json == ["of the test", None, None, None]
    finally:
        USER.set("guest")


def test_requests_at_the_same_time_do_not_see_each_other(app):
    count = 8
    meeting = []
    all_are_here = asyncio.Event()

    @app.get("/<name>")
    async def index(name):
        set_all(name)
        meeting.append(name)
        if len(meeting) == count:
            all_are_here.set()
        await all_are_here.wait()
        return [*seen(), request.path]

    answers = {}

    def ask(name):
        answers[name] = app.test_client().get(f"/{name}").json

    threads = [threading.Thread(target=ask, args=(f"user {n}",)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {f"user {n}": [*[f"user {n}"] * 4, f"/user {n}"] for n in range(count)}


def test_a_task_that_outlives_its_request_still_has_its_objects(app, client):
    found, may_end, is_read = [], asyncio.Event(), threading.Event()

    @app.get("/")
    async def index():
        set_all("Ada")

        async def later():
            await may_end.wait()
            found.extend(seen())
            found.append(request.path)
            is_read.set()

        app.extensions["task"] = asyncio.create_task(later())
        app.extensions["loop"] = asyncio.get_running_loop()
        return "text"

    assert client.get("/").text == "text"
    app.extensions["loop"].call_soon_threadsafe(may_end.set)
    assert is_read.wait(10)
    assert found == ["Ada"] * 4 + ["/"]


def test_a_test_client_inside_an_async_view_has_a_request_of_its_own(app, client):
    @app.get("/inner")
    async def inner():
        before = seen()
        set_all("inner")
        return before

    @app.get("/sync")
    def inner_sync():
        before = seen()
        set_all("sync")
        return before

    @app.get("/")
    async def index():
        set_all("outer")
        inside = [
            (await asyncio.to_thread(app.test_client().get, path)).json
            for path in ("/inner", "/sync")
        ]
        return {"inside": inside, "own": seen(), "path": request.path}

    answer = client.get("/").json
    # As in Flask: a request uses the application context that is current, and so its `g`.
    assert answer["inside"] == [["outer", "outer", None, None], ["outer", "inner", None, None]]
    assert answer["own"] == ["outer", "sync", "outer", "outer"]
    assert answer["path"] == "/"


def test_a_test_client_on_the_event_loop_is_an_error_that_says_what_to_do(app, client):
    @app.get("/inner")
    async def inner():
        return "text"

    @app.get("/")
    async def index():
        return app.test_client().get("/inner").text

    with pytest.raises(RuntimeError, match=r"asyncio\.to_thread"):
        client.get("/")
    assert not retort.has_request_context()


def test_a_client_that_keeps_the_context_shows_that_of_an_async_view(app):
    @app.get("/")
    async def index():
        set_all("Ada")
        return "text"

    with app.test_client() as client:
        client.get("/")
        assert (g.user, session["user"], request.user) == ("Ada", "Ada", "Ada")
    assert not retort.has_request_context()


def test_contexts_that_are_current_around_a_request_are_current_again(app):
    @app.get("/")
    async def index():
        g.user = "Ada"
        return request.path

    with app.test_request_context("/around"):
        g.user = "around"
        assert app.test_client().get("/").text == "/"
        assert request.path == "/around"
    with app.app_context():
        g.user = "around"
        assert app.test_client().get("/").text == "/"
        # As in Flask: a request uses the application context that is current.
        assert g.user == "Ada"
        assert not retort.has_request_context()
    assert not retort.has_app_context()


def test_contexts_may_be_pushed_inside_an_async_view(app, client):
    other = retort.Flask("other")

    @app.get("/")
    async def index():
        set_all("Ada")
        with other.app_context():
            await asyncio.sleep(0)
            inner = [current_app.name, g.get("user")]
        with other.test_request_context("/other"):
            await asyncio.sleep(0)
            inner.append(request.path)
        return {"inner": inner, "own": seen(), "app": current_app.name}

    answer = client.get("/").json
    assert answer == {"inner": ["other", None, "/other"], "own": ["Ada"] * 4, "app": app.name}


def test_a_copied_context_is_that_of_a_task(app, client):
    ended = []
    app.teardown_request(lambda error: ended.append(type(error).__name__))

    @app.get("/")
    async def index():
        session["user"] = request.user = "Ada"

        @copy_current_request_context
        async def inside(more):
            await asyncio.sleep(0)
            return [session["user"], request.user, g.get("user"), more]

        @copy_current_request_context
        async def failing():
            raise LookupError("in the task")

        g.user = "of the view"
        with pytest.raises(LookupError, match="in the task"):
            await asyncio.create_task(failing())
        found = await asyncio.gather(inside(1), asyncio.create_task(inside(more=2)))
        return [*found, g.user, request.path]

    assert client.get("/").json == [
        *(["Ada", "Ada", "of the view", 1], ["Ada", "Ada", "of the view", 2]),
        *("of the view", "/"),
    ]
    assert ended == ["LookupError", "NoneType", "NoneType", "NoneType"]


def test_a_copied_context_of_a_coroutine_function_may_run_in_a_thread(app, client):
    @app.get("/")
    async def index():
        @copy_current_request_context
        async def inside():
            await asyncio.sleep(0)
            return request.path

        @copy_current_request_context
        def inside_sync():
            return request.path

        return [await asyncio.to_thread(inside), await asyncio.to_thread(inside_sync)]

    assert client.get("/").json == ["/", "/"]


def test_a_copied_context_of_a_sync_view_waits_for_a_coroutine_function(app, client):
    @app.get("/")
    def index():
        @copy_current_request_context
        async def inside():
            return request.path

        return inside()

    assert client.get("/").text == "/"
