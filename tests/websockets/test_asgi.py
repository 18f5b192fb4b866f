"""WebSockets over ASGI messages, with a server that does what each test needs."""

import asyncio
import contextlib

import pytest

from retort.websockets.asgi import AsgiHandshake
from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits

LIMIT_SECONDS = 60
QUICK = Limits(message_bytes=100, queue=3, close_seconds=0.01, send_seconds=0.01)


class Server:
    """Plays the server's side: has events for the application, and records those that it sends."""

    def __init__(self, *events, answers_close=True, extensions=("websocket.http.response",)):
        self.queue = asyncio.Queue()
        self.put({"type": "websocket.connect"})
        self.put(*events)
        self.sent = []
        self.received = 0
        self.receiving = 0
        self.answers_close = answers_close
        self.fault = None  # runs first in `send`
        self.scope = {
            "type": "websocket",
            "subprotocols": ["chat", "json"],
            "extensions": {name: {} for name in extensions},
        }

    def put(self, *events):
        for event in events:
            self.queue.put_nowait(event)

    async def receive(self):
        assert self.receiving == 0, "two calls of receive() at the same time"
        self.receiving += 1
        try:
            event = await self.queue.get()
        finally:
            self.receiving -= 1
        self.received += 1
        if isinstance(event, Exception):
            raise event
        return event

    async def send(self, event):
        if self.fault is not None:
            await self.fault(event)
        self.sent.append(event)
        if event["type"] == "websocket.close" and self.answers_close:
            self.put(disconnect(event["code"]))

    @property
    def handshake(self):
        return AsgiHandshake(self.scope, self.receive, self.send)

    def of_type(self, kind):
        return [event for event in self.sent if event["type"] == kind]


def text(message):
    return {"type": "websocket.receive", "text": message, "bytes": None}


def disconnect(code, reason=""):
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


async def settle():
    """Let all tasks go on until they wait for something else."""
    for _ in range(20):
        await asyncio.sleep(0)


def run(test):
    """Run a test on an event loop."""

    def run_test():
        asyncio.run(asyncio.wait_for(test(), LIMIT_SECONDS))

    run_test.__name__ = test.__name__
    return run_test


@contextlib.asynccontextmanager
async def opened(*events, limits=QUICK, **options):
    server = Server(*events, **options)
    connection = await server.handshake.accept(limits=limits)
    try:
        yield server, connection
    finally:
        await connection.close()


async def end_of(connection):
    with pytest.raises(WebSocketDisconnect) as caught:
        await connection.receive()
    return caught.value.code, caught.value.reason, caught.value.was_clean


# The handshake


@run
async def test_accepting_sends_the_fields_in_lower_case_and_the_sub_protocol():
    server = Server()
    connection = await server.handshake.accept([("X-Room", "blau-grün")], "json")

    assert connection.subprotocol == "json"
    assert server.sent == [
        {
            "type": "websocket.accept",
            "subprotocol": "json",
            "headers": [(b"x-room", "blau-grün".encode("latin-1"))],
        }
    ]
    await connection.close()


@run
async def test_a_handshake_shows_what_the_client_offered():
    assert Server().handshake.subprotocols == ["chat", "json"]
    assert AsgiHandshake({"type": "websocket"}, None, None).subprotocols == []


@run
async def test_accepting_a_sub_protocol_that_was_not_offered_is_an_error():
    server = Server()
    with pytest.raises(ValueError, match=r"'xml'.*did not offer\. It offered: 'chat', 'json'"):
        await server.handshake.accept(subprotocol="xml")

    assert (server.sent, server.received) == ([], 0)


@pytest.mark.parametrize(
    "field",
    [
        ("X-Name", "a\r\nSet-Cookie: b=c"),
        ("X-Name", "a\0"),
        ("X-Name", "€"),
        ("X Name", "a"),
        ("", "a"),
        ("Sec-WebSocket-Protocol", "chat"),
        ("upgrade", "h2c"),
    ],
)
def test_a_header_field_that_cannot_be_sent_is_an_error(field):
    @run
    async def test():
        server = Server()
        with pytest.raises(ValueError, match="header field"):
            await server.handshake.accept([("X-Good", ""), field])
        assert server.sent == []

    test()


