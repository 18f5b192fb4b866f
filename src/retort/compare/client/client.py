"""Sends requests to one side, over one connection for each of its ports, with its own cookies.

It follows no redirects. What it adds to a request is the same for all sides, so that addresses in
pages are the same as well.
"""

from __future__ import annotations

import contextlib
import email.errors
import http.client
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from ..measure.load import Load, raw
from ..messages import NoResponse, Response
from .connection import Connection
from .cookies import CookieJar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..messages import Fields, Outcome, Request

STREAM_SECONDS = 1.0  # of an endless event stream, as much is read as arrives in this time
MAX_BODY_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 64 * 1024
_NOT_SENT = frozenset({"host", "cookie", "content-length", "connection", "transfer-encoding"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 section 9.2.1
_BROKEN_HEAD = (
    email.errors.MissingHeaderBodySeparatorDefect,  # a line without a colon
    email.errors.FirstHeaderLineIsContinuationDefect,
)
_NOT_IN_TARGETS = re.compile(r"[^!-~]+")


class Client:
    """Sends requests to one side.

    :param port: returns the port for the next request; another port gets another connection.
    :param all_ports: returns the ports of all processes of the side.
    :param host: the Host field of all requests.
    :param timeout_seconds: how long a response may take, to the end of its body.
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
        self.cookies = CookieJar(host)
        self._connections: dict[int, Connection] = {}
        self._load: Load | None = None

    def send(self, request: Request) -> Outcome:
        """Send a request, over an open connection if the server has not closed it.

        A server may close an idle connection at any time (RFC 9112 section 9.3.1), also just when
        the request is sent. A safe request is then sent again; for others it is unknown whether the
        program has already handled them.
        """
        port = self.port()
        began = time.perf_counter()
        is_reused = self._is_open(port)
        outcome = self._send(port, request, began)
        is_closed = isinstance(outcome, NoResponse) and outcome.kind == "closed"
        if is_reused and is_closed and request.method in _SAFE_METHODS:
            outcome = self._send(port, request, began)
        return outcome

    def send_all(self, requests: Iterable[Request], connections: int) -> list[float]:
        """Send requests over several connections at once; returns their latencies in seconds."""
        written = [
            raw(one.method, ascii_target(one.target), self.all_fields(one), one.body)
            for one in requests
        ]
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

    def all_fields(self, request: Request) -> Fields:
        """The header fields of a request as they are sent."""
        own = [(n, v) for n, v in request.fields if n.lower() not in _NOT_SENT]
        sent = [("Host", self.host), *own]
        cookie = self.cookies.field_for(request.target)
        if cookie:
            sent.append(("Cookie", cookie))
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            sent.append(("Content-Length", str(len(request.body))))
        return tuple(sent)

    def _is_open(self, port: int) -> bool:
        connection = self._connections.get(port)
        if connection is not None and connection.is_ended:
            self.forget(port)
        return port in self._connections

    def _send(self, port: int, request: Request, began: float) -> Outcome:
        try:
            return self._exchange(port, request, began)
        except (OSError, http.client.HTTPException, _CannotBeSent) as error:
            self.forget(port)
            return _no_response(error, self.timeout_seconds, time.perf_counter() - began)

    def _exchange(self, port: int, request: Request, began: float) -> Outcome:
        connection = self._connections.setdefault(port, Connection(port, self.timeout_seconds))
        self._write(connection, request)
        received = connection.getresponse()
        _check_head(received)
        outcome = _read(connection, received, began)
        if not outcome.stays_open:
            self.forget(port)
        self.cookies.keep(request.target, outcome.all("Set-Cookie"))
        return outcome

    def _write(self, connection: Connection, request: Request) -> None:
        connection.begin_exchange()
        try:
            connection.putrequest(
                request.method,
                ascii_target(request.target),
                skip_host=True,
                skip_accept_encoding=True,
            )
            for name, value in self.all_fields(request):
                connection.putheader(name, value.encode("latin-1", "replace"))
        except (ValueError, http.client.InvalidURL) as error:
            raise _CannotBeSent(error) from error
        # A server may respond, such as with 413, before it has read all of the body.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(request.body or None)


def ascii_target(target: str) -> str:
    """A target as it is sent: spaces and what is not ASCII are percent-encoded, as browsers do."""
    return _NOT_IN_TARGETS.sub(lambda found: quote(found[0], errors="replace"), target)


class _CannotBeSent(ValueError):
    """A request that is no HTTP, such as with a line break in a header field."""


def _check_head(received: http.client.HTTPResponse) -> None:
    """`http.client` drops all fields after a line that is no header field."""
    if any(isinstance(one, _BROKEN_HEAD) for one in received.headers.defects):
        raise http.client.HTTPException("a line of its head is no header field")


def _read(connection: Connection, received: http.client.HTTPResponse, began: float) -> Response:
    is_stream = (received.getheader("Content-Type") or "").startswith("text/event-stream")
    if is_stream:
        connection.end_within(STREAM_SECONDS)
    body, problem = _body(received, is_stream)
    received.close()  # the connection can be used again only then
    return Response(
        received.status,
        received.reason,
        tuple(received.getheaders()),
        body,
        stays_open=not received.will_close and problem is None and received.status >= 200,
        problem=problem,
        seconds=time.perf_counter() - began,
    )


def _body(received: http.client.HTTPResponse, is_stream: bool) -> tuple[bytes, str | None]:
    """The body, and how it ended too early."""
    pieces: list[bytes] = []
    problem: str | None = None
    size = 0
    try:
        while problem is None and size <= MAX_BODY_BYTES:
            piece = received.read1(_PIECE_BYTES)
            if not piece:
                return b"".join(pieces), "the body was cut off" if received.length else None
            pieces.append(piece)
            size += len(piece)
        problem = f"only the first {MAX_BODY_BYTES:,} bytes were read"
    except TimeoutError:
        problem = "the stream continues" if is_stream else "the rest did not arrive"
    except http.client.IncompleteRead as error:
        pieces.append(error.partial)
        problem = "the body was cut off"
    except (OSError, http.client.HTTPException):
        problem = "the connection was reset within the body"
    return b"".join(pieces), problem


def _no_response(error: Exception, timeout_seconds: float, seconds: float) -> NoResponse:
    if isinstance(error, _CannotBeSent):
        return NoResponse("invalid", f"the request cannot be sent: {error}", seconds)
    if isinstance(error, TimeoutError):
        return NoResponse("timeout", f"no response within {timeout_seconds:g} s", seconds)
    if isinstance(error, ConnectionRefusedError):
        return NoResponse("refused", "the connection was refused", seconds)
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return NoResponse("closed", "the connection was closed without a response", seconds)
    return NoResponse("invalid", f"the response is not HTTP: {error!r}", seconds)
