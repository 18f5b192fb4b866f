"""How a WebSocket is closed here, and pings that find clients that are gone."""

import asyncio
import gc
import weakref

import pytest

from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits
from retort.websockets.timers import timers_of_this_loop

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


async def received_until_the_end(connection):
    try:
        while True:
            await connection.receive()
    except WebSocketDisconnect as error:
        return error


QUICK = Limits(ping_seconds=0.25, pong_seconds=0.5)


def test_close_waits_for_the_close_frame_of_the_client(run, closing):
    async def test(connect):
        connection, client = await connect()
        ending = asyncio.ensure_future(connection.close(4000, "bye"))
        assert await client.read() == (CLOSE, closing(4000, "bye"))
        assert not ending.done()
        await client.send(TEXT, "dropped")
        await client.send(CLOSE, closing(4000, "bye"))
        await ending
        assert await client.read_all() == []
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.was_clean) == (4000, True)

    run(test)


def test_close_can_be_called_again_and_by_several_tasks(run, closing):
    async def test(connect):
        connection, client = await connect()
        tasks = [asyncio.ensure_future(connection.close(code)) for code in (1000, 1001, 1011)]
        assert await client.read() == (CLOSE, closing(1000))
        await client.send(CLOSE, closing(1000))
        await asyncio.gather(*tasks)
        await connection.close()
        assert await client.read_all() == []

    run(test)


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (1005, "", "cannot be closed with the code 1005"),
        (1006, "", "cannot be closed with the code 1006"),
        (999, "", "from 4000 to 4999"),
        (5000, "", "from 4000 to 4999"),
        (1000, "é" * 62, "has 124 bytes"),
    ],
)
def test_a_code_or_reason_that_cannot_be_sent_is_an_error_and_closes_nothing(
    run, code, reason, message
):
    async def test(connect):
        connection, client = await connect()
        with pytest.raises(ValueError, match=message):
            await connection.close(code, reason)
        await connection.send("open")
        assert await client.read() == (TEXT, b"open")

    run(test)


def test_close_gives_up_on_a_client_that_does_not_answer(run, closing, until):
    async def test(connect):
        connection, client = await connect(Limits(close_seconds=0.5, ping_seconds=0))
        await connection.close(1001)
        await until(lambda: connection.is_lost)
        assert await client.read_all() == [(CLOSE, closing(1001))]
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.was_clean) == (1001, False)

    run(test)


def test_close_gives_up_on_a_client_that_does_not_read(run, until):
    async def test(connect):
        limits = Limits(close_seconds=0.5, ping_seconds=0)
        connection, _ = await connect(limits, small_buffers=True)
        while not connection.outbox.is_full:
            await connection.send(b"*" * 10_000)
        waiting = asyncio.ensure_future(connection.send("waits"))
        await asyncio.sleep(0)
        await connection.close()
        with pytest.raises(WebSocketDisconnect, match="code 1000"):
            await waiting
        await until(lambda: connection.is_lost)

    run(test)


def test_close_ends_although_the_queue_is_full(run, closing, until):
    async def test(connect):
        connection, client = await connect(Limits(queue=1, ping_seconds=0))
        for _ in range(10):
            await client.send(TEXT, "x" * 5000)
        await until(lambda: not connection.is_reading)
        ending = asyncio.ensure_future(connection.close())
        assert await client.read() == (CLOSE, closing(1000))
        await client.send(CLOSE, closing(1000))
        await ending
        with pytest.raises(WebSocketDisconnect):
            await connection.receive()

    run(test)


def test_close_ends_a_waiting_receive_and_ping(run, closing):
    async def test(connect):
        connection, client = await connect()
        receiving = asyncio.ensure_future(connection.receive())
        pinging = asyncio.ensure_future(connection.ping(b"p"))
        assert await client.read() == (PING, b"p")
        ending = asyncio.ensure_future(connection.close())
        assert await client.read() == (CLOSE, closing(1000))
        await client.send(CLOSE, closing(1000))
        await ending
        for task in (receiving, pinging):
            with pytest.raises(WebSocketDisconnect, match="code 1000"):
                await task

    run(test)


