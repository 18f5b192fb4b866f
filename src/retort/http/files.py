"""Build responses from files given by path, equal to those of Werkzeug's `send_file`.

`Response.make_conditional` handles preconditions and ranges. A small file is read at once; a
large file is read in blocks while it is sent.
"""

from __future__ import annotations

import mimetypes
import os
import stat
import typing as t
import unicodedata
from functools import lru_cache
from io import BytesIO
from time import time
from urllib.parse import quote
from zlib import adler32

from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.http import http_date, quote_etag
from werkzeug.security import safe_join
from werkzeug.wsgi import wrap_file

from .conditional import READS
from .response import Response, type_field

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from _typeshed.wsgi import WSGIEnvironment

    MaxAge = int | None | Callable[[str | None], int | None]

# Larger files are sent in blocks.
_SMALL_BYTES = 128 * 1024
# Opening a pipe that has replaced a regular file does not block.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

# A request with one of these fields may get a 206, 304 or 412.
_CONDITIONS = frozenset(
    {
        *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
        *("HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE"),
    }
)


def send_from(
    root_path: str,
    directory: os.PathLike[str] | str,
    name: os.PathLike[str] | str,
    environ: WSGIEnvironment,
    response_class: type[Response],
    **options: t.Any,
) -> Response:
    """Like Werkzeug's ``send_from_directory``; ``name`` may be a path from a client.

    :param root_path: the base of a relative ``directory``.
    :param options: of `send_path`.
    :raises werkzeug.exceptions.NotFound: if the name leads out of the directory, or the file does
        not exist.
    """
    folder, name = os.fspath(directory), os.fspath(name)
    join = _join if len(name) < _MAX_CACHED_CHARS else safe_join
    path = join(folder, name)
    if path is None:
        raise NotFound
    path = os.path.join(root_path, path)
    try:
        return send_path(path, environ, response_class, is_file=True, **options)
    except (OSError, ValueError):
        if os.path.isfile(path):
            raise
        raise NotFound from None


# The names come from clients.
_MAX_CACHED_CHARS = 256
_join = lru_cache(maxsize=1024)(safe_join)


def send_path(
    path: str,
    environ: WSGIEnvironment,
    response_class: type[Response],
    *,
    is_file: bool = False,
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: MaxAge = None,
    use_x_sendfile: bool = False,
) -> Response:
    """Like Werkzeug's ``send_file`` for a path.

    :param is_file: whether only a regular file is accepted (not a pipe, for example).
    :raises OSError: if the file cannot be read.
    """
    name = os.path.basename(path) if download_name is None else download_name
    mimetype, fields = _kind_of(name, mimetype, as_attachment)
    status, content = _open(path, is_read=not use_x_sendfile)
    if is_file and not stat.S_ISREG(status.st_mode):
        raise OSError("It is not a regular file.")
    size, modified = status.st_size, status.st_mtime
    fields += (
        ("Content-Length", str(size)),
        ("Last-Modified", _date(int(modified) if last_modified is None else last_modified)),
        *_lifetime(max_age(path) if callable(max_age) else max_age),
    )
    if isinstance(etag, str):
        fields.append(("ETag", quote_etag(etag)))
    elif etag:
        fields.append(("ETag", _entity_tag(path, modified, size)))
    if conditional and environ["REQUEST_METHOD"] in READS:
        fields += (("Date", _date(int(time()))), ("Accept-Ranges", "bytes"))
    response: Response | None = None
    if content is not None and response_class is Response and mimetype.isprintable():
        response = Response.with_file(content, [type_field(mimetype), *fields], environ)
        if response is not None and environ.keys().isdisjoint(_CONDITIONS):
            return response  # PERF: make_conditional() would change nothing
    if response is None:
        body: t.Any = None
        if not use_x_sendfile:
            body = wrap_file(environ, _reader(path) if content is None else BytesIO(content))
        response = response_class(body, headers=fields, mimetype=mimetype, direct_passthrough=True)
    if use_x_sendfile:
        response.headers["X-Sendfile"] = path
    return _heed_conditions(response, environ, size) if conditional else response


def _reader(path: str) -> t.IO[bytes]:
    return open(path, "rb")  # the response closes it


def _kind_of(
    name: str, mimetype: str | None, as_attachment: bool
) -> tuple[str, list[tuple[str, str]]]:
    """The media type, and the header fields for encoding and file name."""
    fields = [("Content-Disposition", _disposition(name, as_attachment))]
    if mimetype is None:
        guess, encoding = _guess_type(name)
        mimetype = "application/octet-stream" if guess is None else guess
        if encoding is not None and not as_attachment:  # browsers would save it decompressed
            fields.append(("Content-Encoding", encoding))
    return mimetype, fields


def _guess_type(name: str) -> tuple[str | None, str | None]:
    """What `mimetypes.guess_type` returns: media type and encoding of the content."""
    ending = os.path.splitext(name)[1]
    # PERF: `guess_type` parses the name as a URL before it looks most endings up.
    if (
        mimetypes.inited
        and ending in mimetypes.types_map
        and ending == ending.lower()
        and ending not in mimetypes.suffix_map
        and ending not in mimetypes.encodings_map
        and ":" not in name
    ):
        return mimetypes.types_map[ending], None
    return mimetypes.guess_type(name)


@lru_cache(maxsize=1024)
def _entity_tag(path: str, modified: float, size: int) -> str:
    return f'"{modified}-{size}-{adler32(path.encode()) & 0xFFFFFFFF}"'


def _heed_conditions(response: Response, environ: WSGIEnvironment, size: int) -> Response:
    try:
        response = response.make_conditional(environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        response.close()
        raise
    if response.status_code == 304:
        response.headers.pop("X-Sendfile", None)  # some servers would otherwise send the file
    return response


def _open(path: str, *, is_read: bool) -> tuple[os.stat_result, bytes | None]:
    """The metadata of a file, and its content if it is small and ``read`` is set."""
    if not is_read:
        return os.stat(path), None
    file = os.open(path, _OPEN_FLAGS)
    try:
        status = os.fstat(file)
        if status.st_size > _SMALL_BYTES or not stat.S_ISREG(status.st_mode):
            return status, None
        content = os.read(file, status.st_size)
    finally:
        os.close(file)
    return status, content if len(content) == status.st_size else None


def _lifetime(max_age: int | None) -> list[tuple[str, str]]:
    """The ``Cache-Control`` value; without an age, caches must revalidate each time."""
    if max_age is None:
        return [("Cache-Control", "no-cache")]
    control = f"public, max-age={max_age}" if max_age > 0 else f"no-cache, max-age={max_age}"
    return [("Cache-Control", control), ("Expires", _date(int(time() + max_age)))]


@lru_cache(maxsize=1024)
def _disposition(name: str, as_attachment: bool) -> str:
    kind, names = "attachment" if as_attachment else "inline", {"filename": name}
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
        # Characters that need no escape: attr-char of RFC 5987.
        names = {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}
    headers = Headers()
    headers.set("Content-Disposition", kind, **names)
    return headers["Content-Disposition"]


# The files that are sent have few distinct modification times.
_date = lru_cache(maxsize=1024)(http_date)
