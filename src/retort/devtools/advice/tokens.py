"""Advice on CSRF tokens (Flask-WTF's), and on cross-origin requests that Retort rejected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...http.cross_origin import CrossOriginRefused, is_loopback
from ...http.hints import FORM_TYPES
from .additions import page_with_file
from .diagnostic import DiagnosticContext, new_setting_diff, setting_diff
from .edit import FileEdit, diff_of, tag_at
from .record import Advice

if TYPE_CHECKING:
    from ...http.cross_origin import RequestOrigin
    from ..checks.rules.forms import Sent

_HIDDEN = '<input type="hidden" name="csrf_token" value="{{ csrf_token() }}">'


def no_csrf_token(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain why Flask-WTF found no valid token."""
    error, request = diagnostic.error, diagnostic.request
    kind = type(error)
    if request is None or kind.__name__ != "CSRFError" or "csrf" not in kind.__module__:
        return None
    reason = str(getattr(error, "description", ""))
    if "session" in reason:
        return _lost_session(diagnostic, reason)
    if "token is missing" not in reason:
        return _invalid(diagnostic, reason)
    if request.mimetype not in FORM_TYPES:
        return Advice(
            what=f"{diagnostic.what} came without a CSRF token: {reason}",
            why=_not_needed(diagnostic),
            fix="Send the value of csrf_token() in the header X-CSRFToken.",
        )
    sent = next((one for one in _forms_sent(diagnostic) if _lacks_token(one)), None)
    line = "{{ form.hidden_tag() }}" if sent and "form." in sent.page.text else _HIDDEN
    diff = ""
    if sent is not None:
        edit = FileEdit(sent.page.file)
        tag = tag_at(edit, sent.line, "form")
        if tag is not None:
            indent = edit.lines[edit.line_of(tag) - 1]
            indent = indent[: len(indent) - len(indent.lstrip())]
            edit.insert(tag.end(), f"\n{indent}  {line}")
            diff = diff_of(diagnostic.folder, edit)
    return Advice(
        what=f"{diagnostic.what} came without a CSRF token: {reason}",
        why=_not_needed(diagnostic),
        place=diagnostic.place(sent.page.file, sent.line) if sent else None,
        fix=f"Add {line} inside the <form>.",
        diff=diff,
        facts=(("Received fields", ", ".join(request.form) or "none"),),
    )


def _lacks_token(sent: Sent) -> bool:
    """Whether a template writes no token, as far as its text shows."""
    text = sent.page.text
    return sent.page.template is not None and "csrf" not in text and "hidden_tag" not in text


def _forms_sent(diagnostic: DiagnosticContext) -> list[Sent]:
    return [] if diagnostic.view is None else diagnostic.forms_to(diagnostic.view)


def _not_needed(diagnostic: DiagnosticContext) -> str:
    if not diagnostic.app.config.get("CROSS_ORIGIN_PROTECTION"):
        return "The token proves that the form came from a page of this site."
    return (
        "CROSS_ORIGIN_PROTECTION is on: browsers send the origin of a form, and no"
        " token is needed. app.config['WTF_CSRF_ENABLED'] = False disables it."
    )


def _invalid(diagnostic: DiagnosticContext, reason: str) -> Advice:
    """A token came, and was refused for another reason than a lost session."""
    what = f"{diagnostic.what} was refused by Flask-WTF: {reason}"
    if "referrer" in reason:
        return Advice(
            what=what,
            why="WTF_CSRF_SSL_STRICT requires the header Referer of this host.",
            fix="Send the form from a page of this host, with its referrer.",
        )
    why = "A token belongs to the session and the key of the program that made it."
    if "expired" in reason:
        limit = diagnostic.app.config.get("WTF_CSRF_TIME_LIMIT", 3600)
        why = f"A token is valid for WTF_CSRF_TIME_LIMIT: {limit} seconds."
    return Advice(what=what, why=why, fix="Load the page with the form again, and send it again.")