def test_a_client_that_vanishes_ends_close(run):
    async def test(connect):
        connection, client = await connect()
        ending = asyncio.ensure_future(connection.close())
        await client.read()
        client.close()
        await ending

    run(test)


def test_ping_returns_when_its_pong_or_a_later_one_has_come(run):
    async def test(connect):
        connection, client = await connect()
        first, second, third = (
            asyncio.ensure_future(connection.ping(data)) for data in (b"1", b"2", b"3")
        )
        assert [await client.read() for _ in "123"] == [(PING, b"1"), (PING, b"2"), (PING, b"3")]
        await client.send(PONG, "unsolicited")
        await client.send(PONG, "2")
        await asyncio.gather(first, second)
        assert not third.done()
        await client.send(PONG, "3")
        await third
        assert connection.pings.pending == []

    run(test)


def test_a_cancelled_ping_is_forgotten(run):
    async def test(connect):
        connection, client = await connect()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(connection.ping(b"x"), 0.01)
        assert connection.pings.pending == []
        await client.send(PONG, "x")
        await client.send(TEXT, "still open")
        assert await connection.receive() == "still open"

    run(test)


def test_a_ping_of_more_than_125_bytes_is_an_error(run):
    async def test(connect):
        connection, _ = await connect()
        with pytest.raises(ValueError, match="126 bytes"):
            await connection.ping(b"*" * 126)

    run(test)


def test_a_client_that_answers_no_ping_is_closed_whatever_else_it_sends(run):
    async def test(connect):
        connection, client = await connect(QUICK)

        async def send_always():
            while True:
                await client.send(PONG, "unsolicited")
                await client.send(TEXT, "x")
                await asyncio.sleep(0.05)

        sending = asyncio.ensure_future(send_always())
        error = await received_until_the_end(connection)
        assert (error.code, error.was_clean) == (1006, False)
        assert error.reason == "The client did not answer a ping within 0.5 seconds."
        assert [opcode for opcode, _ in await client.read_all()] == [PING]
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    run(test)


def test_pings_go_on_while_the_view_does_not_receive_and_the_queue_is_full(run, until):
    async def test(connect):
        limits = Limits(queue=1, ping_seconds=0.25, pong_seconds=0.25)
        connection, client = await connect(limits)
        await client.send(TEXT, "first")
        await client.send(TEXT, "second")
        # The queue is full: pongs are not read, and the client is not closed for it.
        for _ in range(3):
            opcode, payload = await client.read()
            assert opcode == PING
            await client.send(PONG, payload)
            assert not connection.is_reading
            connection.inbox.clear()
            connection.read_on()
            await until(lambda: connection.pings.own is None)
            await client.send(TEXT, "again")
            await client.send(TEXT, "again")
        assert connection.is_open

    run(test)


def test_a_full_queue_does_not_end_the_connection_of_a_client_whose_pongs_are_not_read(run):
    async def test(connect):
        limits = Limits(queue=1, ping_seconds=0.25, pong_seconds=0.25)
        connection, client = await connect(limits)
        await client.send(TEXT, "first")
        opcode, payload = await client.read()
        assert opcode == PING
        await asyncio.sleep(1.5)  # several times the limit
        assert connection.is_open
        await client.send(PONG, payload)
        assert await connection.receive() == "first"
        await connection.send("open")
        assert await client.read_message() == (TEXT, b"open")

    run(test)


def test_no_timer_is_left_when_connections_are_over(run, until):
    async def test(connect):
        pairs = [await connect(QUICK) for _ in range(5)]
        for connection, client in pairs:
            client.close()
            with pytest.raises(WebSocketDisconnect):
                await connection.receive()
        await until(lambda: all(connection.is_lost for connection, _ in pairs))
        assert not any(timers_of_this_loop().due.values())

    run(test)


def test_a_closed_connection_is_released_without_the_garbage_collector(run, until, closing):
    async def test(connect):
        connection, client = await connect(QUICK)
        released = weakref.ref(connection)
        await client.send(CLOSE, closing(1000))
        await client.read_all()
        client.close()
        await until(lambda: released().is_lost)
        # Only the test's own list still has it.
        connect.__self__.connections.clear()
        del connection
        await asyncio.sleep(0)
        assert released() is None

    gc.disable()
    try:
        run(test)
    finally:
        gc.enable()
