"""Content negotiation for reports: HTML, plain text or problem details."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    Form = Literal["html", "plain", "problem"]

HTML = ("text/html", "application/xhtml+xml")
JSON = ("application/json", "application/problem+json")


def wanted_form(environ: WSGIEnvironment) -> Form:
    """The format with the highest quality in the request's ``Accept``.

    Wildcards are ignored, because most clients send ``*/*``. Without an explicit type, the format
    is plain text, for terminals (RFC 9110 section 12.5.1).
    """
    accept = parse_accept_header(environ.get("HTTP_ACCEPT"), MIMEAccept)
    named: dict[str, float] = {}
    for value, quality in accept:
        mimetype = value.partition(";")[0].strip().lower()
        named[mimetype] = max(quality, named.get(mimetype, 0.0))
    html = max(named.get(mimetype, 0.0) for mimetype in HTML)
    problem = max([*(named.get(mimetype, 0.0) for mimetype in JSON), _other_json(named)])
    plain = named.get("text/plain", 0.0)
    if html and html >= max(problem, plain):
        return "html"
    if problem and problem >= plain:
        return "problem"
    return "plain"


def _other_json(named: dict[str, float]) -> float:
    return max((quality for name, quality in named.items() if name.endswith("+json")), default=0.0)
