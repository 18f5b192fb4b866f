"""Hooks of WebSockets, their order, sessions and the end of a view."""

import asyncio
import concurrent.futures
import threading

import pytest

import retort
from retort import (
    Blueprint,
    WebSocketDisconnect,
    after_this_request,
    g,
    request,
    session,
    websocket,
)
from retort.sessions import SecureCookieSessionInterface
from retort.testing import WebSocketRefused
from retort.websockets.handshake import HANDSHAKE

LIMIT_SECONDS = 60
HANDSHAKE_FIELDS = {"Connection": "Upgrade", "Upgrade": "websocket"}


def refusal(client, path="/", **options):
    with pytest.raises(WebSocketRefused) as refused, client.websocket(path, **options):
        pass
    return refused.value.response


@pytest.fixture
def events():
    return []


def note_hooks(target, events, name=""):
    """Register a synchronous and an asynchronous hook of each kind, which note their calls."""

    @target.before_websocket
    def before():
        events.append(f"{name}before")

    @target.before_websocket
    async def before_async():
        events.append(f"{name}before async")

    @target.after_websocket
    def after(response):
        events.append(f"{name}after {response and response.status_code}")
        return response

    @target.after_websocket
    async def after_async(response):
        events.append(f"{name}after async")
        return response

    @target.teardown_websocket
    def teardown(error):
        events.append(f"{name}teardown {error!r}")

    @target.teardown_websocket
    async def teardown_async(error):
        events.append(f"{name}teardown async")


@pytest.mark.parametrize("is_async", [True, False])
def test_hooks_run_in_the_order_of_those_of_requests(app, client, events, is_async):
    note_hooks(app, events)
    app.url_value_preprocessor(lambda endpoint, values: events.append(f"values {values}"))
    app.teardown_appcontext(lambda error: events.append("teardown app"))
    app.before_request(lambda: pytest.fail("a hook of requests was called"))
    app.teardown_request(lambda error: pytest.fail("a hook of requests was called"))

    async def index(name):
        await websocket.accept()
        events.append("view")

    def index_in_a_thread(name):
        websocket.accept()
        events.append("view")

    app.add_websocket("/<name>", "index", index if is_async else index_in_a_thread)
    with client.websocket("/a"):
        pass
    assert events == [
        "values {'name': 'a'}",
        "before",
        "before async",
        "view",
        "after async",
        "after None",
        "teardown async",
        "teardown None",
        "teardown app",
    ]


def test_hooks_of_a_blueprint_are_for_its_websockets_only(app, client, events):
    part = Blueprint("part", __name__, url_prefix="/part")
    note_hooks(part, events, "part ")
    part.before_app_websocket(lambda: events.append("before all"))
    part.after_app_websocket(lambda response: events.append("after all"))
    part.teardown_app_websocket(lambda error: events.append("teardown all"))
    part.websocket("/", endpoint="index")(lambda: websocket.accept())
    app.websocket("/")(lambda: websocket.accept())
    app.register_blueprint(part)

    with client.websocket("/"):
        pass
    assert events == ["before all", "after all", "teardown all"]
    events.clear()
    with client.websocket("/part/"):
        pass
    assert events == [
        "before all",
        "part before",
        "part before async",
        "part after async",
        "part after None",
        "after all",
        "part teardown async",
        "part teardown None",
        "teardown all",
    ]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_hook_may_refuse_the_handshake(app, client, events, is_async):
    async def refuse():
        return "not today", 403

    app.before_websocket(refuse if is_async else lambda: ("not today", 403))
    app.websocket("/")(lambda: pytest.fail("the view was called"))

    @app.after_websocket
    def after(response):
        response.headers["X-After"] = "1"
        return response

    response = refusal(client)
    assert (response.status_code, response.text) == (403, "not today")
    assert response.headers["X-After"] == "1"


def test_teardown_functions_get_the_exception(app, client, events):
    app.testing = False
    app.teardown_websocket(lambda error: events.append(type(error)))

    @app.websocket("/")
    async def index():
        await websocket.accept()
        raise ZeroDivisionError

    with client.websocket("/"):
        pass
    assert events == [ZeroDivisionError]


def test_an_error_in_a_hook_after_the_view_closes_with_1011(app, client, caplog):
    app.testing = False

    @app.after_websocket
    def after(response):
        raise ZeroDivisionError

    app.websocket("/")(lambda: websocket.accept())
    with client.websocket("/") as ws, pytest.raises(WebSocketDisconnect) as end:
        ws.receive()
    assert end.value.code == 1011
    assert "ZeroDivisionError" in caplog.text