@run
async def test_a_handshake_is_answered_once():
    server = Server()
    handshake = server.handshake
    connection = await handshake.accept()
    with pytest.raises(RuntimeError, match=r"was accepted before, and cannot be refused now"):
        await handshake.refuse(403)
    with pytest.raises(RuntimeError, match=r"was accepted before, and cannot be accepted now"):
        await handshake.accept()

    assert [event["type"] for event in server.sent] == ["websocket.accept"]
    await connection.close()


@run
async def test_a_client_that_left_before_the_answer_is_a_disconnect():
    server = Server()
    server.queue = asyncio.Queue()
    server.put(disconnect(1006))
    with pytest.raises(WebSocketDisconnect) as caught:
        await server.handshake.accept()

    assert (caught.value.code, caught.value.was_clean) == (1006, False)


@run
async def test_a_server_that_cannot_accept_any_more_is_a_disconnect():
    server = Server()

    async def fault(event):
        raise OSError("client disconnected")

    server.fault = fault
    with pytest.raises(WebSocketDisconnect) as caught:
        await server.handshake.accept()

    assert isinstance(caught.value.__cause__, OSError)


@run
async def test_a_refusal_has_a_status_fields_and_a_body():
    server = Server()
    await server.handshake.refuse(404, [("Content-Type", "text/plain")], b"no")

    start, body = server.sent
    assert start == {
        "type": "websocket.http.response.start",
        "status": 404,
        "headers": [(b"content-type", b"text/plain")],
    }
    assert body == {"type": "websocket.http.response.body", "body": b"no", "more_body": False}


@run
async def test_a_refusal_without_the_extension_is_a_close():
    server = Server(extensions=())
    await server.handshake.refuse(404, [("Content-Type", "text/plain")], b"no")

    assert server.sent == [{"type": "websocket.close", "code": 1008, "reason": ""}]


@run
async def test_a_refusal_may_have_fields_that_an_acceptance_may_not():
    fields = [("Content-Length", "2"), ("Upgrade", "websocket")]
    server = Server()
    await server.handshake.refuse(426, fields, b"no")

    assert server.sent[0]["headers"] == [(b"content-length", b"2"), (b"upgrade", b"websocket")]


@pytest.mark.parametrize("field", [("X-Name", "a\r\nB: c"), ("X Name", "a"), ("X-Name", "€")])
def test_a_field_that_a_refusal_cannot_have_is_an_error(field):
    @run
    async def test():
        server = Server()
        with pytest.raises(ValueError, match=r"header field '.*cannot be sent"):
            await server.handshake.refuse(403, [field])
        assert server.sent == []

    test()


@run
async def test_a_status_that_is_none_is_an_error():
    server = Server()
    for status in (42, 101, 600, "403"):
        with pytest.raises(ValueError, match=rf"status {status!r}\. Use one from 200 to 599"):
            await server.handshake.refuse(status)

    assert server.sent == []


# Receiving


@run
async def test_messages_arrive_in_order_and_then_the_end_again_and_again():
    binary = {"type": "websocket.receive", "bytes": b"", "text": None}
    async with opened(text("a"), binary, text(""), disconnect(4000, "bye")) as (_, connection):
        assert [await connection.receive() for _ in range(3)] == ["a", b"", ""]
        assert await end_of(connection) == (4000, "bye", True)
        assert await end_of(connection) == (4000, "bye", True)


@pytest.mark.parametrize("code", [None, 1005, 1006])
def test_an_end_without_a_code_is_not_known_to_be_clean(code):
    @run
    async def test():
        async with opened({"type": "websocket.disconnect", "code": code}) as (_, connection):
            assert await end_of(connection) == (code or 1005, "", False)

    test()


@run
async def test_cancelling_a_receive_loses_no_message():
    async with opened() as (server, connection):
        received = []
        for number in range(50):
            waiting = asyncio.create_task(connection.receive())
            for _ in range(number % 5):
                await asyncio.sleep(0)
            server.put(text(str(number)))
            for _ in range(number % 7):
                await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                received.append(await waiting)
        while len(received) < 50:
            received.append(await connection.receive())

        assert received == [str(number) for number in range(50)]


@run
async def test_receiving_waits_while_another_task_sends():
    async with opened() as (server, connection):
        waiting = asyncio.create_task(connection.receive())
        await settle()
        await connection.send("first")
        server.put(text("answer"))

        assert await waiting == "answer"
        assert server.of_type("websocket.send") == [{"type": "websocket.send", "text": "first"}]


