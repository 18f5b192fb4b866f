"""Between Granian's WSGI worker and a WSGI application: environ in, status and body out.

Granian calls `Bridge.answer` with a fresh ``environ`` and the object that takes the answer.
Written out here instead of using Granian's own wrapper because that one puts the process's
environment variables into every request (a variable ``HTTP_PROXY`` would pass for a header),
ignores a ``start_response`` that is called late, and has no ``write``.
What may be asked at all is decided in `guard.py`.
"""

from __future__ import annotations

import sys
import traceback
from threading import get_ident
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

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
    :param is_multiprocess: what ``wsgi.multiprocess`` says.
    :param log: called with the environ and the status after each request.
    """

    def __init__(
        self, app: WSGIApplication, *, is_multiprocess: bool = False, log: Log | None = None
    ) -> None:
        self.app = app
        self.log = log
        self.busy_threads: set[int] = set()
        self.common_environ: dict[str, Any] = {
            "SCRIPT_NAME": "",
            "SERVER_SOFTWARE": "Granian",
            "wsgi.errors": sys.stderr,
            # Granian ends the input where the body ends, so Werkzeug need not.
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": is_multiprocess,
            "wsgi.multithread": True,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
        }

    # PERF: one request's way through the server; lists of bytes take the short road.
    def answer(self, protocol: Any, environ: WSGIEnvironment) -> int:
        """Send the application's answer; what Granian calls, in one of its threads."""
        environ.update(self.common_environ)
        reply = Reply()
        thread = get_ident()
        self.busy_threads.add(thread)
        try:
            try:
                body = self.app(environ, reply)
                if type(body) is not list or not reply.status or reply.written:
                    return self.answer_slowly(protocol, environ, reply, body)
            except BaseException as error:  # also SystemExit: a view must not end a thread
                body = explain_crash(environ, reply, error)
            protocol.response_bytes(reply.status, reply.headers, b"".join(body))
        finally:
            self.busy_threads.discard(thread)
        if self.log is not None:
            self.log(environ, reply.status)
        return reply.status

    def answer_slowly(
        self, protocol: Any, environ: WSGIEnvironment, reply: Reply, body: Iterable[bytes]
    ) -> int:
        """Send a body piece by piece, when the application has said with which status."""
        pieces = Pieces(body, reply.written)
        try:
            # A generator calls start_response when its first piece is asked for.
            if not reply.status:
                pieces.fetch_first()
            if not reply.status:
                raise AssertionError("The application did not call start_response (PEP 3333).")
        except BaseException:
            pieces.close()
            raise
        reply.is_sent = True
        if self.log is not None:
            self.log(environ, reply.status)
        protocol.response_iter(reply.status, reply.headers, pieces)
        return reply.status

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered at this moment."""
        return not self.busy_threads


class Pieces:
    """A response body to iterate over once, what was sent by ``write`` first."""

    def __init__(self, body: Iterable[bytes], written: list[bytes]) -> None:
        self.body = body
        self.waiting = written
        self.rest: Iterator[bytes] = iter(body)

    def fetch_first(self) -> None:
        """Let the application get as far as its first piece, and keep it."""
        for piece in self.rest:
            self.waiting.append(piece)
            return

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self.waiting:
            return self.waiting.pop(0)
        return next(self.rest)

    def close(self) -> None:
        """End the response, as PEP 3333 asks for in every case."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


def explain_crash(environ: WSGIEnvironment, reply: Reply, error: BaseException) -> list[bytes]:
    """The answer to a request whose application raised; details go to the log only."""
    reply.status, reply.written = 0, []
    if isinstance(error, HTTPException):  # such as ClientDisconnected, out of the guard's input
        return list(error(environ, reply))
    traceback.print_exception(type(error), error, error.__traceback__)
    body = b"Internal Server Error\n"
    reply(
        "500 Internal Server Error",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
    )
    return [body]