def _lost_session(diagnostic: DiagnosticContext, reason: str) -> Advice:
    """The session of the request has no token to compare with."""
    request, config = diagnostic.request, diagnostic.app.config
    assert request is not None
    is_insecure = (
        config["SESSION_COOKIE_SECURE"] is True
        and request.scheme == "http"
        and not is_loopback(request.host)
        and config["SESSION_COOKIE_NAME"] not in request.cookies
    )
    why = "The token is compared with one in the session, and this session has none."
    fix = "Load the page with the form again, and send it again."
    if config["SESSION_COOKIE_NAME"] not in request.cookies:
        why = (
            "The token is compared with one in the session, and its cookie was not sent. A cookie"
            " of 127.0.0.1 is not sent to localhost: use one of the two names."
        )
        fix = f"Open the form at {request.host_url}, the host that it is sent to."
    if is_insecure:
        why = "SESSION_COOKIE_SECURE is on, and over http browsers drop such a cookie."
        fix = "Write app.config['SESSION_COOKIE_SECURE'] = 'auto': Secure where there is HTTPS."
    return Advice(
        what=f"{diagnostic.what} came without the session that its CSRF token belongs to: {reason}",
        why=why,
        fix=fix,
        diff=setting_diff(diagnostic, "SESSION_COOKIE_SECURE", "'auto'") if is_insecure else "",
        facts=(
            ("Cookies received", ", ".join(request.cookies) or "none"),
            ("Host", request.host),
        ),
    )


def from_another_site(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain the origin of the request, and the settings that would allow it."""
    error, request = diagnostic.error, diagnostic.request
    if not isinstance(error, CrossOriginRefused) or request is None:
        return None
    source = error.sender
    facts = (
        ("Sec-Fetch-Site", source.fetch_site or "not sent"),
        ("Origin", source.origin or "not sent"),
        ("Host", source.host or "not sent"),
    )
    view = diagnostic.view
    place = None if view is None else diagnostic.place_of(view)
    if source.origin in ("null", ""):
        return _from_disk(diagnostic, facts)
    return Advice(
        what=f"{diagnostic.what} was refused: {_sender(source)}.",
        why="Otherwise any page could send forms in the name of its visitors.",
        place=place,
        fix=f"To allow it, trust {source.origin}.",
        diff=_trust_diff(diagnostic, source.origin),
        facts=facts,
    )


def _sender(source: RequestOrigin) -> str:
    """What the header fields say of the sender; a proxy may have changed Host."""
    if source.fetch_site == "cross-site":
        return f"it was sent by a page of {source.origin}, which is another site"
    if source.fetch_site:
        return f"it was sent by a page of {source.origin}, which is another origin of this site"
    return f"its Origin is {source.origin}, and its Host is {source.host or 'not sent'}"


def _from_disk(diagnostic: DiagnosticContext, facts: tuple[tuple[str, str], ...]) -> Advice:
    """The page was opened as a file: the program can serve it."""
    request, view = diagnostic.request, diagnostic.view
    assert request is not None
    files = [one.page.file for one in _forms_sent(diagnostic) if one.page.template is None]
    root = os.path.realpath(diagnostic.app.root_path)
    name = next((os.path.basename(one) for one in files if os.path.dirname(one) == root), "")
    is_page = name.endswith((".html", ".htm"))
    address = f"{request.scheme}://{request.host}/{name}" if is_page else request.host_url
    return Advice(
        what=(
            f"{diagnostic.what} was refused: it came from a page that was opened from disk, or"
            " hides its origin."
        ),
        why=(
            "From such a page any site could send it. While debug mode is on, it is accepted if the"
            " server is reached at 127.0.0.1 or localhost."
        ),
        place=None if view is None else diagnostic.place_of(view),
        fix=f"Serve the page with the form from the program, and open {address} instead.",
        diff=page_with_file(diagnostic, name) if is_page else "",
        facts=facts,
    )


def _trust_diff(diagnostic: DiagnosticContext, origin: str) -> str:
    if diagnostic.app.config.get("CROSS_ORIGIN_TRUSTED_ORIGINS"):
        return ""
    return new_setting_diff(diagnostic, "CROSS_ORIGIN_TRUSTED_ORIGINS", f"[{origin!r}]")