@run
async def test_two_tasks_cannot_receive_at_the_same_time():
    async with opened() as (server, connection):
        waiting = asyncio.create_task(connection.receive())
        await settle()
        with pytest.raises(RuntimeError, match="nother task waits in receive"):
            await connection.receive()
        server.put(text("a"), text("b"))

        assert [await waiting, await connection.receive()] == ["a", "b"]


@run
async def test_reading_stops_while_the_queue_is_full():
    async with opened(*[text(str(number)) for number in range(10)]) as (server, connection):
        await settle()
        assert server.received == 1 + QUICK.queue  # with websocket.connect

        assert await connection.receive() == "0"
        await settle()
        assert server.received == 2 + QUICK.queue
        assert [await connection.receive() for _ in range(9)] == list("123456789")


@run
async def test_reading_stops_while_the_messages_that_wait_are_as_long_as_one_may_be():
    large = [text("x" * 60)] * 4
    async with opened(text("small"), *large) as (server, connection):
        await settle()
        assert server.received == 1 + 3

        assert await connection.receive() == "small"
        await settle()
        assert server.received == 1 + 3
        assert [len(await connection.receive()) for _ in range(4)] == [60] * 4


@pytest.mark.parametrize("message", ["x" * 100, "ü" * 50, "€" * 33, "🙂" * 25])
def test_a_message_of_the_largest_size_is_received(message):
    @run
    async def test():
        async with opened(text(message)) as (_, connection):
            assert await connection.receive() == message

    test()


@pytest.mark.parametrize("message", ["x" * 101, "ü" * 51, "€" * 34, "🙂" * 26, b"x" * 101])
def test_a_larger_message_closes_after_those_before_it(message):
    @run
    async def test():
        kind = "text" if isinstance(message, str) else "bytes"
        large = {"type": "websocket.receive", kind: message}
        async with opened(text("ok"), large, text("lost")) as (server, connection):
            reason = "The message is larger than 100 bytes."
            await settle()
            assert await connection.receive() == "ok"
            assert await end_of(connection) == (1009, reason, True)
            assert server.of_type("websocket.close") == [
                {"type": "websocket.close", "code": 1009, "reason": reason}
            ]

    test()


@run
async def test_an_error_of_the_server_is_the_cause_of_the_end():
    async with opened(text("ok"), LookupError("of the server")) as (_, connection):
        assert await connection.receive() == "ok"
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.receive()

        assert (caught.value.code, caught.value.was_clean) == (1006, False)
        assert isinstance(caught.value.__cause__, LookupError)


# Sending


@run
async def test_an_end_is_known_to_a_view_that_only_sends():
    async with opened(disconnect(1001)) as (server, connection):
        await settle()
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.send("a")

        assert caught.value.code == 1001
        assert server.of_type("websocket.send") == []


@pytest.mark.parametrize("error", [OSError, RuntimeError])
def test_an_error_of_send_is_the_end_with_the_code_that_is_reported_next(error):
    @run
    async def test():
        async with opened(limits=Limits()) as (server, connection):

            async def fault(event):
                asyncio.get_running_loop().call_later(0.01, server.put, disconnect(4000, "bye"))
                raise error("closed")

            server.fault = fault
            with pytest.raises(WebSocketDisconnect) as caught:
                await connection.send("a")

            assert (caught.value.code, caught.value.reason) == (4000, "bye")
            assert isinstance(caught.value.__cause__, error)

    test()


@run
async def test_an_error_of_send_without_a_report_is_an_abnormal_end():
    async with opened() as (server, connection):

        async def fault(event):
            raise OSError("closed")

        server.fault = fault
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.send("a")

        assert (caught.value.code, caught.value.was_clean) == (1006, False)
        assert await end_of(connection) == (1006, "", False)


@run
async def test_a_client_that_does_not_read_is_an_end_after_the_limit():
    async with opened() as (server, connection):
        was_cancelled = asyncio.Event()

        async def fault(event):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                was_cancelled.set()
                raise

        server.fault = fault
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.send("a")

        assert (caught.value.code, caught.value.was_clean) == (1006, False)
        await was_cancelled.wait()
        assert await end_of(connection) == (1006, "", False)


@run
async def test_a_view_that_sends_without_end_lets_other_tasks_run():
    async with opened() as (server, connection):

        async def send_without_end():
            while len(server.sent) < 10_000:
                await connection.send("a")

        sending = asyncio.create_task(send_without_end())
        await settle()
        server.put(disconnect(1001))  # the server does not wait in `send`, as with a fast client

        with pytest.raises(WebSocketDisconnect):
            await sending
        assert len(server.sent) < 1000


