"""Requests and responses as they are sent and received, and the record of one step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Fields = tuple[tuple[str, str], ...]  # header fields in their order, names as sent

# What is sent with each request that no recording has made.
BROWSER: Fields = (("Accept", "text/html,*/*;q=0.8"), ("User-Agent", "retort-compare"))


@dataclass(frozen=True)
class Request:
    """One request to one side.

    :param target: path and query, in ASCII, as they are sent.
    :param fields: header fields, without Host, Cookie, Content-Length and Connection, which the
        client adds.
    """

    method: str
    target: str
    fields: Fields = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, without the query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Response:
    """One response.

    :param stays_open: whether the connection can be used for another request.
    :param problem: a phrase that says how a body ended too early; ``None`` if it is complete.
    :param seconds: from sending the request to the end of the body.
    """

    status: int
    reason: str
    fields: Fields
    body: bytes
    stays_open: bool = True
    problem: str | None = None
    seconds: float = 0.0

    def get(self, name: str) -> str | None:
        """The first value of a header field; ``None`` if it is missing."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)

    def all(self, name: str) -> list[str]:
        """All values of a header field, in order."""
        wanted = name.lower()
        return [value for key, value in self.fields if key.lower() == wanted]


@dataclass(frozen=True)
class NoResponse:
    """A request without a response.

    :param kind: ``timeout``, ``closed`` (the connection), ``refused`` or ``invalid`` (not HTTP).
    :param detail: a sentence about it.
    """

    kind: str
    detail: str
    seconds: float = 0.0


Outcome = Response | NoResponse


@dataclass(frozen=True)
class Step:
    """One request to all sides, and their outcomes; keys are names of sides.

    The requests can differ: each side gets the tokens and identifiers that it has sent itself.

    :param number: 1, 2, 3...
    :param origin: where the request comes from, such as ``a link on /`` or ``visit.har, entry 3``.
    :param outputs: what each process wrote to standard error during this step: tracebacks.
    """

    number: int
    origin: str
    requests: Mapping[str, Request]
    outcomes: Mapping[str, Outcome]
    outputs: Mapping[str, str] = field(default_factory=dict)
