"""An accepted WebSocket over a TCP connection.

The `websockets` library parses and makes frames. What it leaves to the code around it is here and
in the modules that this one uses: messages and their queue, flow control in both directions, pings,
time limits and the end.

| State | Event | Action | Next state |
| --- | --- | --- | --- |
| open | the client's close frame | answers it, ends the stream | ended |
| open | invalid data, or a limit | sends a close frame with the reason, ends the stream | ended |
| open | `close` | sends a close frame, drops the queue | closing |
| closing | the client's close frame, or invalid data | ends the stream | ended |
| open, closing | no pong, or a stalled send | aborts the connection | lost |
| closing, ended | ``close_seconds`` are over | aborts the connection | lost |
| ended | the client ends its stream | closes the socket | lost |
| any | the connection breaks | none | lost |

The server ends its stream first (RFC 6455 §7.1.1). Until the client's end has come, received bytes
are discarded: to close a socket that has unread bytes would reset the connection, and the client
would lose the close frame.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
import weakref
from typing import TYPE_CHECKING, cast

from websockets.frames import Opcode
from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from .assembly import Assembler
from .checks import check_message, check_ping
from .close_codes import check_close
from .errors import WebSocketDisconnect
from .inbox import Inbox
from .outbox import Outbox
from .pings import Pings
from .timers import timers_of_this_loop
from .waiting import Futures, wait_in, wake

if TYPE_CHECKING:
    import socket as sockets
    from collections.abc import Callable

    from websockets.frames import Frame
    from websockets.protocol import Event

    from .limits import Limits

# A client may send thousands of tiny frames at once. The parser takes so many bytes at a time, and
# after so many frames the other connections of the loop have their turn.
_SLICE_BYTES = 2048
_FRAMES_IN_A_ROW = 256

# Shared by all connections: the bytes are taken out before another connection is read.
_read_buffer = memoryview(bytearray(64 * 1024))

# A task that sends to a fast client would never wait, and no other task would run.
_SENDS_IN_A_ROW = 32

_INVALID_DATA = 1007

# `websockets` makes one for each connection, for log lines that are not written here.
_ID = uuid.UUID(int=0)

# `websockets` logs each frame at DEBUG, and the end of each connection at INFO.
frame_log = logging.getLogger("retort.websockets.frames")
frame_log.setLevel(logging.WARNING)


class TcpConnection(asyncio.BufferedProtocol):
    """A WebSocket after its handshake: an `interface.Connection`.

    :param socket: a connected socket, which belongs to the connection from now on.
    :param loop: the event loop, on which all methods are called.
    :param unread: received bytes that follow the handshake.
    :param subprotocol: the one that was chosen in the handshake.
    :param on_closed: called once with the connection, when the socket is closed.
    """

    __slots__ = (
        "__weakref__",
        "assembler",
        "closers",
        "inbox",
        "is_closing",
        "is_ended",
        "is_lost",
        "is_reading",
        "limits",
        "loop",
        "on_closed",
        "on_end",
        "outbox",
        "pings",
        "problem",
        "protocol",
        "received_at_ping",
        "sends",
        "socket",
        "subprotocol",
        "tick",
        "transport",
        "unread",
    )

    def __init__(
        self,
        socket: sockets.socket,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        *,
        unread: bytes = b"",
        subprotocol: str | None = None,
        on_closed: Callable[[TcpConnection], object] | None = None,
    ) -> None:
        self.socket = socket
        self.loop = loop
        self.limits = limits
        self.unread = unread
        self.subprotocol = subprotocol
        self.on_closed = on_closed
        self.on_end: Callable[[], object] | None = None
        self.protocol = ServerProtocol(
            state=State.OPEN, max_size=limits.message_bytes, logger=frame_log
        )
        self.protocol.id = _ID
        self.assembler = Assembler()
        self.inbox = Inbox(limits)
        # By weak references, a closed connection is released at once.
        self.outbox = Outbox(socket, limits.send_seconds, weakref.proxy(self))
        self.pings = Pings(weakref.proxy(self), limits)
        self.transport: asyncio.Transport | None = None
        self.received_at_ping: int | None = None
        self.closers: Futures = []
        self.sends = 0  # in a row, without a turn for other tasks
        self.is_reading = True
        self.is_closing = False  # `close` was called
        self.is_ended = False  # no more frames are sent or parsed
        self.is_lost = False
        self.problem = ""  # why the connection was aborted
        self.tick = 0

    async def start(self) -> TcpConnection:
        """Start to read; must be called once.

        :raises OSError: if the socket is not connected any more.
        """
        await self.loop.connect_accepted_socket(lambda: self, self.socket)
        return self

    # The methods of an `interface.Connection`

    # PERF: one coroutine for each waiting view; benchmarks/micro/idle_websockets.py
    async def receive(self) -> str | bytes:
        inbox = self.inbox
        while not inbox.messages:
            if inbox.is_over:
                raise self.disconnect()
            future = inbox.start_waiting()
            try:
                await future
            finally:
                inbox.receiver = None
        message = inbox.take()
        if not self.is_reading and inbox.has_room:
            self.read_on()
        return message

    async def send(self, message: str | bytes) -> None:
        check_message(message)
        self.sends += 1
        if self.sends >= _SENDS_IN_A_ROW or self.outbox.is_full or not self.is_open:
            await self.wait_for_room()
        if isinstance(message, str):
            self.protocol.send_text(message.encode())
        else:
            self.protocol.send_binary(message)
        self.flush()

    async def ping(self, data: bytes = b"") -> None:
        check_ping(data)
        self.sends += 1
        await self.wait_for_room()
        if not await self.pings.send(data):
            raise self.disconnect()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        check_close(code, reason)
        if self.is_open:
            self.is_closing = True
            self.protocol.send_close(code, reason)
            self.inbox.clear()
            self.pings.end()
            self.set_timeout()
            self.flush()
            self.outbox.end()
            self.read_on()
        while not self.is_ended:
            await wait_in(self.closers)

    def notify_end(self, function: Callable[[], object]) -> None:
        if self.is_ended:
            self.loop.call_soon(function)
        else:
            self.on_end = function

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self.protocol.state is State.OPEN and not self.is_ended

    async def wait_for_room(self) -> None:
        """Wait until a frame may be sent.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        """
        if self.sends >= _SENDS_IN_A_ROW:
            self.sends = 0
            await asyncio.sleep(0)
        while self.outbox.is_full and self.is_open:
            self.sends = 0
            await self.outbox.wait()
        if not self.is_open:
            raise self.disconnect()

    def disconnect(self) -> WebSocketDisconnect:
        """The exception that says how the WebSocket was closed."""
        received, sent = self.protocol.close_rcvd, self.protocol.close_sent
        close = received or sent
        if close is None:
            reason = self.problem or "The connection ended without a close frame."
            return WebSocketDisconnect(1006, reason, was_clean=False)
        if self.protocol.close_rcvd_then_sent and sent is not None and sent != received:
            # The close frame itself was an error, such as one inside a message.
            return WebSocketDisconnect(int(sent.code), sent.reason, was_clean=False)
        was_clean = received is not None and sent is not None
        return WebSocketDisconnect(int(close.code), close.reason, was_clean)

    # What the transport calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = self.outbox.transport = cast("asyncio.Transport", transport)
        self.pings.start()
        if self.unread:
            self.feed()

    def get_buffer(self, sizehint: int) -> memoryview:
        return _read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.is_ended:
            return
        if self.unread or nbytes > _SLICE_BYTES or self.inbox.is_full:
            self.unread += _read_buffer[:nbytes]
            self.feed()
            return
        # PERF: most of the time, these are one short message; benchmarks/micro/echo.py
        self.protocol.receive_data(bytes(_read_buffer[:nbytes]))
        if self.process(self.protocol.events_received()) and self.inbox.is_full:
            self.pause_reading()

    def eof_received(self) -> None:
        if not self.is_ended:
            self.protocol.receive_eof()
            self.flush()
            self.end()

    def pause_writing(self) -> None:
        self.outbox.note_full()

    def resume_writing(self) -> None:
        self.outbox.note_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.end()
        self.outbox.end()
        timers_of_this_loop().cancel(self.tick, self.abort_unfinished)
        self.transport = self.outbox.transport = None
        on_closed, self.on_closed = self.on_closed, None
        if on_closed is not None:
            on_closed(self)

    # Receiving

    def feed(self) -> None:
        """Parse the received bytes, as far as there is room for messages."""
        data = memoryview(self.unread)
        frames = position = 0
        while (
            position < len(data)
            and frames < _FRAMES_IN_A_ROW
            and not (self.is_ended or self.inbox.is_full)
        ):
            self.protocol.receive_data(bytes(data[position : position + _SLICE_BYTES]))
            position += _SLICE_BYTES
            frames += self.process(self.protocol.events_received())
        self.unread = b"" if self.is_ended else bytes(data[position:])
        if self.is_ended:
            return
        if self.unread or self.inbox.is_full:
            self.pause_reading()
            if not self.inbox.is_full:
                self.loop.call_soon(self.read_on)
        else:
            self.resume_reading()

    def read_on(self) -> None:
        """Go on after a pause."""
        if self.unread and not self.is_ended:
            self.feed()
        elif not self.inbox.is_full:
            self.resume_reading()

    def process(self, events: list[Event]) -> int:
        """Take the frames that were parsed, and send what the parser answers.

        :returns: the number of frames.
        """
        try:
            for frame in events:
                self.take(cast("Frame", frame))
        except UnicodeDecodeError as error:
            self.protocol.fail(_INVALID_DATA, f"text is not UTF-8: {error.reason}")
        self.flush()
        return len(events)

    def take(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode is Opcode.PONG:
            self.pings.note_pong(bytes(frame.data))
        elif opcode <= Opcode.BINARY and not self.is_closing:
            message = self.assembler.add(frame)
            if message is not None:
                self.inbox.put(message)

    def pause_reading(self) -> None:
        if self.is_reading and self.transport is not None and not self.transport.is_closing():
            self.is_reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.is_reading and self.transport is not None:
            self.is_reading = True
            if not self.transport.is_closing():
                self.transport.resume_reading()

    # Sending

    def flush(self) -> None:
        """Write the frames that `websockets` has made."""
        frames = self.protocol.data_to_send()
        if not frames:
            return
        is_end = frames[-1] == SEND_EOF
        self.outbox.write(frames[:-1] if is_end else frames)
        if is_end:
            self.end()

    def write_ping(self, data: bytes) -> None:
        self.received_at_ping = self.outbox.acknowledged_bytes()
        self.protocol.send_ping(data)
        self.flush()

    def is_progressing(self) -> bool:
        if self.is_reading and not self.outbox.has_unread_bytes:
            return False
        return self.outbox.acknowledged_bytes() != self.received_at_ping

    # The end

    def end(self) -> None:
        """End the stream, and let all waiting tasks go on."""
        if self.is_ended:
            return
        self.is_ended = True
        self.unread = b""
        self.pings.end()
        self.inbox.end()
        self.outbox.end()
        wake(self.closers)
        on_end, self.on_end = self.on_end, None
        if on_end is not None:
            self.loop.call_soon(on_end)
        transport = self.transport
        if self.is_lost or transport is None:
            return
        self.resume_reading()
        if not transport.is_closing():
            transport.write_eof()
        self.set_timeout()

    def set_timeout(self) -> None:
        """Abort the connection if it is not over after the time for the close handshake."""
        timers = timers_of_this_loop()
        timers.cancel(self.tick, self.abort_unfinished)
        self.tick = timers.call_later(self.limits.close_seconds, self.abort_unfinished)

    def abort_unfinished(self) -> None:
        self.abort(
            "The client did not end the connection within"
            f" {self.limits.close_seconds:g} seconds after the close frame."
        )

    def abort(self, problem: str) -> None:
        """Close the socket at once, whatever is unsent."""
        self.problem = self.problem or problem
        if self.transport is not None:
            self.transport.abort()
