"""Read a request body completely before the view runs: in memory, and on disk if it is long."""

from __future__ import annotations

from io import BytesIO
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, cast

from .body import announced_length, open_body

if TYPE_CHECKING:
    from typing import IO

    from _typeshed.wsgi import WSGIEnvironment

# A longer body is stored in a temporary file.
MEMORY_BYTES = 256 * 1024


def make_spool() -> IO[bytes]:
    """An empty temporary file that is in memory up to `MEMORY_BYTES`."""
    return cast("IO[bytes]", SpooledTemporaryFile(MEMORY_BYTES))


def is_complete(environ: WSGIEnvironment) -> bool:
    """Whether the body is in memory or in a temporary file."""
    return type(environ.get("wsgi.input")) in (BytesIO, SpooledTemporaryFile)


def needs_spooling(environ: WSGIEnvironment) -> bool:
    """Whether the request has a body that may not have arrived completely."""
    if is_complete(environ):
        return False
    return environ.get("CONTENT_LENGTH", "0") != "0" or "HTTP_TRANSFER_ENCODING" in environ


def spool(environ: WSGIEnvironment, max_bytes: int | None) -> IO[bytes] | None:
    """Read the body, and make it the input of the request.

    A body that is too long by its ``Content-Length`` is not read: the first read of the program
    raises the error.

    :param max_bytes: as for `open_body`, which also has the exceptions.
    :returns: the file, which the caller closes; ``None`` if the body was not read.
    """
    announced = announced_length(environ)
    if announced is not None and max_bytes is not None and announced > max_bytes:
        return None
    file = make_spool()
    try:
        copyfileobj(open_body(environ, max_bytes), file, 64 * 1024)
    except BaseException:
        file.close()
        raise
    put(environ, file)
    return file


def put(environ: WSGIEnvironment, file: Any) -> None:
    """Make a complete file, positioned at its end, the input of a request."""
    environ["CONTENT_LENGTH"] = str(file.tell())
    file.seek(0)
    environ["wsgi.input"] = file
    environ["wsgi.input_terminated"] = True
    environ.pop("HTTP_TRANSFER_ENCODING", None)
