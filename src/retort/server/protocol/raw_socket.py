"""The socket of a handshake, for libraries that make a WebSocket of it themselves.

simple-websocket (Flask-Sock, Flask-SocketIO in threading mode) takes ``environ["werkzeug.socket"]``
and writes the response 101 to it. Here that response takes the connection over from Granian, with
the fields that the library wrote; then the connection is the library's, in blocking mode.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

from ...websockets.limits import Limits

if TYPE_CHECKING:
    from .takeover import TcpHandshake

# How long the socket stays open after the view has returned: simple-websocket has a thread of its
# own, which sends the answer to the client's close frame and closes the socket.
_END_SECONDS = 2.0

_FINAL_CLOSE = 0x88  # the first byte of a close frame: RFC 6455 section 5.2

_END = b"\r\n\r\n"
_LIMITS = Limits()


class HandshakeSocket:
    """Behaves like a socket from the response 101 on; used by the threads of a view.

    :param handshake: a handshake that is not answered.
    """

    def __init__(self, handshake: TcpHandshake) -> None:
        self._handshake = handshake
        self._socket: socket.socket | None = None
        self._end_timer: threading.Timer | None = None
        self._is_sending = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        if self._socket is None:
            raise OSError(
                f"The socket of a WebSocket handshake has no {name!r} before the response. Send the"
                " response with status 101 first."
            )
        return getattr(self._socket, name)

    def send(self, data: bytes, flags: int = 0) -> int:
        """Send data; the first is the head of the response.

        :raises OSError: if the connection has ended, or the first data is no such head.
        """
        if self._socket is not None:
            with self._is_sending:
                return self._socket.send(data, flags)
        self._answer(bytes(data))
        return len(data)

    def sendall(self, data: bytes, flags: int = 0) -> None:
        """As `send`, for all of the data."""
        if self._socket is not None:
            with self._is_sending:
                self._socket.sendall(data, flags)
        else:
            self._answer(bytes(data))

    def close(self) -> None:
        """Close the connection; the response to a handshake that is not answered is Granian's."""
        if self._socket is not None:
            self._handshake.takeover.websockets.raw.pop(self, None)
            self._socket.close()
        if self._end_timer is not None:
            self._end_timer.cancel()

    def send_close(self, code: int, reason: str) -> None:
        """Send a close frame, because the server stops; does not wait.

        The client's answer ends the WebSocket, as a close that the client began. While the library
        sends, nothing is sent: the frame would be inside another one.
        """
        if self._socket is None or not self._is_sending.acquire(blocking=False):
            return
        try:
            payload = code.to_bytes(2, "big") + reason.encode()
            frame = bytes([_FINAL_CLOSE, len(payload)]) + payload
            with contextlib.suppress(OSError):
                self._socket.send(frame, socket.MSG_DONTWAIT)
        finally:
            self._is_sending.release()

    def end_soon(self) -> None:
        """End the connection in a moment; called when the view has returned."""
        if self._socket is not None and self._socket.fileno() >= 0:
            self._end_timer = threading.Timer(_END_SECONDS, self.end)
            self._end_timer.daemon = True
            self._end_timer.start()

    def end(self) -> None:
        """End the connection at once; threads that receive see the end of the stream."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self.close()

    @property
    def is_answered(self) -> bool:
        """Whether the response was sent."""
        return self._socket is not None

    def _answer(self, data: bytes) -> None:
        own = self._handshake.take_over_in_thread(read_response(data), _LIMITS)
        self._socket = own
        websockets = self._handshake.takeover.websockets
        websockets.raw[self] = own.fileno()
        _, _, rest = data.partition(_END)
        if rest:
            own.sendall(rest)
        if websockets.is_closing:  # since the handshake was accepted
            self.send_close(*websockets.close_frame)


def read_response(data: bytes) -> list[tuple[str, str]]:
    """The header fields of a response with status 101.

    :raises OSError: if the data is something else.
    """
    head, end, _ = data.partition(_END)
    status, *lines = head.split(b"\r\n")
    if not end or not status.startswith(b"HTTP/1.1 101"):
        raise OSError(
            "The first data that is sent to the socket of a WebSocket handshake must be the whole"
            f" head of a response with status 101, and it is {data[:60]!r}. To refuse the"
            " handshake, return a response from the view."
        )
    fields = []
    for line in lines:
        name, _, value = line.decode("latin-1").partition(":")
        fields.append((name.strip(), value.strip()))
    return fields