def test_functions_for_the_response_run_when_there_is_one(app, client):
    @app.websocket("/no")
    async def no():
        @after_this_request
        def add_field(response):
            response.headers["X-Added"] = "1"
            return response

        return "no", 403

    @app.websocket("/")
    async def index():
        @after_this_request
        def add_field(response):
            pytest.fail("there is no response")

        await websocket.accept()

    assert refusal(client, "/no").headers["X-Added"] == "1"
    with client.websocket("/"):
        pass


def test_the_context_ends_with_the_view(app, client, events):
    app.teardown_appcontext(lambda error: events.append(g.name))

    @app.websocket("/")
    async def index():
        g.name = "Ada"
        await websocket.accept()

    with client.websocket("/"):
        pass
    assert events == ["Ada"]


# Sessions


@pytest.mark.parametrize("is_async", [True, False])
def test_a_session_changed_before_accept_is_saved_by_the_handshake(app, client, is_async):
    async def index():
        session["user"] = 7
        await websocket.accept()

    def index_in_a_thread():
        websocket.session["user"] = 7
        websocket.send("accepts")

    app.add_websocket("/", "index", index if is_async else index_in_a_thread)
    with client.websocket("/") as ws:
        assert "session=" in ws.headers["Set-Cookie"]
    with client.session_transaction() as stored:
        assert stored["user"] == 7


def test_an_unchanged_session_sets_no_cookie(app, client):
    @app.websocket("/")
    async def index():
        session.get("user")
        await websocket.accept()

    with client.websocket("/") as ws:
        assert "Set-Cookie" not in ws.headers
        assert "Vary" not in ws.headers


def test_a_refused_handshake_saves_the_session_too(app, client):
    @app.websocket("/")
    async def index():
        session["tries"] = 1
        return "no", 403

    refusal(client)
    with client.session_transaction() as stored:
        assert stored["tries"] == 1


def test_another_session_interface_is_called_in_a_thread(app, client):
    threads = []

    class Blocking(SecureCookieSessionInterface):
        def save_session(self, app, session, response):
            threads.append((threading.current_thread().name, request.path))
            super().save_session(app, session, response)

    app.session_interface = Blocking()

    @app.websocket("/")
    async def index():
        session["user"] = 7
        await websocket.accept()

    with client.websocket("/") as ws:
        assert "session=" in ws.headers["Set-Cookie"]
    ((name, path),) = threads
    assert name.startswith("retort step")
    assert path == "/"


@pytest.mark.parametrize("debug", [True, False])
def test_a_change_after_accept_is_a_warning_in_debug_mode(app, client, caplog, debug):
    app.debug = debug

    @app.websocket("/")
    async def index():
        session["before"] = 1
        await websocket.accept()
        session["after"] = 2

    with client.websocket("/"):
        pass
    with client.session_transaction() as stored:
        assert dict(stored) == {"before": 1}
    assert ("changed after the WebSocket of index() (test_hooks.py" in caplog.text) == debug


class Bare:
    """A handshake over TLS: its server sends no header fields."""

    subprotocols: list[str] = []
    sends_headers = False

    def __init__(self):
        self.fields = None

    async def accept(self, fields=(), subprotocol=None, limits=None):
        self.fields = fields
        raise WebSocketDisconnect(1006, was_clean=False)


def test_where_the_cookie_cannot_be_sent_a_changed_session_is_an_error(app, client):
    @app.websocket("/")
    async def index():
        session["user"] = 7
        await websocket.accept()

    with pytest.raises(RuntimeError, match="sends no header fields with an accepted WebSocket"):
        client.get("/", headers=HANDSHAKE_FIELDS, environ_overrides={HANDSHAKE: Bare()})


def test_where_the_cookie_cannot_be_sent_an_unchanged_session_is_none(app, client):
    bare = Bare()

    @app.websocket("/")
    async def index():
        session.get("user")
        await websocket.accept()

    with client.session_transaction() as stored:
        stored["user"] = 7
        stored.permanent = True  # its cookie is renewed by each response
    with pytest.raises((asyncio.CancelledError, concurrent.futures.CancelledError)):
        client.get("/", headers=HANDSHAKE_FIELDS, environ_overrides={HANDSHAKE: bare})
    assert bare.fields == []


# The end of a view


