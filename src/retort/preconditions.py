"""`condition`: evaluate the request's preconditions before the view runs.

`http/conditional.py` evaluates them. For an existing response there is
`Response.make_conditional`.
"""

from __future__ import annotations

from functools import wraps
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from werkzeug.exceptions import PreconditionFailed, PreconditionRequired
from werkzeug.http import http_date

from .errors import SetupError
from .globals import current_app, request
from .http.conditional import (
    READS,
    Validators,
    evaluate,
    is_safeguarded,
    parse_tag,
    to_http_time,
)
from .http.methods import SAFE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from .http.response import Response

V = TypeVar("V", bound="Callable[..., Any]")


def condition(
    *,
    etag: str | Callable[..., Any] | None = None,
    last_modified: datetime | float | Callable[..., Any] | None = None,
    required: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Callable[[V], V]:
    """Respond with 304 or 412 before the view runs, from the validators of the current version.

    ::

        @app.put("/notes/<int:id>")
        @condition(etag=lambda id: notes[id].version, required=True)
        def change(id): ...

    Place it below the route and below permission checks, because it may respond in place of the
    view. The view may be async, a method of a `MethodView`, or a class through its ``decorators``.

    :param etag: the entity tag of the current version, or a function that returns it: ``"abc"``
        is strong, ``'W/"abc"'`` weak, ``None`` means that the resource does not exist.
    :param last_modified: the time of the last change, or a function that returns it: a `datetime`,
        in UTC if it has no time zone; seconds since 1970; or ``None``.
    :param required: respond with 428 to an unsafe method without ``If-Match``,
        ``If-Unmodified-Since`` or ``If-None-Match: *``.
    :param headers: fields of the 304 that the view's response also has, such as
        ``Cache-Control``, ``Vary``, ``Content-Location``: with a 304, the view does not run.
    :raises SetupError: if neither ``etag`` nor ``last_modified`` is given.
    :raises ValueError: if the tag is invalid; during the request if a function returned it.

    The functions are called with the URL variables as keyword arguments; they may be async and
    may call ``abort``. Responses to GET, HEAD and QUERY get ``ETag`` and ``Last-Modified`` unless
    the view has set them. RFC 9110 §13; RFC 6585 §3 (428).
    """
    if etag is None and last_modified is None:
        raise SetupError(
            "condition() has nothing to compare. Pass the current entity tag or date:"
            " @condition(etag=lambda id: ...) or @condition(last_modified=lambda id: ...)."
        )
    if etag is not None and not callable(etag):
        parse_tag(etag)  # an invalid tag is reported now, not with the first request
    known = Condition(etag, last_modified, required, dict(headers or {}))

    def decorate(view: V) -> V:
        guard = _guard_async if iscoroutinefunction(view) else _guard
        guarded = guard(known, view)
        guarded.condition = known  # type: ignore[attr-defined]  # for `condition_of`
        return cast("V", guarded)

    return decorate


def condition_of(function: Callable[..., Any]) -> Condition | None:
    """The arguments of `condition` around a view; ``None`` without it."""
    known = getattr(function, "condition", None)
    return known if isinstance(known, Condition) else None


class Condition(NamedTuple):
    """The arguments of `condition`."""

    etag: Any
    last_modified: Any
    is_required: bool
    headers: dict[str, str]


def _guard(known: Condition, view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def guarded(*args: Any, **variables: Any) -> Any:
        current = _validators(*(_value(each, variables) for each in known[:2]))
        response = _early_response(known, current)
        if response is not None:
            return response
        return _complete(known, current, view(*args, **variables))

    return guarded


def _guard_async(known: Condition, view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    async def guarded(*args: Any, **variables: Any) -> Any:
        values = [await _value_async(each, variables) for each in known[:2]]
        current = _validators(*values)
        response = _early_response(known, current)
        if response is not None:
            return response
        return _complete(known, current, await view(*args, **variables))

    return guarded


def _value(given: Any, variables: dict[str, Any]) -> Any:
    return current_app.ensure_sync(given)(**variables) if callable(given) else given


async def _value_async(given: Any, variables: dict[str, Any]) -> Any:
    value = given(**variables) if callable(given) else given
    return await value if isawaitable(value) else value


def _validators(etag: str | None, last_modified: datetime | float | None) -> Validators:
    return Validators(
        None if etag is None else parse_tag(etag),
        None if last_modified is None else to_http_time(last_modified),
        exists=etag is not None or last_modified is not None,
    )


def _early_response(known: Condition, current: Validators) -> Response | None:
    """The 304; ``None``: the view runs.

    :raises PreconditionFailed: if a precondition is false.
    :raises PreconditionRequired: if a required precondition is missing.
    """
    fields = request.headers
    if known.is_required and request.method not in SAFE and not is_safeguarded(fields, current):
        raise PreconditionRequired(_missing_precondition(known))
    status = evaluate(request.method, fields, current)
    if status == 412:
        raise PreconditionFailed(
            "The current version is not the one that the request expects: it may have changed."
            " Get it again, and repeat the change if it is still needed."
        )
    if status is None:
        return None
    response = current_app.response_class(status=status)
    response.headers["Date"] = http_date()
    _describe(known, current, response)
    return response


def _missing_precondition(known: Condition) -> str:
    field, validator = "If-Match", "ETag"
    if known.etag is None:
        field, validator = "If-Unmodified-Since", "Last-Modified"
    return (
        f"A change must name the version it applies to. Send {field} with its {validator},"
        " or 'If-None-Match: *' to create something new."
    )


def _complete(known: Condition, current: Validators, value: Any) -> Any:
    """Add the validators to the view's response, if it sends a representation.

    After a change, the validators are those of the previous version, so they are omitted.
    """
    if request.method not in READS:
        return value
    response = current_app.make_response(value)
    if 200 <= response.status_code < 300 or response.status_code == 304:
        _describe(known, current, response)
    return response


def _describe(known: Condition, current: Validators, response: Response) -> None:
    if current.tag is not None and "ETag" not in response.headers:
        response.set_etag(*current.tag)
    if current.modified is not None and "Last-Modified" not in response.headers:
        response.last_modified = current.modified
    for name, value in known.headers.items():
        response.headers.setdefault(name, value)
