"""Views of WebSockets, called by the test client."""

import asyncio
import threading
from concurrent.futures import CancelledError
from functools import wraps

import pytest

from retort import (
    Blueprint,
    WebSocketDisconnect,
    abort,
    copy_current_websocket_context,
    current_app,
    g,
    has_request_context,
    has_websocket_context,
    request,
    session,
    url_for,
    websocket,
)
from retort.errors import SetupError
from retort.testing import WebSocketRefused

LIMIT_SECONDS = 60


def refusal(client, path, **options):
    """The response to a handshake that is refused."""
    with pytest.raises(WebSocketRefused) as refused, client.websocket(path, **options):
        pass
    return refused.value.response


def test_a_coroutine_function_receives_and_sends(app, client):
    @app.websocket("/echo/<name>")
    async def echo(name):
        while True:
            await websocket.send(f"{name}: {await websocket.receive()}")

    with client.websocket("/echo/Ada") as ws:
        ws.send("one")
        assert ws.receive() == "Ada: one"
        ws.send("zwei")
        assert ws.receive() == "Ada: zwei"


def test_a_function_in_a_thread_has_the_same_methods_without_await(app, client):
    threads = []

    @app.websocket("/echo/<name>")
    def echo(name):
        threads.append(threading.current_thread())
        websocket.accept(headers={"X-Kind": "sync"})
        websocket.ping()
        while True:
            websocket.send(f"{name}: {websocket.receive()}")

    with client.websocket("/echo/Ada") as ws:
        assert ws.headers["X-Kind"] == "sync"
        ws.send("one")
        assert ws.receive() == "Ada: one"
    assert threads[0] is not threading.current_thread()


def test_more_views_wait_in_threads_than_the_pool_has(app, client):
    app.websocket("/")(lambda: websocket.send(websocket.receive()))
    sockets = [client.websocket("/") for _ in range(40)]
    clients = [each.__enter__() for each in sockets]
    for number, ws in enumerate(clients):
        ws.send(str(number))

    assert [ws.receive() for ws in clients] == [str(number) for number in range(40)]
    for each in sockets:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("is_async", [True, False])
def test_an_iteration_ends_when_the_client_closes(app, client, is_async):
    received = []

    async def collect():
        async for message in websocket:
            received.append(message)
        received.append("end")

    def collect_in_a_thread():
        received.extend(websocket)
        received.append("end")

    app.add_websocket("/", "collect", collect if is_async else collect_in_a_thread)
    with client.websocket("/") as ws:
        ws.send("a")
        ws.send(b"b")

    assert received == ["a", b"b", "end"]


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (4001, "bye"), (1005, "")])
@pytest.mark.parametrize("is_async", [True, False])
def test_receive_raises_the_code_and_reason_of_the_client(app, client, code, reason, is_async):
    ends = []

    async def index():
        await websocket.accept()
        with pytest.raises(WebSocketDisconnect) as end:
            await websocket.receive()
        ends.append(end.value)

    def index_in_a_thread():
        websocket.accept()
        with pytest.raises(WebSocketDisconnect) as end:
            websocket.receive()
        ends.append(end.value)

    app.add_websocket("/", "index", index if is_async else index_in_a_thread)
    with client.websocket("/") as ws:
        ws.close(code, reason)

    (end,) = ends
    assert (end.code, end.reason, end.was_clean) == (code, reason, True)


def test_a_lost_connection_has_the_code_1006_and_was_not_clean(app, client):
    ends = []

    @app.websocket("/")
    async def index():
        await websocket.accept()
        with pytest.raises(WebSocketDisconnect) as end:
            await websocket.receive()
        ends.append((end.value.code, end.value.was_clean))

    with client.websocket("/") as ws:
        ws.vanish()
    assert ends == [(1006, False)]


def test_a_coroutine_has_to_iterate_by_async_for(app, client):
    app.testing = True

    @app.websocket("/")
    async def view():
        await websocket.accept()
        for message in websocket:
            await websocket.send(message)

    with pytest.raises(TypeError, match="async for message in"), client.websocket("/") as ws:
        ws.receive()


