"""The request of an error as rows for display, with secrets redacted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from .redaction import NOT_SHOWN, REDACTED, cut, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.wrappers import Request

    from .redaction import Budget

_MAX_VALUE_CHARS = 500
_READ_CHARS = 4 * _MAX_VALUE_CHARS  # the maximum length of a value before redaction
_MAX_ROWS = 60
_SMALL_FORM = 64 * 1024


@dataclass(frozen=True)
class Section:
    """A group of rows, such as the form's fields."""

    title: str
    rows: tuple[tuple[str, str], ...]


def sections_of(request: Request, budget: Budget) -> tuple[Section, ...]:
    """The non-empty parts of ``request``; its body remains readable.

    :param budget: the time limit for the values of the page.
    """
    parts = [
        ("Request", _line(request)),
        ("Query", _fields(request.args.items(multi=True), budget)),
        ("Form", _fields(_form(request), budget)),
        ("Files", _files(request)),
        ("Cookies", ((name, REDACTED) for name in request.cookies)),
        ("Headers", _fields(_headers(request), budget)),
    ]
    found = [Section(title, tuple(islice(rows, _MAX_ROWS))) for title, rows in parts]
    return tuple(section for section in found if section.rows)


def _line(request: Request) -> Iterator[tuple[str, str]]:
    yield "Method", request.method
    yield "URL", f"{request.base_url}{redacted_query(request.query_string)}"
    if request.environ.get("SERVER_PROTOCOL"):
        yield "Protocol", request.environ["SERVER_PROTOCOL"]
    if request.remote_addr:
        yield "From", request.remote_addr
    endpoint = getattr(request, "endpoint", None)
    if endpoint is not None:
        yield "Endpoint", endpoint
        for name, value in (getattr(request, "view_args", None) or {}).items():
            yield f"<{name}>", redacted(name, repr(value))


def redacted_query(query: bytes) -> str:
    """A query with its ``?`` as it was sent; its secrets are redacted."""
    if not query:
        return ""
    text = query.decode("latin-1")
    fields = parse_qsl(text, keep_blank_values=True)
    safe = [(name, redacted(name, value)) for name, value in fields]
    if safe == fields:
        return f"?{text}"
    shown = "&".join(f"{quote(name)}={quote(value)}" for name, value in safe)
    return f"?{shown.replace(quote(REDACTED), REDACTED)}"


def _fields(pairs: Iterable[tuple[Any, Any]], budget: Budget) -> Iterator[tuple[str, str]]:
    for name, value in pairs:
        if budget.is_spent:
            yield str(name), NOT_SHOWN
            continue
        text = redacted(str(name), cut(str(value), _READ_CHARS))
        yield str(name), text if len(text) <= _MAX_VALUE_CHARS else f"{text[:_MAX_VALUE_CHARS]}…"


def _headers(request: Request) -> Iterator[tuple[str, str]]:
    for name, value in request.headers.items():
        if name == "Referer" and "?" in value:
            path, _, query = value.partition("?")
            yield name, path + redacted_query(query.encode("latin-1", "replace"))
        else:
            yield name, value


def _form(request: Request) -> Iterable[tuple[str, str]]:
    if not _may_parse(request):
        return ()
    try:
        return list(request.form.items(multi=True))
    except Exception as error:  # an unreadable body is one of the errors shown here
        return [("", f"It cannot be read: {type(error).__name__}.")]


def _files(request: Request) -> Iterator[tuple[str, str]]:
    if "files" in request.__dict__:
        for name, file in request.files.items(multi=True):
            yield name, f"{file.filename or ''} ({file.content_type or 'no type'})"


def _may_parse(request: Request) -> bool:
    """Whether the form was already parsed, or is small enough to parse for display."""
    return "form" in request.__dict__ or (request.content_length or 0) <= _SMALL_FORM
