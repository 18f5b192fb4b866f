"""Evaluate the preconditions of conditional requests (RFC 9110 section 13).

`preconditions.py` calls this before a view runs, `Response.make_conditional` after it.
`ranges.py` cuts a body to the requested ranges.
"""

from __future__ import annotations

import re
import typing as t
from datetime import datetime, timezone

from werkzeug.http import http_date, parse_date, parse_etags

from .ranges import cut

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers
    from werkzeug.wrappers import Response

# Their response is a representation, so it may be a 304 (section 13.1.2; RFC 10008 section 2.6).
READS = frozenset({"GET", "HEAD", "QUERY"})

# Methods that neither select nor change a representation: section 13.2.1.
_NOT_CONDITIONAL = frozenset({"CONNECT", "OPTIONS", "TRACE"})

# Fields that a 412 must not have: those of the representation it does not send, and those for
# caches, which could otherwise store the 412 and send it to other clients.
_OF_THE_REPRESENTATION = (
    "Content-Type",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Cache-Control",
    "Expires",
    "X-Sendfile",
)

_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"|([\x21\x23-\x7e\x80-\xff]+)'


class EntityTag(t.NamedTuple):
    """An entity tag, which identifies one version of a representation: section 8.8.3."""

    value: str
    is_weak: bool = False


class Validators(t.NamedTuple):
    """The validators of the current representation."""

    tag: EntityTag | None = None
    modified: datetime | None = None  # in UTC, whole seconds
    exists: bool = True


def parse_tag(text: str) -> EntityTag:
    """Parse a tag given by a program: ``abc`` and ``"abc"`` are strong, ``W/"abc"`` is weak.

    :raises ValueError: if it has characters that are not allowed in a tag.
    :raises TypeError: if it is not a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"An entity tag is a string, not {text!r}; convert it, as with str(...).")
    match = re.fullmatch(_TAG, text)
    if match is None:
        raise ValueError(
            f"{text!r} cannot be an entity tag: it is empty, or has a space, a quotation mark"
            " or a letter outside of Latin-1 in it. A hash in hexadecimal is a good one."
        )
    weak, quoted, bare = match.groups()
    return EntityTag(quoted if bare is None else bare, weak is not None)


def to_http_time(when: datetime | float) -> datetime:
    """The time in the resolution of HTTP dates: UTC, whole seconds.

    :param when: without a time zone it is UTC; a number is seconds since 1970.
    """
    if isinstance(when, (int, float)):
        when = datetime.fromtimestamp(when, timezone.utc)
    elif when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    return when.astimezone(timezone.utc).replace(microsecond=0)


def evaluate(method: str, fields: Headers, current: Validators) -> int | None:
    """Evaluate the preconditions in ``fields``, in the order of section 13.2.2.

    :param current: the validators before the request changes anything.
    :returns: the status, 412 or 304; ``None``: process the request normally.
    """
    if method in _NOT_CONDITIONAL:
        return None
    if method in READS and not current.exists:
        return None  # the response without preconditions is a 404, and stays so (section 13.2.1)
    if not _has_expected_version(fields, current):
        return 412
    if not _is_not_modified(method, fields, current):
        return None
    return 304 if method in READS else 412


def is_safeguarded(fields: Headers, current: Validators) -> bool:
    """Whether the preconditions prevent a lost update.

    A date prevents it only if the current version has a date to compare with.
    ``If-None-Match: *`` prevents overwriting anything.
    """
    if "If-Match" in fields or fields.get("If-None-Match", "").strip() == "*":
        return True
    is_dated = _date(fields, "If-Unmodified-Since") is not None
    return is_dated and current.modified is not None


def _has_expected_version(fields: Headers, current: Validators) -> bool:
    """Evaluate ``If-Match`` (section 13.1.1), else ``If-Unmodified-Since`` (13.1.4)."""
    tags = fields.get("If-Match")
    if tags is not None:
        return _is_any(tags, current) or _has_strong(tags, current.tag)
    since = _date(fields, "If-Unmodified-Since")
    return since is None or current.modified is None or current.modified <= since


def _is_not_modified(method: str, fields: Headers, current: Validators) -> bool:
    """Evaluate ``If-None-Match`` (section 13.1.2), else ``If-Modified-Since`` (13.1.3)."""
    tags = fields.get("If-None-Match")
    if tags is not None:
        return _is_any(tags, current) or _has_weak(tags, current.tag)
    if method not in READS or current.modified is None:
        return False
    since = _date(fields, "If-Modified-Since")
    return since is not None and current.modified <= since


def _is_any(tags: str, current: Validators) -> bool:
    return tags.strip() == "*" and current.exists


def _has_strong(tags: str, tag: EntityTag | None) -> bool:
    return tag is not None and not tag.is_weak and parse_etags(tags).is_strong(tag.value)


def _has_weak(tags: str, tag: EntityTag | None) -> bool:
    if tag is None:
        return False
    known = parse_etags(tags)
    return known.is_strong(tag.value) or known.is_weak(tag.value)


def _date(fields: Headers, name: str) -> datetime | None:
    """The field's date; ``None``: the field is missing or invalid, and is ignored."""
    text = fields.get(name, "")
    return parse_date(text) if text.count(",") < 2 else None


