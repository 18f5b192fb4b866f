"""Check requests against the media types that a route consumes and produces.

Declared with ``accepts=[...]`` and ``produces=[...]`` on the route. RFC 9110 section 15.5.16
(415) and section 12.5.1 (Accept), RFC 5789 (Accept-Patch), RFC 10008 (QUERY, Accept-Query).
"""

from __future__ import annotations

import re
import typing as t

from werkzeug.exceptions import BadRequest, NotAcceptable, UnsupportedMediaType
from werkzeug.http import parse_options_header

from ..routing import MediaTypes
from .methods import ACCEPT_FIELDS, WITHOUT_CONTENT

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from .request import Request

# A media type with its parameters: RFC 9110 section 8.3.1. A space matches in one way only, so
# the time stays linear in the length of the field.
_HTTP_TOKEN = r"[\w!#$%&'*+\-.^`|~]+"
_MEDIA_TYPE = (
    rf"""[ \t]*{_HTTP_TOKEN}/{_HTTP_TOKEN}[ \t]*"""
    rf"""(?:;[ \t]*(?:{_HTTP_TOKEN}=(?:{_HTTP_TOKEN}|"(?:[^"\\]|\\.)*")[ \t]*)?)*"""
)
# A token of structured fields: RFC 9651 section 3.3.4.
_TOKEN = r"[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*"

_LONGEST_SHOWN = 100  # characters of a header field shown in a message


def make_media_types(
    accepts: Iterable[str] | None, produces: Iterable[str] | None, methods: set[str]
) -> MediaTypes | None:
    """The media types of a route, or ``None`` if its requests are not checked for them.

    :raises TypeError: if a string is given instead of a list.
    :raises ValueError: if an entry is not a media range.
    """
    if accepts is None and produces is None and "QUERY" not in methods:
        return None  # a QUERY must have a Content-Type
    return MediaTypes(_media_types("accepts", accepts), _media_types("produces", produces))


def _media_types(option: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    if isinstance(values, str):
        raise TypeError(f"{option} is a list of media types: {option}=[{values!r}].")
    for value in values:
        if not re.fullmatch(r"[^\s/;]+/[^\s/;]+(;.*)?", value):
            raise ValueError(
                f"{option}=[{value!r}] is not a media type; it looks like 'application/json'."
            )
    return tuple(values)


def check(request: Request, media_types: MediaTypes) -> None:
    """Check a request against the media types of its route.

    :raises werkzeug.exceptions.BadRequest: for a QUERY whose ``Content-Type`` is missing or no
        media type, or whose content is not of that type.
    :raises werkzeug.exceptions.UnsupportedMediaType: if its content is of another type.
    :raises werkzeug.exceptions.NotAcceptable: if ``Accept`` excludes all types produced.
    """
    method = request.method
    if method == "QUERY":
        _check_media_type(request.content_type)
    if media_types.consumes is not None and method not in WITHOUT_CONTENT:
        _check_content(request, media_types.consumes)
    if method == "QUERY" and request.is_json:
        request.get_json()  # 400 if the content does not match Content-Type
    if media_types.produces is not None:
        wanted = request.accept_mimetypes
        if wanted and wanted.best_match(media_types.produces) is None:
            raise NotAcceptable(f"This is available as {', '.join(media_types.produces)}.")


def _check_media_type(content_type: str | None) -> None:
    if not content_type:
        raise BadRequest("A QUERY must have a Content-Type for its content (RFC 10008 section 2).")
    if not re.fullmatch(_MEDIA_TYPE, content_type, re.ASCII):
        raise BadRequest(
            "The Content-Type of this QUERY is not a media type:"
            f" {content_type[:_LONGEST_SHOWN]!r}."
            " It looks like 'application/json' (RFC 10008 section 2)."
        )


def _check_content(request: Request, accepts: tuple[str, ...]) -> None:
    mimetype = request.mimetype
    if not any(_takes(media_range, mimetype) for media_range in accepts):
        raise _Unsupported(request.method, mimetype, accepts)


def _takes(media_range: str, mimetype: str) -> bool:
    wanted = parse_options_header(media_range)[0].lower()
    return wanted in {"*/*", mimetype} or (
        wanted.endswith("/*") and mimetype.startswith(wanted[:-1])
    )


class _Unsupported(UnsupportedMediaType):
    """A 415 with a header field that lists the accepted media types."""

    def __init__(self, method: str, mimetype: str, accepts: tuple[str, ...]) -> None:
        got = f"not {mimetype}" if mimetype else "and the request has no Content-Type"
        super().__init__(f"{method} accepts {', '.join(accepts)} here, {got}.")
        self.field = (ACCEPT_FIELDS.get(method, "Accept"), accept_list(accepts))

    def get_headers(self, *args: t.Any, **kwargs: t.Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **kwargs), self.field]


def accept_list(accepts: Iterable[str]) -> str:
    """Media ranges as a List of structured fields (RFC 9651 section 3.1)."""
    return ", ".join(_list_item(media_range) for media_range in accepts)


def _list_item(media_range: str) -> str:
    essence, parameters = parse_options_header(media_range)
    return essence + "".join(
        f";{name}={value if re.fullmatch(_TOKEN, value, re.ASCII) else _quoted(value)}"
        for name, value in parameters.items()
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
