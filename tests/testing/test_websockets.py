"""WebSockets of the test client: `with`, `async with`, cookies and errors."""

import asyncio

import pytest

import retort.testing
from retort import WebSocketDisconnect, abort, request, session, websocket
from retort.testing import WebSocketRefused
from retort.testing import websockets as testing


@pytest.fixture
def app(app):
    @app.websocket("/echo")
    async def echo():
        async for message in websocket:
            await websocket.send(message)

    return app


def test_async_with_awaits_the_same_methods(app, client):
    async def talk():
        async with client.websocket("/echo", subprotocols=["v1"]) as ws:
            await ws.send("text")
            assert await ws.receive() == "text"
            await ws.send_json({"a": 1})
            assert await ws.receive_json(timeout=10) == {"a": 1}
            assert ws.closed is None
            await ws.close(4001, "bye")
            assert ws.closed == (4001, "bye")
            with pytest.raises(WebSocketDisconnect):
                await ws.receive()

    asyncio.run(talk())


def test_async_with_raises_the_refusal_and_the_errors_of_the_view(app, client):
    app.websocket("/no")(lambda: abort(403))

    @app.websocket("/failing")
    async def failing():
        await websocket.accept()
        raise ZeroDivisionError

    @app.websocket("/failing-first")
    async def failing_first():
        raise ZeroDivisionError

    async def talk():
        with pytest.raises(WebSocketRefused) as refused:
            async with client.websocket("/no"):
                pass
        assert refused.value.response.status_code == 403
        async with client.websocket("/failing") as ws:
            with pytest.raises(ZeroDivisionError):
                await ws.receive()
        with pytest.raises(ZeroDivisionError):
            async with client.websocket("/failing-first"):
                pass

    asyncio.run(talk())


def test_async_for_ends_with_the_websocket(app, client):
    @app.websocket("/three")
    async def three():
        for number in range(3):
            await websocket.send(str(number))

    async def collect():
        async with client.websocket("/three") as ws:
            return [message async for message in ws]

    assert asyncio.run(collect()) == ["0", "1", "2"]


def test_a_wait_ends_with_a_timeout_error_that_says_for_what(client):
    with client.websocket("/echo") as ws:
        with pytest.raises(TimeoutError, match=r"sent no message within 0\.01 s"):
            ws.receive(timeout=0.01)
        ws.send("still open")
        assert ws.receive() == "still open"


def test_the_cookies_of_the_client_are_sent_and_kept(app, client):
    @app.websocket("/count")
    async def count():
        session["count"] = session.get("count", 0) + 1
        await websocket.send_json([session["count"], request.cookies.get("theme")])

    client.set_cookie("theme", "dark")
    for number in (1, 2):
        with client.websocket("/count") as ws:
            assert ws.receive_json() == [number, "dark"]
    with client.session_transaction() as stored:
        assert stored["count"] == 2
    with app.test_client(use_cookies=False).websocket("/count") as ws:
        assert ws.receive_json() == [1, None]


def test_the_arguments_are_those_of_other_requests(app, client):
    @app.websocket("/describe")
    async def describe():
        await websocket.send_json(
            [websocket.url, websocket.headers["X-Name"], websocket.remote_addr]
        )

    options = {
        "query_string": {"a": "1"},
        "headers": {"X-Name": "Ada"},
        "base_url": "http://shop.example/",
        "environ_base": {"REMOTE_ADDR": "192.0.2.7"},
    }
    with client.websocket("/describe", **options) as ws:
        assert ws.receive_json() == ["ws://shop.example/describe?a=1", "Ada", "192.0.2.7"]


def test_header_fields_of_the_handshake_may_be_replaced(client):
    fields = {"Sec-WebSocket-Version": "8", "Upgrade": "h2c"}
    with (
        pytest.raises(WebSocketRefused) as refused,
        client.websocket("/echo", headers=fields),
    ):
        pass
    assert refused.value.response.status_code == 426


def test_the_response_of_a_refusal_is_that_of_the_client(app, client):
    @app.websocket("/no")
    async def no():
        return {"why": "full"}, 503, {"Retry-After": "5"}

    with pytest.raises(WebSocketRefused) as refused, client.websocket("/no"):
        pass
    response = refused.value.response
    assert response.json == {"why": "full"}
    assert response.headers["Retry-After"] == "5"
    assert response.request.path == "/no"
    assert '503 SERVICE UNAVAILABLE: {"why":"full"}' in str(refused.value)


def test_an_error_of_the_block_is_not_hidden_by_one_of_the_view(app, client):
    @app.websocket("/failing")
    async def failing():
        await websocket.receive()
        raise ZeroDivisionError

    def fail():
        with client.websocket("/failing") as ws:
            ws.send("go")
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_a_view_that_does_not_end_is_an_error_of_the_block(app, client, monkeypatch):
    monkeypatch.setattr(testing, "_END_SECONDS", 0.05)
    released = asyncio.Event()

    @app.websocket("/endless")
    async def endless():
        with pytest.raises(WebSocketDisconnect):
            await websocket.receive()
        await released.wait()

    with (
        pytest.raises(TimeoutError, match=r"'/endless' has not ended within 0\.05 seconds"),
        client.websocket("/endless"),
    ):
        pass
    retort.aio.loop.process_loop().call_soon_threadsafe(released.set)


def test_several_websockets_may_be_open_at_once(client):
    with client.websocket("/echo") as one, client.websocket("/echo") as two:
        one.send("1")
        two.send("2")
        assert (two.receive(), one.receive()) == ("2", "1")


def test_requests_go_on_beside(app, client):
    app.get("/")(lambda: "page")
    with client.websocket("/echo") as ws:
        assert client.get("/").text == "page"
        ws.send("x")
        assert ws.receive() == "x"


def test_the_module_names_what_it_has():
    with pytest.raises(AttributeError, match="Nothing"):
        retort.testing.Nothing  # noqa: B018
