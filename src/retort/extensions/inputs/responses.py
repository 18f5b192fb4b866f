"""The response for invalid inputs: a problem document, a page, or a list for htmx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import escape
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from ...globals import current_app

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed.wsgi import WSGIEnvironment

    from .errors import FieldError, InputError

_HTML, _PROBLEM = "text/html", "application/problem+json"
_OFFERED = (_PROBLEM, "application/json", _HTML, "application/xhtml+xml")

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{status} {name}</title>
<h1>{name}</h1>
<p>{detail}</p>
{errors}
"""


def respond(error: InputError, environ: WSGIEnvironment) -> Any:
    """The response for an error, in the format that the client accepts."""
    text: str | bytes
    if environ.get("HTTP_HX_REQUEST") == "true":
        text, mimetype = error_list(error.errors) or _paragraph(error), _HTML
    elif _wants_page(environ):
        text, mimetype = _page(error), _HTML
    else:
        text, mimetype = msgspec.json.encode(problem(error)), _PROBLEM
    response = current_app.response_class(text, error.code, mimetype=mimetype)
    response.vary.update(("Accept", "HX-Request"))
    return response


def _wants_page(environ: WSGIEnvironment) -> bool:
    accept = parse_accept_header(environ.get("HTTP_ACCEPT"), MIMEAccept)
    best = accept.best_match(_OFFERED, _PROBLEM)
    return best not in (_PROBLEM, "application/json")


def problem(error: InputError) -> dict[str, Any]:
    """The problem document of an error: RFC 9457."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.name,
        "status": error.code,
        "detail": error.description,
    }
    if error.errors:
        document["errors"] = list(map(_describe, error.errors))
    return document


def _describe(error: FieldError) -> dict[str, Any]:
    described: dict[str, Any] = {"source": error.source}
    if error.source == "body":
        described["pointer"] = error.pointer
    else:
        described["field"] = error.field
    described |= {"code": error.code, "detail": error.message}
    if error.limit is not None:
        described["limit"] = _plain(error.limit)
    return described


def _plain(limit: Any) -> Any:
    if isinstance(limit, (list, tuple)):
        return list(map(_plain, limit))
    return limit if isinstance(limit, (int, float, str)) else str(limit)


def error_list(errors: Sequence[FieldError]) -> str:
    """The errors as a list in HTML; empty without errors."""
    if not errors:
        return ""
    items = "".join(f"<li>{_sentence(error)}</li>" for error in errors)
    return f'<ul class="errors">{items}</ul>'


def _sentence(error: FieldError) -> str:
    place = escape(error.field)
    return f"{place}: {escape(error.message)}" if place else str(escape(error.message))


def _paragraph(error: InputError) -> str:
    return f"<p>{escape(error.description or error.name)}</p>"


def _page(error: InputError) -> str:
    return _PAGE.format(
        status=error.code,
        name=escape(error.name),
        detail=escape(error.description or ""),
        errors=error_list(error.errors),
    )
