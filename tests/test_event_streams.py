"""Event streams through the test client: sources of both kinds in views of both kinds."""

import asyncio
import contextvars
import gc
import logging
import subprocess
import sys
import threading
import time

import pytest

from retort import (
    Event,
    current_app,
    event_stream,
    has_app_context,
    has_request_context,
    request,
    stream_with_context,
)
from retort.aio.open_streams import open_streams

LIMIT_SECONDS = 60


def sync_source(*items):
    yield from items


async def async_source(*items):
    for item in items:
        await asyncio.sleep(0)
        yield item


@pytest.fixture(autouse=True)
def no_stream_is_left():
    yield
    assert len(open_streams) == open_streams.threads == 0


@pytest.fixture(params=["sync view", "async view"])
def add_view(app, request):
    """Add a view for "/" that returns the response that a function makes."""

    def add_view(make):
        if request.param == "sync view":
            app.add_url_rule("/", "index", lambda: make())
            return

        async def index():
            return make()

        app.add_url_rule("/", "index", index)

    return add_view


@pytest.fixture(params=[sync_source, async_source], ids=["sync source", "async source"])
def source(request):
    return request.param


def lines_of(response):
    """The lines, without those of heartbeats."""
    return [line for line in response.text.splitlines() if line not in ("", ":")]


def test_the_items_of_a_source_are_events(client, add_view, source):
    add_view(lambda: event_stream(source("a", {"n": 1}, [2], Event("b", "news", 7))))

    response = client.get("/")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in response.headers
    assert lines_of(response) == [
        *("data: a", 'data: {"n": 1}', "data: [2]"),
        *("event: news", "id: 7", "data: b"),
    ]


def test_any_iterable_may_be_a_source(client, app):
    class Source:
        def __aiter__(self):
            return async_source("from a class")

    app.add_url_rule("/list", "list", lambda: event_stream(["a", "b"]))
    app.add_url_rule("/class", "class", lambda: event_stream(Source()))

    assert lines_of(client.get("/list")) == ["data: a", "data: b"]
    assert lines_of(client.get("/class")) == ["data: from a class"]


def test_a_source_without_events_is_an_empty_stream(client, add_view, source):
    add_view(lambda: event_stream(source()))

    response = client.get("/")

    assert response.status_code == 200
    assert lines_of(response) == []


def test_json_is_written_by_the_provider_of_the_application(app, client):
    app.json.sort_keys = False
    app.add_url_rule("/", "index", lambda: event_stream([{"b": 1, "a": 2}]))

    assert lines_of(client.get("/")) == ['data: {"b": 1, "a": 2}']


def test_the_time_to_connect_again_comes_before_the_first_event(client, add_view, source):
    add_view(lambda: event_stream(source("a"), retry=500))

    assert lines_of(client.get("/")) == ["retry: 500", "data: a"]


def test_a_program_may_add_header_fields(app, client):
    @app.get("/")
    def index():
        response = event_stream(["a"])
        response.headers["X-More"] = "1"
        return response, {"X-Other": "2"}

    with client.get("/") as response:
        assert (response.headers["X-More"], response.headers["X-Other"]) == ("1", "2")
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"


def test_a_heartbeat_is_sent_while_the_source_waits(client, add_view):
    go = threading.Event()

    def source():
        go.wait(LIMIT_SECONDS)
        yield "late"

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    pieces = iter(client.get("/").response)

    assert [next(pieces) for _ in range(3)] == [b":\n\n"] * 3
    go.set()
    assert b"data: late\n\n" in list(pieces)


def test_a_heartbeat_does_not_disturb_an_async_source(client, add_view):
    go = asyncio.Event()

    async def source():
        await asyncio.wait_for(go.wait(), LIMIT_SECONDS)
        yield "late"

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    response = client.get("/")
    pieces = iter(response.response)

    assert [next(pieces) for _ in range(3)] == [b":\n\n"] * 3
    response.close()


