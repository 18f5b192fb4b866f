"""Handshakes that get an HTTP response, and views that fail."""

import asyncio
import concurrent.futures
import logging

import pytest

from retort import WebSocketDisconnect, abort, request, websocket
from retort.lifecycle.websockets.upgrade import is_disconnect
from retort.signals import got_request_exception, request_finished, request_started
from retort.testing import WebSocketRefused
from retort.websockets.errors import TooManyWebSockets
from retort.websockets.handshake import HANDSHAKE

HANDSHAKE_FIELDS = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def refusal(client, path="/", **options):
    """The response to a handshake that is refused."""
    with pytest.raises(WebSocketRefused) as refused, client.websocket(path, **options):
        pass
    assert str(refused.value.response.status_code) in str(refused.value)
    return refused.value.response


@pytest.fixture
def served(app):
    """The application as a server runs it: exceptions are logged, not raised."""
    app.testing = False
    return app


@pytest.mark.parametrize("is_async", [True, False])
def test_abort_before_accept_is_an_http_response(app, client, is_async):
    async def index():
        abort(403)

    def index_in_a_thread():
        abort(403)

    app.add_websocket("/", "index", index if is_async else index_in_a_thread)
    response = refusal(client)

    assert response.status_code == 403
    assert "Forbidden" in response.text


def test_a_return_value_before_accept_is_an_http_response(app, client):
    @app.websocket("/")
    async def index():
        return {"why": "no"}, 409, {"X-Why": "no"}

    response = refusal(client)

    assert (response.status_code, response.json) == (409, {"why": "no"})
    assert response.headers["X-Why"] == "no"


def test_error_handlers_make_the_response(app, client):
    @app.errorhandler(403)
    def forbidden(error):
        return f"handled {request.path}", 403

    @app.errorhandler(KeyError)
    async def missing(error):
        return "missing", 404

    @app.websocket("/forbidden")
    async def is_forbidden():
        abort(403)

    @app.websocket("/missing")
    def is_missing():
        raise KeyError("x")

    assert refusal(client, "/forbidden").text == "handled /forbidden"
    assert refusal(client, "/missing").status_code == 404


def test_an_error_before_accept_is_a_500_and_is_logged(served, client, caplog):
    @served.websocket("/")
    async def index():
        raise ZeroDivisionError

    assert refusal(client).status_code == 500
    assert "Exception on / [GET]" in caplog.text


def test_an_error_before_accept_reaches_the_test(app, client):
    @app.websocket("/")
    async def index():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), client.websocket("/"):
        pass


@pytest.mark.parametrize("is_async", [True, False])
def test_an_error_after_accept_closes_with_1011_and_is_logged(served, client, caplog, is_async):
    signalled = []
    got_request_exception.connect(
        lambda sender, exception: signalled.append((request.path, type(exception))),
        served,
        weak=False,
    )

    async def index():
        await websocket.accept()
        raise ZeroDivisionError

    def index_in_a_thread():
        websocket.accept()
        raise ZeroDivisionError

    served.add_websocket("/", "index", index if is_async else index_in_a_thread)
    with client.websocket("/") as ws, pytest.raises(WebSocketDisconnect) as end:
        ws.receive()

    assert end.value.code == 1011
    assert caplog.records[-1].exc_info[0] is ZeroDivisionError
    assert signalled == [("/", ZeroDivisionError)]


def test_abort_after_accept_is_an_error_too(served, client, caplog):
    @served.websocket("/")
    async def index():
        await websocket.accept()
        abort(403)

    with client.websocket("/") as ws, pytest.raises(WebSocketDisconnect) as end:
        ws.receive()
    assert end.value.code == 1011
    assert "403 Forbidden" in caplog.text


def test_an_error_after_accept_reaches_the_test(app, client, caplog):
    @app.websocket("/")
    async def index():
        await websocket.accept()
        raise ZeroDivisionError

    with client.websocket("/") as ws, pytest.raises(ZeroDivisionError):
        ws.receive()
    assert "Exception on" not in caplog.text


def test_the_end_of_the_block_raises_what_the_view_raised_after_the_last_message(app, client):
    @app.websocket("/")
    async def index():
        await websocket.receive()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), client.websocket("/") as ws:
        ws.send("go")


def test_a_client_that_leaves_is_no_error(served, client, caplog):
    @served.websocket("/")
    async def index():
        await websocket.receive()

    with client.websocket("/"):
        pass
    assert caplog.text == ""


def test_a_group_of_exceptions_that_says_only_that_the_client_has_left_is_no_error():
    class Group(Exception):  # as ExceptionGroup of Python 3.11
        def __init__(self, *exceptions):
            self.exceptions = exceptions

    left = WebSocketDisconnect(1000)
    assert is_disconnect(Group(left, Group(left)))
    assert not is_disconnect(Group(left, ValueError()))
    assert not is_disconnect(ValueError())


