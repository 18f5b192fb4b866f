"""Check an uploaded file of a form against its field."""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, Any

from msgspec import inspect as kinds

from ..check import Misread
from .text import NOT_FILLED

if TYPE_CHECKING:
    from werkzeug.datastructures import FileStorage

    from ..types import Described

_BYTES = (kinds.BytesType, kinds.ByteArrayType, kinds.MemoryViewType)


def read_file(described: Described, file: FileStorage) -> Any:
    """The value of a field that was sent as a file.

    :returns: the file, its content for ``bytes``, or `NOT_FILLED` if none was chosen.
    """
    if not file.filename and not _size(file):  # what a browser sends for an empty file input
        return NOT_FILLED
    takes_content = isinstance(described.type, _BYTES)
    if not takes_content and not described.is_upload:
        return Misread("text")
    control = described.control
    if control is not None:
        if control.max_bytes is not None and _size(file) > control.max_bytes:
            return Misread("max_bytes", control.max_bytes)
        if control.accept is not None and not is_accepted(control.accept, file):
            return Misread("accept", control.accept)
    return file.read() if takes_content else file


def _size(file: FileStorage) -> int:
    """The length of the content in bytes; the position does not change."""
    position = file.stream.tell()
    size = file.stream.seek(0, os.SEEK_END)
    file.stream.seek(position)
    return size


def is_accepted(accept: str, file: FileStorage) -> bool:
    """Whether the name or the media type of a file is in a list such as ``image/*,.pdf``.

    HTML, "File Upload state". Both are what the client claims: the content is not examined. A file
    that was sent without a media type has the one that belongs to its name.
    """
    name = (file.filename or "").lower()
    media_type = file.mimetype.lower() or mimetypes.guess_type(name)[0] or ""
    return any(_is_of(token.strip(), name, media_type) for token in accept.lower().split(","))


def _is_of(token: str, name: str, media_type: str) -> bool:
    if token.startswith("."):
        return name.endswith(token)
    if token.endswith("/*"):
        return token == "*/*" or media_type.startswith(token[:-1])
    return token == media_type
