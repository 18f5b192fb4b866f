"""Record each request and its response, for logs and metrics.

`RequestRecorder` is WSGI middleware. It provides the record by `current_record` while the
application runs, and passes it to callbacks when the response has ended. The callbacks are in
`access_log.py` and `metrics.py`; `error_log.py` uses `current_record`.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from ...aio.bodies import AsyncBody
from ...globals import request
from ...http.file_body import FileBody
from ...lifecycle.deferred import CLIENT_GONE, call_through
from ...signals import request_started
from ...websockets.handshake import has_switched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Callback = Callable[["RequestRecord"], object]

_current: ContextVar[RequestRecord | None] = ContextVar("retort.record", default=None)


class RequestRecord:
    """The data of one request and its response, filled in while the request proceeds.

    :ivar path: the received path, before middleware moves parts of it to SCRIPT_NAME.
    :ivar status: 0 before the response starts.
    :ivar size: the number of body bytes passed to the server.
    :ivar seconds: the time from the call of the application to the end of the response.
    :ivar endpoint: the route's endpoint; ``None`` if none matched.
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

    def wrap_start_response(self, start_response: StartResponse) -> Any:
        """Wrap ``start_response`` to record the status and add `headers_to_add`."""

        def note(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            # A copy: the application may reuse its list.
            write = start_response(status, self.add_headers(headers), exc_info)
            self.status = int(status[:3])  # validated by the server
            self.size = 0

            def note_piece(piece: bytes) -> object:
                self.size += len(piece)
                return write(piece)

            return note_piece

        return note

    def add_headers(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Add `headers_to_add` that the application has not set itself."""
        if not self.headers_to_add:
            return headers
        names = {name.lower() for name, _ in headers}
        return [*headers, *(pair for pair in self.headers_to_add if pair[0].lower() not in names)]


def current_record() -> RequestRecord | None:
    """The record of the current request, if there is one."""
    return _current.get()


class RequestRecorder:
    """Call ``app`` and record its requests.

    :param at_start: called with the `RequestRecord` before the application.
    :param at_end: called once when the response has ended, successfully or not.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        at_start: Sequence[Callback] = (),
        at_end: Sequence[Callback] = (),
    ) -> None:
        self.app = app
        self.at_start = at_start
        self.at_end = at_end
        request_started.connect(_note_endpoint)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        record = RequestRecord(environ)
        for callback in self.at_start:
            callback(record)
        token = _current.set(record)
        try:
            return call_through(  # type: ignore[no-any-return]
                partial(self.app, environ, record.wrap_start_response(start_response)),
                partial(self.record_body, record),
            )
        finally:
            _current.reset(token)

    def record_body(
        self, record: RequestRecord, outcome: Callable[[], Iterable[bytes]]
    ) -> Iterable[bytes]:
        """The body, wrapped if it is not complete yet; see `call_through`."""
        try:
            body = outcome()
        except BaseException as error:
            record.status = status_of(error)
            self.end(record)
            raise
        if isinstance(body, AsyncBody):
            return RecordedAsyncBody(body, record, self.end)
        if type(body) is not list:
            sending = RecordedBody(body, record, self.end)
            return FileBody(sending) if isinstance(body, FileBody) else sending
        record.size += sum(map(len, body))
        self.end(record)
        return body

    def end(self, record: RequestRecord) -> None:
        if "HTTP_UPGRADE" in record.environ and has_switched(record.environ):
            record.status = SWITCHING_PROTOCOLS  # whatever the application has responded after it
        record.seconds = time.perf_counter() - record.started_at
        for callback in self.at_end:
            callback(record)


class RecordedBody:
    """Wraps a body to count its bytes and to call ``end`` when it is closed."""

    def __init__(self, body: Iterable[bytes], record: RequestRecord, end: Callback) -> None:
        self.body = body
        self.record = record
        self.end: Callback | None = end
        self.pieces = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = _current.set(self.record)  # for records that a generator logs
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
        """End the response; PEP 3333 makes the server call this in every case."""
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


class RecordedAsyncBody(AsyncBody):
    """`RecordedBody` for a body that is sent on the event loop."""

    def __init__(self, body: AsyncBody, record: RequestRecord, end: Callback) -> None:
        super().__init__(body)
        self.body = body
        self.record = record
        self.end: Callback | None = end

    async def __anext__(self) -> bytes:
        piece = await self.body.__anext__()
        self.record.size += len(piece)
        return piece

    async def aclose(self) -> None:
        """Close the body and end the response."""
        try:
            await self.body.aclose()
        finally:
            end, self.end = self.end, None
            if end is not None:
                end(self.record)


# The status of a connection that has become a WebSocket.
SWITCHING_PROTOCOLS = 101


def status_of(error: BaseException) -> int:
    """The status that the server sends when the application raises this exception."""
    if type(error).__name__ == "CancelledError":
        return CLIENT_GONE
    if isinstance(error, HTTPException) and error.code is not None:
        return error.code
    return 500


def _note_endpoint(sender: object, **more: object) -> None:
    record = _current.get()
    if record is not None:
        record.endpoint = request.endpoint
