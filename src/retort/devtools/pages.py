"""Render a report as a response: HTML, plain text or problem details.

The page is self-contained, and its Content-Security-Policy allows only its inline style sheet and
script, by a nonce. The templates escape all values.
"""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .html import editor
from .html.highlight import coloured_lines, coloured_source
from .html.inline_code import inline_code
from .negotiate import wanted_form
from .poll import PROCESS
from .report import as_problem, as_text, place_in_short

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .report import Report

_TEMPLATES = Path(__file__).with_name("templates")

#: Header fields of a body or its access policy, which a page replaces by its own.
REPLACED_HEADERS = frozenset(
    {
        "content-type",
        "content-length",
        "content-encoding",
        "content-language",
        "content-disposition",
        "content-security-policy",
        "content-security-policy-report-only",
        "etag",
        "last-modified",
        "cache-control",
        "expires",
        "referrer-policy",
        "x-content-type-options",
    }
)

#: The methods of the table and their meaning (RFC 9110 section 9.3).
METHODS = {
    "GET": "Get the resource at this address. Fields are in the address, which is not secret.",
    "HEAD": "Like GET, but only the headers, without the body.",
    "POST": "Process a form. Fields are in the body.",
    "PUT": "Replace the resource at this address by the body.",
    "DELETE": "Remove the resource at this address.",
    "OPTIONS": "List the methods of this address.",
}
RARE = {
    "PATCH": "Change a part of the resource at this address (RFC 5789).",
    "QUERY": "Get the result of the query in the body, as GET does for an address (RFC 10008).",
}

Headers = list[tuple[str, str]]


def answer(report: Report, environ: WSGIEnvironment) -> tuple[Headers, bytes]:
    """The headers and body of ``report`` in the format that the client accepts."""
    form = wanted_form(environ)
    if form == "html":
        nonce = secrets.token_urlsafe(16)
        kind, text = "text/html; charset=utf-8", as_html(report, nonce)
    elif form == "problem":
        nonce, kind, text = "", "application/problem+json", as_problem(report)
    else:
        nonce, kind, text = "", "text/plain; charset=utf-8", as_text(report)
    body = text.encode("utf-8", "replace")
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Content-Security-Policy", policy(nonce)),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept"),
    ]
    return headers, body


def policy(nonce: str) -> str:
    """The Content-Security-Policy of a page: only elements with ``nonce``."""
    rules = [
        "default-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    if nonce:
        rules += [f"style-src 'nonce-{nonce}'", f"script-src 'nonce-{nonce}'"]
        rules += ["connect-src 'self'", "img-src data:"]  # the icon, which is empty
    return "; ".join(rules)


def as_html(report: Report, nonce: str) -> str:
    """The report as a page."""
    page = _environment().get_template("report.html")
    return page.render(
        report=report,
        nonce=nonce,
        style=_part("page.css"),
        script=_part("page.js"),
        methods=methods_for(report),
        process=PROCESS,
    )


def methods_for(report: Report) -> list[tuple[str, str]]:
    """The methods in the table: the common ones, and other methods of the routes."""
    taken = {method for route in report.routes for method in route.methods}
    return [*METHODS.items(), *((name, text) for name, text in RARE.items() if name in taken)]


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["diff_kind"] = diff_kind
    environment.filters["place_in_short"] = place_in_short
    environment.filters["inline_code"] = inline_code
    environment.filters["coloured_lines"] = coloured_lines
    environment.filters["coloured_source"] = coloured_source
    environment.globals["editor_link"] = editor.link
    return environment


def diff_kind(line: str) -> str:
    """Classify a line of a unified diff: ``head``, ``added``, ``removed`` or ``same``."""
    if line.startswith(("--- ", "+++ ", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")


def _part(name: str) -> Markup:
    """The text of a file in the templates folder."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))
