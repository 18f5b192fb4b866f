"""The values of the cookies that a response sets, by place."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from itsdangerous import base64_decode
from itsdangerous.exc import BadData

from .bodies import parsed
from .trees import json_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import Response

_MAX_SESSION_BYTES = 1_000_000


def cookie_values(response: Response, session_cookie: str) -> Iterator[tuple[str, str]]:
    """The cookies: value and attributes; the signed session by its content."""
    for text in response.all("Set-Cookie"):
        pair, *attributes = (part.strip() for part in text.split(";"))
        name, _, value = pair.partition("=")
        session = session_content(value) if name == session_cookie and value else None
        if session is None:
            yield name, value
        else:
            for place, one in json_values(session):
                yield f"{name}: {place.lstrip('/') or 'content'}", one
        named = sorted(attribute.partition("=")[::2] for attribute in attributes)
        for key, one in named:
            yield f"{name}; {key}", one or "set"


def session_content(value: str) -> Any:
    """The content of a signed session cookie, read without the key; ``None`` if it is no such.

    The format is that of itsdangerous: base64, compressed if it begins with a dot.
    """
    payload, _dot, _ = value.lstrip(".").rpartition(".")[0].partition(".")
    try:
        data = base64_decode(payload)
        if value.startswith("."):
            data = zlib.decompressobj().decompress(data, _MAX_SESSION_BYTES)
    except (BadData, ValueError, zlib.error):
        return None
    found = parsed(data)
    return None if found is None else found[0]