@pytest.mark.parametrize("is_async", [True, False])
def test_an_iteration_is_no_error_of_the_view_if_the_client_left_before(
    app, client, caplog, is_async
):
    async def view():
        async for message in websocket:
            await websocket.send(message)

    def view_in_a_thread():
        for message in websocket:
            websocket.send(message)

    app.add_websocket("/", "view", view if is_async else view_in_a_thread)
    opening = client.websocket("/")
    opening.client.vanish()

    with pytest.raises(CancelledError), opening:  # as for other requests whose client has left
        pass

    opening.thread.join(LIMIT_SECONDS)
    assert caplog.records == []


def test_json_goes_both_ways(app, client):
    @app.websocket("/")
    async def index():
        value = await websocket.receive_json()
        await websocket.send_json(value)
        await websocket.send_json(name=value["name"], ok=True)
        await websocket.send_json(1, 2)

    with client.websocket("/") as ws:
        ws.send_json({"name": "Zoë"})
        assert ws.receive_json() == {"name": "Zoë"}
        assert ws.receive_json() == {"name": "Zoë", "ok": True}
        assert ws.receive_json() == [1, 2]


def test_a_message_that_is_not_json_is_a_value_error_in_the_view(app, client):
    @app.websocket("/")
    async def index():
        try:
            await websocket.receive_json()
        except ValueError:
            await websocket.close(1003, "JSON only")

    with client.websocket("/") as ws:
        ws.send("{")
        with pytest.raises(WebSocketDisconnect) as end:
            ws.receive()
    assert (end.value.code, end.value.reason) == (1003, "JSON only")


def test_send_json_takes_either_kind_of_arguments(app, client):
    @app.websocket("/")
    async def index():
        await websocket.send_json(1, two=2)

    with (
        pytest.raises(TypeError, match="not both"),
        client.websocket("/") as ws,
    ):
        ws.receive()


def test_the_end_of_the_view_closes_the_websocket(app, client):
    @app.websocket("/")
    async def index():
        await websocket.send("only this")

    with client.websocket("/") as ws:
        assert list(ws) == ["only this"]
        assert ws.closed == (1000, "")


def test_the_websocket_is_the_request_of_its_handshake(app, client):
    found = {}

    @app.websocket("/rooms/<int:number>")
    async def room(number):
        found.update(
            {
                name: getattr(websocket, name)
                for name in (
                    *("args", "view_args", "endpoint", "blueprint", "blueprints", "path", "host"),
                    *("url", "base_url", "host_url", "root_url", "scheme", "is_secure", "origin"),
                    *("remote_addr", "query_string", "full_path", "requested_subprotocols"),
                    *("subprotocol", "is_accepted", "root_path", "access_route"),
                )
            }
        )
        found["cookies"] = dict(websocket.cookies)
        found["header"] = websocket.headers["X-Name"]
        found["agent"] = str(websocket.user_agent)
        found["language"] = websocket.accept_languages.best
        found["user"] = websocket.authorization.username
        found["rule"] = str(websocket.url_rule)
        found["environ"] = websocket.environ is request.environ
        found["repr"] = repr(websocket)
        await websocket.accept()
        found["accepted"] = websocket.is_accepted

    client.set_cookie("theme", "dark")
    headers = {
        "X-Name": "Ada",
        "Origin": "http://localhost",
        "User-Agent": "test",
        "Accept-Language": "de",
        "Authorization": "Basic QWRhOng=",
    }
    with client.websocket("/rooms/7?a=1", headers=headers, subprotocols=["chat"]):
        pass
    assert found.pop("args").to_dict() == {"a": "1"}
    assert found == {
        "view_args": {"number": 7},
        "endpoint": "room",
        "blueprint": None,
        "blueprints": [],
        "path": "/rooms/7",
        "full_path": "/rooms/7?a=1",
        "root_path": "",
        "access_route": ["127.0.0.1"],
        "host": "localhost",
        "url": "ws://localhost/rooms/7?a=1",
        "base_url": "ws://localhost/rooms/7",
        "host_url": "ws://localhost/",
        "root_url": "ws://localhost/",
        "scheme": "ws",
        "is_secure": False,
        "origin": "http://localhost",
        "remote_addr": "127.0.0.1",
        "query_string": b"a=1",
        "requested_subprotocols": ["chat"],
        "subprotocol": None,
        "is_accepted": False,
        "accepted": True,
        "cookies": {"theme": "dark"},
        "header": "Ada",
        "agent": "test",
        "language": "de",
        "user": "Ada",
        "rule": "/rooms/<int:number>",
        "environ": True,
        "repr": "<WebSocket 'ws://localhost/rooms/7?a=1'>",
    }


