"""Messages to the client, pings, and clients that do not read or are gone."""

import asyncio

import pytest

from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


async def send_until_full(connection, message=b"*" * 10_000):
    """Send until the client would have to read; the number of messages."""
    sent = 0
    while not connection.outbox.is_full:
        await connection.send(message)
        sent += 1
    return sent


def test_bytes_are_sent_as_binary_and_text_as_text(run):
    async def test(connect):
        connection, client = await connect()
        await connection.send(b"\x00\x01")
        await connection.send("grüße")
        assert await client.read() == (BINARY, b"\x00\x01")
        assert await client.read() == (TEXT, "grüße".encode())

    run(test)


@pytest.mark.parametrize("message", [None, 42, bytearray(b"x"), {"a": 1}, ["x"]])
def test_other_types_are_errors_that_name_the_type(run, message):
    async def test(connect):
        connection, client = await connect()
        with pytest.raises(TypeError, match=type(message).__name__):
            await connection.send(message)
        await connection.send("still open")
        assert await client.read() == (TEXT, b"still open")

    run(test)


def test_text_that_is_no_unicode_is_an_error_and_not_sent(run):
    async def test(connect):
        connection, client = await connect()
        with pytest.raises(ValueError, match="surrogate"):
            await connection.send("\ud800")
        await connection.send("next")
        assert await client.read() == (TEXT, b"next")

    run(test)


def test_send_waits_while_the_client_does_not_read(run):
    async def test(connect):
        connection, client = await connect(small_buffers=True)
        sent = await send_until_full(connection)
        waiting = [asyncio.ensure_future(connection.send(text)) for text in ("a", "b", "c")]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        for _ in range(sent):
            assert await client.read() == (BINARY, b"*" * 10_000)
        assert [await client.read() for _ in waiting] == [(TEXT, b"a"), (TEXT, b"b"), (TEXT, b"c")]
        await asyncio.gather(*waiting)

    run(test)


def test_a_cancelled_send_that_waited_sends_nothing(run):
    async def test(connect):
        connection, client = await connect(small_buffers=True)
        sent = await send_until_full(connection)
        buffered = connection.transport.get_write_buffer_size()
        for _ in range(100):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.send(b"x" * 10_000), 0.001)
        assert connection.transport.get_write_buffer_size() <= buffered
        for _ in range(sent):
            assert await client.read() == (BINARY, b"*" * 10_000)
        await connection.send("after")
        assert await client.read() == (TEXT, b"after")

    run(test)


def test_a_client_that_stops_reading_is_closed_after_the_limit(run, until):
    async def test(connect):
        limits = Limits(ping_seconds=0, send_seconds=1)
        connection, _ = await connect(limits, small_buffers=True)
        await send_until_full(connection)
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.send("never")
        assert (caught.value.code, caught.value.was_clean) == (1006, False)
        assert "read nothing for 1 seconds" in caught.value.reason
        await until(lambda: connection.is_lost)

    run(test)


def test_a_client_that_reads_slowly_is_not_closed(run):
    async def test(connect):
        limits = Limits(ping_seconds=0, send_seconds=1)
        connection, client = await connect(limits, small_buffers=True)
        await send_until_full(connection)
        last = asyncio.ensure_future(connection.send("last"))
        # It reads what the system acknowledges, for several times the limit.
        for _ in range(12):
            await asyncio.sleep(0.25)
            assert not last.done() or connection.is_open
            await client.read_exactly(4000)
        while await client.loop.sock_recv(client.socket, 65536):
            if last.done() and not connection.outbox.has_unread_bytes:
                break
        await last
        assert connection.is_open

    run(test)


def test_a_task_that_always_sends_lets_others_run(run):
    async def test(connect):
        connection, client = await connect()
        turns = []

        async def count():
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        reading = asyncio.ensure_future(client.read_all())
        for _ in range(320):
            await connection.send("x")
        assert len(turns) >= 9
        counting.cancel()
        reading.cancel()
        await asyncio.gather(counting, reading, return_exceptions=True)

    run(test)


def test_a_client_that_pings_and_does_not_read_fills_no_memory(run, frame, until):
    async def test(connect):
        connection, client = await connect(small_buffers=True)
        await send_until_full(connection)
        buffered = connection.transport.get_write_buffer_size()
        for number in range(200):
            await client.write(b"".join(frame(PING, f"{number}-{i}") for i in range(100)))
        await until(lambda: connection.outbox.late_pong[2:] == b"199-99")
        assert connection.transport.get_write_buffer_size() <= buffered
        while (received := await client.read())[0] == BINARY:
            pass
        assert received == (PONG, b"199-99")

    run(test)


def test_pings_that_the_client_reads_are_all_answered(run, frame):
    async def test(connect):
        _, client = await connect()
        await client.write(b"".join(frame(PING, str(number)) for number in range(500)))
        assert [await client.read() for _ in range(500)] == [
            (PONG, str(number).encode()) for number in range(500)
        ]

    run(test)