def test_a_view_that_never_receives_is_cancelled_after_the_client_has_left(app, client, events):
    @app.websocket("/")
    async def index():
        await websocket.accept()
        try:
            await asyncio.sleep(LIMIT_SECONDS)
        except asyncio.CancelledError:
            events.append("cancelled")
            raise

    app.teardown_websocket(lambda error: events.append(f"teardown {error}"))
    with client.websocket("/"):
        pass
    assert events == ["cancelled", "teardown None"]


def test_a_view_that_receives_may_finish_its_work_with_the_last_message(app, client, events):
    @app.websocket("/")
    async def index():
        async for message in websocket:
            await asyncio.sleep(0.8)  # longer than a view that never receives is let
            events.append(message)

    with client.websocket("/") as ws:
        ws.send("one")
        ws.send("two")
    assert events == ["one", "two"]


def test_a_view_whose_task_got_the_end_is_cancelled_after_a_while(app, client, events):
    app.config["WEBSOCKET_CLOSE_TIMEOUT"] = 0.1

    @app.websocket("/")
    async def index():
        await websocket.accept()
        task = asyncio.create_task(websocket.receive())
        try:
            await asyncio.sleep(LIMIT_SECONDS)  # as one that waits for a broker
        finally:
            events.append(type(task.exception()).__name__)

    with client.websocket("/"):
        pass
    assert events == ["WebSocketDisconnect"]


@pytest.mark.parametrize("is_async", [True, False])
def test_a_view_that_does_not_accept_in_time_gets_503(app, client, caplog, is_async):
    app.config["WEBSOCKET_ACCEPT_TIMEOUT"] = 0.05
    released = threading.Event()

    async def index():
        await asyncio.sleep(LIMIT_SECONDS)

    def index_in_a_thread():
        released.wait(0.3)
        websocket.accept()

    app.add_websocket("/", "index", index if is_async else index_in_a_thread)
    response = refusal(client)

    assert response.status_code == 503
    assert "not accepted within 0.05 seconds (WEBSOCKET_ACCEPT_TIMEOUT)" in caplog.text
    assert "test_hooks.py" in caplog.text


def test_a_view_may_go_on_for_longer_than_the_time_to_accept(app, client):
    app.config["WEBSOCKET_ACCEPT_TIMEOUT"] = 0.05

    @app.websocket("/")
    async def index():
        await websocket.accept()
        await asyncio.sleep(0.1)
        await websocket.send("still here")

    with client.websocket("/") as ws:
        assert ws.receive() == "still here"


# Limits


def test_a_message_above_the_limit_of_the_route_closes_with_1009(app, client):
    @app.websocket("/small", max_message=10)
    async def small():
        await websocket.receive()

    @app.websocket("/large")
    async def large():
        await websocket.send(str(len(await websocket.receive())))

    with client.websocket("/large") as ws:
        ws.send("x" * 11)
        assert ws.receive() == "11"
    with client.websocket("/small") as ws:
        ws.send("x" * 11)
        with pytest.raises(WebSocketDisconnect):
            ws.receive()
        assert ws.closed[0] == 1009


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("WEBSOCKET_MAX_MESSAGE", "1M", "Set a whole number from 1 on"),
        ("WEBSOCKET_MAX_MESSAGE", 0, "Set a whole number from 1 on"),
        ("WEBSOCKET_QUEUE", [16], "Set a whole number from 1 on"),
        ("WEBSOCKET_QUEUE", True, "Set a whole number from 1 on"),
        ("WEBSOCKET_ACCEPT_TIMEOUT", 0, "Set a number of seconds, more than 0"),
        ("WEBSOCKET_PING_INTERVAL", -1, "Set a number of seconds, 0 or more"),
        ("WEBSOCKET_PING_TIMEOUT", "20", "Set a number of seconds, more than 0"),
        ("WEBSOCKET_SEND_TIMEOUT", float("nan"), "Set a number of seconds"),
    ],
)
def test_an_invalid_setting_is_an_error_that_names_it(app, client, key, value, expected):
    app.config[key] = value
    app.websocket("/")(lambda: websocket.accept())

    with pytest.raises(ValueError, match=key) as error, client.websocket("/"):
        pass
    assert expected in str(error.value)


def test_the_defaults_are_the_limits_of_the_connections():
    limits = retort.lifecycle.websockets.options.read_limits(
        retort.Flask.default_config, retort.routing.WebSocketOptions()
    )

    assert limits == retort.websockets.limits.Limits()
