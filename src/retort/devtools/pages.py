"""A report as an answer: a page for browsers, text for terminals, problem details for programs.

The page needs nothing from elsewhere, and its policy (CSP) allows nothing else: its one style
sheet and one script stand in it, under a number used once. The templates escape everything.
"""

from __future__ import annotations

import functools
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from .negotiate import wanted_form
from .report import as_problem, as_text, place_in_short

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .report import Report

_TEMPLATES = Path(__file__).with_name("templates")

#: What is said of a body, or of who may use it, by headers that a page has of its own.
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

#: The methods of the table, and what each asks for (RFC 9110 section 9.3).
METHODS = {
    "GET": "Bring what is at this address. Fields travel in the address, for everybody to read.",
    "HEAD": "As GET, but bring the headers only, without the body.",
    "POST": "Take what a form sends. Fields travel in the body.",
    "PUT": "Put what is in the body at this address, in place of what is there.",
    "DELETE": "Remove what is at this address.",
    "OPTIONS": "Say which methods this address takes.",
}
RARE = {
    "PATCH": "Change a part of what is at this address (RFC 5789).",
    "QUERY": "Bring what the body describes, as GET does with an address (RFC 10008).",
}

Headers = list[tuple[str, str]]


def answer(report: Report, environ: WSGIEnvironment) -> tuple[Headers, bytes]:
    """The headers and the body that tell ``report`` in the form that the client wants."""
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
    """The Content-Security-Policy of a page: what is under ``nonce`` and nothing else."""
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
    )


def methods_for(report: Report) -> list[tuple[str, str]]:
    """The methods to try: the tutorial's, and those of the others that a route takes."""
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
    return environment


def diff_kind(line: str) -> str:
    """What a line of a unified diff is: ``head``, ``added``, ``removed`` or ``same``."""
    if line.startswith(("--- ", "+++ ", "@@")):
        return "head"
    return {"+": "added", "-": "removed"}.get(line[:1], "same")


def _part(name: str) -> Markup:
    """One of our own files, as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))
