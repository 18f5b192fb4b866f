"""Further requests for an address: methods and header fields that a browser rarely sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import NoResponse, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..messages import Fields, Outcome

_METHODS = ("POST", "PUT", "PATCH", "DELETE")
ALLOWED = "a method that it does not accept"  # depends on the response to OPTIONS
UNKNOWN_METHOD = "FROBNICATE"


def probes(
    target: str, fields: Fields
) -> Iterator[tuple[str, Callable[[Outcome], Request | None]]]:
    """Descriptions, and functions from a side's own GET response to its request."""

    def plain(method: str, *more: tuple[str, str]) -> Callable[[Outcome], Request | None]:
        return lambda outcome: Request(method, target, (*fields, *more))

    yield "HEAD", plain("HEAD")
    yield "OPTIONS", plain("OPTIONS")
    yield ALLOWED, lambda outcome: _refused(outcome, target, fields)
    yield "an unknown method", plain(UNKNOWN_METHOD)
    yield "Accept: application/json", plain("GET", ("Accept", "application/json"))
    yield "If-None-Match", lambda outcome: _if_none_match(outcome, target, fields)
    yield "a range", plain("GET", ("Range", "bytes=0-9"))


def empty_posts(target: str, fields: Fields) -> Iterator[tuple[str, Request]]:
    """What an address without a form gets by POST."""
    yield "an empty POST", Request("POST", target, fields)
    json = (*fields, ("Content-Type", "application/json"))
    yield "an empty JSON object", Request("POST", target, json, b"{}")


def _refused(outcome: Outcome, target: str, fields: Fields) -> Request | None:
    """A method that is not in Allow; the response to OPTIONS is given."""
    if isinstance(outcome, NoResponse):
        return None
    allowed = {one.strip() for one in (outcome.get("Allow") or "").split(",")}
    method = next((one for one in _METHODS if one not in allowed), None)
    return Request(method, target, fields) if method is not None and allowed != {""} else None


def _if_none_match(outcome: Outcome, target: str, fields: Fields) -> Request | None:
    """The entity tag of the response to GET."""
    tag = None if isinstance(outcome, NoResponse) else outcome.get("ETag")
    return Request("GET", target, (*fields, ("If-None-Match", tag or '"none"')))