def allows_range(fields: Headers, current: Validators) -> bool:
    """Evaluate ``If-Range`` (13.1.5): whether the ranges are of the current version."""
    wanted = fields.get("If-Range")
    if wanted is None:
        return True
    wanted = wanted.strip()
    if wanted.startswith('"'):
        return _has_strong(wanted, current.tag)
    if wanted.startswith("W/"):
        return False  # two versions with the same weak tag may differ in their bytes
    return current.modified is not None and parse_date(wanted) == current.modified


# Responses


def make_conditional(
    response: Response,
    environ: WSGIEnvironment,
    fields: Headers,
    accept_ranges: bool | str,
    complete_length: int | None,
) -> None:
    """Implement :meth:`Response.make_conditional <retort.Response.make_conditional>`."""
    method = environ["REQUEST_METHOD"]
    if method not in READS:
        return
    response.headers.setdefault("Date", http_date())
    unit = "bytes" if accept_ranges is True else accept_ranges
    if unit:
        response.headers["Accept-Ranges"] = unit
    if 200 <= response.status_code < 300:
        current = _validators_of(response)
        status = evaluate(method, fields, current)
        if status is not None:
            _respond_with(response, status)
            return
        if method == "GET" and unit == "bytes" and allows_range(fields, current):
            cut(response, fields.get("Range"), complete_length)
    _set_length(response)


def _validators_of(response: Response) -> Validators:
    value, is_weak = response.get_etag()
    tag = None if value is None else EntityTag(value, bool(is_weak))
    return Validators(tag, response.last_modified)


def _respond_with(response: Response, status: int) -> None:
    response.status_code = status
    if status != 412:
        return  # Werkzeug omits the body of a 304 and closes it
    close = getattr(response.response, "close", None)
    if close is not None:
        close()
    response.direct_passthrough = False
    response.set_data(b"")
    for name in _OF_THE_REPRESENTATION:
        response.headers.pop(name, None)


def _set_length(response: Response) -> None:
    if response.automatically_set_content_length and "Content-Length" not in response.headers:
        length = response.calculate_content_length()
        if length is not None:
            response.headers["Content-Length"] = str(length)


def tag_complete_response(response: Response, environ: WSGIEnvironment) -> None:
    """Add a weak entity tag to a complete response, and make it conditional.

    Streams, files, errors and ``no-store`` responses are not changed.
    """
    if response.status_code != 200 or environ["REQUEST_METHOD"] not in READS:
        return
    if response.direct_passthrough or not response.is_sequence:
        return
    if response.cache_control.no_store:
        return
    if environ["REQUEST_METHOD"] == "HEAD" and not response.get_data():
        return  # a separate view for HEAD: the body of GET is not known
    response.add_etag(weak=True)
    response.make_conditional(environ)


__all__ = [
    "READS",
    "EntityTag",
    "Validators",
    "evaluate",
    "is_safeguarded",
    "make_conditional",
    "parse_tag",
    "tag_complete_response",
    "to_http_time",
]
