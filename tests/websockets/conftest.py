"""A WebSocket over a loopback connection, and a client that sends and reads raw frames."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest
import uvloop

from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits
from retort.websockets.tcp import TcpConnection

LIMIT_SECONDS = 60  # far above what anything here takes; only what hangs meets it
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x37\xfa\x21\x3d"


def make_frame(opcode, payload=b"", *, fin=True, rsv=0, mask=MASK, length=None):
    """The bytes of a frame as a client sends it.

    :param mask: ``None``: the frame is not masked.
    :param length: the length that its head has; ``None``: that of the payload.
    """
    payload = payload.encode() if isinstance(payload, str) else payload
    length = len(payload) if length is None else length
    head = bytes([fin << 7 | rsv << 4 | opcode])
    masked = 0 if mask is None else 0x80
    if length < 126:
        head += bytes([masked | length])
    elif length < 65536:
        head += struct.pack("!BH", masked | 126, length)
    else:
        head += struct.pack("!BQ", masked | 127, length)
    if mask is None:
        return head + payload
    key = (mask * (len(payload) // 4 + 1))[: len(payload)]
    mixed = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + mask + mixed.to_bytes(len(payload), "big")


def close_payload(code, reason=""):
    return struct.pack("!H", code) + reason.encode()


class RawClient:
    """The client's end of a connection."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.buffer = b""
        self.loop = asyncio.get_running_loop()

    async def write(self, data: bytes) -> None:
        await self.loop.sock_sendall(self.socket, data)

    async def send(self, opcode, payload=b"", **options) -> None:
        await self.write(make_frame(opcode, payload, **options))

    async def read_exactly(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = await self.loop.sock_recv(self.socket, 65536)
            if not data:
                raise EOFError
            self.buffer += data
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    async def read(self) -> tuple[int, bytes]:
        """The next frame of the server, as opcode and payload.

        :raises EOFError: if the server has ended its stream.
        """
        first, length = await self.read_exactly(2)
        assert first & 0xF0 == 0x80, "the server sends whole messages without reserved bits"
        assert length < 128, "the server does not mask"
        if length == 126:
            (length,) = struct.unpack("!H", await self.read_exactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.read_exactly(8))
        return first & 0x0F, await self.read_exactly(length)

    async def read_message(self) -> tuple[int, bytes]:
        """The next frame that is no ping."""
        while (frame := await self.read())[0] == PING:
            pass
        return frame

    async def read_all(self) -> list[tuple[int, bytes]]:
        """All frames until the server ends its stream."""
        frames = []
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                frames.append(await self.read())
        return frames

    def close(self) -> None:
        self.socket.close()


async def wait_until(condition) -> None:
    """Wait until ``condition()`` is true."""
    while not condition():  # noqa: ASYNC110 - there is no event for what tests look at
        await asyncio.sleep(0.01)


async def echo(connection) -> WebSocketDisconnect:
    """Send each message back, until the end."""
    try:
        while True:
            await connection.send(await connection.receive())
    except WebSocketDisconnect as error:
        return error


class Pairs:
    """Makes connections, and ends them with the test."""

    def __init__(self) -> None:
        self.ends = []
        self.connections = []

    async def connect(self, limits=None, *, small_buffers=False, **options):
        """A connection and its client.

        :param limits: default: without pings, which a test would have to expect.
        :param small_buffers: the system stores little, so that a test fills it soon.
        """
        with socket.create_server(("127.0.0.1", 0)) as listener:
            end = socket.socket()
            if small_buffers:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            end.connect(listener.getsockname())
            accepted, _ = listener.accept()
        self.ends.append(end)
        accepted.setblocking(False)
        end.setblocking(False)
        connection = TcpConnection(
            accepted, asyncio.get_running_loop(), limits or Limits(ping_seconds=0), **options
        )
        self.connections.append(connection)
        return await connection.start(), RawClient(end)

    async def end(self) -> None:
        for end in self.ends:
            end.close()
        await wait_until(lambda: all(connection.is_lost for connection in self.connections))


@pytest.fixture(params=["asyncio", "uvloop"], scope="session")
def run(request):
    """Run a test's coroutine function on either event loop: ``run(test)``.

    It gets the function that makes a connection and its client.
    """

    def run(test):
        loop = asyncio.new_event_loop() if request.param == "asyncio" else uvloop.new_event_loop()
        problems = []
        loop.set_exception_handler(lambda _, context: problems.append(context))

        async def run_test():
            pairs = Pairs()
            try:
                return await test(pairs.connect)
            finally:
                await pairs.end()

        with contextlib.closing(loop):
            result = loop.run_until_complete(asyncio.wait_for(run_test(), LIMIT_SECONDS))
            loop.run_until_complete(asyncio.sleep(0))
            left = asyncio.all_tasks(loop)
            assert left == set()
        assert problems == []
        return result

    return run


@pytest.fixture(scope="session")
def frame():
    return make_frame


@pytest.fixture(scope="session")
def closing():
    """The payload of a close frame, of a code and a reason."""
    return close_payload


@pytest.fixture(scope="session")
def echoing():
    return echo


@pytest.fixture(scope="session")
def until():
    return wait_until
