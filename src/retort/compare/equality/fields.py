"""The values of a response beside its body and its cookies, by place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkzeug.http import parse_options_header

from .bodies import media_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import Response

_OF_SERVER = frozenset({"date", "server", "keep-alive"})
# Different in any two responses.
_OWN_EACH_TIME = frozenset(
    {"x-request-id", "request-id", "x-correlation-id", "traceparent", "x-trace-id"}
    | {"x-runtime", "server-timing"}
)
# Lists whose order has no meaning (RFC 9110 section 5.6.1).
_SETS = frozenset(
    {"allow", "vary", "cache-control", "accept-ranges", "accept-post", "accept-patch", "connection"}
    | {"access-control-allow-methods", "access-control-allow-headers", "link"}
    | {"access-control-expose-headers", "public", "content-language"}
)
_INSENSITIVE = frozenset({"vary", "cache-control", "connection", "access-control-allow-headers"})
_APART = frozenset({"set-cookie", "content-length", "transfer-encoding", "connection"})
_COMMA = re.compile(r""",(?=(?:[^"]*"[^"]*")*[^"]*$)""")  # not within quotation marks


def field_values(response: Response) -> Iterator[tuple[str, str]]:
    """The header fields; a field that occurs several times is one value."""
    for name in dict.fromkeys(name.lower() for name, _ in response.fields):
        if name not in _APART:
            yield name, _value(name, response)


def _value(name: str, response: Response) -> str:
    values = response.all(name)
    if name in _SETS:
        items = [item.strip() for value in values for item in _COMMA.split(value)]
        lowered = (item.lower() if name in _INSENSITIVE else item for item in items)
        return ", ".join(sorted({item for item in lowered if item}))
    if name == "content-type" and len(values) == 1:
        return _content_type(response)
    return " | ".join(values)


def _content_type(response: Response) -> str:
    """The media type with its parameters; names and charset have no case (RFC 9110 8.3)."""
    parameters = parse_options_header(response.get("Content-Type"))[1]
    if media_type(response).startswith("multipart/") and "boundary" in parameters:
        parameters["boundary"] = "..."
    if "charset" in parameters:
        parameters["charset"] = parameters["charset"].lower()
    return "; ".join([media_type(response), *(f"{k}={v}" for k, v in sorted(parameters.items()))])


def is_always_masked(name: str, left: str | None, right: str | None) -> bool:
    """Whether a field is not compared: it is the server's, or has its own value each time."""
    is_in_both = left is not None and right is not None
    return name in _OF_SERVER or (name in _OWN_EACH_TIME and is_in_both)


def framing(response: Response) -> str:
    """How the end of the body is known."""
    if response.get("Transfer-Encoding") is not None:
        return "chunked"
    return "length" if response.get("Content-Length") is not None else "none"
