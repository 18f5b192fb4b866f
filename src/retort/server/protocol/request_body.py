"""Receive request bodies without blocking a thread, and pass them to the application.

Granian delivers the pieces of a body to callbacks in its own threads. A body up to `SHORT_BYTES` is
collected completely before the application is called (`ShortBody`). All others are a `LongBody`:

| State (`step`) | Event | Action | Next state |
| --- | --- | --- | --- |
| - | a request starts | receives a piece | collect |
| - | a request with ``Expect`` starts | queues the application | deliver |
| - | a request whose view streams the body starts | queues the application | deliver |
| - | a request was refused | receives a piece | discard |
| collect | piece | buffers it; receives the next | collect |
| collect | piece; the buffer is full | receives one ahead, queues the application | deliver |
| collect | last piece | calls the application with the complete body | released |
| collect | failure | sends an error response | discard |
| deliver | the application reads or polls | passes a piece; receives the next | deliver |
| deliver | piece, last piece | queues it for the application | deliver |
| deliver | `probe_client`, no receive pending | receives up to `_PROBE_BYTES` more | deliver |
| deliver | failure, application not called yet | sends an error response | discard |
| deliver | failure, application running | the application's read raises it | deliver |
| deliver | the application returns | receives the rest | discard |
| deliver | the same after ``Expect``, body not read | Granian closes the connection | released |
| discard | piece | drops it; receives the next | discard |
| discard | last piece, failure, or `_DISCARD_SECONDS` over | none | released |
| released | piece | none | released |

A failure is ``http.disconnect``, a body shorter than its Content-Length, one over the size limit or
a timeout (`timeouts.py`). If the body is complete, the client has disconnected or a timeout has
occurred, ``discard`` is skipped. A `ShortBody` only collects; its last piece or a failure ends it.

While a response is sent before the body is complete, only ``receive`` reports a disconnect, and it
returns the next piece first. So the body is received even if the application does not read it:
`watch_client` and `probe_client` keep a call of ``receive`` pending most of the time.
"""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections import deque
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import (
    ClientDisconnected,
    HTTPException,
    RequestEntityTooLarge,
    RequestTimeout,
    ServiceUnavailable,
)

from ...http.body import SHORT_BYTES
from ...http.stream_body import UNREAD_BODY
from .validation import ERROR_RESPONSE, ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

    from ..options import Settings
    from .response_body import Response
    from .thread_pool import ThreadPool

    # The arguments are Granian's watcher of the request and the environ.
    Responder = Callable[[Any, WSGIEnvironment], object]

# A body of known length up to this size is collected before the application is called.
_COLLECTED_BYTES = SHORT_BYTES  # forms can then be parsed at once
# Up to this size, `body_seconds` limits the whole body. A longer one may take `upload_seconds` once
# its first window is over.
_SMALL_BYTES = 64 * 1024
# A longer body gets a thread when this much of it has arrived.
_HEAD_START_BYTES = 256 * 1024
# The buffer for all incomplete bodies together; when it is full, applications get a thread to read.
_MAX_BUFFERED_BYTES = 128 * 1024 * 1024
# How long the unread rest of a body is received. Closing the connection while data arrives would
# reset it, and the client would lose the response.
_DISCARD_SECONDS = 10.0
# While a response is sent and no receive is pending, `probe_client` receives more of the body after
# this time, then after twice as long, and so on, because the pieces are buffered. The number of
# bytes is Granian's window for an HTTP/2 stream: a reset is reported after the data in the window.
_FIRST_PROBE_SECONDS = 1.0
_PROBE_BYTES = 1024 * 1024


