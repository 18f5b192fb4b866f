"""Adapt Granian's ASGI worker to a WSGI application.

Granian calls `ProtocolAdapter.handle` in a few threads of its own, with a watcher object for the
request: ``scope`` describes the request, ``proto`` receives the body and sends the response. A
request without a body is answered in that thread, or in one of `thread_pool.py` while other views
block. A request with a body goes through `request_body.py`. `validation.py` validates requests,
`response_head.py` validates responses, and `response_body.py` sends long bodies. There is no event
loop: see `granian.py`.
"""

from __future__ import annotations

import sys
import traceback
from functools import partial
from threading import Lock, get_ident
from time import perf_counter
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, ServiceUnavailable

from ...aio.bodies import AsyncBody
from ...http.file_body import FileBody
from ...lifecycle.deferred import SWITCHED, Deferred
from ...logging import escape_in_lines
from ...tracebacks import format_from_program
from ...websockets.handshake import has_switched
from ..console import ARRIVED_AT
from ..options import GRANIAN_THREADS, INLINE_THREADS
from ..sockets.connections import Connections
from .backlog import Backlog
from .environ import EnvironFactory
from .handshake_watcher import offer_granian
from .open_websockets import OpenWebSockets
from .reply import Reply
from .request_body import LongBody, RequestBodies
from .response_body import (
    PIECE_BYTES,
    TOO_MUCH,
    ClientGone,
    ReadyResponse,
    StreamedResponse,
    log_problem,
)
from .response_head import Head, InvalidResponse, without_body
from .stream_limit import StreamLimit
from .takeover import Takeover
from .thread_pool import ThreadPool, current_thread_pool
from .timeouts import TimeoutMonitor
from .validation import ERROR_RESPONSE, refuse_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ...app import Flask
    from ..options import Settings
    from .loop_requests import LoopRequests
    from .validation import RequestValidator

    Log = Callable[[WSGIEnvironment, int], None]


