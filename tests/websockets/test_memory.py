"""WebSockets in memory: the client on this thread, the application on a loop of its own."""

import asyncio
import contextlib
import gc
import threading
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits
from retort.websockets.memory import pair
from retort.websockets.wire import NETWORK_BYTES, Accepted, Refused

LIMIT_SECONDS = 60
SOON = 0.01  # for a wait that ends in an error
SMALL = Limits(message_bytes=100, queue=3, send_seconds=SOON)


@pytest.fixture(scope="module")
def loop():
    """An event loop in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def serve(loop):
    """Start a view; returns its client and its future."""
    started = []

    def serve(view, *arguments, **options):
        handshake, client = pair(*arguments, **options)
        future = asyncio.run_coroutine_threadsafe(view(handshake), loop)
        started.append((client, future))
        return client, future

    yield serve
    for client, future in started:
        client.vanish()
        with contextlib.suppress(WebSocketDisconnect):
            future.result(LIMIT_SECONDS)


async def echo(handshake):
    connection = await handshake.accept()
    while True:
        await connection.send(await connection.receive())


async def collect(handshake):
    """The messages that are received, and the end."""
    connection = await handshake.accept()
    messages = []
    try:
        while True:
            messages.append(await connection.receive())
    except WebSocketDisconnect as end:
        return messages, (end.code, end.reason, end.was_clean)


def end_of(call, *arguments):
    with pytest.raises(WebSocketDisconnect) as caught:
        call(*arguments, LIMIT_SECONDS)
    return caught.value.code, caught.value.reason, caught.value.was_clean


# The handshake


def test_the_answer_has_the_fields_and_the_sub_protocol(serve):
    async def view(handshake):
        assert handshake.subprotocols == ["json", "chat"]
        await handshake.accept([("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")], "chat")

    client, _ = serve(view, subprotocols=["json", "chat"])

    answer = Accepted((("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")), "chat")
    assert client.answer(LIMIT_SECONDS) == answer
    assert (client.accepted, client.refused, client.closed) == (answer, None, None)


def test_a_refusal_is_a_response_and_no_websocket(serve):
    async def view(handshake):
        await handshake.refuse(401, [("WWW-Authenticate", "Basic")], b"Log in first.")

    client, _ = serve(view)

    refused = Refused(401, (("WWW-Authenticate", "Basic"),), b"Log in first.")
    assert client.answer(LIMIT_SECONDS) == refused
    assert (client.accepted, client.refused, client.closed) == (None, refused, None)
    for call in (client.receive, lambda: client.send("a")):
        with pytest.raises(RuntimeError, match="refused with the status 401"):
            call()


def test_a_handshake_is_answered_once(serve):
    async def view(handshake):
        await handshake.accept()
        with pytest.raises(RuntimeError, match="answered before, with an acceptance"):
            await handshake.refuse()

    _, future = serve(view)

    future.result(LIMIT_SECONDS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], "xml"), "did not"),
        (([("X", "a\nb")],), "X"),
        (([("Upgrade", "h2c")],), "Upgrade"),
    ],
)
def test_what_a_server_cannot_accept_is_an_error(serve, arguments, message):
    async def view(handshake):
        with pytest.raises(ValueError, match=message):
            await handshake.accept(*arguments)

    client, future = serve(view)

    future.result(LIMIT_SECONDS)
    assert client.accepted is None


@pytest.mark.parametrize("leave", ["close", "vanish"])
def test_a_client_that_leaves_before_the_answer(leave):
    handshake, client = pair()
    getattr(client, leave)()

    with pytest.raises(WebSocketDisconnect) as caught:
        asyncio.run(handshake.accept())
    assert (caught.value.code, caught.value.was_clean) == (1006, False)
    assert end_of(client.answer) == (1006, "", False)


# Messages


def test_messages_go_both_ways(serve):
    client, _ = serve(echo)
    for message in ["", "grün", b"", b"\x00\xff"]:
        client.send(message)

        assert client.receive(LIMIT_SECONDS) == message


@given(st.lists(st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary())))
def test_all_messages_arrive_in_their_order(loop, messages):
    handshake, client = pair(Limits(queue=2))
    future = asyncio.run_coroutine_threadsafe(collect(handshake), loop)
    client.answer(LIMIT_SECONDS)
    for message in messages:
        client.send(message, LIMIT_SECONDS)
    client.close(4000, "bye")

    assert future.result(LIMIT_SECONDS) == (messages, (4000, "bye", True))


def test_threads_send_and_receive_at_the_same_time(serve):
    client, _ = serve(echo)
    received = []

    def send(name):
        for number in range(100):
            client.send(f"{name}{number}", LIMIT_SECONDS)

    def receive():
        for _ in range(100):
            received.append(client.receive(LIMIT_SECONDS))

    threads = [threading.Thread(target=send, args=[name]) for name in "abc"]
    threads += [threading.Thread(target=receive) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(received) == sorted(f"{name}{n}" for name in "abc" for n in range(100))


def test_cancelling_a_receive_loses_no_message(serve):
    async def view(handshake):
        connection = await handshake.accept()
        received = []
        while len(received) < 200:
            waiting = asyncio.create_task(connection.receive())
            await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                received.append(await waiting)
        return received

    client, future = serve(view)
    for number in range(200):
        client.send(str(number), LIMIT_SECONDS)

    assert future.result(LIMIT_SECONDS) == [str(number) for number in range(200)]


def test_a_view_receives_in_one_task(serve):
    async def view(handshake):
        connection = await handshake.accept()
        waiting = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task waits in receive"):
            await connection.receive()
        await connection.send("ready")
        return await waiting

    client, future = serve(view)
    assert client.receive(LIMIT_SECONDS) == "ready"
    client.send("a")

    assert future.result(LIMIT_SECONDS) == "a"


def test_what_is_no_message_is_an_error_on_both_ends(serve):
    async def view(handshake):
        connection = await handshake.accept()
        with pytest.raises(TypeError, match=r"type dict\)\. A message is a str"):
            await connection.send({"a": 1})

    client, future = serve(view)
    future.result(LIMIT_SECONDS)

    with pytest.raises(TypeError, match=r"type list\)\. A message is a str"):
        client.send([])
    with pytest.raises(ValueError, match="lone surrogate"):
        client.send("\ud800")


# Limits


def test_a_message_above_the_limit_closes_with_1009_after_those_before_it(serve):
    client, future = serve(collect, SMALL)
    client.send("ü" * 50)
    client.send("ü" * 51)

    end = (1009, "The message is larger than 100 bytes.", True)
    assert future.result(LIMIT_SECONDS) == (["ü" * 50], end)
    assert end_of(client.receive) == end
    assert end_of(client.send, "a") == end
    assert client.closed == end[:2]


def test_the_limits_of_accept_replace_those_of_the_pair(serve):
    async def view(handshake):
        connection = await handshake.accept(limits=Limits(message_bytes=1))
        await connection.receive()

    client, _ = serve(view, SMALL)
    client.send("ab", LIMIT_SECONDS)

    assert end_of(client.receive) == (1009, "The message is larger than 1 bytes.", True)


def test_a_view_that_does_not_receive_stops_the_client(serve, loop):
    go_on = asyncio.Event()

    async def view(handshake):
        connection = await handshake.accept()
        await go_on.wait()
        return [await connection.receive() for _ in range(4)]

    client, future = serve(view, Limits(message_bytes=NETWORK_BYTES, queue=3))
    large = b"x" * NETWORK_BYTES
    client.send(large, LIMIT_SECONDS)
    client.send("b")
    client.send("c")
    with pytest.raises(TimeoutError, match=r"send\(\): The application did not receive .* 0\.01 s"):
        client.send("lost", SOON)
    loop.call_soon_threadsafe(go_on.set)
    client.send("d", LIMIT_SECONDS)

    assert future.result(LIMIT_SECONDS) == [large, "b", "c", "d"]


def test_a_client_that_does_not_receive_ends_the_view(serve):
    async def view(handshake):
        connection = await handshake.accept()
        for _ in range(100):
            await connection.send(b"x" * NETWORK_BYTES)

    client, future = serve(view, SMALL)

    with pytest.raises(WebSocketDisconnect) as caught:
        future.result(LIMIT_SECONDS)
    assert (caught.value.code, caught.value.was_clean) == (1006, False)
    assert [len(client.receive()) for _ in range(3)] == [NETWORK_BYTES] * 3
    assert end_of(client.receive) == (1006, "", False)


@pytest.mark.parametrize("size", [0, 1])
def test_many_small_messages_wait_for_a_client_that_receives_later(serve, size):
    async def view(handshake):
        connection = await handshake.accept()
        for _ in range(1000):
            await connection.send(b"x" * size)

    client, future = serve(view, SMALL)
    future.result(LIMIT_SECONDS)

    assert [client.receive() for _ in range(1000)] == [b"x" * size] * 1000


# The end


def test_the_client_closes(serve):
    client, future = serve(collect)
    client.send("last")
    client.close(4000, "bye")

    assert future.result(LIMIT_SECONDS) == (["last"], (4000, "bye", True))
    assert client.closed == (4000, "bye")
    client.close(4001)
    assert client.closed == (4000, "bye")


def test_the_client_closes_without_a_code(serve):
    client, future = serve(collect)
    client.answer(LIMIT_SECONDS)
    client.close(1005)

    assert future.result(LIMIT_SECONDS) == ([], (1005, "", True))


@pytest.mark.parametrize("code", [1004, 1006, 1015, 999, 5000])
def test_a_code_that_cannot_be_sent_is_an_error_on_both_ends(serve, code):
    async def view(handshake):
        connection = await handshake.accept()
        with pytest.raises(ValueError, match=f"{code}"):
            await connection.close(code)
        return await connection.receive()

    client, future = serve(view)
    with pytest.raises(ValueError, match=f"{code}"):
        client.close(code)
    client.send("open")

    assert future.result(LIMIT_SECONDS) == "open"


def test_the_view_closes(serve):
    async def view(handshake):
        connection = await handshake.accept()
        await connection.send("last")
        await connection.close(4000, "bye")
        await connection.close(4001)
        for call in (connection.receive, lambda: connection.send("late"), connection.ping):
            with pytest.raises(WebSocketDisconnect) as caught:
                await call()
            assert caught.value.code == 4000

    client, future = serve(view)

    future.result(LIMIT_SECONDS)
    assert client.closed == (4000, "bye")
    assert client.receive() == "last"
    assert end_of(client.receive) == (4000, "bye", True)
    assert end_of(client.send, "late") == (4000, "bye", True)


def test_a_view_that_closes_drops_what_it_has_not_received(serve, loop):
    go_on = asyncio.Event()

    async def view(handshake):
        connection = await handshake.accept()
        await go_on.wait()
        await connection.close()
        await connection.receive()

    client, future = serve(view)
    client.send("unread", LIMIT_SECONDS)
    loop.call_soon_threadsafe(go_on.set)

    with pytest.raises(WebSocketDisconnect):
        future.result(LIMIT_SECONDS)


def test_a_client_that_vanishes_is_an_end_that_is_not_clean(serve):
    client, future = serve(collect)
    client.send("last")
    client.vanish()

    assert future.result(LIMIT_SECONDS) == (["last"], (1006, "", False))
    assert client.closed == (1006, "")


def test_a_client_that_vanishes_ends_a_view_that_sends(serve):
    async def view(handshake):
        connection = await handshake.accept()
        while True:
            await connection.send(b"x" * 100_000)

    client, future = serve(view)
    assert client.receive(LIMIT_SECONDS)
    client.vanish()

    with pytest.raises(WebSocketDisconnect) as caught:
        future.result(LIMIT_SECONDS)
    assert caught.value.code == 1006


# Waiting


def test_waiting_in_vain_is_an_error_that_says_what_did_not_happen(serve):
    async def view(handshake):
        connection = await handshake.accept()
        await connection.receive()

    _, unanswered = pair()
    client, _ = serve(view)
    client.answer(LIMIT_SECONDS)

    for call in (unanswered.answer, unanswered.receive, lambda s: unanswered.send("a", s)):
        with pytest.raises(TimeoutError, match=r"did not answer the handshake within 0\.01 s\."):
            call(SOON)
    with pytest.raises(TimeoutError, match=r"receive\(\): The application sent no message within"):
        client.receive(SOON)


def test_after_waiting_in_vain_messages_still_arrive(serve):
    client, _ = serve(echo)
    client.answer(LIMIT_SECONDS)
    for number in range(20):
        with pytest.raises(TimeoutError):
            client.receive(0)
        client.send(str(number))
        assert client.receive(LIMIT_SECONDS) == str(number)


def test_waiting_in_vain_leaves_nothing_behind():
    def count():
        gc.collect()
        return sum(issubclass(type(thing), Future) for thing in gc.get_objects())

    async def wait_in_vain(client):
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await client.areceive(0)
            waiting = asyncio.create_task(client.areceive())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    _, client = pair()
    before = count()
    for _ in range(5):
        with pytest.raises(TimeoutError):
            client.receive(0)
    asyncio.run(wait_in_vain(client))

    assert count() == before


def test_client_and_view_on_one_loop():
    async def test():
        handshake, client = pair(subprotocols=["chat"])
        view = asyncio.create_task(echo(handshake))
        assert await client.aanswer() == Accepted()
        await client.asend("a")
        assert await client.areceive(LIMIT_SECONDS) == "a"
        with pytest.raises(TimeoutError, match=r"areceive\(\): The application sent no message"):
            await client.areceive(SOON)
        with pytest.raises(RuntimeError, match=r"Write: await client\.areceive\("):
            client.receive()
        client.close()
        with pytest.raises(WebSocketDisconnect):
            await client.areceive()
        with pytest.raises(WebSocketDisconnect):
            await view

    asyncio.run(asyncio.wait_for(test(), LIMIT_SECONDS))


def test_a_call_that_blocks_the_loop_before_the_answer_says_so():
    async def test():
        _, client = pair()
        with pytest.raises(TimeoutError, match=r"This thread runs an event loop.*client\.aanswer"):
            client.answer(SOON)

    asyncio.run(asyncio.wait_for(test(), LIMIT_SECONDS))


def test_cancelling_a_receive_of_the_client_loses_no_message(serve):
    client, _ = serve(echo)

    async def test():
        received = []
        for number in range(100):
            waiting = asyncio.create_task(client.areceive(LIMIT_SECONDS))
            await asyncio.sleep(0)
            await client.asend(str(number), LIMIT_SECONDS)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                received.append(await waiting)
        while len(received) < 100:
            received.append(await client.areceive(LIMIT_SECONDS))
        return received

    assert asyncio.run(test()) == [str(number) for number in range(100)]


def test_a_ping_is_answered(serve):
    async def view(handshake):
        connection = await handshake.accept()
        await connection.ping(b"x" * 125)
        with pytest.raises(ValueError, match="126 bytes"):
            await connection.ping(b"x" * 126)
        with pytest.raises(TypeError, match="data of a ping is bytes"):
            await connection.ping("x")

    _, future = serve(view)

    future.result(LIMIT_SECONDS)
