"""Frames that the protocol allows or forbids, in the manner of the cases of Autobahn.

The server echoes. Each case has what the client sends, and the frames that it gets until the server
ends its stream. Each is sent at once, and byte by byte.
"""

import asyncio
import struct
from typing import NamedTuple

import pytest

from retort.websockets.limits import Limits

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MESSAGE_BYTES = 70_000  # the limit for this corpus


class Sent(NamedTuple):
    """A frame to send."""

    opcode: int
    payload: bytes = b""
    options: dict = {}


def sent(opcode, payload=b"", **options):
    return Sent(opcode, payload.encode() if isinstance(payload, str) else payload, options)


def part(opcode, payload=b"", **options):
    """A fragment that others follow."""
    return sent(opcode, payload, fin=False, **options)


def ended(code, reason=""):
    """The close frame that a client sends, and gets back."""
    return sent(CLOSE, struct.pack("!H", code) + reason.encode())


BYE = ended(1000)
NORMAL = (CLOSE, b"\x03\xe8")
TEXT_OF_AUTOBAHN = "κόσμε"


def echo(*payloads, opcode=TEXT):
    return [(opcode, p.encode() if isinstance(p, str) else p) for p in payloads]


ALLOWED = {
    # 1: framing
    "empty text": ([sent(TEXT), BYE], [(TEXT, b""), NORMAL]),
    "empty binary": ([sent(BINARY), BYE], [(BINARY, b""), NORMAL]),
    **{
        f"{name} of {size} bytes": (
            [sent(opcode, b"*" * size), BYE],
            [(opcode, b"*" * size), NORMAL],
        )
        for size in (1, 125, 126, 127, 128, 65535, 65536, MESSAGE_BYTES)
        for name, opcode in (("text", TEXT), ("binary", BINARY))
    },
    "binary that is not UTF-8": ([sent(BINARY, b"\xff\xfe"), BYE], [(BINARY, b"\xff\xfe"), NORMAL]),
    # 2: pings and pongs
    "ping without data": ([sent(PING), BYE], [(PONG, b""), NORMAL]),
    "ping with data": ([sent(PING, "hello"), BYE], [(PONG, b"hello"), NORMAL]),
    "ping of 125 bytes": ([sent(PING, b"\xfe" * 125), BYE], [(PONG, b"\xfe" * 125), NORMAL]),
    "unsolicited pong": ([sent(PONG, "x"), sent(PING, "p"), BYE], [(PONG, b"p"), NORMAL]),
    "ten pings": (
        [*(sent(PING, str(number)) for number in range(10)), BYE],
        [*((PONG, str(number).encode()) for number in range(10)), NORMAL],
    ),
    # 5: fragments
    "two fragments": ([part(TEXT, "a"), sent(CONT, "b"), BYE], [*echo("ab"), NORMAL]),
    "binary fragments": (
        [part(BINARY, b"\x00"), part(CONT, b"\xff"), sent(CONT, b"\x01"), BYE],
        [(BINARY, b"\x00\xff\x01"), NORMAL],
    ),
    "ping between fragments": (
        [part(TEXT, "a"), sent(PING, "p"), sent(CONT, "b"), BYE],
        [(PONG, b"p"), *echo("ab"), NORMAL],
    ),
    "pong between fragments": (
        [part(TEXT, "a"), sent(PONG, "p"), sent(CONT, "b"), BYE],
        [*echo("ab"), NORMAL],
    ),
    "empty fragments": ([part(TEXT), part(CONT), sent(CONT), BYE], [*echo(""), NORMAL]),
    "empty fragments around text": (
        [part(TEXT), part(CONT, "x"), sent(CONT), BYE],
        [*echo("x"), NORMAL],
    ),
    "fragments as long as the limit": (
        [part(TEXT, b"*" * (MESSAGE_BYTES - 1)), sent(CONT, "*"), BYE],
        [*echo("*" * MESSAGE_BYTES), NORMAL],
    ),
    "two fragmented messages": (
        [part(TEXT, "a"), sent(CONT, "b"), part(BINARY, b"c"), sent(CONT, b"d"), BYE],
        [(TEXT, b"ab"), (BINARY, b"cd"), NORMAL],
    ),
    # 6: UTF-8
    "text of several bytes for a character": (
        [sent(TEXT, TEXT_OF_AUTOBAHN), BYE],
        [*echo(TEXT_OF_AUTOBAHN), NORMAL],
    ),
    "every byte of a text in its own fragment": (
        [
            part(TEXT),
            *(part(CONT, bytes([byte])) for byte in TEXT_OF_AUTOBAHN.encode()),
            sent(CONT),
            BYE,
        ],
        [*echo(TEXT_OF_AUTOBAHN), NORMAL],
    ),
    "the highest and lowest characters": (
        [sent(TEXT, "\x00\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffe\uffff\U00010000\U0010ffff"), BYE],
        [*echo("\x00\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffe\uffff\U00010000\U0010ffff"), NORMAL],
    ),
    # 7: close
    "close without code": ([sent(CLOSE)], [(CLOSE, b"")]),
    **{
        f"close with code {code}": ([ended(code)], [(CLOSE, struct.pack("!H", code))])
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    },
    "close with a reason": (
        [ended(1000, "Hällo")],
        [(CLOSE, b"\x03\xe8" + "Hällo".encode())],
    ),
    "close with the longest reason": (
        [ended(1000, "*" * 123)],
        [(CLOSE, b"\x03\xe8" + b"*" * 123)],
    ),
    "text after close": ([BYE, sent(TEXT, "late")], [NORMAL]),
    "ping after close": ([BYE, sent(PING, "late")], [NORMAL]),
    "two closes": ([BYE, BYE], [NORMAL]),
}

