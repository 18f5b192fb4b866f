"""One request of a recording, and what of it is sent again.

Recordings have what a browser or a server has written down, not what may be sent: addresses that
are not ASCII, fields that belong to a connection. `har`, `access_log` and `suite` read them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from ..messages import Request, Response


@dataclass(frozen=True)
class Recorded:
    """A request, and its response if the recording has it.

    :param origin: where it comes from, such as ``visit.har, entry 3``.
    """

    request: Request
    origin: str
    response: Response | None = None


@dataclass
class Recording:
    """The requests of a file, and notes on what was left out."""

    entries: list[Recorded] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


# Added by the client, bound to a connection, or about the cache of the browser that recorded.
NOT_SENT = frozenset(
    {"host", "cookie", "content-length", "connection", "transfer-encoding", "accept-encoding"}
    | {"if-none-match", "if-modified-since", "upgrade-insecure-requests", "keep-alive", "te"}
    | {"proxy-connection", "upgrade", "expect"}
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SENT_AS_WRITTEN = "".join(map(chr, range(0x21, 0x7F)))  # all of ASCII that is visible
_ABSOLUTE = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


def sent_fields(fields: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The header fields of a recorded request that are sent again.

    Fields of HTTP/2 (``:path``) and fields that HTTP/1.1 does not permit are left out.
    """
    return tuple(
        (name, value)
        for name, value in fields
        if _TOKEN.fullmatch(name) and name.lower() not in NOT_SENT and not _CONTROL.search(value)
    )


def sent_method(text: str) -> str:
    """The method of a recorded request.

    :raises ValueError: if it is no token of HTTP.
    """
    if not _TOKEN.fullmatch(text):
        raise ValueError(f"{text!r} is no method")
    return text


def sent_target(text: str | bytes) -> str | None:
    """A recorded address as it is sent: path and query, in ASCII; ``None`` if it has no path.

    Spaces and characters beyond ASCII are percent-encoded, characters as UTF-8; what was encoded
    stays as it is. Scheme, host and fragment are removed. An address with control characters has no
    path: it did not come from a client of HTTP.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if _CONTROL.search(raw.decode("latin-1")):
        return None
    target = quote(raw, safe=_SENT_AS_WRITTEN).partition("#")[0]
    found = _ABSOLUTE.match(target)
    if found is not None:
        target = target[found.end() :]
        return target if target.startswith("/") else f"/{target}"
    return target if target.startswith("/") else None
