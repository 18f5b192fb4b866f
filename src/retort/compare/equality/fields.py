"""The values of a response beside its body and its cookies, by place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .bodies import media_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import Response

# Different in any two responses, or made by the server.
ALWAYS_MASKED = frozenset(
    {
        "date",
        "server",
        "x-request-id",
        "request-id",
        "x-correlation-id",
        "traceparent",
        "x-trace-id",
    }
    | {"x-runtime", "server-timing", "keep-alive"}
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
    if name == "content-type" and media_type(response).startswith("multipart/"):
        return re.sub(r'boundary=("[^"]*"|[^;\s]*)', "boundary=...", values[0])
    return " | ".join(values)


def framing(response: Response) -> str:
    """How the end of the body is known."""
    if response.get("Transfer-Encoding") is not None:
        return "chunked"
    return "length" if response.get("Content-Length") is not None else "none"
