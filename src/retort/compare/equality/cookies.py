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
_SIGNED = "a signed session"
# RFC 6265 section 5.2: names of attributes have no case.
_ATTRIBUTES = {
    name.lower(): name
    for name in ("Domain", "Expires", "HttpOnly", "Max-Age", "Partitioned", "Path", "SameSite")
} | {"secure": "Secure", "priority": "Priority"}
_INSENSITIVE = frozenset({"Domain", "SameSite", "Priority"})


def cookie_values(response: Response, session_cookie: str) -> Iterator[tuple[str, str]]:
    """The cookies: value and attributes; the signed session by its content."""
    for text in response.all("Set-Cookie"):
        pair, *attributes = (part.strip() for part in text.split(";"))
        name, _, value = pair.partition("=")
        session = session_content(value) if name == session_cookie and value else None
        yield name, value if session is None else _SIGNED
        if session is not None:
            for place, one in json_values(session):
                yield f"{name}: {place.removeprefix('/')}", one
        for key, one in sorted(map(_attribute, filter(None, attributes))):
            yield f"{name}; {key}", one or "set"


def _attribute(text: str) -> tuple[str, str]:
    name, _, value = (part.strip() for part in text.partition("="))
    known = _ATTRIBUTES.get(name.lower(), name)
    return known, value.lower() if known in _INSENSITIVE else value


def is_close_age(place: str, left: str, right: str) -> bool:
    """Whether two values of Max-Age were computed for the same moment, some seconds apart."""
    if not place.endswith("; Max-Age") or not (left + right).isdecimal():
        return False
    return min(int(left), int(right)) > 60 and abs(int(left) - int(right)) <= 15


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
