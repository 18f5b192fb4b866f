"""An HTTP/1.1 client for one side: one connection, its own cookies.

It follows no redirects. What it adds to a request is the same for all sides, so that addresses in
pages are the same as well.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import time
import urllib.request
from typing import TYPE_CHECKING, Any

from .measure.load import Load, raw
from .messages import NoResponse, Request, Response

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Sequence

    from .messages import Fields, Outcome

STREAM_SECONDS = 1.0  # of an endless event stream, as much is read as arrives in this time
MAX_BODY_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_NOT_SENT = frozenset({"host", "cookie", "content-length", "connection", "transfer-encoding"})


class Client:
    """Sends requests to one side.

    :param port: returns the port for the next request; another port gets another connection.
    :param all_ports: returns the ports of all processes of the side.
    :param host: the Host field of all requests.
    :param timeout_seconds: how long a response may take.
    """

    def __init__(
        self,
        port: Callable[[], int],
        all_ports: Callable[[], Sequence[int]],
        *,
        host: str = "localhost",
        timeout_seconds: float = 10.0,
    ) -> None:
        self.port = port
        self.all_ports = all_ports
        self.host = host
        self.timeout_seconds = timeout_seconds
        # Secure cookies are stored and sent: a side stands for the program behind its proxy.
        self.cookies = http.cookiejar.CookieJar(
            http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
        )
        self._connections: dict[int, http.client.HTTPConnection] = {}
        self._load: Load | None = None

    def send(self, request: Request) -> Outcome:
        """Send a request; a connection that the server has closed is opened again."""
        port = self.port()
        began = time.perf_counter()
        is_reused = port in self._connections
        outcome = self._send(port, request, began)
        if is_reused and isinstance(outcome, NoResponse) and outcome.kind == "closed":
            # A server may close an idle connection at any time (RFC 9112 section 9.3.1).
            outcome = self._send(port, request, began)
        return outcome

    def send_all(self, requests: Iterable[Request], connections: int) -> list[float]:
        """Send requests over several connections at once; returns their latencies in seconds."""
        written = [raw(one.method, one.target, self.all_fields(one), one.body) for one in requests]
        if self._load is None:
            self._load = Load(self.all_ports())
        return self._load.send_all(written, connections)

    def close(self) -> None:
        """Close the connections."""
        if self._load is not None:
            self._load.close()
            self._load = None
        while self._connections:
            self._connections.popitem()[1].close()

    def forget(self, port: int) -> None:
        """Close the connection to a port."""
        connection = self._connections.pop(port, None)
        if connection is not None:
            connection.close()

    def _send(self, port: int, request: Request, began: float) -> Outcome:
        try:
            connection = self._connection(port)
            self._write(connection, request)
            opened = connection.sock  # a response that ends the connection takes it from there
            received = connection.getresponse()
            outcome = _read(received, opened, began)
        except (OSError, http.client.HTTPException) as error:
            self.forget(port)
            return _no_response(error, self.timeout_seconds, time.perf_counter() - began)
        if not outcome.stays_open:
            self.forget(port)
        self._keep_cookies(request, received)
        return outcome

    def _connection(self, port: int) -> http.client.HTTPConnection:
        connection = self._connections.get(port)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self.timeout_seconds)
            self._connections[port] = connection
        return connection

    def _write(self, connection: http.client.HTTPConnection, request: Request) -> None:
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.all_fields(request):
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders(request.body or None)

    def all_fields(self, request: Request) -> Fields:
        """The header fields of a request as they are sent."""
        own = [(n, v) for n, v in request.fields if n.lower() not in _NOT_SENT]
        sent = [("Host", self.host), *own]
        cookie = self.cookie_field(request.target)
        if cookie:
            sent.append(("Cookie", cookie))
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            sent.append(("Content-Length", str(len(request.body))))
        return tuple(sent)

    def cookie_field(self, target: str) -> str | None:
        """The Cookie field for a target."""
        probe = self._as_urllib(target)
        self.cookies.add_cookie_header(probe)
        return probe.get_header("Cookie")

    def _as_urllib(self, target: str) -> urllib.request.Request:
        path = target if target.startswith("/") else "/"
        return urllib.request.Request(f"http://{self.host}{path}")  # only for the cookie jar

    def _keep_cookies(self, request: Request, received: Any) -> None:
        self.cookies.extract_cookies(received, self._as_urllib(request.target))


def _read(received: http.client.HTTPResponse, opened: socket.socket, began: float) -> Response:
    is_stream = (received.getheader("Content-Type") or "").startswith("text/event-stream")
    give_up_at = time.monotonic() + STREAM_SECONDS if is_stream else None
    body, problem = _body(received, opened, give_up_at)
    received.close()  # the connection can be used again only then
    return Response(
        received.status,
        received.reason,
        tuple(received.getheaders()),
        body,
        stays_open=not received.will_close and problem is None,
        problem=problem,
        seconds=time.perf_counter() - began,
    )


def _body(
    received: http.client.HTTPResponse, opened: socket.socket, give_up_at: float | None
) -> tuple[bytes, str | None]:
    """The body, and how it ended too early."""
    pieces: list[bytes] = []
    problem: str | None = None
    size = 0
    try:
        while problem is None and size <= MAX_BODY_BYTES:
            if give_up_at is not None:
                opened.settimeout(max(give_up_at - time.monotonic(), 0.001))
            piece = received.read1(_PIECE_BYTES)
            if not piece:
                return b"".join(pieces), "the body was cut off" if received.length else None
            pieces.append(piece)
            size += len(piece)
        problem = f"only the first {MAX_BODY_BYTES:,} bytes were read"
    except TimeoutError:
        problem = "the rest did not arrive" if give_up_at is None else "the stream continues"
    except http.client.IncompleteRead as error:
        pieces.append(error.partial)
        problem = "the body was cut off"
    except (OSError, http.client.HTTPException):
        problem = "the connection was reset within the body"
    return b"".join(pieces), problem


def _no_response(error: Exception, timeout_seconds: float, seconds: float) -> NoResponse:
    if isinstance(error, TimeoutError):
        return NoResponse("timeout", f"no response within {timeout_seconds:g} s", seconds)
    if isinstance(error, ConnectionRefusedError):
        return NoResponse("refused", "the connection was refused", seconds)
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return NoResponse("closed", "the connection was closed without a response", seconds)
    return NoResponse("invalid", f"the response is not HTTP: {error!r}", seconds)
