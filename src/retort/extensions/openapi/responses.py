"""The responses of an operation: what its route, its decorators and its source say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...http.media_types import accept_list
from ...http.methods import ACCEPT_FIELDS, SAFE, WITHOUT_CONTENT
from ...preconditions import condition_of
from ...routing import options_of
from .inferred import MARK
from .texts import phrase_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...app import Flask
    from .inferred import Inferred
    from .operations import Operation

    Responses = dict[str, dict[str, Any]]

_READS = frozenset({"GET", "HEAD", "QUERY"})
_REDIRECTS = range(300, 400)


def responses_of(
    app: Flask, operation: Operation, found: Inferred | None, content: dict[str, Any] | None
) -> Responses:
    """The responses of an operation, ordered by status.

    :param found: what its source says.
    :param content: of the successful response, as its return annotation says.
    """
    declared = dict(_declared(app, operation))
    statuses = set(found.statuses) if found is not None else set()
    successes = {status for status in statuses if 200 <= status < 300}
    if not successes and (content is not None or not statuses):
        successes = {200}
    media = content
    if media is None:
        media = {name: {} for name in _produced(operation, found)}
    responses: dict[int, dict[str, Any]] = {}
    for status in sorted(statuses | successes):
        responses[status] = {"description": phrase_of(status)}
        if status in successes and media and status not in (204, 205):
            responses[status]["content"] = media
        if status in _REDIRECTS and status != 304:
            responses[status]["headers"] = {"Location": {"schema": {"type": "string"}}}
        if status in statuses:
            responses[status].update(MARK)
    responses.update(declared)
    return {str(status): responses[status] for status in sorted(responses)}


def _produced(operation: Operation, found: Inferred | None) -> list[str]:
    media_types = options_of(operation.rule).media_types
    if media_types is not None and media_types.produces is not None:
        return list(media_types.produces)
    return sorted(found.content) if found is not None else []


def _declared(app: Flask, operation: Operation) -> Iterator[tuple[int, dict[str, Any]]]:
    """The responses that Retort gives in place of the view."""
    options = options_of(operation.rule)
    known = next(filter(None, map(condition_of, operation.chain)), None)
    if known is not None:
        if operation.method in _READS:
            yield 304, {"description": phrase_of(304)}
        yield 412, {"description": "The current version is not the one that was expected."}
        if known.is_required and operation.method not in SAFE:
            yield 428, {"description": "If-Match or If-Unmodified-Since is missing."}
    media_types = options.media_types
    if media_types is not None:
        if media_types.produces is not None:
            yield 406, {"description": f"Available as {', '.join(media_types.produces)}."}
        if operation.method == "QUERY":
            yield 400, {"description": "Content-Type is missing, or the content is not of it."}
        if media_types.consumes is not None and operation.method not in WITHOUT_CONTENT:
            yield 415, _unsupported(operation.method, media_types.consumes)
    if operation.has_body and (
        any(limit is not None for limit in options.limits.values())
        or ("max_content_length" not in options.limits and app.config.get("MAX_CONTENT_LENGTH"))
    ):
        yield 413, {"description": "The content is too large."}


def _unsupported(method: str, consumes: tuple[str, ...]) -> dict[str, Any]:
    field = ACCEPT_FIELDS.get(method, "Accept")
    return {
        "description": f"Accepted: {', '.join(consumes)}.",
        "headers": {field: {"schema": {"type": "string"}, "example": accept_list(consumes)}},
    }