def test_a_view_that_neither_accepts_nor_responds_is_an_error_that_names_it(app, client):
    @app.websocket("/")
    async def index():
        pass

    with (
        pytest.raises(
            TypeError, match=r"index\(\) \(test_refusals.py:\d+\) returned None"
        ) as error,
        client.websocket("/"),
    ):
        pass
    assert "await websocket.accept()" in str(error.value)
    assert "abort(403)" in str(error.value)


def test_a_full_server_responds_with_503_and_logs_the_limit(served, client, caplog):
    class Full:
        subprotocols: list[str] = []
        sends_headers = True

        async def accept(self, *args):
            raise TooManyWebSockets("This process has 3 WebSockets, which is its limit.")

    @served.websocket("/")
    async def index():
        await websocket.accept()

    response = client.get("/", headers=HANDSHAKE_FIELDS, environ_overrides={HANDSHAKE: Full()})

    assert response.status_code == 503
    assert "which is its limit" in caplog.text
    assert "limit" not in response.text


def test_a_client_that_leaves_during_the_handshake_is_no_error(served, client, caplog):
    class Gone:
        subprotocols: list[str] = []
        sends_headers = True

        async def accept(self, *args):
            raise WebSocketDisconnect(1006, was_clean=False)

    @served.websocket("/")
    async def index():
        await websocket.accept()

    # The server awaits the request, and logs it as that of a client that has gone.
    with pytest.raises((asyncio.CancelledError, concurrent.futures.CancelledError)):
        client.get("/", headers=HANDSHAKE_FIELDS, environ_overrides={HANDSHAKE: Gone()})
    assert caplog.text == ""


# Requests of the wrong kind


def test_a_plain_request_to_a_websocket_gets_426(app, client):
    app.websocket("/ws")(lambda: None)
    response = client.get("/ws")

    assert response.status_code == 426
    assert response.headers["Upgrade"] == "websocket"
    assert response.headers["Connection"] == "Upgrade"
    assert response.headers["Sec-WebSocket-Version"] == "13"
    assert "takes WebSocket connections only" in response.text


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "DELETE"])
def test_other_methods_are_no_handshake(app, client, method):
    app.websocket("/ws")(lambda: None)

    assert client.open("/ws", method=method, headers=HANDSHAKE_FIELDS).status_code == 405
    assert client.open("/ws", method=method).status_code in (405, 426)


def test_a_handshake_to_an_http_route_gets_400(app, client):
    app.get("/page")(lambda: "page")
    response = refusal(client, "/page")

    assert response.status_code == 400
    assert "takes HTTP requests, and the request is a WebSocket handshake" in response.text


def test_a_handshake_to_no_route_gets_404(client):
    assert refusal(client, "/nowhere").status_code == 404


def test_a_rule_with_websocket_alone_stays_an_http_route(app, client):
    """As flask-sock uses it."""

    @app.route("/ws", websocket=True)
    def index():
        return f"http {websocket.__bool__()}"

    assert client.get("/ws").status_code == 400
    assert client.get("/ws", headers=HANDSHAKE_FIELDS).text == "http False"


@pytest.mark.parametrize(
    ("changed", "status", "text"),
    [
        ({"Sec-WebSocket-Version": "8"}, 426, "must be 13"),
        ({"Sec-WebSocket-Key": "short"}, 400, "Sec-WebSocket-Key must be 16 bytes"),
        ({"Sec-WebSocket-Key": None}, 400, "is missing"),
    ],
)
def test_an_invalid_handshake_is_refused_before_the_view(app, client, changed, status, text):
    app.websocket("/ws")(lambda: pytest.fail("the view was called"))
    fields = {**HANDSHAKE_FIELDS, **changed}
    response = client.get("/ws", headers={k: v for k, v in fields.items() if v is not None})

    assert response.status_code == status
    assert text in response.text


@pytest.mark.parametrize("debug", [True, False])
def test_a_server_without_websockets_says_what_to_use(app, client, caplog, debug):
    app.debug = debug
    app.websocket("/ws")(lambda: pytest.fail("the view was called"))
    response = client.get("/ws", headers=HANDSHAKE_FIELDS)

    assert response.status_code == 501
    assert ("retort run" in response.text) == debug
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert "'/ws' cannot be accepted" in record.getMessage()
    assert "`retort run`" in record.getMessage()


def test_the_error_of_a_server_without_websockets_has_a_handler(app, client):
    app.errorhandler(501)(lambda error: ("handled", 501))
    app.websocket("/ws")(lambda: None)

    assert client.get("/ws", headers=HANDSHAKE_FIELDS).text == "handled"


# Signals


def test_signals_are_those_of_a_request(app, client):
    events = []
    for signal in (request_started, request_finished):
        signal.connect(lambda sender, s=signal, **more: events.append(s.name), app, weak=False)

    @app.websocket("/")
    async def index():
        await websocket.accept()

    @app.websocket("/no")
    async def no():
        abort(403)

    with client.websocket("/"):
        pass
    assert events == ["request-started"]
    refusal(client, "/no")
    assert events == ["request-started", "request-started", "request-finished"]
