"""Messages from the client: their queue, and what ends them."""

import asyncio
import socket
import struct

import pytest

from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def test_text_is_str_and_binary_is_bytes(run):
    async def test(connect):
        connection, client = await connect()
        await client.send(TEXT, "grüße")
        await client.send(BINARY, b"\x00\xff")
        assert await connection.receive() == "grüße"
        received = await connection.receive()
        assert (type(received), received) == (bytes, b"\x00\xff")

    run(test)


def test_bytes_that_came_with_the_handshake_are_the_first(run, frame):
    async def test(connect):
        connection, client = await connect(unread=frame(TEXT, "first") + frame(TEXT, "s")[:3])
        await client.write(frame(TEXT, "s")[3:])
        assert [await connection.receive() for _ in range(2)] == ["first", "s"]

    run(test)


def test_reading_stops_when_the_queue_is_full_and_goes_on_when_it_is_not(run, until):
    async def test(connect):
        limits = Limits(queue=4, ping_seconds=0)
        connection, client = await connect(limits, small_buffers=True)
        sending = asyncio.ensure_future(send_numbers(client, 3000))
        await until(lambda: not connection.is_reading)
        # One slice of the parser's may hold many messages, but never all of them.
        assert 4 <= len(connection.inbox.messages) < 400
        assert not sending.done()
        received = [await connection.receive() for _ in range(3000)]
        assert received == [f"{number:050}" for number in range(3000)]
        await sending

    async def send_numbers(client, count):
        for number in range(count):
            await client.send(TEXT, f"{number:050}")

    run(test)


def test_a_queue_of_long_messages_is_full_before_it_has_many(run, until):
    async def test(connect):
        limits = Limits(message_bytes=100_000, ping_seconds=0)
        connection, client = await connect(limits, small_buffers=True)
        sending = asyncio.ensure_future(send_long(client))
        await until(lambda: not connection.is_reading)
        assert len(connection.inbox.messages) <= 3
        assert [len(await connection.receive()) for _ in range(10)] == [60_000] * 10
        await sending

    async def send_long(client):
        for _ in range(10):
            await client.send(BINARY, b"*" * 60_000)

    run(test)


def test_seventy_fragments_of_a_mebibyte_fail_at_the_second(run):
    async def test(connect):
        connection, client = await connect()
        reading = asyncio.ensure_future(client.read_all())
        try:
            await client.send(BINARY, b"*" * (1 << 20), fin=False)
            for _ in range(69):
                await client.send(CONT, b"*" * (1 << 20), fin=False)
        except ConnectionError:
            pass
        client.socket.close()
        with pytest.raises(WebSocketDisconnect) as error:
            await connection.receive()
        assert error.value.code == 1009
        assert connection.unread == b""
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    run(test)


def test_the_close_frame_reaches_a_client_that_is_still_sending(run):
    async def test(connect):
        _, client = await connect(Limits(message_bytes=1000, ping_seconds=0))
        sending = asyncio.ensure_future(client.send(BINARY, b"*" * 5_000_000))
        [(opcode, payload)] = await client.read_all()
        assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", 1009))
        await sending

    run(test)


def test_fragments_without_content_take_no_memory(run, frame):
    async def test(connect):
        connection, client = await connect()
        await client.send(TEXT, "a", fin=False)
        empty = frame(CONT, b"", fin=False)
        for _ in range(50):
            await client.write(empty * 1000)
        await client.send(CONT, "b")
        assert await connection.receive() == "ab"
        assert connection.assembler.parts is None

    run(test)


def test_messages_before_the_close_come_first_and_then_the_exception_each_time(run, closing):
    async def test(connect):
        connection, client = await connect()
        await client.send(TEXT, "a")
        await client.send(TEXT, "b")
        await client.send(CLOSE, closing(4001, "enough"))
        assert await client.read() == (CLOSE, closing(4001, "enough"))
        assert [await connection.receive() for _ in range(2)] == ["a", "b"]
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                await connection.receive()
            error = caught.value
            assert (error.code, error.reason, error.was_clean) == (4001, "enough", True)
        with pytest.raises(WebSocketDisconnect, match=r"code 4001 \(enough\)\.$"):
            await connection.send("late")
        with pytest.raises(WebSocketDisconnect, match="code 4001"):
            await connection.ping()

    run(test)


def test_a_close_frame_without_a_code_is_1005(run):
    async def test(connect):
        connection, client = await connect()
        await client.send(CLOSE)
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.reason) == (1005, "")
        assert caught.value.was_clean

    run(test)


@pytest.mark.parametrize("how", ["end", "half close", "reset", "end inside a frame"])
def test_a_connection_that_ends_without_a_close_frame_is_1006(run, frame, how):
    async def test(connect):
        connection, client = await connect()
        if how == "end inside a frame":
            await client.write(frame(TEXT, "abcdef")[:9])
        if how == "reset":
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == "half close":
            client.socket.shutdown(socket.SHUT_WR)
        else:
            client.close()
        with pytest.raises(WebSocketDisconnect) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.was_clean) == (1006, False)
        assert "without a close frame" in str(caught.value)

    run(test)


def test_a_cancelled_receive_loses_no_message(run):
    async def test(connect):
        connection, client = await connect()
        for number in range(20):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.receive(), 0.001)
            await client.send(TEXT, str(number))
            assert await connection.receive() == str(number)

    run(test)


def test_two_tasks_cannot_receive_at_the_same_time(run):
    async def test(connect):
        connection, client = await connect()
        first = asyncio.ensure_future(connection.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Receive in one task"):
            await connection.receive()
        await client.send(TEXT, "for the first")
        assert await first == "for the first"

    run(test)


def test_the_end_is_reported_once(run, until):
    ends = []

    async def test(connect):
        connection, client = await connect(on_closed=lambda _: ends.append(1))
        await client.send(CLOSE)
        await client.read_all()
        client.close()
        await until(lambda: connection.is_lost)
        await connection.close()

    run(test)
    assert ends == [1]


def test_while_one_client_sends_a_flood_of_tiny_frames_others_are_served(run, frame, echoing):
    async def test(connect):
        flooded, flooding_client = await connect()
        connection, client = await connect()
        server = asyncio.ensure_future(echoing(connection))
        flooded_server = asyncio.ensure_future(echoing(flooded))
        flood = asyncio.ensure_future(flooding_client.write(frame(PONG) * 3_000_000))
        for number in range(20):
            await client.send(TEXT, str(number))
            assert await client.read() == (TEXT, str(number).encode())
        assert not flood.done()
        client.close()
        flooding_client.close()
        flood.cancel()
        await asyncio.gather(flood, server, flooded_server, return_exceptions=True)

    run(test)
