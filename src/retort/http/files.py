"""Answer with a file that is given by its path: the response of Werkzeug's `send_file`.

Preconditions and ranges are for `Response.make_conditional`. A small file is read at once, so
that its response can be sent like any other; of a large one, pieces are read as they are sent.
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

# Larger ones are sent piece by piece.
_SMALL_BYTES = 128 * 1024
# For a pipe that has taken the place of a file, there is no waiting.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

# A request with one of these may be answered with less than the whole file.
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
    """What Werkzeug's ``send_from_directory`` answers; a path from a user is safe as ``name``.

    :param root_path: where a relative ``directory`` starts from.
    :param options: of `send_path`.
    :raises werkzeug.exceptions.NotFound: if the name leads out of it, or there is no such file.
    """
    folder, name = os.fspath(directory), os.fspath(name)
    join = _join if len(name) < _MOST_CACHED_LETTERS else safe_join
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


# Clients choose the names.
_MOST_CACHED_LETTERS = 256
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
    """What Werkzeug's ``send_file`` answers for a path.

    :param is_file: whether it has to be a regular file, and not a pipe for instance.
    :raises OSError: if the file cannot be read.
    """
    name = os.path.basename(path) if download_name is None else download_name
    mimetype, fields = _kind_of(name, mimetype, as_attachment)
    status, content = _open(path, is_read=not use_x_sendfile)
    if is_file and not stat.S_ISREG(status.st_mode):
        raise OSError("It is no regular file.")
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
    """The media type, and the fields that say what else the content is."""
    fields = [("Content-Disposition", _disposition(name, as_attachment))]
    if mimetype is None:
        guess, encoding = _guess_type(name)
        mimetype = "application/octet-stream" if guess is None else guess
        if encoding is not None and not as_attachment:  # browsers would save it unpacked
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
        response.headers.pop("X-Sendfile", None)  # or some servers send the file all the same
    return response


def _open(path: str, *, is_read: bool) -> tuple[os.stat_result, bytes | None]:
    """What is known of a file, and its content if it is small and to be read."""
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
    """How long the response may be kept; without an age, clients are to ask each time."""
    if max_age is None:
        return [("Cache-Control", "no-cache")]
    control = f"public, max-age={max_age}" if max_age > 0 else f"no-cache, max-age={max_age}"
    return [("Cache-Control", control), ("Expires", _date(int(time() + max_age)))]


@lru_cache(maxsize=1024)
def _disposition(name: str, as_attachment: bool) -> str:
    kind, names = "attachment" if as_attachment else "inline", {"filename": name}
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
        # The letters that may stand as they are: attr-char of RFC 5987.
        names = {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}
    headers = Headers()
    headers.set("Content-Disposition", kind, **names)
    return headers["Content-Disposition"]


# Files that are sent have been changed at a few times, and it is one second for all of them.
_date = lru_cache(maxsize=1024)(http_date)