def test_the_scheme_over_tls_is_wss(app, client):
    @app.websocket("/")
    async def index():
        await websocket.send_json([websocket.url, websocket.is_secure])

    with client.websocket("/", base_url="https://shop.example") as ws:
        assert ws.receive_json() == ["wss://shop.example/", True]


def test_what_reads_a_body_does_not_exist(app, client):
    @app.websocket("/")
    async def index():
        await websocket.accept()
        for name in ("form", "files", "json", "data", "nonsense"):
            with pytest.raises(AttributeError) as error:
                getattr(websocket, name)
            await websocket.send(str(error.value))

    with client.websocket("/") as ws:
        assert "a WebSocket has no body. Read messages with receive()" in ws.receive()
        assert "websocket.files does not exist" in ws.receive()
        assert "websocket.json" in ws.receive()
        assert "websocket.data" in ws.receive()
        assert ws.receive() == "A WebSocket has no attribute 'nonsense'."


@pytest.mark.parametrize("is_async", [True, False])
def test_the_other_proxies_work_inside(app, client, is_async):
    def describe():
        g.name = "Ada"
        return [
            request.path,
            session.get("user"),
            current_app.name,
            url_for("index"),
            g.name,
            has_request_context(),
            has_websocket_context(),
        ]

    async def index():
        await websocket.send_json(describe())

    def index_in_a_thread():
        websocket.send_json(describe())

    app.add_websocket("/", "index", index if is_async else index_in_a_thread)
    with client.session_transaction() as stored:
        stored["user"] = 7
    with client.websocket("/") as ws:
        expected = ["/", 7, "app under test", "ws://localhost/", "Ada", True, True]
        assert ws.receive_json() == expected


def test_all_tasks_and_threads_of_a_view_have_its_context(app, client):
    @app.websocket("/")
    async def index():
        g.name = "Ada"

        async def in_task():
            return f"task {g.name} {websocket.path}"

        def in_thread():
            websocket.send(f"thread {g.name}")  # blocks, without await
            return f"to_thread {g.name} {websocket.path}"

        await websocket.send(await asyncio.create_task(in_task()))
        await websocket.send(await asyncio.to_thread(in_thread))
        for text in await asyncio.gather(in_task(), in_task()):
            await websocket.send(text)

    with client.websocket("/") as ws:
        assert list(ws) == [
            "task Ada /",
            "thread Ada",
            "to_thread Ada /",
            "task Ada /",
            "task Ada /",
        ]


def test_a_synchronous_decorator_may_call_the_view_by_ensure_sync(app, client):
    """As ``login_required`` of Flask-Login does."""

    def login_required(view):
        @wraps(view)
        def checked(*args, **kwargs):
            if "user" not in session:
                abort(401)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return checked

    @app.websocket("/")
    @login_required
    async def index():
        async for message in websocket:
            await websocket.send(f"{session['user']}: {message}")

    assert refusal(client, "/").status_code == 401
    with client.session_transaction() as stored:
        stored["user"] = "Ada"
    with client.websocket("/") as ws:
        ws.send("hello")
        assert ws.receive() == "Ada: hello"