def test_without_heartbeats_only_the_head_is_sent_while_the_source_waits(client, add_view):
    started, go = threading.Event(), threading.Event()

    def source():
        started.set()
        go.wait(LIMIT_SECONDS)
        yield "late"

    def release():
        go.set()

    add_view(lambda: event_stream(source(), heartbeat=None))
    pieces = iter(client.get("/").response)
    assert next(pieces) == b":\n\n"
    assert started.wait(LIMIT_SECONDS)
    threading.Timer(0.1, release).start()

    assert list(pieces) == [b"data: late\n\n"]


def test_a_source_is_advanced_only_for_its_client(client, add_view):
    made = []

    def items():
        for number in range(5):
            made.append(number)
            yield str(number)

    add_view(lambda: event_stream(items()))
    response = client.get("/")
    pieces = iter(response.response)
    assert next(pieces) == b"data: 0\n\n"

    assert made == [0]
    response.close()


def test_closing_the_response_closes_a_sync_source_at_its_yield(client, add_view):
    steps = []

    def source():
        try:
            yield "a"
        finally:
            steps.append("closed")

    add_view(lambda: event_stream(source()))
    response = client.get("/")
    next(iter(response.response))
    response.close()

    assert steps == ["closed"]
    assert len(open_streams) == open_streams.threads == 0


def test_closing_the_response_cancels_an_async_source_where_it_waits(client, add_view):
    steps = []

    async def source():
        try:
            yield "a"
            await asyncio.sleep(LIMIT_SECONDS)
        except asyncio.CancelledError:
            steps.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            steps.append("closed")

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    response = client.get("/")
    pieces = iter(response.response)
    assert next(pieces) == b"data: a\n\n"
    assert next(pieces) == b":\n\n"
    response.close()

    assert steps == ["cancelled", "closed"]
    assert len(open_streams) == 0


def test_closing_the_response_closes_an_async_source_at_its_yield(client, add_view):
    steps = []

    async def source():
        try:
            yield "a"
        except GeneratorExit:
            steps.append("closed")
            raise

    add_view(lambda: event_stream(source()))
    response = client.get("/")
    next(iter(response.response))
    response.close()

    assert steps == ["closed"]


def test_a_source_that_goes_on_after_its_cancellation_is_closed_at_its_next_yield(client, add_view):
    steps = []

    async def source():
        yield "a"
        try:
            await asyncio.sleep(LIMIT_SECONDS)
        except asyncio.CancelledError:
            steps.append("cancelled")
        try:
            yield "b"
        finally:
            steps.append("closed")

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    response = client.get("/")
    pieces = iter(response.response)
    assert [next(pieces), next(pieces)] == [b"data: a\n\n", b":\n\n"]
    response.close()

    assert steps == ["cancelled", "closed"]


def test_a_sync_source_in_the_middle_of_a_step_is_closed_after_it(client, add_view):
    go, closed = threading.Event(), threading.Event()

    def source():
        try:
            go.wait(LIMIT_SECONDS)
            yield "a"
        finally:
            closed.set()

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    response = client.get("/")
    assert next(iter(response.response)) == b":\n\n"
    response.close()
    assert not closed.is_set()
    go.set()

    assert closed.wait(LIMIT_SECONDS)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_middleware_that_does_not_close_a_body_leaves_no_source_open(app, client, kind):
    closed = threading.Event()

    def sync_source():
        try:
            while True:
                yield "a"
        finally:
            closed.set()

    async def async_source():
        try:
            while True:
                yield "a"
        finally:
            closed.set()

    def first_piece(environ, start_response):
        return [next(iter(inside(environ, start_response)))]

    app.add_url_rule(
        "/", "index", lambda: event_stream(sync_source() if kind == "sync" else async_source())
    )
    inside, app.wsgi_app = app.wsgi_app, first_piece

    assert client.get("/").data == b"data: a\n\n"
    gc.collect()
    assert closed.wait(LIMIT_SECONDS)
    while len(open_streams) or open_streams.threads:
        time.sleep(0.01)


def test_the_end_of_the_server_ends_a_stream_after_what_was_sent(client, add_view):
    steps = []

    async def source():
        try:
            yield "a"
            await asyncio.sleep(LIMIT_SECONDS)
        finally:
            steps.append("closed")

    add_view(lambda: event_stream(source(), heartbeat=None))
    response = client.get("/")
    pieces = iter(response.response)
    assert next(pieces) == b"data: a\n\n"
    open_streams.end_all()

    assert list(pieces) == []
    response.close()
    assert steps == ["closed"]


