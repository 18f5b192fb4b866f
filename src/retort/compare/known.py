"""Differences that the documentation lists, with the row that explains them.

A rule is narrow: the request must be of the kind that the row describes, and both responses must be
those that it states. A rule explains what follows from it: if the same view has run, the status,
the body and the fields about them; otherwise all of the response.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from .messages import NoResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import Request, Response, Step
    from .results import Difference

_FILES_STATUSES = frozenset({200, 206, 304, 412, 416})
_LINE_BREAK = re.compile(rb"%0[ad]|[\r\n]", re.IGNORECASE)
_DEEP_LEVELS = 1_000


def known_row(step: Step, first: str, other: str) -> str | None:
    """The row of "What differs" that explains a step; ``None`` if there is none.

    :param first: the name of the side with Flask.
    :param other: the name of the side with Retort.
    """
    left, right = step.outcomes[first], step.outcomes[other]
    if isinstance(left, NoResponse) or isinstance(right, NoResponse):
        return None
    request = step.requests[first]
    for row, rule in RULES.items():
        if rule(request, left, right, step.outputs.get(first, "")):
            return row
    return None


def explains(row: str, difference: Difference) -> bool:
    """Whether a difference of a step follows from the row that `known_row` has found for it."""
    if row not in _SAME_VIEW:
        return True
    if difference.part == "cookie":
        return row == _FORM_BYTES  # the session can contain them
    return difference.part != "header" or _FOLLOWING.fullmatch(difference.place) is not None


def _field(request: Request, name: str) -> str | None:
    return next((value for key, value in request.fields if key.lower() == name), None)


def _statuses(left: Response, right: Response) -> tuple[int, int]:
    return left.status, right.status


def _small_method(request: Request, left: Response, right: Response, output: str) -> bool:
    return request.method.islower() and right.status == 501


def _unknown_method(request: Request, left: Response, right: Response, output: str) -> bool:
    return left.status in (404, 405) and right.status == 501


def _options_asterisk(request: Request, left: Response, right: Response, output: str) -> bool:
    is_asterisk = request.method == "OPTIONS" and request.target == "*"
    return is_asterisk and _statuses(left, right) == (404, 200)


def _deep_json(request: Request, left: Response, right: Response, output: str) -> bool:
    opened = request.body.count(b"[") + request.body.count(b"{")
    return opened > _DEEP_LEVELS and right.status == 400


def _broken_multipart(request: Request, left: Response, right: Response, output: str) -> bool:
    is_multipart = (_field(request, "content-type") or "").startswith("multipart/form-data")
    return is_multipart and right.status == 400 and left.status != 400


def _not_utf8(request: Request, left: Response, right: Response, output: str) -> bool:
    if "urlencoded" not in (_field(request, "content-type") or ""):
        return False
    try:
        unquote_to_bytes(request.body).decode()
    except UnicodeDecodeError:
        return left.status == right.status
    return False


def _form_memory(request: Request, left: Response, right: Response, output: str) -> bool:
    is_multipart = (_field(request, "content-type") or "").startswith("multipart/form-data")
    return is_multipart and left.status == 413 and right.status != 413


def _preconditions(request: Request, left: Response, right: Response, output: str) -> bool:
    has_field = _field(request, "if-match") or _field(request, "if-unmodified-since")
    return bool(has_field) and right.status == 412 and left.status in _FILES_STATUSES


def _none_match_with_range(request: Request, left: Response, right: Response, output: str) -> bool:
    has_both = _field(request, "if-none-match") and _field(request, "range")
    return bool(has_both) and _statuses(left, right) == (206, 304)


def _range_on_head(request: Request, left: Response, right: Response, output: str) -> bool:
    is_head = request.method == "HEAD" and _field(request, "range") is not None
    return is_head and left.status in (206, 416) and right.status == 200


def _other_ranges(request: Request, left: Response, right: Response, output: str) -> bool:
    value = _field(request, "range")
    if value is None or left.status != 416:
        return False
    is_several = value.startswith("bytes=") and "," in value
    return right.status == 206 if is_several else right.status == 200 and "bytes=" not in value


def _line_break(request: Request, left: Response, right: Response, output: str) -> bool:
    sent = request.target.encode("latin-1", "replace") + request.body
    return _LINE_BREAK.search(sent) is not None and _statuses(left, right) == (500, 400)


def _many_digits(request: Request, left: Response, right: Response, output: str) -> bool:
    return (
        _statuses(left, right) == (500, 404) and re.search(r"\d{4300}", request.target) is not None
    )


def _failed_with(output: str, text: str) -> bool:
    return "TypeError" in output and text in output


def _async_generator(request: Request, left: Response, right: Response, output: str) -> bool:
    return left.status == 500 and right.status < 500 and _failed_with(output, "async_generator")


def _declared_return(request: Request, left: Response, right: Response, output: str) -> bool:
    is_returned = _failed_with(output, "did not return a valid response")
    return left.status == 500 and right.status < 500 and is_returned


def _objects_in_json(request: Request, left: Response, right: Response, output: str) -> bool:
    is_json = _failed_with(output, "is not JSON serializable")
    return left.status == 500 and right.status < 500 and is_json


_FORM_BYTES = "Form bytes that are not UTF-8"
# Both frameworks run the same functions, so fields of the program have to be equal.
_SAME_VIEW = frozenset(
    {
        "A method that no rule names",
        "`OPTIONS *`",
        _FORM_BYTES,
        "`If-Match`, `If-Unmodified-Since`",
        "`If-None-Match` with `Range`",
        "`Range` on HEAD",
        "Several ranges, or a unit that is not bytes",
    }
)
_FOLLOWING = re.compile(
    r"content-.*|allow|etag|last-modified|accept-ranges|cache-control|expires|location"
    r"|transfer-encoding"
)

RULES: dict[str, Callable[[Request, Response, Response, str], bool]] = {
    "`get` in small letters": _small_method,
    "A method that no rule names": _unknown_method,
    "`OPTIONS *`": _options_asterisk,
    "JSON of more than 1,000 levels": _deep_json,
    "A broken multipart form, a part without a name": _broken_multipart,
    _FORM_BYTES: _not_utf8,
    "`MAX_FORM_MEMORY_SIZE`": _form_memory,
    "`If-Match`, `If-Unmodified-Since`": _preconditions,
    "`If-None-Match` with `Range`": _none_match_with_range,
    "`Range` on HEAD": _range_on_head,
    "Several ranges, or a unit that is not bytes": _other_ranges,
    "A line break from the client in `redirect(...)`": _line_break,
    "`<int:id>` with more than 4,300 digits": _many_digits,
    "An asynchronous generator as a return value": _async_generator,
    "A dataclass, or an object of msgspec, attrs or pydantic, whose class the return annotation of"
    " the view names": _declared_return,
    "Objects of msgspec, attrs and pydantic, and members of an `Enum`, in `jsonify` and in a"
    " dictionary or list that is returned": _objects_in_json,
}