FAILING = {
    # 2: pings
    "ping of 126 bytes": ([sent(PING, b"*" * 126)], [], 1002),
    "pong of 126 bytes": ([sent(PONG, b"*" * 126)], [], 1002),
    "fragmented ping": ([part(PING, "p"), sent(CONT, "q")], [], 1002),
    # 3: reserved bits
    **{f"reserved bits {rsv}": ([sent(TEXT, "x", rsv=rsv)], [], 1002) for rsv in range(1, 8)},
    "reserved bit of a ping": ([sent(PING, "x", rsv=1)], [], 1002),
    "reserved bit of a close frame": ([sent(CLOSE, b"\x03\xe8", rsv=4)], [], 1002),
    "reserved bits after text": ([sent(TEXT, "x"), sent(TEXT, "y", rsv=2)], echo("x"), 1002),
    # 4: opcodes
    **{
        f"opcode {opcode}": ([sent(TEXT, "x"), sent(opcode, "y")], echo("x"), 1002)
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    },
    # RFC 6455 §5.1: masks
    "unmasked text": ([sent(TEXT, "x", mask=None)], [], 1002),
    "unmasked close": ([sent(CLOSE, b"\x03\xe8", mask=None)], [], 1002),
    # 5: fragments
    "continuation of nothing": ([sent(CONT, "x")], [], 1002),
    "continuation of a complete message": ([sent(TEXT, "x"), sent(CONT, "y")], echo("x"), 1002),
    "new message inside a message": ([part(TEXT, "x"), sent(TEXT, "y")], [], 1002),
    # 6: UTF-8
    **{
        f"invalid UTF-8 {data.hex()}": ([sent(TEXT, data)], [], 1007)
        for data in (
            b"\x80",
            b"\xbf",
            b"abc\xc3",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xf8\x88\x80\x80\x80",
            b"\xce\xba\xed\xa0\x80edited",
            b"\xff",
        )
    },
    "a character that is cut by the end of the message": (
        [part(TEXT, b"\xce"), sent(CONT, b"")],
        [],
        1007,
    ),
    "a wrong byte in a later fragment": (
        [part(TEXT, b"\xce"), sent(PING, "p"), sent(CONT, b"\xce")],
        [(PONG, b"p")],
        1007,
    ),
    # 7: close
    "close of one byte": ([sent(CLOSE, b"\x03")], [], 1002),
    # RFC 6455 §5.4 lets control frames come between fragments; `websockets` lets no close frame.
    "close inside a message": ([part(TEXT, "x"), ended(1000)], [], 1002),
    "close with a reason that is not UTF-8": ([sent(CLOSE, b"\x03\xe8\xff")], [], 1007),
    "close of 126 bytes": ([sent(CLOSE, b"\x03\xe8" + b"*" * 124)], [], 1002),
    **{
        f"close with code {code}": ([ended(code)], [], 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    },
    # 9 and 10: limits
    "text over the limit": ([sent(TEXT, b"*" * (MESSAGE_BYTES + 1))], [], 1009),
    "fragments over the limit": (
        [part(TEXT, b"*" * MESSAGE_BYTES), sent(CONT, "*")],
        [],
        1009,
    ),
    "a frame that claims 17 MiB": ([sent(BINARY, b"", length=17 << 20)], [], 1009),
    "a frame that claims all memory": ([sent(BINARY, b"", length=(1 << 63) - 1)], [], 1009),
}


def make(frames, frame):
    return b"".join(frame(one.opcode, one.payload, **one.options) for one in frames)


async def write(client, data, is_chopped):
    """Send the data at once or in pieces, as long as the server takes it."""
    piece_bytes = len(data) if not is_chopped else 1 if len(data) < 1000 else 997
    try:
        for start in range(0, len(data), piece_bytes or 1):
            await client.write(data[start : start + piece_bytes])
            await asyncio.sleep(0)  # the server reads
    except ConnectionError:
        pass


@pytest.mark.parametrize("is_chopped", [False, True])
@pytest.mark.parametrize("case", ALLOWED)
def test_allowed_frames_are_echoed(run, frame, echoing, case, is_chopped):
    frames, expected = ALLOWED[case]
    first_close = [one.opcode for one in frames].index(CLOSE)
    echoes = expected[:-1]

    async def test(connect):
        limits = Limits(message_bytes=MESSAGE_BYTES, ping_seconds=0)
        connection, client = await connect(limits)
        server = asyncio.ensure_future(echoing(connection))
        await write(client, make(frames[:first_close], frame), is_chopped)
        assert [await client.read() for _ in echoes] == echoes
        await write(client, make(frames[first_close:], frame), is_chopped)
        assert await client.read_all() == expected[-1:]
        assert (await server).was_clean

    run(test)


@pytest.mark.parametrize("is_chopped", [False, True])
@pytest.mark.parametrize("case", FAILING)
def test_forbidden_frames_end_the_connection_with_a_code(run, frame, echoing, case, is_chopped):
    frames, expected, code = FAILING[case]
    *allowed, wrong = frames

    async def test(connect):
        limits = Limits(message_bytes=MESSAGE_BYTES, ping_seconds=0)
        connection, client = await connect(limits)
        server = asyncio.ensure_future(echoing(connection))
        await write(client, make(allowed, frame), is_chopped)
        assert [await client.read() for _ in expected] == expected
        await write(client, make([wrong], frame), is_chopped)
        [(opcode, payload)] = await client.read_all()
        assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", code))
        error = await server
        assert (error.code, error.was_clean) == (code, False)

    run(test)


@pytest.mark.parametrize(
    ("first", "second"), [(b"\xce\xba\xe1", b"\xff"), (b"ok\xf4\x90", b"\x80\x80"), (b"\xff", b"")]
)
def test_text_that_is_not_utf8_fails_before_its_last_fragment(run, frame, first, second):
    async def test(connect):
        _, client = await connect()
        await client.write(frame(TEXT, first, fin=False) + frame(CONT, second, fin=False))
        opcode, payload = await client.read()
        assert (opcode, payload[:2]) == (CLOSE, struct.pack("!H", 1007))

    run(test)
