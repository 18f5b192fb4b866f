"""Request bodies: read without holding a thread, and handed to the application whole or never.

Granian brings the pieces of a body to callbacks, in threads of its own. A short body is
collected and the application is called with all of it. Of a long one, or one without a length
that goes on, a part is collected; then the application runs in a thread of `thread_pool.py` and
reads the rest as it arrives. A body that breaks off (``http.disconnect``) raises out of that input,
or is answered before the application is called; so is one that comes too slowly (`timeouts.py`).
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
)

from ...http.body import SHORT_BYTES
from .validation import ERROR_RESPONSE, ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

    from ..options import Settings
    from ..sockets.connections import Connections
    from .thread_pool import ThreadPool

    # Granian's watcher of the request, and the environ
    Answer = Callable[[Any, WSGIEnvironment], object]

# A body of known length up to here is collected before the application is called.
_COLLECTED = SHORT_BYTES  # so that forms are split at once
# So many bytes are in time if all of them are; of more, it is looked how they come.
_SMALL = 64 * 1024
# So much of a longer one is here before a thread is given to it.
_HEAD_START = 256 * 1024
# So much is kept of all bodies that wait for their rest, before applications have to read.
_KEPT_IN_ALL = 128 * 1024 * 1024
# For so long the rest of a body is received that nobody read, so that its sender sees the
# answer: a connection closed while data arrives is reset, and the answer is lost.
_DISCARD_SECONDS = 10.0


class RequestBodies:
    """Reads the bodies of one server's requests and has them answered.

    :param answer: answers a request in this thread.
    :param begin: answers a request whose input is complete; may leave it to another thread.
    """

    def __init__(
        self,
        settings: Settings,
        pool: ThreadPool,
        connections: Connections,
        answer: Answer,
        begin: Answer,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.connections = connections
        self.answer = answer
        self.begin = begin
        self.budget = Budget(_KEPT_IN_ALL)
        self.waiting: set[Body] = set()  # for their clients, at this moment

    def receive(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Have the request answered when its body is here; returns at once."""
        length = int(environ["CONTENT_LENGTH"]) if "CONTENT_LENGTH" in environ else None
        if "HTTP_EXPECT" in environ:  # its client waits until somebody wants the body
            LongBody(self, watcher, environ, length).serve_live()
        elif length is not None and length <= _COLLECTED and self.budget.take(length):
            ShortBody(self, watcher, environ, length).read()
        else:
            LongBody(self, watcher, environ, length).read()

    def discard(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Receive what is on its way of a body that was refused."""
        if "HTTP_EXPECT" not in environ:
            LongBody(self, watcher, environ, None).begin_discarding()


class Budget:
    """Bytes that may be kept in all."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.lock = threading.Lock()

    def take(self, size: int) -> bool:
        with self.lock:
            if size > self.left:
                return False
            self.left -= size
            return True

    def give_back(self, size: int) -> None:
        with self.lock:
            self.left += size


class Body:
    """A body under way. ``waited_seconds``: for its client, as `timeouts.py` counts."""

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
        """Have `arrive` called with what Granian promises, which may be now."""
        add_done_callback = getattr(future, "add_done_callback", None)
        if add_done_callback is None:  # the client has left already
            future, add_done_callback = _DISCONNECTED, _call_with_disconnected
        self.pending = future
        self.bodies.waiting.add(self)
        add_done_callback(self.arrive)

    def arrive(self, future: Any) -> None:
        raise NotImplementedError

    def note_time(self, seconds: float) -> None:
        """Count time that was spent waiting for the client; cancel what takes too long."""
        self.waited_seconds += seconds
        self.window_seconds += seconds
        if self.waited_seconds >= self.most_seconds():
            self.cancel()
        elif self.window_seconds >= self.bodies.settings.body_window_seconds:
            self.look_at_window()

    def look_at_window(self) -> None:
        """Cancel if too little came since the last look."""
        so_far = self.bytes_so_far()
        wanted = self.bodies.settings.body_rate * self.window_seconds
        if so_far is not None and so_far - self.window_began_at < wanted:
            self.cancel()
        self.window_seconds, self.window_began_at = 0.0, so_far or 0

    def most_seconds(self) -> float:
        """For how long to wait for the client in all."""
        return self.bodies.settings.upload_seconds

    def bytes_so_far(self) -> int | None:
        """How much has come, counted from anywhere; ``None`` if that is not known."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Wait no longer; `arrive` is told."""
        pending = self.pending
        if pending is not None:
            pending.cancel()

    def is_cancelled(self, future: Any) -> bool:
        """Take note that the future is done. Kept, it would keep this body, and it itself."""
        self.pending = None
        self.bodies.waiting.discard(self)
        return bool(future.cancelled())


class _Disconnected:
    """What a future of Granian's is when its client has left."""

    def cancelled(self) -> bool:
        return False

    def cancel(self) -> bool:
        return False

    def result(self) -> dict[str, str]:
        return {"type": "http.disconnect"}


_DISCONNECTED = _Disconnected()


def _call_with_disconnected(callback: Callable[[Any], object]) -> None:
    callback(_DISCONNECTED)


class ShortBody(Body):
    """A body of known length that is collected."""

    def __init__(
        self, bodies: RequestBodies, watcher: Any, environ: WSGIEnvironment, length: int
    ) -> None:
        super().__init__(bodies, watcher, environ, length)
        self.receive = watcher.proto.receive
        self.pieces: list[bytes] = []
        self.missing = length

    # PERF: a form takes this way. When all bytes are here, the end is not waited for.
    def read(self) -> None:
        self.wait_for(self.receive())

    def arrive(self, future: Any) -> None:
        if self.is_cancelled(future):
            self.finish(refuse(too_slow()))
            return
        message = future.result()
        if message["type"] != "http.request":
            self.finish(refuse(broken_off(self.missing)))
            return
        piece = message["body"]
        self.pieces.append(piece)
        self.missing -= len(piece)
        if self.missing <= 0:
            self.finish(None)
        elif message["more_body"]:
            self.read()
        else:
            self.finish(refuse(broken_off(self.missing)))

    def finish(self, error_response: ErrorResponse | None) -> None:
        self.bodies.budget.give_back(self.length or 0)
        if error_response is None:
            pieces = self.pieces
            whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self.environ["wsgi.input"] = io.BytesIO(whole)
        else:
            self.environ[ERROR_RESPONSE] = error_response
        self.bodies.begin(self.watcher, self.environ)

    def most_seconds(self) -> float:
        if self.length is not None and self.length > _SMALL and self.window_began_at:
            return super().most_seconds()
        return self.bodies.settings.body_seconds

    def bytes_so_far(self) -> int | None:
        return (self.length or 0) - self.missing


class LongBody(Body):
    """A body that arrives piece by piece: collected, then delivered, then discarded.

    ``step`` says what happens to the next piece, ``fail`` and ``finish`` what the end means.
    """

    def __init__(
        self, bodies: RequestBodies, watcher: Any, environ: WSGIEnvironment, length: int | None
    ) -> None:
        super().__init__(bodies, watcher, environ, length)
        # Stands for the watcher while it is needed: whoever keeps an exception keeps the frames
        # it went through, and with them would keep the real one, and its connection.
        self.proto = watcher.proto
        self.scope = watcher.scope
        self.step: Callable[[bytes], object] = self.collect
        self.received = 0
        self.pieces: deque[bytes] = deque()
        self.kept = 0
        self.has_ended = False
        self.was_asked = False
        self.failure: HTTPException | None = None
        self.delivered: SimpleQueue[bytes] = SimpleQueue()
        self.is_ahead = False
        self.lock = threading.RLock()
        self.is_served = False
        self.discard_until = 0.0

    # What arrives.

    def read(self) -> None:
        """Ask for the next piece."""
        self.was_asked = True
        self.wait_for(self.proto.receive())

    def arrive(self, future: Any) -> None:
        with self.lock:  # so that nobody reads because nothing is pending any more
            if self.is_cancelled(future):
                self.fail(too_slow())
                return
            message = future.result()
            if message["type"] == "http.request":
                self.take(message["body"], message["more_body"])
            else:
                self.fail(broken_off(self.missing()))

    def take(self, piece: bytes, is_more: bool) -> None:
        self.received += len(piece)
        self.has_ended = not is_more or self.received == self.length
        if self.is_too_long():
            self.fail(RequestEntityTooLarge())
        elif self.has_ended and self.missing():
            self.fail(broken_off(self.missing()))
        elif piece or self.has_ended:
            self.step(piece)
        else:  # an empty frame of HTTP/2, or trailer fields
            self.read()

    @property
    def is_received(self) -> bool:
        """Whether nothing more is to come, so that ``receive`` reports the client's leaving."""
        return self.has_ended

    def is_too_long(self) -> bool:
        limit = self.bodies.settings.max_body_bytes
        return limit is not None and self.received > limit and self.step != self.discard

    def missing(self) -> int | None:
        return None if self.length is None else self.length - self.received

    def fail(self, error: HTTPException) -> None:
        self.failure = error
        self.step(b"")

    def bytes_so_far(self) -> int | None:
        return self.received

    # What is done with it: one of these is `step`.

    def collect(self, piece: bytes) -> None:
        """Keep pieces until the body is complete, or there are enough of them."""
        self.pieces.append(piece)
        if self.failure is not None:
            self.answer_failure(self.failure)
        elif self.has_ended:
            environ = self.environ
            environ["wsgi.input"] = io.BytesIO(b"".join(self.pieces))
            self.bodies.begin(self.let_go(), environ)
        elif self.may_keep(len(piece)):
            self.read()
        else:
            self.step = self.deliver
            self.window_seconds, self.window_began_at = 0.0, self.received
            # Before there is a thread for it: time passes for one that waits for that as well.
            self.read_ahead()
            if self.failure is None:
                self.serve_live()

    def may_keep(self, size: int) -> bool:
        if self.received >= _HEAD_START or not self.bodies.budget.take(size):
            return False
        self.kept += size
        return True

    def answer_failure(self, failure: HTTPException) -> None:
        """Say what was wrong with the body; the application is not asked."""
        self.environ[ERROR_RESPONSE] = refuse(failure)
        self.bodies.answer(self, self.environ)
        self.begin_discarding()

    def deliver(self, piece: bytes) -> None:
        """Wake the application, which waits in `next_piece`."""
        if self.failure is not None and not self.is_served:
            self.is_served = True
            self.answer_failure(self.failure)  # not only when there is a thread for it
        else:
            self.delivered.put(piece)

    def discard(self, piece: bytes) -> None:
        """Receive what nobody wants; a connection that does not end it is closed."""
        is_over = self.has_ended or self.failure is not None
        if is_over or time.monotonic() > self.discard_until:
            self.let_go()
        else:
            self.read()

    # The application's side.

    def serve_live(self) -> None:
        """Let the application ask for the body, in a thread that may wait."""
        self.step = self.deliver
        self.environ["wsgi.input"] = io.BufferedReader(LiveInput(self), _READ_SIZE)
        self.bodies.pool.run(self.serve, self)

    def serve(self) -> None:
        with self.lock:
            if self.is_served:  # it failed meanwhile, and has been answered
                return
            self.is_served = True
        try:
            self.bodies.answer(self, self.environ)
        finally:
            # Who was never asked for the body may not send it, and the next thing in the
            # connection might be anything; Granian closes it.
            if self.was_asked:
                self.begin_discarding()
            else:
                self.let_go()

    def begin_discarding(self) -> None:
        """Let the rest of the body come, since the client may look for its answer only then."""
        with self.lock:
            self.step = self.discard
            self.discard_until = time.monotonic() + _DISCARD_SECONDS
            if self.has_ended or isinstance(self.failure, (ClientDisconnected, RequestTimeout)):
                self.let_go()
            elif self.pending is None:
                self.failure = None
                self.read()

    def read_ahead(self) -> None:
        """Ask for the piece after those that the application has, unless there is none."""
        if self.failure is None and not self.has_ended:
            self.is_ahead = True
            self.read()

    def next_piece(self) -> bytes:
        """The next bytes for the application, waiting for them; none at the end.

        :raises HTTPException: if the body broke off, came too slowly or is too long.
        """
        if self.pieces:
            return self.pieces.popleft()
        self.give_back()
        if not self.is_ahead:
            self.read_ahead()
        if self.is_ahead:
            piece = self.wait_for_piece()
            self.is_ahead = False
            if piece:
                self.read_ahead()
                return piece
        if self.failure is not None:
            # A new one: its traceback names frames, and those this object, which would be a cycle.
            raise type(self.failure)(self.failure.description)
        return b""

    def wait_for_piece(self) -> bytes:
        with contextlib.suppress(Empty):
            return self.delivered.get_nowait()
        with self.bodies.pool.waiting():
            return self.delivered.get()

    def give_back(self) -> None:
        if self.kept:
            self.bodies.budget.give_back(self.kept)
            self.kept = 0

    def let_go(self) -> Any:
        """Forget the request, although its environ may be kept; the watcher, for its answer."""
        self.give_back()
        self.pieces.clear()
        self.has_ended = True
        self.environ, self.step = {}, _ignore
        watcher, self.watcher, self.proto = self.watcher, None, None
        return watcher


class LiveInput(io.RawIOBase):
    """The input of an application that reads while the body arrives.

    `io.BufferedReader` around it gives ``read``, ``readline``, ``readlines`` and iteration.
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
    """What is done with a piece when the request is over."""


def broken_off(missing: int | None) -> ClientDisconnected:
    """What an application gets that reads a body without its end."""
    if missing:
        return ClientDisconnected(
            f"The request body ended {missing} bytes before its Content-Length."
        )
    return ClientDisconnected("The request body broke off, or is not properly chunked.")


def too_slow() -> RequestTimeout:
    """What an application gets that reads a body that is not worth waiting for."""
    return RequestTimeout("The request body came too slowly.")


def refuse(error: HTTPException) -> ErrorResponse:
    """The error as an answer from before the application was asked."""
    return ErrorResponse(HTTPStatus(error.code or 400), error.description or "")
