"""Advice on a form with a method that HTML does not have, such as ``<form method="put">``."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from ....http.forms import OVERRIDING_METHODS
from ...checks.source import text_in
from ..diagnostic import DiagnosticContext, add_setting, shown_methods
from ..edit import FileEdit, diff_of, quote_like, set_attribute, tag_at
from ..record import Advice

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ...checks.rules.forms import Sent

_OF_HTML = frozenset({"get", "post", "dialog", ""})
_OVERRIDE = "METHOD_OVERRIDE"


def sent_with_verb(diagnostic: DiagnosticContext, rules: list[Rule]) -> Advice | None:
    """Explain a GET with the fields of a form that asks for PUT, PATCH or DELETE.

    :param rules: those of the request's address.
    """
    sent = _form_with_verb(diagnostic, rules)
    if sent is None:
        return None
    verb = sent.form.method.upper()
    taken = shown_methods({method for rule in rules for method in rule.methods or ()})
    edits = _Edits(diagnostic)
    can_edit = edits.set_method(sent)
    if verb in taken and verb in OVERRIDING_METHODS:
        fix = (
            f'Write method="post" and a hidden field _method with the value {verb}, and set'
            f" app.config['{_OVERRIDE}'] = True."
        )
        can_edit = can_edit and edits.name_verb(sent, verb) and edits.set_override()
    elif "POST" in taken:
        fix = 'Write method="post" in the form.'
    else:
        fix = 'Write method="post" in the form, and let the route accept POST.'
        can_edit = can_edit and edits.add_post(rules[0], taken)
    where = f"{os.path.basename(sent.page.file)}:{sent.line}"
    return Advice(
        what=(
            f"The form at {where} has method={sent.form.method!r}, but HTML knows get and post"
            " only, so it is sent with GET."
        ),
        why="Any other method of a form acts as get: the fields are in the address.",
        place=diagnostic.place(sent.page.file, sent.line),
        fix=fix,
        diff=edits.diff() if can_edit else "",
        facts=(("Methods of this URL", ", ".join(taken)),),
    )


def _form_with_verb(diagnostic: DiagnosticContext, rules: list[Rule]) -> Sent | None:
    """A form for this address with another method, which may have sent this query."""
    request = diagnostic.request
    if request is None or request.method != "GET":
        return None
    for sent in diagnostic.forms:
        if sent.form.is_uncertain or sent.form.method in _OF_HTML:
            continue
        if any(rule in rules for rule in sent.rules or ()) and _may_send(sent, set(request.args)):
            return sent
    return None


def _may_send(sent: Sent, names: set[str]) -> bool:
    """Whether the fields of a form can be all that a query has; a form sends its fields always."""
    fields = {field.name for field in sent.form.fields if field.name}
    if not names:
        return not fields and not sent.form.is_open
    return sent.form.is_open or names <= fields


class _Edits:
    """Edits of a form and of its route, which may be in one file."""

    def __init__(self, diagnostic: DiagnosticContext) -> None:
        self.diagnostic = diagnostic
        self.files: dict[str, FileEdit] = {}

    def file(self, path: str) -> FileEdit:
        """The edit of a file."""
        return self.files.setdefault(os.path.realpath(path), FileEdit(path))

    def diff(self) -> str:
        """The diff of all files."""
        return diff_of(self.diagnostic.folder, *self.files.values())

    def set_method(self, sent: Sent) -> bool:
        """Make the form a post form."""
        edit = self.file(sent.page.file)
        tag = tag_at(edit, sent.line, "form")
        if tag is None:
            return False
        set_attribute(edit, tag, "method", "post")
        return True

    def name_verb(self, sent: Sent, verb: str) -> bool:
        """Add the hidden field with the method."""
        edit = self.file(sent.page.file)
        tag = tag_at(edit, sent.line, "form")
        if tag is None:
            return False
        quote = "'" if "'" in tag[0] and '"' not in tag[0] else '"'
        hidden = '<input type="hidden" name="_method" value="{}">'.replace('"', quote)
        edit.insert(tag.end(), hidden.format(verb))
        return True

    def set_override(self) -> bool:
        """Turn on the setting, unless it is on."""
        diagnostic = self.diagnostic
        if diagnostic.app.config.get(_OVERRIDE):
            return True
        return add_setting(diagnostic, _OVERRIDE, "True", self.file)

    def add_post(self, rule: Rule, taken: list[str]) -> bool:
        """Let the route accept POST."""
        view, found = self.diagnostic.view_of(rule), self.diagnostic.route_of(rule)
        if found is None or view is None or not view.is_alone:
            return False
        source, call = found
        return write_methods(self.file(source.path), call, [*taken, "POST"])


def write_methods(edit: FileEdit, call: ast.Call, wanted: list[str]) -> bool:
    """Write the methods of a route; false if they are not a literal list."""
    assert isinstance(call.func, ast.Attribute)
    source = edit.source(call)
    listed = ", ".join(quote_like(source, one) for one in wanted)
    given = next((each.value for each in call.keywords if each.arg == "methods"), None)
    if given is None:
        last = [*call.args, *(each.value for each in call.keywords)][-1]
        edit.insert(edit.end(last), f", methods=[{listed}]")
        if call.func.attr not in ("route", "add_url_rule"):
            end = edit.end(call.func)
            edit.replace(end - len(call.func.attr), end, "route")
        return True
    if not isinstance(given, (ast.List, ast.Tuple, ast.Set)):
        return False
    named = [text_in(element) for element in given.elts]
    missing = [one for one in wanted if one not in named]
    if not given.elts or None in named:
        return False
    more = "".join(f", {quote_like(source, one)}" for one in missing)
    edit.insert(edit.end(given.elts[-1]), more)
    return True
