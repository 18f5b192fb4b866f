"""The values of a body, by place."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from typing import TYPE_CHECKING, Any

from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def without_shuffling(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    """The three values with lists sorted that have the same items in another order each time.

    Also returns how many such lists there are.
    """
    if all(isinstance(one, Object) for one in (first, again, other)):
        return _in_objects(first, again, other)
    if not all(isinstance(one, list) and len(one) == len(first) for one in (first, again, other)):
        return first, again, other, 0
    ordered = [sorted(one, key=_text) for one in (first, again, other)]
    if first != again and ordered[0] == ordered[1] == ordered[2]:
        return ordered[0], ordered[1], ordered[2], 1
    found = [without_shuffling(*items) for items in zip(first, again, other, strict=True)]
    sides = [[one[side] for one in found] for side in range(3)]
    return sides[0], sides[1], sides[2], sum(one[3] for one in found)


def _in_objects(first: Any, again: Any, other: Any) -> tuple[Any, Any, Any, int]:
    keys = [[key for key, _ in one] for one in (first, again, other)]
    if keys[0] != keys[1] or keys[0] != keys[2]:
        return first, again, other, 0
    found = [
        without_shuffling(a, b, c)
        for (_, a), (_, b), (_, c) in zip(first, again, other, strict=True)
    ]
    sides = [Object(zip(keys[0], (one[n] for one in found), strict=True)) for n in range(3)]
    return sides[0], sides[1], sides[2], sum(one[3] for one in found)


def _text(value: Any) -> str:
    return json.dumps(value)


def json_values(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """The values in a JSON value, with JSON pointers; containers by their sizes and keys."""
    stack = [(place, value)]
    while stack:
        pointer, one = stack.pop()
        if isinstance(one, Object):
            keys = [key for key, _ in one]
            yield f"{pointer} order of keys", json.dumps(keys)
            stack += [(f"{pointer}/{_escaped(key)}", item) for key, item in reversed(one)]
        elif isinstance(one, list):
            yield f"{pointer} length", str(len(one))
            stack += [(f"{pointer}/{n}", item) for n, item in reversed(list(enumerate(one)))]
        else:
            yield pointer or "/", one if isinstance(one, Number) else json.dumps(one)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
