"""The values of a body, by place."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from ..messages import Response

JSON = "json"
TEXT = "text"
BYTES = "bytes"

_TEXT_TYPES = re.compile(r"text/.*|.*[/+](xml|javascript|ecmascript|x-www-form-urlencoded|yaml)")
_JSON_TYPES = re.compile(r"application/(.*\+)?json")
_MAX_DECODED_BYTES = 64 * 1024 * 1024


def media_type(response: Response) -> str:
    """The media type, in small letters; empty if there is none."""
    return parse_options_header(response.get("Content-Type"))[0].lower()


def content(response: Response) -> bytes:
    """The body without its content encoding, and without the boundary of multipart."""
    body = _decoded(response.body, (response.get("Content-Encoding") or "").lower())
    boundary = parse_options_header(response.get("Content-Type"))[1].get("boundary")
    return body.replace(boundary.encode(), b"BOUNDARY") if boundary else body


def _decoded(body: bytes, encoding: str) -> bytes:
    try:
        if encoding == "gzip":
            return gzip.decompress(body)
        if encoding == "deflate":
            return zlib.decompressobj().decompress(body, _MAX_DECODED_BYTES)
    except (OSError, EOFError, zlib.error):
        pass  # compared as it was sent
    return body


def kind_of(response: Response, body: bytes) -> str:
    """Whether a body is compared as JSON values, as lines of text, or as bytes."""
    type_ = media_type(response)
    if _JSON_TYPES.fullmatch(type_):
        return JSON if parsed(body) is not None else TEXT
    if _TEXT_TYPES.fullmatch(type_):
        return TEXT
    return BYTES


def parsed(body: bytes) -> tuple[Any] | None:
    """The JSON value in a tuple; ``None`` if it is no JSON. An object is a list of its items."""
    try:
        return (json.loads(body, object_pairs_hook=Object, parse_float=Number, parse_int=Number),)
    except (ValueError, RecursionError):
        return None


class Object(list[tuple[str, Any]]):
    """A JSON object: its items in their order, also those that have the same name."""


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()
