"""Advice on 405: the route does not accept the method, or a form has the wrong one."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from werkzeug.exceptions import MethodNotAllowed

from ....http.forms import overriding_method
from ....http.hints import FORM_TYPES
from ...checks.flow import tested_methods
from ...checks.reads import direct_reads
from ..additions import page_with_form
from ..diagnostic import DiagnosticContext, joined, new_setting_diff, shown_methods
from ..edit import FileEdit, diff_of, set_attribute, tag_at
from ..record import Advice
from ..redirects import called_name, leads_to
from .verbs import sent_with_verb, write_methods

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ...checks.program import View
    from ...checks.rules.forms import Sent
    from ...checks.source import Source

_KEEPS_METHOD = (307, 308)


def method_not_allowed(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain which views handle this URL, and with which methods."""
    if not isinstance(diagnostic.error, MethodNotAllowed) or diagnostic.request is None:
        return None
    if diagnostic.request.url_rule is not None:
        return None  # a route accepted the request, and the program raised the error
    rules = diagnostic.rules_for_path()
    if not rules:
        return None
    redirect = _redirect_to(diagnostic, rules)
    if redirect is not None:
        return _after_redirect(diagnostic, rules, *redirect)
    if diagnostic.request.method in ("GET", "HEAD"):
        return _opened(diagnostic, rules)
    return _without_override(diagnostic, rules) or _sent(diagnostic, rules)


def _taken(rules: list[Rule]) -> list[str]:
    return shown_methods({method for rule in rules for method in rule.methods or ()})


def _only(diagnostic: DiagnosticContext, rules: list[Rule]) -> str:
    """As in ``login() (app.py:12) accepts GET only``, for each view of the URL."""
    by_view: dict[str, set[str]] = {}
    for rule in rules:
        by_view.setdefault(diagnostic.name_of(rule), set()).update(rule.methods or ())
    parts = [f"{name} accepts {joined(shown_methods(of))} only" for name, of in by_view.items()]
    return joined(parts)


# POST, PUT, PATCH, DELETE


def _without_override(diagnostic: DiagnosticContext, rules: list[Rule]) -> Advice | None:
    """A form that names its method in ``_method``, which has no effect without the setting."""
    request = diagnostic.request
    if request is None or request.method != "POST" or request.mimetype not in FORM_TYPES:
        return None
    if diagnostic.app.config.get("METHOD_OVERRIDE") or "POST" in _taken(rules):
        return None
    verb = overriding_method(request)
    if verb not in _taken(rules):
        return None
    return Advice(
        what=(
            f"{diagnostic.what} has _method={verb}, which has no effect without the setting"
            f" METHOD_OVERRIDE; {_only(diagnostic, rules)}."
        ),
        place=diagnostic.place_of(view) if (view := diagnostic.view_of(rules[0])) else None,
        fix="Set app.config['METHOD_OVERRIDE'] = True.",
        diff=new_setting_diff(diagnostic, "METHOD_OVERRIDE", "True"),
        facts=(("Methods of this URL", ", ".join(_taken(rules))),),
    )


def _sent(diagnostic: DiagnosticContext, rules: list[Rule]) -> Advice:
    assert diagnostic.request is not None
    method = diagnostic.request.method
    rule = next((each for each in rules if _expects(diagnostic, each, method)), rules[0])
    view, cls = diagnostic.view_of(rule), diagnostic.class_of(rule)
    wanted = [*_taken([rule]), method]
    listed = ", ".join(repr(one) for one in wanted)
    name = view.name if view else repr(rule.endpoint)
    fix = f"Let {name} accept {method}: write methods=[{listed}] at its route."
    if cls is not None:
        fix = f"Write a method {method.lower()}(self) in the class {cls.__name__}."
    return Advice(
        what=f"{diagnostic.what} arrived; {_only(diagnostic, rules)}.",
        why=(
            "A route accepts only GET unless it lists other methods. HEAD and OPTIONS are added"
            " automatically."
        ),
        place=None if view is None else diagnostic.place_of(view),
        fix=fix,
        diff="" if cls else add_methods(diagnostic, rule, wanted),
        facts=(("Methods of this URL", ", ".join(_taken(rules))),),
    )


def _expects(diagnostic: DiagnosticContext, rule: Rule, method: str) -> bool:
    """Whether a view's code indicates that it should accept a method."""
    view = diagnostic.view_of(rule)
    if view is None:
        return False
    tests = any(method in methods for _, methods in tested_methods(view.code))
    return tests or bool({"form", "files"} & direct_reads(view.code).touched.keys())


def add_methods(diagnostic: DiagnosticContext, rule: Rule, wanted: list[str]) -> str:
    """The edit that makes a route accept exactly these methods, besides HEAD and OPTIONS."""
    view, found = diagnostic.view_of(rule), diagnostic.route_of(rule)
    if found is None or (view is not None and not view.is_alone):
        return ""
    source, call = found
    edit = FileEdit(source.path)
    if not write_methods(edit, call, wanted):
        return ""
    return diff_of(diagnostic.folder, edit)


