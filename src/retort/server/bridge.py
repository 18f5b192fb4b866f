"""Between Granian's RSGI worker and a WSGI application: a request in, status and body out.

Granian calls `Bridge.handle` in a few threads of its own, with its watcher of one request:
``scope`` is what was asked, ``proto`` takes the answer. A request without a body is answered
right there, or in a thread of `pool.py` if views wait; one with a body goes by `bodies.py`. What
may be asked at all is decided in `guard.py`, how a long answer goes out in `outlet.py`. No event
loop is involved: `Loop` only calls back.
"""

from __future__ import annotations

import concurrent.futures
import sys
import traceback
from threading import get_ident
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from .bodies import Bodies
from .connections import Connections
from .environ import Environs
from .guard import AUTHORITY, REFUSAL
from .options import GRANIAN_THREADS, INLINE_THREADS
from .outlet import ClientGone, Outlet
from .patrol import Patrol
from .pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from .guard import Guard
    from .options import Settings

    Log = Callable[[WSGIEnvironment, int], None]

Headers = list[tuple[str, str]]


class Reply:
    """PEP 3333's ``start_response``, remembering what it was told. ``status`` 0: not yet."""

    __slots__ = ("headers", "is_sent", "status", "written")

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.written: list[bytes] = []
        self.is_sent = False

    def __call__(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is not None and self.is_sent and exc_info[1] is not None:
            raise exc_info[1]
        if exc_info is None and self.status:
            raise AssertionError(
                "start_response was called a second time without exc_info (PEP 3333)."
            )
        self.status = int(status[:3])
        self.headers = headers
        return self.written.append


class Bridge:
    """Answers Granian's requests with a WSGI application.

    :param app: the application, with everything that is around it.
    :param guard: the one that is around it, which also looks at requests with a body first.
    :param log: called with the environ and the status after each request.
    """

    def __init__(
        self, app: WSGIApplication, guard: Guard, settings: Settings, *, log: Log | None = None
    ) -> None:
        self.app = app
        self.guard = guard
        self.log = log
        self.settings = settings
        self.busy_threads: dict[int, Any] = {}  # and the watcher of the request
        is_multithread = settings.threads > 1
        self.environs = Environs(
            is_multiprocess=settings.is_multiprocess, is_multithread=is_multithread
        )
        self.pool = Pool(settings.threads)
        self.inline: set[int] = set()  # Granian's threads that run the application
        self.inline_size = min(INLINE_THREADS, settings.threads // 2)
        self.overflow = Pool(max(1, settings.threads - self.inline_size))
        self.begin = self.answer_soon if is_multithread else self.answer_in_turn
        self.connections = Connections()
        self.bodies = Bodies(settings, self.pool, self.connections, self.answer, self.begin)
        shortest = min(settings.body_seconds, settings.body_window_seconds, settings.upload_seconds)
        self.patrol = Patrol(self.bodies.waiting, shortest, self.is_overloaded)

    # PERF: one request's way through the server; lists of bytes take the short road.
    def handle(self, watcher: Any) -> None:
        """Answer a request, or have it answered; what Granian calls. Must not raise."""
        try:
            scope = watcher.scope
            environ = self.environs.make(scope)
            authority = scope.authority
            if authority is not None:
                environ[AUTHORITY] = authority
            if may_have_body(environ):
                self.receive(watcher, environ)
            else:
                self.begin(watcher, environ)
        except BaseException:  # Granian answers with 500 when it loses the watcher
            traceback.print_exc()

    def receive(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Have the request answered when its body is here, or at once if it is refused."""
        refusal = self.guard.refuse(environ)
        if refusal is None:
            self.bodies.receive(watcher, environ)
        else:
            environ[REFUSAL] = refusal
            self.answer(watcher, environ)
            self.bodies.discard(watcher, environ)

    # PERF: each request goes through here.
    def answer_soon(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Answer here, in Granian's thread, as long as enough of these are left for others.

        Otherwise, leave it to a thread of our own. See `options.py`.
        """
        if len(self.inline) >= self.inline_size:
            self.overflow.run(lambda: self.answer(watcher, environ))
            return
        thread = get_ident()
        self.inline.add(thread)
        try:
            self.answer(watcher, environ)
            if self.overflow.jobs:
                self.overflow.help()
        finally:
            self.inline.discard(thread)

    def answer_in_turn(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Answer in the one thread that may run the application."""
        self.pool.run(lambda: self.answer(watcher, environ))

    def answer(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Send the application's answer to a request."""
        reply = Reply()
        thread = get_ident()
        self.busy_threads[thread] = watcher
        try:
            try:
                body = self.app(environ, reply)
                if type(body) is not list or not reply.status or reply.written:
                    self.answer_in_pieces(watcher, environ, reply, body)
                    return
            except BaseException as error:  # also SystemExit: a view must not end a thread
                body = explain_crash(environ, reply, error)
            watcher.proto.response_bytes(reply.status, reply.headers, b"".join(body))
        finally:
            self.busy_threads.pop(thread, None)
        if self.log is not None:
            self.log(environ, reply.status)

    def answer_in_pieces(
        self, watcher: Any, environ: WSGIEnvironment, reply: Reply, body: Iterable[bytes]
    ) -> None:
        """Send a body piece by piece, when the application has said with which status.

        :raises BaseException: what the application raises before there is anything to send.
        """
        pieces = Pieces(body, reply.written)
        try:
            # The headers go with the first piece, and a generator may call start_response when
            # that is asked for (PEP 3333).
            pieces.fetch_first()
            if not reply.status:
                raise AssertionError("The application did not call start_response (PEP 3333).")
            reply.is_sent = True
            if self.log is not None:
                self.log(environ, reply.status)
            self.send(watcher, reply, pieces)
        finally:
            pieces.close()

    def send(self, watcher: Any, reply: Reply, pieces: Iterable[bytes]) -> None:
        """Send the pieces; if they fail, the client sees the response break off."""
        transport = watcher.proto.response_stream(reply.status, reply.headers)
        outlet = Outlet(
            transport, watcher.scope.client, self.connections, self.settings.send_seconds
        )
        del transport  # the response ends when nobody has it any more
        try:
            for piece in pieces:
                outlet.send(piece)
        except ClientGone:
            pass
        except BaseException as error:
            outlet.cut()
            traceback.print_exception(type(error), error, error.__traceback__)
        finally:
            outlet.close()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered at this moment."""
        is_waiting = self.bodies.waiting or self.overflow.jobs or self.pool.jobs
        return not self.busy_threads and not is_waiting

    def open_requests(self) -> int:
        """How many requests have no complete answer yet, streamed ones included."""
        watchers = [*self.busy_threads.copy().values()]
        watchers += [body.watcher for body in self.bodies.waiting.copy()]
        return (
            len({id(watcher) for watcher in watchers})
            + len(self.pool.jobs)
            + len(self.overflow.jobs)
        )

    def busy_clients(self) -> set[int] | None:
        """The ports of clients that have a request here; ``None`` if not all may be known."""
        if self.is_overloaded() or self.pool.jobs or self.overflow.jobs:
            return None
        watchers = [*self.busy_threads.copy().values()]
        watchers += [body.watcher for body in self.bodies.waiting.copy()]
        clients = [watcher.scope.client for watcher in watchers if watcher is not None]
        return {int(port) for client in clients if (port := client.rpartition(":")[2]).isdecimal()}

    def is_overloaded(self) -> bool:
        """Whether what arrives may have to wait for one of Granian's threads."""
        own = self.pool.busy + self.overflow.busy
        return len(self.busy_threads) - own >= GRANIAN_THREADS

    def start(self) -> None:
        """Begin to look after time."""
        self.patrol.start()

    def stop(self) -> None:
        """Let our threads end, those that answer after their answer."""
        self.patrol.stop()
        self.pool.close()
        self.overflow.close()


def may_have_body(environ: WSGIEnvironment) -> bool:
    """Whether something may come after the headers (RFC 9112 §6.3, RFC 9113 §8.1)."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    if "HTTP_TRANSFER_ENCODING" in environ:
        return True
    # HTTP/2 needs neither field. There, nobody sends a body with these without a length.
    return environ["SERVER_PROTOCOL"] == "HTTP/2" and environ["REQUEST_METHOD"] not in (
        "GET",
        "HEAD",
    )


class Loop:
    """What Granian takes for an event loop: it calls back at once, in the thread that asks."""

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: object = None
    ) -> None:
        try:
            callback(*args)
        except BaseException:  # nobody above would show it
            traceback.print_exc()

    call_soon_threadsafe = call_soon

    def create_future(self) -> concurrent.futures.Future[Any]:
        """What Granian gives us instead of its own awaitables on Windows."""
        return concurrent.futures.Future()


class Pieces:
    """A response body to iterate over once, what was sent by ``write`` first."""

    def __init__(self, body: Iterable[bytes], written: list[bytes]) -> None:
        self.body = body
        self.waiting = written
        self.rest: Iterator[bytes] | None = None

    def fetch_first(self) -> None:
        """Let the application get as far as its first piece that is not empty, and keep it."""
        self.rest = iter(self.body)
        for piece in self.rest:
            self.waiting.append(piece)
            if piece:
                return

    def __iter__(self) -> Iterator[bytes]:
        while self.waiting:
            yield self.waiting.pop(0)
        for piece in self.rest or ():
            # What `write` was given meanwhile comes before it.
            while self.waiting:
                yield self.waiting.pop(0)
            yield piece

    def close(self) -> None:
        """End the response, as PEP 3333 asks for in every case."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


def explain_crash(environ: WSGIEnvironment, reply: Reply, error: BaseException) -> list[bytes]:
    """The answer to a request whose application raised; details go to the log only."""
    reply.status, reply.written = 0, []
    if isinstance(error, HTTPException):  # such as ClientDisconnected, out of the input
        return list(error(environ, reply))
    traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    body = b"Internal Server Error\n"
    reply(
        "500 Internal Server Error",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
    )
    return [body]
