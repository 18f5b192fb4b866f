"""Read request bodies completely, or raise an error.

However a body is framed and read, a body longer than the limit is a 413 and a truncated body is
a 400. Parsing is left to `forms.py` and to the program.
"""

from __future__ import annotations

import re
from functools import lru_cache
from io import BufferedReader, BytesIO, RawIOBase
from typing import TYPE_CHECKING, Any, cast

from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    LengthRequired,
    RequestEntityTooLarge,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

_PIECE_BYTES = 64 * 1024
# A body up to this size may be kept in memory completely.
SHORT_BYTES = 2_500_000
_DIGITS = re.compile(r"[0-9]{1,30}")  # int() accepts at most 4,300 digits
# The inputs of Granian's WSGI and of gunicorn.
_WAIT_FOR_ALL = frozenset({"granian._granian.WSGIBody", "gunicorn.http.body.Body"})


def open_body(environ: WSGIEnvironment, max_bytes: int | None) -> IO[bytes]:
    """A stream of the request body in ``environ``.

    :param max_bytes: the longest body to read, in bytes; ``None``: no limit.
    :raises werkzeug.exceptions.RequestEntityTooLarge: if ``Content-Length`` exceeds it.
    :raises werkzeug.exceptions.BadRequest: if ``Content-Length`` is not a number.
    :raises werkzeug.exceptions.LengthRequired: if the server passes a chunked body without marking
        its end.

    Reading raises ``RequestEntityTooLarge`` beyond the limit, and ``ClientDisconnected`` (a
    ``BadRequest``) if the body is truncated. RFC 9112 section 6.3.
    """
    announced = _length_of(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))
    if max_bytes is not None and announced is not None and announced > max_bytes:
        raise RequestEntityTooLarge
    source: IO[bytes] = environ["wsgi.input"]
    # PERF: a body that is completely in memory needs no checks while it is read.
    if type(source) is BytesIO and len(source.getvalue()) - source.tell() == announced:
        return source
    # Servers that end the stream themselves set this; otherwise reading past the end blocks.
    is_terminated = bool(environ.get("wsgi.input_terminated"))
    if announced is None and not is_terminated:
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise LengthRequired("This server does not accept a body without a Content-Length.")
        return BytesIO()
    if is_terminated and "HTTP_CONTENT_ENCODING" in environ:
        announced = None  # the length before a middleware decompressed the body
    if announced is not None and _waits_for_all(type(source)):  # type: ignore[arg-type]
        is_terminated = False  # it would block in another read after the last byte
    body = Body(source, announced, max_bytes=max_bytes, is_terminated=is_terminated)
    return cast("IO[bytes]", BufferedReader(body))


@lru_cache(maxsize=16)
def _waits_for_all(kind: type) -> bool:
    """Whether inputs of this type return short reads only at the end of the body.

    At the end, Granian's input would block in one more read.
    """
    return f"{kind.__module__}.{kind.__qualname__}" in _WAIT_FOR_ALL


def length_left(source: BytesIO) -> int:
    """The number of unread bytes of a body in memory."""
    return len(source.getvalue()) - source.tell()


def read_short(stream: IO[bytes]) -> bytes | None:
    """The complete body if it is known to be short; otherwise ``None``, and nothing is read.

    Reading raises the same exceptions as a stream of `open_body`.
    """
    if type(stream) is BytesIO:
        is_short = not stream.tell() and length_left(stream) <= SHORT_BYTES
    else:
        raw = getattr(stream, "raw", None)
        is_short = isinstance(raw, Body) and raw.is_short()
    return stream.read() if is_short else None


def announced_length(environ: WSGIEnvironment) -> int | None:
    """The ``Content-Length`` in bytes; ``None`` without one, or if the body is chunked.

    :raises werkzeug.exceptions.BadRequest: if it is not a number (RFC 9110 section 8.6).
    """
    return _length_of(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))


@lru_cache(maxsize=1024)
def _length_of(text: str | None, transfer_encoding: str | None) -> int | None:
    if not text or (transfer_encoding and "chunked" in transfer_encoding.lower()):
        return None
    if not _DIGITS.fullmatch(text):
        raise BadRequest("The Content-Length of the request is not a number of bytes.")
    return int(text)


class Body(RawIOBase):
    """Reads ``source`` up to the end of the body.

    :param announced: the length in bytes from ``Content-Length``, if any.
    :param max_bytes: the longest body to read, in bytes; ``None``: no limit.
    :param is_terminated: whether ``source`` ends where the body ends.

    `BufferedReader` around it gives ``read``, ``readline`` and iteration.
    """

    def __init__(
        self,
        source: IO[bytes],
        announced: int | None,
        *,
        max_bytes: int | None = None,
        is_terminated: bool = True,
    ) -> None:
        # If the source has `read1`, return received bytes without waiting for a slow client.
        self._read: Any = getattr(source, "read1", None) or source.read
        self._announced = announced
        self._max_bytes = max_bytes
        self._is_terminated = is_terminated
        self._count = 0

    def is_short(self) -> bool:
        """Whether the rest is short, by its announced length, and can be read completely."""
        return (
            not self._is_terminated
            and self._count == 0
            and cast("int", self._announced) <= SHORT_BYTES
        )

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read into ``buffer``; may fill it only partly."""
        view = memoryview(buffer).cast("B")
        piece = self._fetch(self._wanted(len(view)))
        view[: len(piece)] = piece
        return len(piece)

    def readall(self) -> bytes:
        """The rest of the body."""
        size = _PIECE_BYTES
        if self._announced is not None and self._announced <= SHORT_BYTES:
            size = max(size, self._announced)
        return b"".join(iter(lambda: self._fetch(self._wanted(size)), b""))

    def _wanted(self, size: int) -> int:
        if self._max_bytes is not None:
            # One byte more than the limit distinguishes a too long body from one of exactly the
            # limit.
            size = min(size, self._max_bytes + 1 - self._count)
        if not self._is_terminated:
            size = min(size, cast("int", self._announced) - self._count)
        return size

    def _fetch(self, size: int) -> bytes:
        if self._max_bytes is not None and self._count > self._max_bytes:
            raise RequestEntityTooLarge
        if size <= 0:
            return b""
        piece = _read(self._read, size)
        if not piece and self._announced is not None and self._count < self._announced:
            raise _broken_off(self._announced - self._count)
        self._count += len(piece)
        if self._max_bytes is not None and self._count > self._max_bytes:
            raise RequestEntityTooLarge
        return piece


def _read(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except (OSError, ValueError) as error:  # raised by servers for a broken connection or chunk
        raise ClientDisconnected("The request body could not be read to its end.") from error


def _broken_off(missing: int) -> ClientDisconnected:
    return ClientDisconnected(f"The request body ended {missing} bytes before its Content-Length.")