def test_a_source_runs_in_one_task(client, app):
    tasks = []

    async def source():
        try:
            for name in "abc":
                tasks.append(asyncio.current_task())
                yield name
        finally:
            tasks.append(asyncio.current_task())

    app.add_url_rule("/", "index", lambda: event_stream(source()))

    assert lines_of(client.get("/")) == ["data: a", "data: b", "data: c"]
    assert len(tasks) == 4
    assert len(set(tasks)) == 1


def test_a_sync_source_runs_in_one_thread(client, add_view):
    threads = []

    def source():
        for name in "abc":
            threads.append(threading.current_thread())
            yield name
        threads.append(threading.current_thread())

    add_view(lambda: event_stream(source()))

    assert lines_of(client.get("/")) == ["data: a", "data: b", "data: c"]
    assert len(set(threads)) == 1
    assert threads[0] is not threading.current_thread()


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_source_has_the_variables_of_the_view_but_not_its_request(client, app, kind):
    variable = contextvars.ContextVar("variable", default="default")

    def found():
        return f"{variable.get()} {has_request_context()} {has_app_context()}"

    def sync_source():
        yield found()

    async def async_source():
        yield found()

    @app.get("/")
    def index():
        variable.set("set by the view")
        return event_stream(sync_source() if kind == "sync" else async_source())

    assert lines_of(client.get("/")) == ["data: set by the view False False"]


def test_stream_with_context_keeps_the_request_for_a_source(client, add_view):
    def source():
        yield f"{request.args['name']} {current_app.name}"

    add_view(lambda: event_stream(stream_with_context(source())))

    assert lines_of(client.get("/?name=Ada"))[0].startswith("data: Ada ")


def test_stream_with_context_keeps_the_request_for_an_async_source(app, client, add_view):
    steps = []
    app.teardown_request(lambda error: steps.append("teardown"))

    async def source():
        yield request.args["name"]
        await asyncio.sleep(0)
        steps.append("in the source")
        yield current_app.name

    add_view(lambda: event_stream(stream_with_context(source())))

    assert lines_of(client.get("/?name=Ada")) == ["data: Ada", f"data: {app.name}"]
    assert steps[-2:] == ["in the source", "teardown"]


def test_a_head_request_does_not_start_the_source(client, add_view):
    steps = []

    def source():
        steps.append("started")
        yield "a"

    add_view(lambda: event_stream(source()))

    response = client.head("/")

    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert response.data == b""
    assert steps == []


# Errors


def failing():
    yield "a"
    raise KeyError("in the source")


async def async_failing():
    yield "a"
    raise KeyError("in the source")


@pytest.mark.parametrize("make", [failing, async_failing])
def test_an_error_in_the_source_ends_the_stream_with_it(client, add_view, make):
    add_view(lambda: event_stream(make()))
    response = client.get("/")
    pieces = iter(response.response)
    assert next(pieces) == b"data: a\n\n"

    with pytest.raises(KeyError, match="in the source"):
        next(pieces)
    response.close()
    assert len(open_streams) == open_streams.threads == 0


def test_a_value_that_is_no_event_names_the_line_of_the_source(client, add_view):
    async def numbers():
        yield 42

    add_view(lambda: event_stream(numbers()))

    with pytest.raises(TypeError, match=r"numbers.* \(File .*, line \d+\) yielded 42 \(type int\)"):
        client.get("/")


def test_an_error_before_the_first_event_is_that_of_the_response(client, add_view):
    class Source:
        def __iter__(self):
            return self

        def __next__(self):
            raise ValueError("in __next__")

    add_view(lambda: event_stream(Source()))

    with pytest.raises(ValueError, match="in __next__"):
        client.get("/")


def test_an_error_while_a_source_is_closed_leaves_close(client, add_view):
    def source():
        try:
            yield "a"
        finally:
            raise OSError("while closing")

    add_view(lambda: event_stream(source()))
    response = client.get("/")
    next(iter(response.response))

    with pytest.raises(OSError, match="while closing"):
        response.close()
    assert open_streams.threads == 0