def test_a_decorator_may_return_the_coroutine_of_the_view(app, client):
    def plain(view):
        return lambda: view()

    @plain
    async def index():
        await websocket.send(request.path)

    app.add_websocket("/", "index", index)
    with client.websocket("/") as ws:
        assert ws.receive() == "/"


def test_a_view_in_a_thread_may_run_an_event_loop_of_its_own(app, client):
    @app.websocket("/")
    def index():
        async def talk():
            await websocket.send(f"got {await websocket.receive()}")

        asyncio.run(talk())

    with client.websocket("/") as ws:
        ws.send("this")
        assert ws.receive() == "got this"


def test_one_rule_may_have_an_http_view_and_a_websocket(app, client):
    @app.get("/chat")
    def page():
        return "page"

    @app.websocket("/chat")
    async def chat():
        await websocket.send("chat")

    assert client.get("/chat").text == "page"
    with client.websocket("/chat") as ws:
        assert ws.receive() == "chat"


def test_a_blueprint_has_websockets_below_its_prefix(app, client):
    rooms = Blueprint("rooms", __name__, url_prefix="/rooms")

    @rooms.websocket("/<name>")
    async def room(name):
        await websocket.send_json(
            [name, websocket.endpoint, websocket.blueprint, url_for(".room", name="b")]
        )

    app.register_blueprint(rooms)
    with client.websocket("/rooms/a") as ws:
        assert ws.receive_json() == ["a", "rooms.room", "rooms", "ws://localhost/rooms/b"]


# Accepting


def test_several_tasks_may_begin_before_the_handshake_is_accepted(app, client):
    @app.websocket("/")
    async def index():
        _, message = await asyncio.gather(websocket.send("first"), websocket.receive())
        await websocket.send(message)

    with client.websocket("/") as ws:
        ws.send("second")
        assert list(ws) == ["first", "second"]


def test_accept_is_called_once(app, client):
    @app.websocket("/")
    async def index():
        await websocket.send("x")
        await websocket.accept()

    with pytest.raises(RuntimeError, match="Call accept\\(\\) once"), client.websocket("/") as ws:
        list(ws)


def test_accept_sends_header_fields(app, client):
    @app.websocket("/")
    async def index():
        await websocket.accept([("X-A", "1"), ("X-B", "2")])

    with client.websocket("/") as ws:
        assert (ws.headers["X-A"], ws.headers["X-B"]) == ("1", "2")


def test_a_field_that_cannot_be_sent_is_an_error_that_names_it(app, client):
    @app.websocket("/")
    async def index():
        await websocket.accept({"X-Name": "a\x00b"})

    with pytest.raises(ValueError, match="X-Name"), client.websocket("/"):
        pass


def test_the_first_supported_sub_protocol_that_the_client_offers_is_accepted(app, client):
    @app.websocket("/", subprotocols=["v2", "v1"])
    async def index():
        await websocket.accept()
        await websocket.send(f"{websocket.subprotocol}")

    for offered, expected in [(["v1", "v2"], "v2"), (["v1"], "v1"), (["v3"], None), ([], None)]:
        with client.websocket("/", subprotocols=offered) as ws:
            assert ws.subprotocol == expected
            assert ws.receive() == str(expected)


def test_the_view_may_choose_a_sub_protocol(app, client):
    @app.websocket("/", subprotocols=["v2"])
    async def index():
        await websocket.accept(subprotocol=websocket.requested_subprotocols[0])

    with client.websocket("/", subprotocols=["v1", "v2"]) as ws:
        assert ws.subprotocol == "v1"


def test_a_sub_protocol_that_was_not_offered_is_an_error(app, client):
    @app.websocket("/")
    async def index():
        await websocket.accept(subprotocol="v9")

    with pytest.raises(ValueError, match="'v9'"), client.websocket("/", subprotocols=["v1"]):
        pass


