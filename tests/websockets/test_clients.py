"""Other implementations as clients: whatever they send comes back the same."""

import asyncio
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import parse_uri
from wsproto.connection import Connection as WsprotoConnection
from wsproto.connection import ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage

from retort.websockets.limits import Limits

# A message, and at which places it is cut into fragments; a ping goes before some fragments.
messages = st.lists(
    st.tuples(
        st.one_of(st.text(max_size=200), st.binary(max_size=200), st.sampled_from(["ö" * 40_000])),
        st.lists(st.integers(0, 200), max_size=4).map(sorted),
        st.booleans(),
    ),
    max_size=6,
)
chunk_sizes = st.lists(st.integers(1, 3000), min_size=1, max_size=5)


def cut(message, places):
    """The fragments of a message."""
    places = [0, *(min(place, len(message)) for place in places), len(message)]
    return [message[start:end] for start, end in itertools.pairwise(places)]


class WebsocketsClient:
    """The client of `websockets`; cuts text inside characters, too."""

    def __init__(self):
        self.protocol = ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN)
        self.parts = []

    def send(self, message, places, *, has_ping):
        is_text = isinstance(message, str)
        parts = cut(message.encode() if is_text else message, places)
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            if number:
                self.protocol.send_continuation(part, is_last)
            elif is_text:
                self.protocol.send_text(part, is_last)
            else:
                self.protocol.send_binary(part, is_last)
            if has_ping and not number:
                self.protocol.send_ping(b"ping")
        return b"".join(self.protocol.data_to_send())

    def close(self):
        self.protocol.send_close(1000, "bye")
        return b"".join(self.protocol.data_to_send())

    def received(self, data):
        """Yield messages, ``"pong"`` for a pong and ``None`` for a close frame."""
        self.protocol.receive_data(data)
        for frame in self.protocol.events_received():
            if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
                is_text = frame.opcode is Opcode.TEXT
                yield "message", bytes(frame.data).decode() if is_text else bytes(frame.data)
            elif frame.opcode is Opcode.PONG:
                yield "pong", bytes(frame.data)
            elif frame.opcode is Opcode.CLOSE:
                yield "close", None


class WsprotoClient:
    """The client of `wsproto`."""

    def __init__(self):
        self.connection = WsprotoConnection(ConnectionType.CLIENT)

    def send(self, message, places, *, has_ping):
        kind = TextMessage if isinstance(message, str) else BytesMessage
        parts = cut(message, places)
        data = b""
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            data += self.connection.send(kind(data=part, message_finished=is_last))
            if has_ping and not number:
                data += self.connection.send(Ping(payload=b"ping"))
        return data

    def close(self):
        return self.connection.send(CloseConnection(code=1000, reason="bye"))

    def received(self, data):
        self.connection.receive_data(data)
        parts = []
        for event in self.connection.events():
            if isinstance(event, (TextMessage, BytesMessage)):
                parts.append(event.data)
                if event.message_finished:
                    self.parts = [*getattr(self, "parts", []), *parts]
                    whole = self.parts[0][:0].join(self.parts)
                    self.parts, parts = [], []
                    yield "message", whole
            elif isinstance(event, Pong):
                yield "pong", bytes(event.payload)
            elif isinstance(event, CloseConnection):
                yield "close", None
        self.parts = [*getattr(self, "parts", []), *parts]


async def converse(connect, echoing, client, sent, sizes):
    """Send all in chunks of these sizes; what comes back until the close frame."""
    connection, raw = await connect(Limits(ping_seconds=0))
    server = asyncio.ensure_future(echoing(connection))
    data = b"".join(client.send(message, places, has_ping=ping) for message, places, ping in sent)
    number = 0
    received = []
    while data:
        size = sizes[number % len(sizes)]
        # The client reads before it would have to wait.
        await raw.write(data[:size])
        data = data[size:]
        number += 1
        if number % 8 == 0:
            await asyncio.sleep(0)
    expected = len(sent) + sum(ping for *_, ping in sent)
    while len(received) < expected:
        received += client.received(await raw.loop.sock_recv(raw.socket, 65536))
    await raw.write(client.close())
    while received[-1:] != [("close", None)]:
        received += client.received(await raw.loop.sock_recv(raw.socket, 65536))
    error = await server
    assert (error.code, error.reason, error.was_clean) == (1000, "bye", True)
    raw.close()
    return received


def check(run, echoing, make_client, sent, sizes):
    received = run(lambda connect: converse(connect, echoing, make_client(), sent, sizes))

    assert [value for kind, value in received if kind == "message"] == [one for one, *_ in sent]
    assert [value for kind, value in received if kind == "pong"] == [
        b"ping" for *_, has_ping in sent if has_ping
    ]
    assert received[-1] == ("close", None)


@given(sent=messages, sizes=chunk_sizes)
@settings(max_examples=30)
def test_messages_of_websockets_come_back_the_same(run, echoing, sent, sizes):
    check(run, echoing, WebsocketsClient, sent, sizes)


@given(sent=messages, sizes=chunk_sizes)
@settings(max_examples=30)
def test_messages_of_wsproto_come_back_the_same(run, echoing, sent, sizes):
    check(run, echoing, WsprotoClient, sent, sizes)
