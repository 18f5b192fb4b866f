"""Send long response bodies in pieces, no faster than the client receives them.

Granian buffers four pieces per response, whatever their size, so pieces are limited to
`PIECE_BYTES`. When the buffer is full, ``send`` returns a future. For a body that the application
generates (`StreamedResponse`), the application's thread waits for the future before it makes the
next piece. A complete body or a file (`ReadyResponse`) needs no waiting thread:

| State of a `ReadyResponse` | Event | Action | Next state |
| --- | --- | --- | --- |
| - | `start`, `run` | sends the head | sending |
| sending | Granian's buffer is full | adds a callback to its future | waiting |
| sending | `_PIECES_IN_A_ROW` pieces sent | queues `run` in the thread pool | queued |
| sending | `run` is called by another thread | sets `must_run_again` | sending |
| sending | no piece left | sends the end; aborts if the body is too short | over |
| sending | body is longer than its Content-Length | truncates it, sends the end | over |
| sending | client disconnected | none | over |
| sending | the file cannot be read | aborts | over |
| waiting | room in the buffer, or client disconnected | runs in Granian's thread | sending |
| queued | a pool thread is free | runs in that thread | sending |
| any | no progress for the time limit | closes the connection | over |

Only ``receive`` reports a disconnect, so a call of it is pending while a response is sent. Until
the request body is complete, the body makes these calls (`request_body.py`).

To abort a response so that the client notices (RFC 9112 §8), ``done`` of Granian's watcher ends it
with an error: the connection is closed, or in HTTP/2 the stream is reset. Granian handles the error
after the data before it, so for a stalled client the connection is closed here. In HTTP/2, this
also ends the connection's other responses.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from ...logging import retort_logger
from ..sockets.connections import address_of
from .request_body import LongBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIEnvironment

    from ..sockets.connections import Connections
    from .backlog import Backlog
    from .response_head import Head

PIECE_BYTES = 64 * 1024
TOO_MUCH = "Too many responses are being sent; try again later."
# The number of pieces after which a response yields to others. After a disconnect `send` always
# succeeds, and a Granian thread must be free to report the disconnect.
_PIECES_IN_A_ROW = 32

# After a disconnect `send` never waits, and reporting the disconnect needs the GIL. So after its
# first wait, a thread that has sent 8 pieces without waiting (then 16, 32, ...) waits for a report.
_PIECES_BEFORE_REPORT = 8
_REPORT_SECONDS = 0.1

# The number of pieces that Granian buffers per response.
GRANIAN_PIECES = 4

# The time Granian gets to write its buffer before it closes the connection.
_FLUSH_SECONDS = 0.05


def log_problem(environ: WSGIEnvironment, problem: str) -> None:
    """Log a problem of the response to a request."""
    log = retort_logger("retort.server")
    log.error("%s %s: %s", environ["REQUEST_METHOD"], environ["PATH_INFO"], problem)


class ClientGone(Exception):
    """The client has disconnected, or its response was closed after a timeout."""


class Response:
    """One response that is sent in several pieces.

    :param watcher: Granian's watcher of the request.
    """

    def __init__(self, watcher: Any, head: Head, connections: Connections) -> None:
        self.watcher = watcher
        self.proto = watcher.proto
        self.client: tuple[str, str] = watcher.scope["client"]
        self.head = head
        self.connections = connections
        self.left = head.length  # bytes until the Content-Length is reached
        self.problem: str | None = None  # a message if the body's length is wrong
        self.gone = threading.Event()  # set when the client has disconnected
        self.request_body: LongBody | None = None  # if it was not complete at the start
        self.is_over = False
        self.size = 0  # bytes in memory that the backlog counts
        self.stalled_seconds = 0.0
        self.has_progressed = False  # since the last call of `note_time`

    def start(self) -> None:
        """Send the head, and watch for a disconnect."""
        head = self.head
        self.proto.send(
            {"type": "http.response.start", "status": head.status, "headers": head.fields}
        )
        request_body = self.watcher
        if isinstance(request_body, LongBody):  # `receive` may return its rest first
            self.request_body = request_body
            request_body.watch_client(self)
        else:
            self.watch_client()

    def watch_client(self) -> None:
        """Note the disconnect, now that ``receive`` returns no more of the body."""
        proto = self.proto
        if proto is None:
            return
        future = proto.receive()
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self.note_message)
        else:  # it has disconnected already
            self.gone.set()

    def note_message(self, future: Any) -> None:
        if self.is_over or future.cancelled():
            return
        if future.result()["type"] == "http.disconnect":
            self.gone.set()
        else:  # the end of the request
            self.watch_client()

    def truncate(self, piece: bytes) -> bytes:
        """Truncate a piece that exceeds the Content-Length."""
        if self.left is None:
            return piece
        if len(piece) > self.left:
            self.problem = (
                f"The body is longer than its Content-Length of {self.head.length} bytes,"
                " after which it was cut."
            )
            piece = piece[: self.left]
        self.left -= len(piece)
        return piece

    def send_piece(self, piece: bytes) -> Any:
        """Send a piece.

        :returns: Granian's future if its buffer is full, else ``None``.
        :raises ClientGone: if the response is over.
        """
        proto, request_body = self.proto, self.request_body
        if request_body is not None:
            request_body.probe_client()
        if proto is None or self.gone.is_set():
            raise ClientGone
        future = proto.send({"type": "http.response.body", "body": piece, "more_body": True})
        return future if hasattr(future, "add_done_callback") else None

    def end(self) -> None:
        """Send the end; abort if the body is shorter than its Content-Length."""
        if self.head.has_body and self.left:
            length = self.head.length or 0
            self.problem = (
                f"The body has {length - self.left} bytes, and its Content-Length is {length}:"
                " the response was broken off."
            )
            self.abort()
            return
        self.is_over = True
        proto, self.proto = self.proto, None
        if proto is not None:
            proto.send({"type": "http.response.body", "body": b""})

    def abort(self) -> None:
        """End the response so that the client does not take it for complete."""
        self.is_over = True
        time.sleep(_FLUSH_SECONDS)
        self.end_early()

    def close_stalled(self) -> None:
        """End the response of a stalled client, and close its connection."""
        self.end_early()
        connection = self.connections.find(address_of(self.client))
        if connection is not None:
            with connection, contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def end_early(self) -> None:
        """Have Granian end the response with an error, after the data before it."""
        self.is_over = True
        self.proto = None
        watcher, self.watcher = self.watcher, None
        if watcher is not None:
            watcher.done()

    def note_time(self, seconds: float) -> None:
        """Add to the time without progress, or reset it."""
        self.stalled_seconds = 0.0 if self.has_progressed else self.stalled_seconds + seconds
        self.has_progressed = False


class StreamedResponse(Response):
    """A body that the application generates piece by piece; used by one thread.

    :param backlog: counts the response while the thread waits for the client.
    """

    def __init__(
        self, watcher: Any, head: Head, connections: Connections, *, backlog: Backlog
    ) -> None:
        super().__init__(watcher, head, connections)
        self.backlog = backlog
        self.room = threading.Event()
        self.in_a_row = 0  # pieces sent since the last wait
        self.report_after = 0  # wait for a report after this many; 0: no wait yet

    def send(self, piece: bytes) -> bool:
        """Send a piece, and wait while Granian's buffer is full.

        :returns: whether more pieces may follow.
        :raises ClientGone: if the response is over.
        """
        if not self.head.has_body:
            return False
        piece = self.truncate(piece)
        try:
            self.send_in_parts(piece)
        finally:
            self.backlog.release(self)
        return self.problem is None

    def send_in_parts(self, piece: bytes) -> None:
        for start in range(0, len(piece), PIECE_BYTES):
            future = self.send_piece(piece[start : start + PIECE_BYTES])
            if future is not None:
                self.wait_for(future, len(piece))
                self.in_a_row, self.report_after = 0, _PIECES_BEFORE_REPORT
            else:
                self.in_a_row += 1
                if self.in_a_row == self.report_after:
                    self.report_after *= 2
                    self.gone.wait(_REPORT_SECONDS)

    def wait_for(self, future: Any, piece_bytes: int) -> None:
        """Wait until Granian's buffer has room, or the response is closed after a timeout."""
        self.backlog.hold(self, piece_bytes + GRANIAN_PIECES * min(piece_bytes, PIECE_BYTES))
        self.room.clear()
        future.add_done_callback(self.note_room)
        self.room.wait()
        self.has_progressed = True

    def note_room(self, future: Any) -> None:
        self.room.set()

    def end_early(self) -> None:
        super().end_early()
        self.room.set()