class ProtocolAdapter:
    """Calls a WSGI application for Granian's requests and sends its responses.

    :param app: the application with all its middleware.
    :param validator: the validator in that middleware; called before a request body is received.
    :param log: called with the environ and the status after each request.
    :param program: the application in ``app``, if all middleware passes on a `Deferred`.
    :param is_plain_tcp: whether connections have neither TLS nor a Unix socket.
    :param streams_body: see `RequestBodies`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        validator: RequestValidator,
        settings: Settings,
        *,
        log: Log | None = None,
        program: Flask | None = None,
        is_plain_tcp: bool = True,
        streams_body: Callable[[WSGIEnvironment], bool] | None = None,
    ) -> None:
        self.app = app
        self.program = program
        self.validator = validator
        self.log = log
        self.settings = settings
        self.busy_threads: dict[int, Any] = {}  # thread id -> watcher of its request
        is_multithread = settings.threads > 1
        self.environs = EnvironFactory(
            is_multiprocess=settings.is_multiprocess,
            is_multithread=is_multithread,
            deferring=program,
        )
        self.pool = ThreadPool(settings.threads)
        self.on_loop: LoopRequests | None = None  # once there was one
        self.on_loop_lock = Lock()
        self.inline: set[int] = set()  # Granian's threads that run the application
        self.inline_size = min(INLINE_THREADS, settings.threads // 2)
        self.overflow = ThreadPool(max(1, settings.threads - self.inline_size))
        self.deferred_pool = self.overflow if is_multithread else self.pool
        self.begin = self.respond_inline if is_multithread else self.respond_serially
        self.connections = Connections()
        self.websockets = OpenWebSockets()
        self.takeover = Takeover(self.websockets, may_raise=not settings.debug)
        self.offer = self.takeover.offer if is_plain_tcp else offer_granian
        self.backlog = Backlog(settings.send_seconds)
        self.streams = StreamLimit(is_behind_proxy=settings.operations.proxies > 0)
        self.bodies = RequestBodies(
            settings, self.pool, self.respond, self.begin, streams_body=streams_body
        )
        shortest = min(
            settings.body_seconds,
            settings.body_window_seconds,
            settings.upload_seconds,
            settings.send_seconds,
        )
        self.timeout_monitor = TimeoutMonitor(
            self.bodies.waiting, self.backlog, shortest, self.is_overloaded, self.load
        )

    # PERF: every request goes through here; a list of bytes takes the fast path.
    def handle(self, watcher: Any) -> None:
        """Respond to a request, or schedule it. Granian calls this; it must not raise."""
        try:
            on_loop = self.on_loop
            if on_loop is not None and on_loop.takes(watcher.scope):
                on_loop.begin(watcher)
            else:
                self.begin_request(watcher, self.begin)
        except BaseException:  # Granian sends 500 when the watcher is released
            traceback.print_exc()

    def begin_request(self, watcher: Any, begin: Callable[[Any, WSGIEnvironment], object]) -> None:
        """Make the environ, and receive the body if there is one.

        :param begin: responds to a request without a body, or schedules it.
        """
        scope = watcher.scope
        environ = self.environs.make(scope)
        if self.log is not None:
            environ[ARRIVED_AT] = perf_counter()
        error_response = refuse_fields(scope["headers"], self.settings.header_bytes)
        if error_response is not None:
            environ[ERROR_RESPONSE] = error_response
        if may_have_body(environ):
            self.receive(watcher, environ)
        elif "HTTP_UPGRADE" in environ:
            self.begin(self.offer(watcher, environ), environ)
        else:
            begin(watcher, environ)

    def handle_with_websockets(self, watcher: Any) -> None:
        """As `handle`, where Granian serves WebSockets: over TLS and Unix sockets."""
        if watcher.scope["type"] == "websocket":
            from .granian_websocket import GranianHandshake

            watcher = GranianHandshake(self.websockets, watcher)
        self.handle(watcher)

    def receive(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond to the request when its body has arrived, or at once if it is invalid."""
        error_response = environ.get(ERROR_RESPONSE) or self.validator.refuse(environ)
        if error_response is None:
            self.bodies.receive(watcher, environ)
        else:
            environ[ERROR_RESPONSE] = error_response
            self.respond(watcher, environ)
            self.bodies.discard(watcher, environ)

    # PERF: each request goes through here.
    def respond_inline(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond in Granian's thread while enough of these are free, else in a pool thread.

        See `options.py` for the numbers.
        """
        if self.backlog.sizes and self.defer_if_full(watcher, environ):
            return
        if len(self.inline) >= self.inline_size:
            self.overflow.run(partial(self.respond_later, watcher, environ), watcher)
            return
        thread = get_ident()
        self.inline.add(thread)
        try:
            self.respond(watcher, environ)
            if self.overflow.jobs:
                self.overflow.run_pending()
        finally:
            self.inline.discard(thread)

    def respond_serially(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond in the only thread that may run the application."""
        self.pool.run(partial(self.respond_later, watcher, environ), watcher)

    def respond_later(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond in a pool thread, some time after the request has arrived."""
        if not (self.backlog.sizes and self.defer_if_full(watcher, environ)):
            self.respond(watcher, environ)

    def defer_if_full(self, watcher: Any, environ: WSGIEnvironment) -> bool:
        """Defer the request while its connection has too many unsent bytes.

        :returns: whether it was deferred.
        """
        job = partial(
            self.deferred_pool.run, partial(self.respond_resumed, watcher, environ), watcher
        )
        return self.backlog.defer_if_full(watcher.scope["client"], job)

    def respond_resumed(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond to a deferred request, then resume the next one of its connection."""
        client = watcher.scope["client"]
        try:
            self.respond_later(watcher, environ)
        finally:
            self.backlog.note_resumed(client)

    def respond(
        self,
        watcher: Any,
        environ: WSGIEnvironment,
        app: WSGIApplication | None = None,
        reply: Reply | None = None,
    ) -> None:
        """Call the application and send its response.

        :param app: called in place of the application.
        :param reply: ``start_response``, if the application has it already.
        """
        if reply is None:
            reply = Reply(environ["REQUEST_METHOD"])
        thread = get_ident()
        self.busy_threads[thread] = watcher
        try:
            try:
                body = (app or self.app)(environ, reply)
                head = reply.head
                if type(body) is FileBody and head is not None and is_short(head):
                    body = body.read(PIECE_BYTES)
                if type(body) is not list or head is None or reply.written:
                    self.respond_in_pieces(watcher, environ, reply, body)
                    return
                whole = body[0] if len(body) == 1 else b"".join(body)
                size = len(whole)
                if size > PIECE_BYTES or (head.length is not None and head.length != size):
                    self.send_whole(watcher, environ, head, whole)
                    return
            except BaseException as error:  # SystemExit, too: a view must not end a thread
                head, whole = explain_crash(environ, error)
            self.send_short(watcher, environ, head, whole)
        finally:
            self.busy_threads.pop(thread, None)

    def send_short(self, watcher: Any, environ: WSGIEnvironment, head: Head, whole: bytes) -> None:
        """Send a response whose body is one piece."""
        if not head.has_body:
            head, whole = without_body(head, whole, environ["REQUEST_METHOD"])
        # No variable for the message: an exception may keep this frame alive, and the body.
        watcher.proto.send(
            {"type": "http.response.start", "status": head.status, "headers": head.fields}
        )
        watcher.proto.send({"type": "http.response.body", "body": whole})
        if self.log is not None:
            self.log(environ, head.status)

    def send_whole(self, watcher: Any, environ: WSGIEnvironment, head: Head, whole: bytes) -> None:
        """Send a complete body that is long or differs from its Content-Length."""
        if not head.has_body:
            head, whole = without_body(head, whole, environ["REQUEST_METHOD"])
        if not self.backlog.has_room(len(whole)):
            raise ServiceUnavailable(TOO_MUCH)
        starts = range(0, len(whole), PIECE_BYTES)
        pieces = (whole[start : start + PIECE_BYTES] for start in starts)
        self.send_ready(watcher, environ, head, pieces, size=len(whole))

    def send_ready(
        self,
        watcher: Any,
        environ: WSGIEnvironment,
        head: Head,
        pieces: Iterator[bytes],
        *,
        size: int = 0,
        close: Callable[[], object] | None = None,
    ) -> None:
        if self.log is not None:
            self.log(environ, head.status)
        self.backlog.send(
            ReadyResponse(
                watcher,
                head,
                self.connections,
                pieces=pieces,
                size=size,
                backlog=self.backlog,
                call_later=self.deferred_pool.run,
                log=partial(log_problem, environ),
                close=close,
            )
        )

    def respond_in_pieces(
        self, watcher: Any, environ: WSGIEnvironment, reply: Reply, body: Iterable[bytes]
    ) -> None:
        """Send an iterable body, once the application has called ``start_response``.

        :raises BaseException: what the application raises before its first piece.
        """
        if isinstance(body, (Deferred, AsyncBody)):
            self.continue_on_loop(watcher, environ, reply, body)
            return
        if isinstance(body, FileBody) and reply.head is not None and reply.head.has_body:
            self.send_ready(watcher, environ, reply.head, iter(body), close=body.close)
            return
        address = watcher.scope["client"][0]
        pieces = Pieces(body, reply.written)
        if not (self.backlog.has_room_for_stream() and self.streams.acquire(address)):
            pieces.close()
            raise ServiceUnavailable(TOO_MUCH)
        try:
            # The headers are sent with the first piece: PEP 3333 lets a generator call
            # start_response while it makes that piece.
            pieces.fetch_first()
            if reply.head is None:
                raise AssertionError("The application did not call start_response (PEP 3333).")
            reply.is_sent = True
            if self.log is not None:
                self.log(environ, reply.head.status)
            self.stream(watcher, environ, reply.head, pieces)
        finally:
            self.streams.release(address)
            pieces.close()

    def continue_on_loop(
        self, watcher: Any, environ: WSGIEnvironment, reply: Reply, body: Deferred | AsyncBody
    ) -> None:
        """Handle the request, or send its body, on the event loop."""
        from .loop_requests import KnownBody, LoopRequests  # imports asyncio

        with self.on_loop_lock:
            if self.on_loop is None:
                self.on_loop = LoopRequests(self, self.program)
        deferred = body if isinstance(body, Deferred) else KnownBody(body)
        self.on_loop.resume(watcher, environ, reply, deferred)

    def cancel_on_loop(self) -> None:
        """Cancel the requests on the event loop, because the server stops."""
        if self.on_loop is not None:
            self.on_loop.stop()

    def count_on_loop(self) -> int:
        """The number of requests on the event loop."""
        return 0 if self.on_loop is None else len(self.on_loop)

    def stream(
        self, watcher: Any, environ: WSGIEnvironment, head: Head, pieces: Iterable[bytes]
    ) -> None:
        """Send the pieces; an exception aborts the response, so that the client notices."""
        response = StreamedResponse(watcher, head, self.connections, backlog=self.backlog)
        # The generator stays in this thread, which does not count against the pool's size.
        with (current_thread_pool() or self.overflow).waiting():
            try:
                response.start()
                for piece in pieces:
                    if not response.send(piece):
                        break
                response.end()
            except ClientGone:
                pass
            except BaseException as error:
                response.abort()
                traceback.print_exception(type(error), error, error.__traceback__)
        if response.problem is not None:
            log_problem(environ, response.problem)

    @property
    def is_idle(self) -> bool:
        """Whether there is no open request."""
        is_waiting = (
            self.bodies.waiting
            or self.overflow.jobs
            or self.pool.jobs
            or self.backlog.responses
            or self.backlog.waiting
            or self.count_on_loop()
        )
        return not self.busy_threads and not is_waiting

    def open_requests(self) -> int:
        """The number of requests without a complete response, including streamed ones."""
        deferred = sum(map(len, self.backlog.waiting.copy().values()))
        return len({id(watcher) for watcher in self.watchers()}) + deferred

    def busy_clients(self) -> set[int]:
        """The ports of the clients that have an open request, or a WebSocket of Granian's."""
        clients = [watcher.scope["client"] for watcher in self.watchers()]
        ports = {int(port) for _, port in (*clients, *self.backlog.waiting.copy())}
        return ports | self.websockets.granian_clients()

    def watchers(self) -> list[Any]:
        """The watchers of open requests, except deferred ones."""
        found = [*self.busy_threads.copy().values()]
        found += [*self.pool.watchers, *self.overflow.watchers]
        if self.on_loop is not None:
            found += [request.watcher for request in self.on_loop.open.copy()]
        found += [body.watcher for body in self.bodies.waiting.copy()]
        found += [response.watcher for response in self.backlog.responses.copy()]
        found = [each.watcher if isinstance(each, LongBody) else each for each in found]
        return [watcher for watcher in found if watcher is not None]

    def is_overloaded(self) -> bool:
        """Whether all of Granian's threads are busy, so that received data may wait."""
        own = self.pool.busy + self.overflow.busy
        return len(self.busy_threads) - own >= GRANIAN_THREADS

    def load(self) -> int:
        """The number of open requests, and of pool threads, which hold memory until they end."""
        return self.open_requests() + self.pool.threads + self.overflow.threads

    def start(self) -> None:
        """Start the timeout monitor."""
        self.timeout_monitor.start()

    def stop(self) -> None:
        """Stop the timeout monitor and let pool threads end after their current job."""
        self.timeout_monitor.stop()
        self.pool.close()
        self.overflow.close()


def is_short(head: Head) -> bool:
    """Whether the body fits into one piece."""
    return head.has_body and head.length is not None and head.length <= PIECE_BYTES


def may_have_body(environ: WSGIEnvironment) -> bool:
    """Whether a body may follow the headers (RFC 9112 §6.3, RFC 9113 §8.1)."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    # HTTP/2 needs neither field. In practice, GET and HEAD have no body without a length.
    return environ["SERVER_PROTOCOL"] == "HTTP/2" and environ["REQUEST_METHOD"] not in (
        "GET",
        "HEAD",
    )


class Pieces:
    """Iterates once over a response body; pieces passed to ``write`` come first."""

    def __init__(self, body: Iterable[bytes], written: list[bytes]) -> None:
        self.body = body
        self.waiting = written
        self.rest: Iterator[bytes] | None = None

    def fetch_first(self) -> None:
        """Advance the application to its first non-empty piece, and store it."""
        self.rest = iter(self.body)
        for piece in self.rest:
            self.waiting.append(piece)
            if piece:
                return

    def __iter__(self) -> Iterator[bytes]:
        while self.waiting:
            yield self.waiting.pop(0)
        for piece in self.rest or ():
            # Pieces that were passed to `write` meanwhile come first.
            while self.waiting:
                yield self.waiting.pop(0)
            yield piece

    def close(self) -> None:
        """Call the body's ``close``, which PEP 3333 requires in every case."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


def explain_crash(environ: WSGIEnvironment, error: BaseException) -> tuple[Head, bytes]:
    """The response to a request whose application raised; only the log has the details."""
    reply = Reply(environ["REQUEST_METHOD"])
    if isinstance(error, ConnectionError) and has_switched(environ):
        body = b""  # Flask-SocketIO ends WebSockets so, and Werkzeug's server ignores it
        reply(SWITCHED, [])
    elif isinstance(error, HTTPException):  # such as ClientDisconnected, raised by the input
        body = b"".join(error(environ, reply))
    else:
        if isinstance(error, InvalidResponse):
            log_problem(environ, f"{error} 500 was sent instead.")
        else:
            sys.stderr.write(escape_in_lines(format_from_program(error, error.__traceback__)))
        body = b"Internal Server Error\n"
        fields = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        reply("500 Internal Server Error", fields)
    assert reply.head is not None
    return reply.head, body
