"""Write to a transport, no faster than the client reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from websockets.frames import Opcode

from .tcp_state import acknowledged_bytes, unacknowledged_bytes
from .timers import timers_of_this_loop
from .waiting import Futures, wait_in, wake

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Sequence

_PONG = 0x80 | Opcode.PONG  # the first byte of a frame
_CHECKS = 4  # in the time in which a client must read something


class Owner(Protocol):
    """The connection of an outbox."""

    def abort(self, problem: str) -> None:
        """End the connection at once."""


class Outbox:
    """What is sent to the client of one connection.

    :param socket: that of the transport.
    :param send_seconds: how long the client may read nothing while the buffer is full.
    :param owner: aborted when this time is over.
    """

    __slots__ = (
        "acknowledged",
        "checks",
        "is_full",
        "late_pong",
        "owner",
        "send_seconds",
        "senders",
        "socket",
        "tick",
        "transport",
    )

    def __init__(self, socket: socket.socket, send_seconds: float, owner: Owner) -> None:
        self.socket = socket
        self.transport: asyncio.Transport | None = None
        self.send_seconds = send_seconds
        self.owner = owner
        self.is_full = False
        self.senders: Futures = []
        self.late_pong = b""
        self.acknowledged: int | None = None
        self.checks = 0  # since the client has read something
        self.tick = 0

    def write(self, frames: Sequence[bytes]) -> None:
        """Write frames at once, whatever the buffer has already."""
        if self.is_full:
            frames = self.hold_pongs(frames)
        if self.transport is not None and frames:
            self.transport.write(frames[0] if len(frames) == 1 else b"".join(frames))

    def hold_pongs(self, frames: Sequence[bytes]) -> list[bytes]:
        """Keep the latest pong until the buffer has room: pings must not fill the memory.

        A pong answers all pings before it: RFC 6455 §5.5.3.
        """
        pongs = [frame for frame in frames if frame[0] == _PONG]
        if pongs:
            self.late_pong = pongs[-1]
        return [frame for frame in frames if frame[0] != _PONG]

    async def wait(self) -> None:
        """Wait until the buffer has room, or the connection ends."""
        await wait_in(self.senders)

    def note_full(self) -> None:
        self.is_full = True
        self.checks = 0
        self.acknowledged = self.acknowledged_bytes()
        self.check_later()

    def note_room(self) -> None:
        self.end()
        late_pong, self.late_pong = self.late_pong, b""
        if late_pong:
            self.write([late_pong])

    def end(self) -> None:
        """Let waiting tasks go on."""
        if self.is_full:
            timers_of_this_loop().cancel(self.tick, self.check)
        self.is_full = False
        wake(self.senders)

    def check_later(self) -> None:
        if self.send_seconds:
            timers = timers_of_this_loop()
            self.tick = timers.call_later(self.send_seconds / _CHECKS, self.check)

    def check(self) -> None:
        """Report the client if it has read nothing for too long."""
        if not self.is_full:
            return
        acknowledged = self.acknowledged_bytes()
        self.checks = self.checks + 1 if acknowledged == self.acknowledged else 0
        self.acknowledged = acknowledged
        if self.checks >= _CHECKS:
            self.owner.abort(f"The client read nothing for {self.send_seconds:g} seconds.")
        else:
            self.check_later()

    def acknowledged_bytes(self) -> int | None:
        """Changes as long as the client reads."""
        acknowledged = acknowledged_bytes(self.socket)
        if acknowledged is None and self.transport is not None:
            return -self.transport.get_write_buffer_size()
        return acknowledged

    @property
    def has_unread_bytes(self) -> bool:
        """Whether the client's system has not received all that was sent."""
        buffered = self.transport.get_write_buffer_size() if self.transport is not None else 0
        return bool(buffered or unacknowledged_bytes(self.socket))
