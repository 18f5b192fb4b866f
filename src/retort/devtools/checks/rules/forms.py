"""Check that a route exists for each form and accepts its method and content."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from ..findings import Finding
from ..pages import handles_forms, scripts_handle_forms
from ..placeholders import has_placeholder
from ..program import BODY_METHODS, methods_of
from .endpoints import endpoint_in, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkzeug.routing import Rule

    from ..markup import Form
    from ..pages import Page
    from ..program import Program, View

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_HTML_METHODS = frozenset({"get", "post", "dialog"})


@dataclass
class Sent:
    """A form, and the rules of its address.

    :param rules: of the address; empty if there is none; ``None`` if the address is unknown or
        belongs to another server.
    :param is_known: whether ``rules`` is complete.
    """

    page: Page
    form: Form
    place: str = ""
    rules: list[Rule] | None = None
    is_elsewhere: bool = False

    @property
    def line(self) -> int:
        """The line of the form in its file."""
        return self.page.line(self.form.line)


def send_forms(program: Program, pages: Iterable[Page]) -> list[Sent]:
    """All forms of the pages, with the routes of their addresses."""
    return [_send(program, page, form) for page in pages for form in page.markup.forms]


def takers_of(program: Program, sent: Sent) -> list[View] | None:
    """The views that handle a form; ``None`` if they are not known."""
    if sent.rules is None or sent.form.is_uncertain:
        return None
    return program.takers(sent.rules, sent.form.sends)


def check_forms(program: Program, forms: Iterable[Sent]) -> Iterator[Finding]:
    """Report forms that cannot work."""
    for sent in forms:
        if sent.form.is_uncertain or sent.form.method == "dialog":
            continue
        if sent.form.method not in _HTML_METHODS:
            yield _bad_verb(sent)
        else:
            yield from _bad_target(program, sent)
        yield from _bad_files(sent)


def _send(program: Program, page: Page, form: Form) -> Sent:
    sent = Sent(page, form)
    if handles_forms(page.text) or scripts_handle_forms(program):
        return sent
    action = (form.action or "").strip()
    expression = page.placeholders.expression_of(action)
    if expression is not None:
        _send_to_endpoint(program, sent, expression)
    elif has_placeholder(action):
        return sent
    elif not action or action[0] in "?#":
        _send_to_page(program, sent)
    else:
        _send_to_path(program, sent, action)
    return sent


def _send_to_endpoint(program: Program, sent: Sent, expression: str) -> None:
    use = endpoint_in(expression, program.app.jinja_env)
    targets = targets_of(program, use) if use else []
    if use is None or len(targets) != 1:  # if there are none, endpoints.py reports it
        return
    own = [rule for rule in program.rules if rule.endpoint == targets[0]]
    sent.place = own[0].rule
    sent.rules = program.rules_like(own)


def _send_to_page(program: Program, sent: Sent) -> None:
    """The target without an action: the address of the page, if its views are known."""
    if sent.page.views:
        own = [rule for view in sent.page.views for rule in view.rules]
        sent.place = own[0].rule
        sent.rules = program.rules_like(own)


def _send_to_path(program: Program, sent: Sent, action: str) -> None:
    parts = urlsplit(action)
    if parts.scheme or parts.netloc:
        if not _is_here(program, action):
            sent.is_elsewhere = True
            return
    elif not parts.path.startswith("/"):
        bases = _addresses(sent.page)
        if len(bases) != 1:
            return
        parts = urlsplit(urljoin(bases[0], action))
    if program.has_known_paths:
        sent.place = parts.path or "/"
        sent.rules = program.rules_at(sent.place)


def _is_here(program: Program, action: str) -> bool:
    """Whether an absolute URL is that of this program with default host and port."""
    parts = urlsplit(action)
    if parts.scheme not in {"http", "https"} or parts.hostname not in _LOOPBACK:
        return False
    try:
        port = parts.port
    except ValueError:
        return False
    name = program.app.config.get("SERVER_NAME") or ""
    configured = {os.environ.get("FLASK_RUN_PORT"), name.rpartition(":")[2]}
    return port in {None, 80, 443, 5000} or str(port) in configured


def _addresses(page: Page) -> list[str]:
    """The addresses of a page, if they have no variables."""
    rules = [rule for view in page.views or () for rule in view.rules]
    return sorted({rule.rule for rule in rules}) if not any(r.arguments for r in rules) else []


def _finding(sent: Sent, rule: str, message: str, fix: str, line: int | None = None) -> Finding:
    return Finding(sent.page.file, line or sent.line, rule, message, fix)


def _bad_verb(sent: Sent) -> Finding:
    method = sent.form.method.upper()
    fix = "Write method='post'."
    if method in BODY_METHODS:
        fix = (
            "Write method='post' and add POST to the route. To keep the route, set"
            " app.config['METHOD_OVERRIDE'] = True and add"
            f' <input type="hidden" name="_method" value="{method}">.'
        )
    return _finding(
        sent,
        "form-verb",
        f"A form has method={sent.form.method!r}. HTML forms support only get and post; this one"
        " is sent with GET, its fields in the address.",
        fix,
    )


def _bad_target(program: Program, sent: Sent) -> Iterator[Finding]:
    if sent.rules is None or (not sent.rules and program.is_extended_as_script):
        return
    method = sent.form.sends
    if not sent.rules:
        yield _finding(
            sent,
            "form-target",
            f"A form is sent to {sent.place}, but there is no such route: 404.",
            _closest(program, sent.place),
        )
    elif program.takers(sent.rules, method) is None:
        taken = methods_of(sent.rules)
        yield _finding(
            sent,
            "form-method",
            f"A form is sent to {sent.place} with {method}, but the route accepts"
            f" {' and '.join(taken) or 'no method'} only: 405.",
            _let_through(method, taken, sent),
        )


def _let_through(method: str, taken: list[str], sent: Sent) -> str:
    if method == "GET" and "POST" in taken:
        return "Add method='post' to the form."
    listed = ", ".join(repr(one) for one in [*taken, method])
    endpoint = sent.rules[0].endpoint if sent.rules else ""
    return f"Add it to the route: methods=[{listed}] at the view of {str(endpoint)!r}."


def _closest(program: Program, place: str) -> str:
    rules = [rule.rule for rule in program.rules]
    close = difflib.get_close_matches(place, rules, n=1)
    if close:
        return f"Did you mean {close[0]}? In a template, url_for('...') builds it."
    return f"Add a route for {place}, or correct the action."


def _bad_files(sent: Sent) -> Iterator[Finding]:
    form = sent.form
    file = next((field for field in form.fields if field.kind == "file"), None)
    if file is None:
        return
    if form.method in {"get", ""}:
        problem = "its form is sent with GET, which sends the name of the file and not its content"
    elif form.enctype != "multipart/form-data":
        problem = "its form has no enctype, so the name of the file is sent and not its content"
    else:
        return
    yield _finding(
        sent,
        "file-enctype",
        f"There is a file input {file.name!r}, but {problem}.",
        "Write <form method='post' enctype='multipart/form-data'>.",
        sent.page.line(file.line),
    )