class RequestBodies:
    """Receives the request bodies of one server.

    :param respond: responds to a request in the calling thread.
    :param begin: responds to a request whose input is complete, possibly in another thread.
    :param streams_body: whether the view reads the body itself, while it arrives.
    """

    def __init__(
        self,
        settings: Settings,
        pool: ThreadPool,
        respond: Responder,
        begin: Responder,
        *,
        streams_body: Callable[[WSGIEnvironment], bool] | None = None,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.respond = respond
        self.begin = begin
        self.streams_body = streams_body
        self.budget = Budget(_MAX_BUFFERED_BYTES)
        self.waiting: set[Body] = set()  # bodies that wait for their clients now

    def receive(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Respond to the request when its body has arrived; returns at once."""
        length = int(environ["CONTENT_LENGTH"]) if "CONTENT_LENGTH" in environ else None
        if "HTTP_EXPECT" in environ:  # the client waits until the application reads the body
            LongBody(self, watcher, environ, length).serve_streaming()
        elif self.streams_body is not None and self.streams_body(environ):
            body = LongBody(self, watcher, environ, length)
            body.was_requested = True
            body.serve_streaming()
        elif length is not None and length <= _COLLECTED_BYTES and self.budget.acquire(length):
            ShortBody(self, watcher, environ, length).read()
        else:
            body = LongBody(self, watcher, environ, length)
            body.was_requested = True
            body.read()

    def discard(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Receive and drop the body of a refused request."""
        if "HTTP_EXPECT" not in environ:
            LongBody(self, watcher, environ, None).begin_discarding()


class Budget:
    """A shared number of bytes that bodies may buffer."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.lock = threading.Lock()

    def acquire(self, size: int) -> bool:
        with self.lock:
            if size > self.left:
                return False
            self.left -= size
            return True

    def release(self, size: int) -> None:
        with self.lock:
            self.left += size


class Body:
    """A body that is being received.

    :ivar waited_seconds: time spent waiting for the client, as counted by `timeouts.py`.
    """

    def __init__(
        self, bodies: RequestBodies, watcher: Any, environ: WSGIEnvironment, length: int | None
    ) -> None:
        self.bodies = bodies
        self.watcher = watcher
        self.environ = environ
        self.length = length
        self.pending: Any = None
        self.waited_seconds = 0.0
        self.window_seconds = 0.0
        self.window_began_at = 0

    def wait_for(self, future: Any) -> None:
        """Call `handle_message` when Granian's future is done, which may be now."""
        if not hasattr(future, "add_done_callback"):
            future = _DISCONNECTED
        self.pending = future
        self.bodies.waiting.add(self)
        future.add_done_callback(self.handle_message)

    def handle_message(self, future: Any) -> None:
        raise NotImplementedError

    def note_time(self, seconds: float) -> None:
        """Add time spent waiting for the client; cancel if a limit is exceeded."""
        self.waited_seconds += seconds
        self.window_seconds += seconds
        if self.waited_seconds >= self.max_seconds():
            self.cancel()
        elif self.window_seconds >= self.bodies.settings.body_window_seconds:
            self.check_window()

    def check_window(self) -> None:
        """Cancel if the rate in the last window was too low."""
        so_far = self.bytes_so_far()
        wanted = self.bodies.settings.body_rate * self.window_seconds
        if so_far - self.window_began_at < wanted:
            self.cancel()
        self.window_seconds, self.window_began_at = 0.0, so_far

    def max_seconds(self) -> float:
        """The limit for all time spent waiting for the client."""
        return self.bodies.settings.upload_seconds

    def bytes_so_far(self) -> int:
        """The number of bytes received."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Cancel the wait; `handle_message` is called with the cancelled future."""
        pending = self.pending
        if pending is not None:
            pending.cancel()

    def finish_wait(self, future: Any) -> bool:
        """Release the future, which would form a reference cycle with this body.

        :returns: whether the wait was cancelled.
        """
        self.pending = None
        self.bodies.waiting.discard(self)
        return bool(future.cancelled())


class _Disconnected:
    """Stands for Granian's future after the client has disconnected."""

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        callback(self)

    def cancelled(self) -> bool:
        return False

    def cancel(self) -> bool:
        return False

    def result(self) -> dict[str, str]:
        return {"type": "http.disconnect"}


_DISCONNECTED = _Disconnected()


class ShortBody(Body):
    """A short body of known length, which is collected completely."""

    def __init__(
        self, bodies: RequestBodies, watcher: Any, environ: WSGIEnvironment, length: int
    ) -> None:
        super().__init__(bodies, watcher, environ, length)
        self.receive = watcher.proto.receive
        self.pieces: list[bytes] = []
        self.missing = length

    # PERF: forms go through here. The final empty message is not awaited.
    def read(self) -> None:
        self.wait_for(self.receive())

    def handle_message(self, future: Any) -> None:
        if self.finish_wait(future):
            self.finish(refuse(too_slow()))
        elif self.needs_more(future.result()):
            self.read()

    def needs_more(self, message: dict[str, Any]) -> bool:
        """Keep a piece; pass the body on if it is complete, or an error response."""
        if message["type"] == "http.request":
            piece = message["body"]
            self.pieces.append(piece)
            self.missing -= len(piece)
            if self.missing <= 0:
                self.finish(None)
                return False
            if message["more_body"]:
                return True
        self.finish(refuse(incomplete_body(self.missing)))
        return False

    def finish(self, error_response: ErrorResponse | None) -> None:
        self.bodies.budget.release(self.length or 0)
        if error_response is None:
            pieces = self.pieces
            whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.environ["wsgi.input"] = io.BytesIO(whole)
        else:
            self.environ[ERROR_RESPONSE] = error_response
        self.bodies.begin(self.watcher, self.environ)

    def max_seconds(self) -> float:
        return super().max_seconds() if self.window_began_at else self.bodies.settings.body_seconds

    def check_window(self) -> None:
        """As for other bodies; up to `_SMALL_BYTES`, there is one limit of time and no rate."""
        if (self.length or 0) > _SMALL_BYTES:
            super().check_window()

    def bytes_so_far(self) -> int:
        return (self.length or 0) - self.missing


class LongBody(Body):
    """A long body or one of unknown length; see the state table above.

    :ivar step: the state: the method that handles the next piece.
    """

    def __init__(
        self, bodies: RequestBodies, watcher: Any, environ: WSGIEnvironment, length: int | None
    ) -> None:
        super().__init__(bodies, watcher, environ, length)
        # This object stands in for the watcher. An exception that is kept also keeps its frames,
        # and these would keep the real watcher and its connection.
        self.proto = watcher.proto
        self.scope = watcher.scope
        self.step: Callable[[bytes], object] = self.collect
        self.received = 0
        self.pieces: deque[bytes] = deque()
        self.buffered = 0
        self.has_ended = False
        self.was_requested = False  # by this server or the application, except as a probe
        self.failure: HTTPException | None = None
        self.delivered: SimpleQueue[bytes] = SimpleQueue()
        self.notify: Callable[[], object] | None = None  # called when a piece is delivered
        self.response: Response | None = None  # a response that is sent meanwhile
        self.probe_seconds = _FIRST_PROBE_SECONDS
        self.next_probe_at = 0.0
        self.probe_until = 0  # the value of `received` at which the probe ends
        self.lock = threading.RLock()
        self.is_answered = False
        self.is_kept = False
        self.discard_until = 0.0

    # Messages from Granian.

    def read(self) -> None:
        """Receive the next piece."""
        self.wait_for(self.proto.receive())

    def handle_message(self, future: Any) -> None:
        with self.lock:  # `begin_discarding` must not read between the check and the step
            if self.finish_wait(future):
                self.fail(too_slow())
                return
            if self.proto is None:  # the body was released
                return
            message = future.result()
            if message["type"] == "http.request":
                self.handle_piece(message["body"], message["more_body"])
            else:
                self.fail(incomplete_body(self.missing()))
            if self.has_ended:
                self.stop_watching()

    def handle_piece(self, piece: bytes, is_more: bool) -> None:
        self.received += len(piece)
        self.has_ended = not is_more or self.received == self.length
        if self.is_too_long():
            self.fail(RequestEntityTooLarge())
        elif self.has_ended and self.missing():
            self.fail(incomplete_body(self.missing()))
        elif piece or self.has_ended:
            self.step(piece)
        else:  # an empty HTTP/2 frame, or trailer fields
            self.read()

    def is_too_long(self) -> bool:
        limit = self.bodies.settings.max_body_bytes
        return limit is not None and self.received > limit and self.step != self.discard

    def missing(self) -> int | None:
        return None if self.length is None else self.length - self.received

    def fail(self, error: HTTPException) -> None:
        self.failure = error
        self.step(b"")
        self.stop_watching()

    def bytes_so_far(self) -> int:
        return self.received

    # States: `step` is one of these methods, or `_ignore`.

    def collect(self, piece: bytes) -> None:
        """Buffer pieces until the body is complete or the buffer is full."""
        self.pieces.append(piece)
        if self.failure is not None:
            self.send_failure(self.failure)
        elif self.has_ended:
            environ = self.environ
            environ["wsgi.input"] = io.BytesIO(b"".join(self.pieces))
            self.bodies.begin(self.release(), environ)
        elif self.may_buffer(len(piece)):
            self.read()
        else:
            self.step = self.deliver
            self.window_seconds, self.window_began_at = 0.0, self.received
            # Read ahead before a thread is free, so that the time limits apply meanwhile, too.
            self.read_ahead()
            if self.failure is None:
                self.serve_streaming()

    def may_buffer(self, size: int) -> bool:
        if self.received >= _HEAD_START_BYTES or not self.bodies.budget.acquire(size):
            return False
        self.buffered += size
        return True

    def send_failure(self, failure: HTTPException) -> None:
        """Send an error response without calling the application."""
        self.environ[ERROR_RESPONSE] = refuse(failure)
        self.bodies.respond(self, self.environ)
        self.begin_discarding()

    def deliver(self, piece: bytes) -> None:
        """Pass a piece to the application, which waits in `next_piece`."""
        if self.failure is not None and not self.is_answered:
            self.is_answered = True
            self.send_failure(self.failure)  # do not wait for a pool thread
            return
        self.delivered.put(piece)
        notify, self.notify = self.notify, None
        if notify is not None:
            notify()
        if self.response is not None and not self.has_ended and self.failure is None:
            self.continue_probe(len(piece))

    def discard(self, piece: bytes) -> None:
        """Drop a piece. After the time limit, Granian closes the connection."""
        is_over = self.has_ended or self.failure is not None
        if is_over or time.monotonic() > self.discard_until:
            self.release()
        else:
            self.read()

    # Called while a response is sent.

    def done(self) -> None:
        """End the response with an error, as the method of the watcher does."""
        watcher = self.watcher
        if watcher is not None:
            watcher.done()

    def watch_client(self, response: Response) -> None:
        """Report a disconnect to ``response`` until the body is complete or has failed."""
        with self.lock:
            self.response = response
            self.next_probe_at = time.monotonic() + self.probe_seconds
            if self.failure is not None or self.has_ended:
                self.stop_watching()
            elif self.was_requested:  # else Granian would send "100 Continue" before the head
                self.read_ahead()

    def probe_client(self) -> None:
        """Receive more of the body if no receive is pending and the last probe is long ago."""
        now = time.monotonic()
        if now < self.next_probe_at:
            return
        with self.lock:
            if self.pending is None and self.response is not None:
                self.probe_seconds *= 2
                self.probe_until = self.received + _PROBE_BYTES
                self.read()
            self.next_probe_at = now + self.probe_seconds

    def continue_probe(self, size: int) -> None:
        """Buffer a piece and receive the next, until the probe ends or the buffer is full."""
        if self.received >= self.probe_until:
            return
        if self.bodies.budget.acquire(size):
            self.buffered += size
            self.read()
        else:
            self.fail(ServiceUnavailable("Too many request bodies are waiting to be read."))

    def stop_watching(self) -> None:
        """Report a disconnect to the response, or let it call ``receive`` itself from now on."""
        response = self.response
        if response is None:
            return
        self.response = None
        response.request_body = None
        if isinstance(self.failure, ClientDisconnected):
            response.gone.set()
        else:
            response.watch_client()

    # Called by or for the application.

    def serve_streaming(self) -> None:
        """Queue the application in the thread pool, where it may block while it reads."""
        self.step = self.deliver
        self.environ["wsgi.input"] = io.BufferedReader(StreamingInput(self), _READ_SIZE)
        self.environ[UNREAD_BODY] = self
        self.bodies.pool.run(self.serve, self)

    def serve(self) -> None:
        with self.lock:
            if self.is_answered:  # an error response was sent meanwhile
                return
            self.is_answered = True
        try:
            self.bodies.respond(self, self.environ)
        finally:
            if not self.is_kept:
                self.end_serving()

    def keep_for_loop(self) -> Callable[[], object]:
        """Stay open after the application has returned, since its request is on the event loop.

        :returns: the function to call at the end of the request.
        """
        self.is_kept = True
        return self.end_serving

    def end_serving(self) -> None:
        """Receive the unread rest of the body, or release the request."""
        # After an unanswered Expect, the client may or may not send the body, so the next bytes
        # on the connection are ambiguous. Granian closes it.
        if self.was_requested:
            self.begin_discarding()
        else:
            self.release()

    def begin_discarding(self) -> None:
        """Receive the rest of the body, since the client may read the response only after that."""
        with self.lock:
            self.step = self.discard
            self.discard_until = time.monotonic() + _DISCARD_SECONDS
            if self.has_ended or isinstance(self.failure, (ClientDisconnected, RequestTimeout)):
                self.release()
            elif self.pending is None:
                self.failure = None
                self.read()

    def read_ahead(self) -> bool:
        """Receive one piece ahead of the application, unless the body has ended.

        :returns: whether a piece is queued or being received.
        """
        with self.lock:
            is_empty = self.pending is None and self.delivered.empty()
            if is_empty and self.failure is None and not self.has_ended:
                self.read()
            return self.pending is not None or not self.delivered.empty()

    def next_piece(self) -> bytes:
        """Wait for the next piece; empty at the end of the body.

        :raises HTTPException: if the body is incomplete, too slow or too long.
        """
        if self.pieces:
            return self.pieces.popleft()
        self.was_requested = True
        self.release_budget()
        while self.read_ahead():
            piece = self.wait_for_piece()
            if piece:
                self.read_ahead()
                return piece
        return self.end_of_body()

    def poll(self, notify: Callable[[], object]) -> bytes | None:
        """`next_piece` without waiting; see `stream_body.PieceSource`."""
        with self.lock:  # a piece must not arrive before ``notify`` is set
            if self.pieces:
                return self.pieces.popleft()
            self.was_requested = True
            self.release_budget()
            while self.read_ahead():
                if self.delivered.empty():
                    self.notify = notify
                    return None
                if piece := self.delivered.get_nowait():
                    self.read_ahead()
                    return piece
            return self.end_of_body()

    def end_of_body(self) -> bytes:
        """Nothing, if the body is complete.

        :raises HTTPException: if it is incomplete, too slow or too long.
        """
        if self.failure is not None:
            # A new exception: a stored one would form a cycle with this object, by its traceback.
            raise type(self.failure)(self.failure.description)
        return b""

    def wait_for_piece(self) -> bytes:
        with contextlib.suppress(Empty):
            return self.delivered.get_nowait()
        with self.bodies.pool.waiting():
            return self.delivered.get()

    def release_budget(self) -> None:
        if self.buffered:
            self.bodies.budget.release(self.buffered)
            self.buffered = 0

    def release(self) -> Any:
        """Release the request's objects, although its environ may be kept.

        :returns: the watcher, for the response.
        """
        self.release_budget()
        self.pieces.clear()
        self.delivered = SimpleQueue()
        self.has_ended = True
        self.environ, self.step, self.response = {}, _ignore, None
        self.cancel()
        watcher, self.watcher, self.proto = self.watcher, None, None
        return watcher


class StreamingInput(io.RawIOBase):
    """``wsgi.input`` of an application that reads while the body arrives.

    It is wrapped in `io.BufferedReader`, which adds ``read``, ``readline`` and iteration.
    """

    def __init__(self, body: LongBody) -> None:
        self._body = body
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill ``buffer`` from the next piece; see `LongBody.next_piece`."""
        if not self._rest:
            self._rest = memoryview(self._body.next_piece())
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


_READ_SIZE = 64 * 1024


def _ignore(piece: bytes) -> None:
    """The state ``released``: drop the piece."""


def incomplete_body(missing: int | None) -> ClientDisconnected:
    """The error for a body that ends early."""
    if missing:
        return ClientDisconnected(
            f"The request body ended {missing} bytes before its Content-Length."
        )
    return ClientDisconnected("The request body broke off, or is not properly chunked.")


def too_slow() -> RequestTimeout:
    """The error for a body that exceeds a time limit."""
    return RequestTimeout("The request body came too slowly.")


def refuse(error: HTTPException) -> ErrorResponse:
    """The error as a response that is sent without calling the application."""
    return ErrorResponse(HTTPStatus(error.code or 400), error.description or "")