def test_an_error_after_the_stream_was_closed_is_logged(client, add_view, caplog):
    go = threading.Event()

    def source():
        go.wait(LIMIT_SECONDS)
        raise OSError("too late")
        yield

    add_view(lambda: event_stream(source(), heartbeat=0.01))
    response = client.get("/")
    next(iter(response.response))
    response.close()
    thread = next(t for t in threading.enumerate() if t.name == "retort event source")
    with caplog.at_level(logging.ERROR):
        go.set()
        thread.join(LIMIT_SECONDS)
        for _ in range(1000):
            if caplog.records:
                break
            time.sleep(0.01)

    assert "after the stream had been closed" in caplog.text
    assert "OSError: too late" in caplog.text


async def coroutine():
    return []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: failing, r"the function 'failing'. Call it: event_stream\(failing\(\)\)"),
        (lambda: async_failing, "the function 'async_failing'. Call it"),
        (coroutine, "which has to be awaited"),
        (lambda: "text", r"'text' \(type str\). Pass an iterator of events"),
        (lambda: b"text", "type bytes"),
        (lambda: {"a": 1}, "type dict"),
        (lambda: Event("a"), "type Event"),
        (lambda: None, "type NoneType"),
    ],
)
def test_what_is_no_source_is_an_error(app, make, message):
    with app.app_context(), pytest.raises(TypeError, match=message):
        event_stream(make())


@pytest.mark.parametrize(
    ("heartbeat", "kind"),
    [
        *(
            (0, ValueError),
            (-1, ValueError),
            (float("nan"), ValueError),
            (float("inf"), ValueError),
        ),
        *(("15", TypeError), (True, TypeError)),
    ],
)
def test_a_heartbeat_that_is_no_interval_is_an_error(app, heartbeat, kind):
    with app.app_context(), pytest.raises(kind, match=r"event_stream\(heartbeat="):
        event_stream([], heartbeat=heartbeat)


@pytest.mark.parametrize(("retry", "kind"), [(-1, ValueError), (1.5, TypeError)])
def test_a_time_to_connect_again_that_browsers_ignore_is_an_error(app, retry, kind):
    with app.app_context(), pytest.raises(kind, match=r"event_stream\(retry="):
        event_stream([], retry=retry)


# Limits


def status_of(client, path):
    with client.get(path) as response:
        return response.status_code


def test_more_streams_than_the_config_allows_are_503(app, client, source):
    app.config["EVENT_STREAM_MAX_CONNECTIONS"] = 1
    app.add_url_rule("/", "index", lambda: event_stream(source("a", "b")))
    first = client.get("/")
    next(iter(first.response))

    assert status_of(client, "/") == 503
    first.close()
    assert status_of(client, "/") == 200


def test_more_threads_than_the_config_allows_are_503_for_sync_sources_only(app, client):
    app.config["EVENT_STREAM_MAX_THREADS"] = 1
    app.add_url_rule("/sync", "sync", lambda: event_stream(sync_source("a", "b")))
    app.add_url_rule("/async", "async", lambda: event_stream(async_source("a", "b")))
    first = client.get("/sync")
    next(iter(first.response))

    assert status_of(client, "/sync") == 503
    assert status_of(client, "/async") == 200
    first.close()
    assert status_of(client, "/sync") == 200


def test_a_blocked_source_counts_until_its_thread_ends(app, client):
    app.config["EVENT_STREAM_MAX_THREADS"] = 1
    go = threading.Event()

    def source():
        go.wait(LIMIT_SECONDS)
        yield "a"

    app.add_url_rule("/", "index", lambda: event_stream(source(), heartbeat=0.01))
    first = client.get("/")
    next(iter(first.response))
    first.close()

    assert status_of(client, "/") == 503
    thread = next(t for t in threading.enumerate() if t.name == "retort event source")
    go.set()
    thread.join(LIMIT_SECONDS)
    assert status_of(client, "/") == 200


def test_importing_retort_does_not_import_asyncio():
    code = "import sys, retort; retort.event_stream; sys.exit('asyncio' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
