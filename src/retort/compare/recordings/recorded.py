"""One request of a recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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


def sent_fields(fields: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The header fields of a recorded request that are sent again."""
    return tuple(
        (name, value)
        for name, value in fields
        if name.lower() not in NOT_SENT and not name.startswith(":")
    )
