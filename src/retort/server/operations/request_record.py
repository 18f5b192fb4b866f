"""One request and its answer, seen from outside the application: for logs and measurements.

`Observed` is a WSGI callable around everything else. It notes what came in and what went out,
keeps the record where `current_record` finds it while the application runs, and hands it to
whoever wants it when the answer has ended. What they make of it: `access_log.py`,
`error_log.py`, `metrics.py`.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from ...globals import request
from ...http.file_body import FileBody
from ...signals import request_started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Note = Callable[["RequestRecord"], object]

_current: ContextVar[RequestRecord | None] = ContextVar("retort.record", default=None)


class RequestRecord:
    """What is known of a request and its answer; it grows while the request goes on.

    :ivar path: as it came, before a program's own layers move parts of it to SCRIPT_NAME.
    :ivar status: 0 as long as there is no answer.
    :ivar size: bytes of the body that were handed to the server.
    :ivar seconds: from the first line of the program's code to the end of the answer.
    :ivar endpoint: of the route; ``None`` if none matched.
    """

    __slots__ = (
        "arrived_at",
        "endpoint",
        "environ",
        "headers_to_add",
        "method",
        "path",
        "protocol",
        "query",
        "request_id",
        "seconds",
        "size",
        "started_at",
        "status",
    )

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]
        self.query: str = environ.get("QUERY_STRING", "")
        self.protocol: str = environ.get("SERVER_PROTOCOL", "")
        self.arrived_at = time.time()
        self.started_at = time.perf_counter()
        self.seconds = 0.0
        self.status = 0
        self.size = 0
        self.endpoint: str | None = None
        self.request_id = ""
        self.headers_to_add: list[tuple[str, str]] = []

    def noting(self, start_response: StartResponse) -> Any:
        """``start_response``, with the status noted and `headers_to_add` added."""

        def note(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            # A new list: the application may use its own again.
            write = start_response(status, self.with_own(headers), exc_info)
            self.status = int(status[:3])  # which the server has checked
            self.size = 0

            def note_piece(piece: bytes) -> object:
                self.size += len(piece)
                return write(piece)

            return note_piece

        return note

    def with_own(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The answer's headers and ours, as far as the application did not set them."""
        if not self.headers_to_add:
            return headers
        theirs = {name.lower() for name, _ in headers}
        return [*headers, *(pair for pair in self.headers_to_add if pair[0].lower() not in theirs)]


def current_record() -> RequestRecord | None:
    """The record that this code runs for, if there is one."""
    return _current.get()


class Observed:
    """Ask ``app``, and tell others about it.

    :param at_start: called with the `RequestRecord` before the application is.
    :param at_end: called when the answer has ended, well or not, once.
    """

    def __init__(
        self, app: WSGIApplication, *, at_start: Sequence[Note] = (), at_end: Sequence[Note] = ()
    ) -> None:
        self.app = app
        self.at_start = at_start
        self.at_end = at_end
        request_started.connect(_note_endpoint)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        record = RequestRecord(environ)
        for note in self.at_start:
            note(record)
        token = _current.set(record)
        try:
            body = self.app(environ, record.noting(start_response))
        except BaseException as error:
            record.status = status_of(error)
            self.end(record)
            raise
        finally:
            _current.reset(token)
        if type(body) is not list:
            sending = Sending(body, record, self.end)
            return FileBody(sending) if isinstance(body, FileBody) else sending
        record.size += sum(map(len, body))
        self.end(record)
        return body

    def end(self, record: RequestRecord) -> None:
        record.seconds = time.perf_counter() - record.started_at
        for note in self.at_end:
            note(record)


class Sending:
    """A body on its way: counts what is taken of it, and notes when it ends."""

    def __init__(self, body: Iterable[bytes], record: RequestRecord, end: Note) -> None:
        self.body = body
        self.record = record
        self.end: Note | None = end
        self.pieces = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = _current.set(self.record)  # what a generator logs belongs to its request
        try:
            piece = next(self.pieces)
        except StopIteration:
            raise
        except BaseException as error:
            if not self.record.status:
                self.record.status = status_of(error)
            raise
        finally:
            _current.reset(token)
        self.record.size += len(piece)
        return piece

    def close(self) -> None:
        """End the response: PEP 3333 has the server call this in every case."""
        token = _current.set(self.record)
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            _current.reset(token)
            end, self.end = self.end, None
            if end is not None:
                end(self.record)


def status_of(error: BaseException) -> int:
    """The status that the server answers with when the application raises this."""
    if isinstance(error, HTTPException) and error.code is not None:
        return error.code
    return 500


def _note_endpoint(sender: object, **more: object) -> None:
    record = _current.get()
    if record is not None:
        record.endpoint = request.endpoint