class ReadyResponse(Response):
    """A complete body or a file, sent without a waiting thread; see the state table above.

    :param pieces: at most `PIECE_BYTES` each; any thread may advance the iterator.
    :param size: the number of its bytes in memory.
    :param backlog: counts the bytes that are not sent yet.
    :param call_later: queues a function, so that other responses run first.
    :param log: called with a message if the body's length is wrong.
    :param close: called at the end.
    """

    def __init__(
        self,
        watcher: Any,
        head: Head,
        connections: Connections,
        *,
        pieces: Iterator[bytes],
        size: int,
        backlog: Backlog,
        call_later: Callable[[Callable[[], object]], object],
        log: Callable[[str], object],
        close: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(watcher, head, connections)
        self.pieces = pieces
        self.size = size
        self.backlog = backlog
        self.call_later = call_later
        self.log = log
        self.close = close
        self.lock = threading.Lock()
        self.is_running = False
        self.must_run_again = False

    def run(self) -> None:
        """Send until Granian's buffer is full; called again when it has room."""
        with self.lock:
            if self.is_running:
                self.must_run_again = True
                return
            self.is_running = True
        while True:
            self.send_until_full()
            with self.lock:
                if not self.must_run_again:
                    self.is_running = False
                    return
                self.must_run_again = False

    def send_until_full(self) -> None:
        in_a_row = 0
        try:
            while not self.is_over:
                if in_a_row == _PIECES_IN_A_ROW:
                    self.call_later(self.run)
                    return
                in_a_row += 1
                piece = next(self.pieces, None) if self.problem is None else None
                if piece is None:
                    self.end()
                    self.finish()
                    return
                future = self.send_piece(self.truncate(piece))
                self.has_progressed = True
                self.note_sent(len(piece))
                if future is not None:
                    future.add_done_callback(self.note_room)
                    return
        except ClientGone:
            self.is_over = True
            self.finish()
        except BaseException as error:  # the file cannot be read
            self.abort()
            traceback.print_exception(type(error), error, error.__traceback__)

    def note_room(self, future: Any) -> None:
        self.run()

    def note_sent(self, size: int) -> None:
        if self.size:
            self.size -= size
            self.backlog.note_sent(self.client, size)

    def end_early(self) -> None:
        super().end_early()
        self.finish()

    def finish(self) -> None:
        """Release the body; only the first call has an effect."""
        if not self.backlog.remove(self):
            return
        self.pieces = iter(())
        self.watcher = self.proto = None
        close, self.close = self.close, None
        if close is not None:
            close()
        if self.problem is not None:
            self.log(self.problem)
