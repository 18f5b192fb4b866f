"""Request bodies that a view on the event loop reads while they arrive; see `stream_body.py`."""

from __future__ import annotations

import asyncio
import io
import threading
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from ..aio.running import is_loop_running
from ..aio.steps import in_thread
from ..aio.thread_source import ThreadSource
from .body import announced_length, open_body
from .spool import MEMORY_BYTES, is_complete
from .stream_body import UNREAD_BODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import IO

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

    from .request import Request
    from .stream_body import PieceSource

_PIECE_BYTES = 64 * 1024


class UnreadBody(io.RawIOBase):
    """A body that may not have arrived: awaited on the event loop, or read in a thread.

    It is the ``wsgi.input`` of its request.

    :ivar count: the number of bytes that were awaited.
    """

    def __init__(self) -> None:
        self.count = 0
        self._rest = memoryview(b"")

    async def next_piece(self) -> bytes:
        """The next piece; empty at the end.

        :raises HTTPException: if the body is incomplete, too slow or too long.
        """
        if self._rest:  # a thread has read the beginning of a piece
            rest, self._rest = bytes(self._rest), memoryview(b"")
            return rest
        return await self._receive()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Wait for the next piece in a thread.

        :raises RuntimeError: on an event loop.
        """
        if is_loop_running():
            raise RuntimeError(
                "The request body was read by a synchronous method or attribute, such as"
                " request.form, request.json, request.data or request.stream. The view has"
                " @stream_body, so the body has not arrived, and waiting for it would block the"
                " event loop. Read it with 'async for chunk in request.stream_chunks()', or remove"
                " @stream_body."
            )
        if not self._rest:
            self._rest = memoryview(self._wait())
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    async def _receive(self) -> bytes:
        raise NotImplementedError

    def _wait(self) -> bytes:
        raise NotImplementedError


class PolledBody(UnreadBody):
    """A body from a server that notifies of its pieces: no thread waits for them."""

    def __init__(self, source: PieceSource) -> None:
        super().__init__()
        self._source = source

    async def _receive(self) -> bytes:
        loop = asyncio.get_running_loop()
        while True:
            arrived = loop.create_future()
            notify = partial(loop.call_soon_threadsafe, _set_done, arrived)
            piece = self._source.poll(notify)
            if piece is not None:
                return piece
            await arrived

    def _wait(self) -> bytes:
        while True:
            arrived = threading.Event()
            piece = self._source.poll(arrived.set)
            if piece is not None:
                return piece
            arrived.wait()


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class ReceivedPieces:
    """The pieces of a body that has arrived completely."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def poll(self, notify: Callable[[], object]) -> bytes:
        """The next piece."""
        return self._file.read(_PIECE_BYTES)


class BodyInThread(UnreadBody):
    """A body from another WSGI server: it is read in a thread of its own."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._read: Callable[[], bytes] = partial(
            getattr(file, "read1", None) or file.read, _PIECE_BYTES
        )
        pieces = iter(self._read, b"")
        self._pieces: ThreadSource[bytes] = ThreadSource(pieces, Context(), _ignore)

    async def _receive(self) -> bytes:
        return await anext(self._pieces, b"")

    def _wait(self) -> bytes:
        return self._read()

    def close(self) -> None:
        self._pieces.stop()
        super().close()


def _ignore(error: BaseException) -> None:
    """Ignore what reading raises when the request is over."""


def leave_unread(environ: WSGIEnvironment) -> UnreadBody:
    """Make the body of a request an `UnreadBody`, unless it is one."""
    current = environ["wsgi.input"]
    if isinstance(current, UnreadBody):
        return current
    body: UnreadBody
    if is_complete(environ):
        body = PolledBody(ReceivedPieces(current))
    elif UNREAD_BODY in environ:
        body = PolledBody(environ[UNREAD_BODY])
    else:
        body = BodyInThread(open_body(environ, None))
    environ["wsgi.input"] = body
    environ["wsgi.input_terminated"] = True
    return body


async def read_chunks(request: Request) -> AsyncIterator[bytes]:
    """The pieces of the body of a request; see `Request.stream_chunks`."""
    environ = request.environ
    if is_complete(environ) or "_cached_data" in request.__dict__:
        stream = request.complete_stream()
        is_on_disk = (announced_length(environ) or 0) > MEMORY_BYTES
        while chunk := await _read(stream, is_on_disk=is_on_disk):
            yield chunk
        return
    max_bytes, announced = request.max_content_length, announced_length(environ)
    if max_bytes is not None and announced is not None and announced > max_bytes:
        raise RequestEntityTooLarge
    body = leave_unread(environ)
    while piece := await body.next_piece():
        body.count += len(piece)
        if max_bytes is not None and body.count > max_bytes:
            raise RequestEntityTooLarge
        yield piece
    if announced is not None and body.count < announced:
        raise ClientDisconnected(
            f"The request body ended {announced - body.count} bytes before its Content-Length."
        )


async def _read(stream: IO[bytes], *, is_on_disk: bool) -> Any:
    if is_on_disk:
        return await in_thread(stream.read, _PIECE_BYTES)
    return stream.read(_PIECE_BYTES)