def test_close_before_accept_is_an_error_that_names_the_alternative(app, client):
    @app.websocket("/")
    async def index():
        await websocket.close()

    with pytest.raises(RuntimeError, match=r"abort\(403\)"), client.websocket("/"):
        pass


# Outside


def test_outside_of_a_websocket_the_proxy_says_where_it_exists(app, client):
    @app.get("/")
    def index():
        assert not has_websocket_context()
        assert not websocket
        with pytest.raises(RuntimeError, match=r"views of @app\.websocket"):
            websocket.path  # noqa: B018
        with pytest.raises(RuntimeError, match="outside of a WebSocket"):
            copy_current_websocket_context(lambda: None)
        return "checked"

    assert client.get("/").text == "checked"
    assert not has_websocket_context()
    with pytest.raises(RuntimeError, match="Working outside of a WebSocket"):
        websocket.receive()


def test_a_copied_context_serves_functions_in_other_threads_and_tasks(app, client):
    @app.websocket("/")
    async def index():
        g.name = "Ada"
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        @copy_current_websocket_context
        def in_thread():
            websocket.send(f"thread {g.name}")
            loop.call_soon_threadsafe(done.set_result, None)

        @copy_current_websocket_context
        async def in_task():
            await websocket.send(f"task {g.name}")

        await websocket.accept()
        threading.Thread(target=in_thread).start()
        await done
        await in_task()

    with client.websocket("/") as ws:
        assert list(ws) == ["thread Ada", "task Ada"]


def test_a_websocket_cannot_be_used_after_its_view(app, client):
    kept = []

    @app.websocket("/")
    async def index():
        await websocket.accept()
        kept.append(copy_current_websocket_context(lambda: websocket.send("late")))

    with client.websocket("/"):
        pass
    with pytest.raises(WebSocketDisconnect):
        kept[0]()


# Registration


def test_an_endpoint_is_of_one_kind(app):
    def both():
        pass

    app.add_url_rule("/", view_func=both)
    with pytest.raises(SetupError, match="has the HTTP route '/', so it cannot have the WebSocket"):
        app.add_websocket("/ws", view_func=both)
    app.add_websocket("/ws", endpoint="both_ws", view_func=both)
    with pytest.raises(SetupError, match="has the WebSocket route '/ws'"):
        app.add_url_rule("/b", endpoint="both_ws", view_func=both)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"methods": ["POST"]}, TypeError, "no option 'methods'. The method of a handshake is GET"),
        ({"max_content_length": 5}, TypeError, "The limit of a message is max_message"),
        ({"accepts": ["text/plain"]}, TypeError, "A handshake has no body"),
        ({"websocket": True}, TypeError, "It is set already"),
        ({"max_message": "64K"}, SetupError, "max_message='64K'. Write a whole number of bytes"),
        ({"max_message": 0}, SetupError, "max_message=0"),
        ({"origins": "https://a.example"}, TypeError, r"origins=\['https://a.example'\]"),
        ({"origins": ["*"]}, ValueError, r"Write origins='\*'"),
        ({"origins": ["https://a.example/"]}, ValueError, "Write 'https://a.example'"),
        ({"origins": ["null"]}, ValueError, "contain.* 'null'"),
        ({"subprotocols": "v1"}, TypeError, r"subprotocols=\['v1'\]"),
        ({"subprotocols": ["a b"]}, ValueError, "'a b'"),
        ({"subprotocols": [1]}, ValueError, "contain 1"),
        ({"nonsense": 1}, TypeError, "nonsense"),
    ],
)
def test_an_option_without_meaning_is_an_error_at_the_route(app, options, error, message):
    with pytest.raises(error, match=message):
        app.websocket("/ws", **options)(lambda: None)


def test_a_program_may_change_the_view_of_an_endpoint(app, client):
    @app.websocket("/")
    async def index():
        await websocket.send("old")

    with client.websocket("/") as ws:
        assert ws.receive() == "old"

    async def other():
        await websocket.send("new")

    app.view_functions["index"] = other
    with client.websocket("/") as ws:
        assert ws.receive() == "new"