# GET


def _opened(diagnostic: DiagnosticContext, rules: list[Rule]) -> Advice:
    rule = rules[0]
    view = diagnostic.view_of(rule)
    place = None if view is None else diagnostic.place_of(view)
    taken = joined(_taken(rules))
    path = diagnostic.request.path if diagnostic.request else ""
    method = diagnostic.request.method if diagnostic.request else "GET"
    what = f"You opened {path} with {method}; {_only(diagnostic, rules)}."
    by_verb = sent_with_verb(diagnostic, rules)
    if by_verb is not None:
        return by_verb
    forms = diagnostic.forms_to(view) if view else []
    by_get = [sent for sent in forms if sent.form.sends == "GET"]
    if (
        by_get
        and "POST" in _taken(rules)
        and diagnostic.request is not None
        and diagnostic.request.args
    ):
        return _form_by_get(diagnostic, what, by_get[0], taken)
    if forms:
        fix = "Open the page with the form, and send the form from there."
        if not any(sent.form.sends in _taken(rules) for sent in forms):
            where = f"{os.path.basename(forms[0].page.file)}:{forms[0].line}"
            fix = f"Correct the method of the form at {where}, which is sent with GET."
        return Advice(
            what=what,
            why=f"There is a page with the form: {_addresses(forms)}.",
            place=place,
            fix=fix,
            facts=(("Forms for this URL", _addresses(forms)),),
        )
    fields = _fields_of(view)
    return Advice(
        what=what,
        why="Typing an address, and following a link, is GET. A form with method=post sends POST.",
        place=place,
        fix=f'Write a page with <form action="{rule.rule}" method="post">, and open that.',
        diff=page_with_form(diagnostic, rule, view, fields)
        if "POST" in (rule.methods or ())
        else "",
        facts=(("Fields that are read", ", ".join(fields) or "none that could be found"),),
    )


def _form_by_get(diagnostic: DiagnosticContext, what: str, sent: Sent, taken: str) -> Advice:
    edit = FileEdit(sent.page.file)
    tag = tag_at(edit, sent.line, "form")
    if tag is not None:
        set_attribute(edit, tag, "method", "post")
    return Advice(
        what=what,
        why=f"The form is sent with GET, its fields in the address; this URL accepts {taken}.",
        place=diagnostic.place(sent.page.file, sent.line),
        fix='Add method="post" to the form.',
        diff=diff_of(diagnostic.folder, edit),
    )


def _addresses(forms: list[Sent]) -> str:
    return ", ".join(dict.fromkeys(_address(sent) for sent in forms))


def _address(sent: Sent) -> str:
    rules = [rule.rule for view in sent.page.views or () for rule in view.rules]
    return str(rules[0]) if rules else sent.page.file


def _fields_of(view: View | None) -> list[str]:
    if view is None:
        return []
    reads = direct_reads(view.code).fields
    return list(dict.fromkeys(read.name for read in reads if read.source in ("form", "values")))


# After a redirect that keeps the method


def _redirect_to(
    diagnostic: DiagnosticContext, rules: list[Rule]
) -> tuple[Source, ast.Call, ast.expr] | None:
    """The call of ``redirect`` that may have caused this request, with its status."""
    if diagnostic.request is None or diagnostic.request.method == "GET":
        return None
    for source in diagnostic.program.sources:
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call) or called_name(node) != "redirect" or not node.args:
                continue
            code = next((each.value for each in node.keywords if each.arg == "code"), None)
            code = code or (node.args[1] if len(node.args) > 1 else None)
            keeps = isinstance(code, ast.Constant) and code.value in _KEEPS_METHOD
            if code is not None and keeps and _leads_here(diagnostic, node.args[0], rules):
                return source, node, code
    return None


def _leads_here(diagnostic: DiagnosticContext, target: ast.expr, rules: list[Rule]) -> bool:
    path = diagnostic.request.path if diagnostic.request is not None else ""
    return leads_to(target, path, {str(rule.endpoint) for rule in rules}) is True


def _after_redirect(
    diagnostic: DiagnosticContext, rules: list[Rule], source: Source, call: ast.Call, code: ast.expr
) -> Advice:
    edit = FileEdit(source.path)
    edit.replace_node(code, "303")
    status = ast.unparse(code)
    return Advice(
        what=(
            f"{diagnostic.what} arrived; {_only(diagnostic, rules)}, and a redirect with status"
            f" {status}, which keeps the method, leads there."
        ),
        why="303 (See Other) is followed with GET: RFC 9110 section 15.4.4.",
        place=diagnostic.place(source.path, call.lineno),
        fix="Redirect with 303 after a POST.",
        diff=diff_of(diagnostic.folder, edit),
    )
