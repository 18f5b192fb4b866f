"""Other implementations as clients of `retort run`: handshake, messages, pings and the end."""

import asyncio
import socket

import aiohttp
import pytest
import websocket as websocket_client
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, Pong, Request

PROGRAM = """
    from retort import Flask, websocket

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "ready"

    @app.websocket("/chat/<name>", subprotocols=["chat.v2", "chat.v1"])
    async def chat(name):
        await websocket.accept(headers={"X-Room": websocket.args["room"]})
        await websocket.send(f"{name} {websocket.cookies['id']} {websocket.subprotocol}")
        async for message in websocket:
            if message == "bye":
                await websocket.close(4001, "see you")
            await websocket.send(message)
"""
TEXT = "Grüße, Ada ✓" * 20_000  # in frames with a length of 64 bits, and several reads
BINARY = bytes(range(256)) * 10
PATH = "/chat/Ada?room=blue"
SUBPROTOCOLS = ["chat.v1", "other"]
FIRST = "Ada 7 chat.v1"
END = (4001, "see you")


def with_websockets(port):
    with connect(
        f"ws://127.0.0.1:{port}{PATH}",
        subprotocols=SUBPROTOCOLS,
        additional_headers={"Cookie": "id=7"},
    ) as client:
        assert client.response.headers["X-Room"] == "blue"
        assert client.recv(60) == FIRST
        client.send(TEXT)
        assert client.recv(60) == TEXT
        client.send([BINARY, BINARY])  # in fragments
        assert client.recv(60) == BINARY * 2
        assert client.ping(b"mark").wait(60)
        client.send("bye")
        with pytest.raises(ConnectionClosed):
            client.recv(60)
        return client.close_code, client.close_reason


def with_websockets_asyncio(port):
    async def converse():
        async with connect_async(
            f"ws://127.0.0.1:{port}{PATH}",
            subprotocols=SUBPROTOCOLS,
            additional_headers={"Cookie": "id=7"},
        ) as client:
            assert client.subprotocol == "chat.v1"
            assert await client.recv() == FIRST
            await client.send(TEXT)
            assert await client.recv() == TEXT
            await client.send(BINARY)
            assert await client.recv() == BINARY
            await (await client.ping())
            await client.send("bye")
            await client.wait_closed()
            return client.close_code, client.close_reason

    return asyncio.run(converse())


def with_websocket_client(port):
    client = websocket_client.create_connection(
        f"ws://127.0.0.1:{port}{PATH}", timeout=60, subprotocols=SUBPROTOCOLS, cookie="id=7"
    )
    try:
        assert client.getheaders()["x-room"] == "blue"
        assert client.getsubprotocol() == "chat.v1"
        assert client.recv() == FIRST
        client.send(TEXT)
        assert client.recv() == TEXT
        client.send_binary(BINARY)
        assert client.recv() == BINARY
        client.ping("mark")
        assert client.recv_data(control_frame=True) == (websocket_client.ABNF.OPCODE_PONG, b"mark")
        client.send("bye")
        opcode, data = client.recv_data(control_frame=True)
        assert opcode == websocket_client.ABNF.OPCODE_CLOSE
        return int.from_bytes(data[:2], "big"), data[2:].decode()
    finally:
        client.shutdown()


def with_aiohttp(port):
    async def converse():
        async with (
            aiohttp.ClientSession(cookies={"id": "7"}, cookie_jar=any_host()) as session,
            session.ws_connect(
                f"http://127.0.0.1:{port}{PATH}", protocols=SUBPROTOCOLS, heartbeat=5
            ) as client,
        ):
            assert client.protocol == "chat.v1"
            assert await client.receive_str(timeout=60) == FIRST
            await client.send_str(TEXT)
            assert await client.receive_str(timeout=60) == TEXT
            await client.send_bytes(BINARY)
            assert await client.receive_bytes(timeout=60) == BINARY
            await client.ping(b"mark")
            await client.send_str("bye")
            last = await client.receive(timeout=60)
            assert last.type is aiohttp.WSMsgType.CLOSE
            return client.close_code, last.extra

    return asyncio.run(converse())


def any_host():
    """A jar that sends cookies to addresses, too."""
    return aiohttp.CookieJar(unsafe=True)


class WsprotoClient:
    def __init__(self, connection):
        self.connection = connection
        self.protocol = WSConnection(ConnectionType.CLIENT)

    def send(self, event):
        self.connection.sendall(self.protocol.send(event))

    def receive(self, kind):
        """The events up to one of this kind, in which the data of messages is joined."""
        parts = []
        while True:
            for event in self.protocol.events():
                if isinstance(event, kind) and not isinstance(event, Message):
                    return event
                if isinstance(event, Message):
                    parts.append(event.data)
                    if event.message_finished:
                        return parts[0][:0].join(parts)
            self.protocol.receive_data(self.connection.recv(65536))


def with_wsproto(port):
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        client = WsprotoClient(connection)
        fields = [(b"Cookie", b"id=7")]
        client.send(Request(f"localhost:{port}", PATH, [], fields, SUBPROTOCOLS))
        accepted = client.receive(AcceptConnection)
        assert accepted.subprotocol == "chat.v1"
        assert (b"x-room", b"blue") in accepted.extra_headers
        assert client.receive(Message) == FIRST
        client.send(Message(TEXT))
        assert client.receive(Message) == TEXT
        client.send(Message(BINARY, message_finished=False))
        client.send(Ping(b"mark"))
        assert client.receive(Pong).payload == b"mark"
        client.send(Message(BINARY))
        assert client.receive(Message) == BINARY * 2
        client.send(Message("bye"))
        end = client.receive(CloseConnection)
        client.send(end.response())
        assert connection.recv(100) == b""
        return end.code, end.reason


@pytest.mark.parametrize(
    "converse",
    [
        with_websockets,
        with_websockets_asyncio,
        with_websocket_client,
        with_aiohttp,
        with_wsproto,
    ],
)
def test_a_client_gets_the_handshake_the_messages_and_the_end(run, converse):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("ready")

    assert converse(program.port) == END
    assert program.get("/").text == "ready"
    assert program.end() == 0
    assert "Traceback" not in program.output
