"""``environ["werkzeug.socket"]``: the socket of a handshake, for libraries that speak WebSocket.

flask-sock and Flask-SocketIO (both by simple-websocket) take the server's socket out of the
environ, write the 101 response into it and go on with frames, in the thread of the view. Here the
head of that response goes to Granian, which then releases the connection (`takeover.py`). From then
on, the library has the socket itself.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
import weakref
from typing import TYPE_CHECKING, Any

from ...websockets.errors import WebSocketDisconnect

if TYPE_CHECKING:
    from collections.abc import Callable

    from .takeover import TcpHandshake

_HEAD_END = b"\r\n\r\n"
_CLOSE_FRAME = 0x88  # final, opcode 8: RFC 6455 §5.2
_MAX_HEAD_BYTES = 64 * 1024


class LentSocket:
    """A socket that begins with the head of a 101 response.

    Other methods than those for sending can be used after it.
    """

    # There is one for each handshake, also of views that do not use it.
    __slots__ = ("_forget", "_handshake", "_head", "_set_up", "_socket")

    def __init__(self, handshake: TcpHandshake) -> None:
        self._handshake: TcpHandshake | None = handshake
        self._head = b""
        self._socket: socket.socket | None = None
        self._forget: Callable[[], object] = bool
        self._set_up: tuple[Callable[[socket.socket], object], ...] = ()

    def send(self, data: Any, flags: int = 0) -> int:
        """Send bytes; returns how many were taken."""
        if self._socket is not None:
            return self._socket.send(data, flags)
        self.sendall(data, flags)
        return len(data)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Send bytes."""
        if self._socket is None:
            self._head += bytes(data)
            head, end, data = self._head.partition(_HEAD_END)
            if not end:
                if len(head) > _MAX_HEAD_BYTES:
                    raise ValueError("The head of a response to a handshake is too long.")
                return
            self._take_over(fields_of_head(head))
        if self._socket is not None and data:
            self._socket.sendall(data, flags)

    def settimeout(self, value: float | None) -> None:
        """Set the timeout of the socket, at once or when it is there."""
        self._when_taken(lambda taken: taken.settimeout(value))

    def setblocking(self, flag: bool) -> None:
        """As `settimeout`."""
        self._when_taken(lambda taken: taken.setblocking(flag))

    def setsockopt(self, *args: Any) -> None:
        """Set an option, at once or when the socket is there."""
        self._when_taken(lambda taken: taken.setsockopt(*args))

    def _when_taken(self, change: Callable[[socket.socket], object]) -> None:
        if self._socket is None:
            self._set_up += (change,)
        else:
            change(self._socket)

    def close(self) -> None:
        """Close the socket, if it was taken over."""
        if self._socket is not None:
            self._forget()
            self._socket.close()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._socket is None:
            raise OSError(
                f"The method {name}() of environ['werkzeug.socket'] was used before the 101"
                " response was sent into it. Until then, the socket belongs to the server."
            )
        return getattr(self._socket, name)

    def _take_over(self, fields: list[tuple[str, str]]) -> None:
        handshake, self._handshake = self._handshake, None
        if handshake is None:
            raise OSError("The WebSocket handshake was answered already.")
        try:
            taken = handshake.take_socket(fields, time.sleep)
        except WebSocketDisconnect as error:
            raise BrokenPipeError(str(error)) from error
        taken.settimeout(None)
        self._socket = taken
        for change in self._set_up:
            change(taken)
        websockets = handshake.takeover.websockets
        lent = LentConnection(taken)
        websockets.note(lent, taken.fileno())
        self._forget = weakref.finalize(taken, websockets.forget, lent)


class LentConnection:
    """The entry of a lent socket among the open WebSockets of the process."""

    subprotocol = None

    def __init__(self, lent: socket.socket) -> None:
        self._lent = weakref.ref(lent)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a close frame, and end the client's stream: the library's ``recv`` gets no bytes."""
        lent = self._lent()
        if lent is not None:
            with contextlib.suppress(OSError):  # it is closed, or its buffer is full
                frame = struct.pack("!BBH", _CLOSE_FRAME, 2, code)
                lent.send(frame, getattr(socket, "MSG_DONTWAIT", 0))
                lent.shutdown(socket.SHUT_RD)


def fields_of_head(head: bytes) -> list[tuple[str, str]]:
    """The header fields of a 101 response.

    :raises ValueError: if it is not one.
    """
    status, *lines = head.decode("latin-1").split("\r\n")
    if status.split(" ")[1:2] != ["101"]:
        raise ValueError(
            f"A response that begins with {status[:80]!r} was sent into environ['werkzeug.socket']."
            " Only a 101 response can be: return any other response from the view."
        )
    pairs = (line.partition(":") for line in lines)
    return [(name.strip(), value.strip()) for name, _, value in pairs]
