"""Take a connection over from Granian, as a WebSocket on the event loop of the process.

Granian's own WebSockets have no pings, no limits and no close codes at the shutdown, and take 16
times the memory. So over plain TCP its connection ends with the response 101, and goes on with a
duplicate of its socket:

1. The response goes to Granian, whose HTTP library (hyper) writes it. With status 101 to a request
   of HTTP/1.1 that has an ``Upgrade`` field, hyper reads and writes nothing more and hands the
   socket over (`hyper::upgrade`). Granian, which is configured to serve no WebSockets, drops it: it
   closes its file, without ``shutdown``.
2. So when Granian's file is closed, all of the response is written, and what the client sends is
   unread. A connection in which Granian has ended a direction is refused.

Bytes that the client sent before it had the response are lost in hyper's buffer. RFC 6455 §4.1
forbids them. They are detected at the first request of a connection, where the number of bytes of
the request is known, and end the WebSocket with 1002.

All this is how hyper 1 and Granian 2.8 are made: tests fail where it does not hold.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from ...websockets.errors import TooManyWebSockets, WebSocketDisconnect
from ...websockets.handshake import (
    HANDSHAKE,
    HANDSHAKE_ERROR,
    RAW_SOCKET,
    InvalidHandshake,
    is_upgrade,
    read_handshake,
    response_fields,
)
from ...websockets.limits import Limits
from ..sockets.connections import address_of
from ..sockets.finder import SocketFinder
from ..sockets.open_files import is_scarce, raise_limit
from .handshake_watcher import HandshakeWatcher
from .raw_socket import HandshakeSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from _typeshed.wsgi import WSGIEnvironment

    from ...websockets.handshake import Offer
    from ...websockets.tcp import TcpConnection
    from .open_websockets import OpenWebSockets

# linux/tcp.h, struct tcp_info: tcpi_state, tcpi_bytes_received, tcpi_data_segs_out.
_INFO = struct.Struct("=B127xQ20xI")
_ESTABLISHED, _CLOSE_WAIT = 1, 8  # states in which our direction is open

# Granian's thread mostly needs less than a millisecond.
_POLL_SECONDS = (0.0002, 0.0005, 0.001, 0.002, 0.005)

_ENDED = "The connection has ended in the handshake."
_NO_FILES = (
    "The limit of open files leaves no room for another WebSocket. Raise it with 'ulimit -n' before"
    " the start, or LimitNOFILE= in a unit of systemd."
)

_EARLY = "The client sent frames before its handshake was answered."

_MIN_FRAME_BYTES = 6  # of a client
_PROTOCOL_ERROR = 1002


# What the server's adapter reads of a request whose response is dropped.
NO_REQUEST: dict[str, Any] = {"client": ("", 0)}


class TcpState(NamedTuple):
    """What the system knows of a connection.

    :param is_writable: whether our direction is open.
    :param received: the number of bytes that have arrived, without those that are unread.
    :param is_first: whether nothing was sent yet.
    """

    is_writable: bool
    received: int
    is_first: bool


def tcp_state(connection: socket.socket) -> TcpState | None:
    """The state of a connection; ``None`` where the system does not say it (not on Linux)."""
    import fcntl
    import termios

    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        state, received, segments_out = _INFO.unpack(info)
        answer = fcntl.ioctl(connection.fileno(), termios.FIONREAD, struct.pack("=i", 0))
    except (AttributeError, OSError, struct.error):
        return None
    (unread,) = struct.unpack("=i", answer)
    is_writable = state in (_ESTABLISHED, _CLOSE_WAIT)
    return TcpState(is_writable, received - unread, segments_out == 0)


class Takeover:
    """Makes handshakes of requests.

    :param websockets: the open WebSockets of the process.
    :param may_raise: raise the limit of open files at the first WebSocket, as far as permitted.
    """

    def __init__(self, websockets: OpenWebSockets, *, may_raise: bool) -> None:
        self.websockets = websockets
        self.may_raise = may_raise
        self.finder = SocketFinder(websockets.files)
        self.forget = websockets.forget  # one method for all connections

    def offer(self, watcher: Any, environ: WSGIEnvironment) -> Any:
        """Put a `TcpHandshake` into the environ of a request that may become a WebSocket.

        :param environ: of a request with an ``Upgrade`` field and without a body.
        :returns: the watcher to respond with.
        """
        if not is_upgrade(environ["HTTP_UPGRADE"]):
            return watcher
        try:
            handshake = TcpHandshake(self, watcher, read_offer(environ))
        except InvalidHandshake as error:
            environ[HANDSHAKE_ERROR] = error
            return watcher
        environ[HANDSHAKE] = handshake
        environ[RAW_SOCKET] = raw_socket = HandshakeSocket(handshake)
        handshake.raw_socket = weakref.ref(raw_socket)
        return handshake

    def find_socket(self, scope: dict[str, Any], limits: Limits) -> tuple[socket.socket, int]:
        """A duplicate of a connection's socket, and Granian's file.

        :raises TooManyWebSockets: if the limit of open files leaves no room.
        :raises WebSocketDisconnect: if there is no such connection any more.
        """
        if self.may_raise:
            self.may_raise = False
            raise_limit(limits.connections)
        try:
            found = self.finder.find(address_of(scope["client"]), int(scope["server"][1]))
        except OSError as error:
            raise TooManyWebSockets(f"{_NO_FILES} ({error.strerror})") from error
        if found is None:
            raise WebSocketDisconnect(1006, _ENDED, was_clean=False)
        if is_scarce(found[0].fileno()):
            found[0].close()
            raise TooManyWebSockets(_NO_FILES)
        return found


def read_offer(environ: WSGIEnvironment) -> Offer:
    """Validate the handshake of a request.

    :raises InvalidHandshake: if the request cannot become a WebSocket.
    """
    if environ["SERVER_PROTOCOL"] != "HTTP/1.1":
        raise InvalidHandshake(
            f"WebSockets need HTTP/1.1, and the request is {environ['SERVER_PROTOCOL']}."
            " In nginx, that is 'proxy_http_version 1.1'."
        )
    return read_handshake(
        environ["REQUEST_METHOD"],
        environ.get("HTTP_CONNECTION", ""),
        environ["HTTP_UPGRADE"],
        environ.get("HTTP_SEC_WEBSOCKET_VERSION"),
        environ.get("HTTP_SEC_WEBSOCKET_KEY"),
        environ.get("HTTP_SEC_WEBSOCKET_PROTOCOL", ""),
    )


class TcpHandshake(HandshakeWatcher):
    """A handshake over plain TCP: an `interface.Handshake`, and the watcher of its request."""

    __slots__ = ("offer", "raw_socket", "subprotocols", "takeover")

    sends_headers = True

    def __init__(self, takeover: Takeover, watcher: Any, offer: Offer) -> None:
        super().__init__(watcher, watcher.scope)
        self.takeover = takeover
        self.offer: Offer | None = offer
        self.subprotocols = list(offer.subprotocols)
        self.raw_socket: Callable[[], HandshakeSocket | None] = no_socket

    def send(self, message: dict[str, Any]) -> None:
        raw_socket = self.raw_socket()
        is_last = message["type"] == "http.response.body" and not message.get("more_body")
        if is_last and raw_socket is not None:
            raw_socket.end_soon()

    async def accept(
        self,
        fields: Sequence[tuple[str, str]] = (),
        subprotocol: str | None = None,
        limits: Limits = Limits(),  # noqa: B008 - immutable
    ) -> TcpConnection:
        """Take the connection over; called on the event loop.

        :raises ValueError: if a field cannot be sent, or the sub-protocol was not offered.
        :raises TooManyWebSockets: if this process has no room for another one.
        :raises WebSocketDisconnect: if the client has gone.
        """
        if self.is_accepted or self.offer is None:
            raise RuntimeError("The WebSocket handshake was accepted already.")
        made = response_fields(self.offer, fields, subprotocol)
        websockets = self.takeover.websockets
        websockets.check_room(limits)
        websockets.accepting += 1
        try:
            connection = await self.take_over(made, subprotocol, limits)
            if not connection.is_lost:
                websockets.taken_over[connection] = connection.socket.fileno()
                self.drop_request()
        finally:
            websockets.accepting -= 1
        return connection

    def drop_request(self) -> None:
        """Drop what is not needed after the response: thousands of WebSockets may be open."""
        self.scope = NO_REQUEST
        self.offer = None
        self.raw_socket = no_socket

    async def take_over(
        self, fields: list[tuple[str, str]], subprotocol: str | None, limits: Limits
    ) -> TcpConnection:
        # asyncio and websockets take 10 MB, which programs without WebSockets do not need.
        import asyncio

        from ...websockets.tcp import TcpConnection

        own, file = self.takeover.find_socket(self.scope, limits)
        before = tcp_state(own)
        with ended_on_error(own):
            self.send_response(fields)
            for delay in delays_until_release(own, file, limits.accept_seconds):
                await asyncio.sleep(delay)
            has_lost_bytes = self.check_release(before, own)
            own.setblocking(False)
            connection = TcpConnection(
                own, asyncio.get_running_loop(), limits, subprotocol=subprotocol
            )
            connection.on_closed = self.takeover.forget
            await connection.start()
        if has_lost_bytes:
            await connection.close(_PROTOCOL_ERROR, _EARLY)
        return connection

    def take_over_in_thread(self, fields: list[tuple[str, str]], limits: Limits) -> socket.socket:
        """The connection's socket, in blocking mode, after a response with these fields.

        :raises OSError: if the client has gone, or has sent frames too early.
        """
        self.takeover.websockets.check_room(limits)
        own, file = self.takeover.find_socket(self.scope, limits)
        before = tcp_state(own)
        with ended_on_error(own):
            self.send_response(fields)
            for delay in delays_until_release(own, file, limits.accept_seconds):
                time.sleep(delay)
            if self.check_release(before, own):
                raise OSError(_EARLY)
            own.setblocking(True)
        return own

    def send_response(self, fields: list[tuple[str, str]]) -> None:
        proto = self.watcher.proto
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in fields]
        self.is_accepted = True
        self.watcher = None
        proto.send({"type": "http.response.start", "status": 101, "headers": headers})
        proto.send({"type": "http.response.body", "body": b""})

    def check_release(self, before: TcpState | None, own: socket.socket) -> bool:
        """Check the connection that Granian has released.

        :param before: its state before the response.
        :returns: whether Granian has read more than the request.
        :raises WebSocketDisconnect: if our direction of the connection has ended.
        """
        after = tcp_state(own)
        if after is not None and not after.is_writable:
            raise WebSocketDisconnect(1006, _ENDED, was_clean=False)
        if before is None or after is None or not before.is_first:
            return False
        return after.received - request_bytes(self.scope) >= _MIN_FRAME_BYTES


def no_socket() -> None:
    """Stand in for a weak reference to the socket of a library."""


def request_bytes(scope: dict[str, Any]) -> int:
    """The size of a request without a body, with one space before each value."""
    target = len(scope["raw_path"]) + len(scope["query_string"]) + bool(scope["query_string"])
    fields = sum(len(name) + len(value) + len(": \r\n") for name, value in scope["headers"])
    return len(scope["method"]) + target + len("  HTTP/1.1\r\n") + fields + len("\r\n")


def delays_until_release(own: socket.socket, file: int, seconds: float) -> Iterator[float]:
    """Yield delays until Granian has written the response and closed its file.

    :raises TimeoutError: if it takes too long.
    """
    identity = os.fstat(own.fileno()).st_ino
    deadline = time.monotonic() + seconds
    delays = iter(_POLL_SECONDS)
    while is_open(file, identity):
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"Granian did not release the connection of a WebSocket within {seconds:g} seconds."
                " The client may not read, or this version of Granian is not supported."
            )
        yield next(delays, _POLL_SECONDS[-1])


@contextlib.contextmanager
def ended_on_error(own: socket.socket) -> Iterator[None]:
    """End the connection if the takeover fails."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)
        own.close()
        raise


def is_open(file: int, identity: int) -> bool:
    """Whether the number still stands for the socket with this identity (inode)."""
    try:
        return os.fstat(file).st_ino == identity
    except OSError:
        return False
