"""The values of a body, by place."""

from __future__ import annotations

import codecs
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

_TEXT_TYPES = re.compile(
    r"text/.*|.*[/+](xml|javascript|ecmascript|x-www-form-urlencoded|yaml|json-seq)"
    r"|application/(x-)?(ndjson|jsonl|jsonlines)"
)
_JSON_TYPES = re.compile(r"application/(.*\+)?json")
_MAX_DECODED_BYTES = 32 * 1024 * 1024
_GZIP = 31  # for zlib: with the header of gzip
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"')
_SPACING = re.compile(rb"(?:^|[,:\[\]{}])\s+|\s+(?:[,:\[\]{}]|$)")


def media_type(response: Response) -> str:
    """The media type, in small letters; empty if there is none."""
    return parse_options_header(response.get("Content-Type"))[0].lower()


def content(response: Response) -> bytes:
    """The body without its content encoding, and without the boundary of multipart."""
    body = _decoded(response.body, (response.get("Content-Encoding") or "").strip().lower())
    if not media_type(response).startswith("multipart/"):
        return body
    boundary = parse_options_header(response.get("Content-Type"))[1].get("boundary")
    return body.replace(b"--" + boundary.encode(), b"--BOUNDARY") if boundary else body


def _decoded(body: bytes, encoding: str) -> bytes:
    """Longer contents than 32 MB, and broken ones, are compared as they were sent."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return body
    decoder = zlib.decompressobj(zlib.MAX_WBITS if encoding == "deflate" else _GZIP)
    try:
        data = decoder.decompress(body, _MAX_DECODED_BYTES)
    except zlib.error:
        return body
    return data if decoder.eof and not decoder.unused_data else body


def text_of(response: Response, body: bytes) -> str:
    """The text of a body; bytes that its charset does not have become surrogates."""
    charset = parse_options_header(response.get("Content-Type"))[1].get("charset", "utf-8")
    try:
        return body.decode(codecs.lookup(charset).name, "surrogateescape")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "surrogateescape")


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
        return (
            json.loads(
                body,
                object_pairs_hook=Object,
                parse_float=Number,
                parse_int=Number,
                parse_constant=Number,
            ),
        )
    except (ValueError, RecursionError):
        return None


def writing(body: bytes) -> frozenset[bytes]:
    """How JSON is written apart from its values: spaces, and whether letters are escaped."""
    found = {b"escaped"} if b"\\u" in body else set()
    if not body.isascii():
        found.add(b"not ascii")
    found.update(one.group() for one in _SPACING.finditer(_STRINGS.sub(b'""', body)))
    return frozenset(found)


class Object(list[tuple[str, Any]]):
    """A JSON object: its items in their order, also those that have the same name.

    Not equal to a list.
    """

    __slots__ = ()
    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Object) and list.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


class Number(str):
    """A JSON number as it is written; not equal to a string."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other
