"""A response on its way out piece by piece, no faster than its client takes it.

Granian holds four pieces of each response, whatever their size, so pieces are cut. When these
are full, ``send`` gives a future. A body that is complete, or in a file (`ReadyResponse`), goes
on when the future is done, in Granian's thread; for one that the application makes piece by
piece (`StreamedResponse`), the thread of the application waits, and the next piece is not made
before. A client that left is reported by ``receive`` alone, which is pending meanwhile.

A response breaks off without its proper end, as RFC 9112 §8 asks for, when its protocol object
is given up before the Content-Length is reached. One without a Content-Length does when its
connection is closed, which in HTTP/2 ends the other responses of the connection too.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from ..sockets.connections import address_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..sockets.connections import Connections
    from .backlog import Backlog
    from .response_head import Head

PIECE_BYTES = 64 * 1024
# So many pieces go out before others have their turn: to a client that left, `send` always
# succeeds, and Granian's threads have to be free to report it.
_PIECES_IN_A_ROW = 32

# After a client left there is room for any number of pieces, and the report of that needs the GIL.
# So a thread that had to wait, and then sends 8 pieces in a row without a wait (then 16, 32, ...),
# waits for a report.
_PIECES_BEFORE_REPORT = 8
_REPORT_SECONDS = 0.1

# So many of our pieces Granian holds of one response.
_PARTS_OF_GRANIAN = 4

# For so long Granian may write what it has, before the connection is closed.
_LAST_WORDS_SECONDS = 0.05


class ClientGone(Exception):
    """The client closed the connection, or takes nothing any more."""


class Response:
    """One response that is sent in several pieces.

    :param watcher: Granian's, of the request.
    """

    def __init__(self, watcher: Any, head: Head, connections: Connections) -> None:
        self.watcher = watcher
        self.proto = watcher.proto
        self.client: tuple[str, str] = watcher.scope["client"]
        self.head = head
        self.connections = connections
        self.left = head.length  # of the Content-Length, in bytes
        self.problem: str | None = None  # with the length of the body, as a sentence
        self.gone = threading.Event()  # the client has left
        self.is_over = False
        self.size = 0  # bytes in memory that the backlog counts
        self.stalled_seconds = 0.0
        self.has_moved = False  # since the last look

    def start(self) -> None:
        """Send the head, and note when the client leaves."""
        head = self.head
        self.proto.send(
            {"type": "http.response.start", "status": head.status, "headers": head.fields}
        )
        if getattr(self.watcher, "is_received", True):  # else `receive` brings the body's rest
            self.watch_client()

    def watch_client(self) -> None:
        future = self.proto.receive()
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self.note_message)
        else:  # it has left already
            self.gone.set()

    def note_message(self, future: Any) -> None:
        if self.is_over or future.cancelled():
            return
        if future.result()["type"] == "http.disconnect":
            self.gone.set()
        else:  # the end of the request
            self.watch_client()

    def cut(self, piece: bytes) -> bytes:
        """As much of a piece as the Content-Length allows."""
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
        """Send a piece; Granian's future if there is no room for more, else ``None``.

        :raises ClientGone: if the response is over.
        """
        proto = self.proto
        if proto is None or self.gone.is_set():
            raise ClientGone
        future = proto.send({"type": "http.response.body", "body": piece, "more_body": True})
        return future if hasattr(future, "add_done_callback") else None

    def end(self) -> None:
        """Send the end, or close the connection if the body is shorter than it should be."""
        if self.head.has_body and self.left:
            length = self.head.length or 0
            self.problem = (
                f"The body has {length - self.left} bytes, and its Content-Length is {length}:"
                " the connection was closed."
            )
            self.break_off()
            return
        self.is_over = True
        proto, self.proto = self.proto, None
        if proto is not None:
            proto.send({"type": "http.response.body", "body": b""})

    def break_off(self) -> None:
        """See that what was sent does not pass for a whole response.

        A body that ends before its Content-Length is broken off by Granian.
        """
        self.is_over = True
        self.proto = None
        if self.head.length is None:
            time.sleep(_LAST_WORDS_SECONDS)
            self.close_connection()

    def note_time(self, seconds: float) -> None:
        """Count time in which nothing was taken."""
        self.stalled_seconds = 0.0 if self.has_moved else self.stalled_seconds + seconds
        self.has_moved = False

    def give_up(self) -> None:
        """Close the connection of a client that takes nothing."""
        raise NotImplementedError

    def close_connection(self) -> None:
        connection = self.connections.find(address_of(self.client))
        if connection is not None:
            with connection, contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class StreamedResponse(Response):
    """A body that the application makes piece by piece; used by one thread.

    :param backlog: counts it while the thread waits for the client.
    """

    def __init__(
        self, watcher: Any, head: Head, connections: Connections, *, backlog: Backlog
    ) -> None:
        super().__init__(watcher, head, connections)
        self.backlog = backlog
        self.taken = threading.Event()
        self.in_a_row = 0  # pieces that were sent since the last wait
        self.report_after = 0  # so many of them; 0: there was no wait yet

    def send(self, piece: bytes) -> bool:
        """Send what the application made, as the client takes it.

        :returns: whether more may follow.
        :raises ClientGone: if the client does not take it.
        """
        if not self.head.has_body:
            return False
        piece = self.cut(piece)
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
        """Wait until the client has taken a part of the piece, or is given up."""
        self.backlog.hold(self, piece_bytes + _PARTS_OF_GRANIAN * min(piece_bytes, PIECE_BYTES))
        self.taken.clear()
        future.add_done_callback(self.note_taken)
        self.taken.wait()
        self.has_moved = True

    def note_taken(self, future: Any) -> None:
        self.taken.set()

    def give_up(self) -> None:
        """Close the connection of a client that takes nothing."""
        self.is_over, self.proto = True, None
        self.close_connection()
        self.taken.set()


class ReadyResponse(Response):
    """A body that is complete, or in a file: it goes out without a thread that waits.

    :param pieces: of at most `PIECE_BYTES` each; any thread may ask for the next.
    :param size: bytes of it that are in memory.
    :param backlog: counts those that are not sent yet.
    :param later: calls a function when others have had their turn.
    :param log: takes what was wrong with the length of the body.
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
        later: Callable[[Callable[[], object]], object],
        log: Callable[[str], object],
        close: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(watcher, head, connections)
        self.pieces = pieces
        self.size = size
        self.backlog = backlog
        self.later = later
        self.log = log
        self.close = close
        self.lock = threading.Lock()
        self.is_running = False
        self.must_run_again = False

    def run(self) -> None:
        """Send as much as there is room for; called again when there is room for more."""
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
                    self.later(self.run)
                    return
                in_a_row += 1
                piece = next(self.pieces, None) if self.problem is None else None
                if piece is None:
                    self.end()
                    self.leave()
                    return
                future = self.send_piece(self.cut(piece))
                self.has_moved = True
                self.shrink(len(piece))
                if future is not None:
                    future.add_done_callback(self.note_taken)
                    return
        except ClientGone:
            self.is_over = True
            self.leave()
        except BaseException as error:  # the file cannot be read
            self.break_off()
            self.leave()
            traceback.print_exception(type(error), error, error.__traceback__)

    def note_taken(self, future: Any) -> None:
        self.run()

    def shrink(self, size: int) -> None:
        if self.size:
            self.size -= size
            self.backlog.shrink(self.client, size)

    def give_up(self) -> None:
        """Close the connection of a client that takes nothing."""
        self.is_over, self.proto = True, None
        self.close_connection()
        self.leave()

    def leave(self) -> None:
        """Forget the body; only the first call counts."""
        if not self.backlog.forget(self):
            return
        self.pieces = iter(())
        self.watcher = self.proto = None
        close, self.close = self.close, None
        if close is not None:
            close()
        if self.problem is not None:
            self.log(self.problem)