@run
async def test_what_is_no_message_is_an_error_and_not_sent():
    async with opened() as (server, connection):
        for value in ({"a": 1}, None, 1, bytearray(b"x")):
            with pytest.raises(TypeError, match=rf"type {type(value).__name__}\)"):
                await connection.send(value)
        with pytest.raises(ValueError, match=r"lone surrogate '\\udc80' at position 2"):
            await connection.send("ab\udc80")

        assert server.of_type("websocket.send") == []


@run
async def test_a_ping_is_not_possible():
    async with opened() as (_, connection):
        with pytest.raises(NotImplementedError, match="ASGI has no message for pings"):
            await connection.ping()


# Closing


@run
async def test_closing_sends_one_close_and_waits_for_the_end():
    async with opened(text("unread")) as (server, connection):
        await asyncio.gather(connection.close(4000, "bye"), connection.close(4001))
        await connection.close(4002)

        assert server.of_type("websocket.close") == [
            {"type": "websocket.close", "code": 4000, "reason": "bye"}
        ]
        assert await end_of(connection) == (4000, "bye", True)
        with pytest.raises(WebSocketDisconnect):
            await connection.send("late")
        assert server.of_type("websocket.send") == []


@run
async def test_closing_drops_a_full_queue():
    async with opened(*[text(str(number)) for number in range(10)]) as (server, connection):
        await settle()
        await connection.close(1000)

        assert await end_of(connection) == (1000, "", True)


@run
async def test_closing_drops_messages_until_the_end():
    async with opened(answers_close=False, limits=Limits()) as (server, connection):
        closing = asyncio.create_task(connection.close(4000))
        await settle()
        server.put(text("late"), text("later"), disconnect(4000))
        await closing

        assert server.queue.empty()
        assert await end_of(connection) == (4000, "", True)


@run
async def test_closing_ends_a_receive_that_waits():
    async with opened() as (_, connection):
        waiting = asyncio.create_task(end_of(connection))
        await settle()
        await connection.close(1001, "restart")

        assert await waiting == (1001, "restart", True)


@run
async def test_sending_while_it_closes_is_an_error_with_the_code():
    async with opened(answers_close=False) as (server, connection):
        closing = asyncio.create_task(connection.close(4000, "bye"))
        await asyncio.sleep(0)
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.send("late")
        await closing

        assert (caught.value.code, caught.value.reason) == (4000, "bye")


@run
async def test_a_server_that_does_not_report_the_end_does_not_hold_up_closing():
    async with opened(answers_close=False) as (_, connection):
        await connection.close(4000)

        assert await end_of(connection) == (4000, "", False)


@run
async def test_closing_goes_on_when_its_caller_is_cancelled():
    async with opened(answers_close=False, limits=Limits()) as (server, connection):
        closing = asyncio.create_task(connection.close(1001))
        await settle()
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        server.put(disconnect(1001))

        assert await end_of(connection) == (1001, "", True)


@run
async def test_closing_what_the_client_closed_sends_nothing():
    async with opened(disconnect(4000)) as (server, connection):
        await settle()
        await connection.close(1000)

        assert server.of_type("websocket.close") == []
        assert await end_of(connection) == (4000, "", True)


@run
async def test_an_error_of_the_server_while_it_closes_is_an_end_that_is_not_clean():
    async with opened() as (server, connection):

        async def fault(event):
            raise LookupError("of the server")

        server.fault = fault
        await connection.close(1000)

        assert await end_of(connection) == (1000, "", False)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000])
def test_a_code_that_cannot_be_sent_is_an_error(code):
    @run
    async def test():
        async with opened() as (server, connection):
            with pytest.raises(ValueError, match=f"cannot be closed with the code {code}"):
                await connection.close(code)
            assert server.of_type("websocket.close") == []

    test()


@run
async def test_a_reason_that_cannot_be_sent_is_an_error():
    async with opened() as (_, connection):
        with pytest.raises(ValueError, match="reason has 124 bytes"):
            await connection.close(1000, "ü" * 62)
        await connection.close(1000, "u" * 123)


@run
async def test_no_task_is_left_after_closing():
    before = asyncio.all_tasks()
    async with opened(text("a")) as (_, connection):
        assert asyncio.all_tasks() != before
        await connection.close()
        await settle()

        assert asyncio.all_tasks() == before
