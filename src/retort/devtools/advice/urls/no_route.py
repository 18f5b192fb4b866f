"""Advice on 404: an unknown address, and a static file that does not exist."""

from __future__ import annotations

import ast
import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound

from ...checks.program import text_converters
from ...checks.rules.endpoints import all_uses, targets_of
from ...checks.rules.routes import bare_decorators
from ...checks.source import first_argument, text_in
from ..additions import page_with_file
from ..diagnostic import DiagnosticContext, shown_methods
from ..edit import FileEdit, diff_of, quote_like, set_attribute, tag_at
from ..record import Advice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.routing import Rule

    from ...checks.source import Source


_SHOWN_ROUTES = 3
_BROWSERS_OWN = frozenset({"/favicon.ico", "/robots.txt", "/apple-touch-icon.png"})
_PAGES = frozenset({".html", ".htm"})


# No such address


def no_such_route(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the most similar routes."""
    request = diagnostic.request
    if not isinstance(diagnostic.error, NotFound) or request is None:
        return None
    if request.url_rule is not None:
        return _no_such_file(diagnostic)
    if request.path in _BROWSERS_OWN:
        return None
    near = nearest(request.path, diagnostic.program.rules)
    for explain in (_slash_too_many, _without_value, _file_beside, _form_to_nowhere):
        advice = explain(diagnostic, near)
        if advice is not None:
            return advice
    return _nothing_there(diagnostic, near)


def nearest(path: str, rules: Iterable[Rule]) -> list[Rule]:
    """The routes with addresses similar to a path, the most similar first."""

    def likeness(rule: Rule) -> float:
        return difflib.SequenceMatcher(None, path.lower(), _like(rule, path).lower()).ratio()

    routes = [rule for rule in rules if rule.endpoint != "static"]
    return sorted(routes, key=likeness, reverse=True)


def _like(rule: Rule, path: str) -> str:
    """A rule's address with the segments of a path as its variables."""
    words = path.split("/")
    parts = rule.rule.split("/")
    filled = [
        words[at] if "<" in part and at < len(words) and words[at] else part
        for at, part in enumerate(parts)
    ]
    return "/".join(filled)


def _facts(near: list[Rule]) -> tuple[tuple[str, str], ...]:
    rows = [f"{rule.rule} ({', '.join(shown_methods(rule.methods))})" for rule in near]
    return (("Nearest routes", ", ".join(rows[:_SHOWN_ROUTES]) or "there are none"),)


def _slash_too_many(diagnostic: DiagnosticContext, near: list[Rule]) -> Advice | None:
    assert diagnostic.request is not None
    path = diagnostic.request.path
    rules = diagnostic.program.rules_at(path.rstrip("/") or "/") if path.endswith("/") else []
    if not rules or path == "/":
        return None
    rule = rules[0]
    view = diagnostic.view_of(rule)
    return Advice(
        what=f"{path} was not found, but {rule.rule} exists, without the slash at the end.",
        why="A route with a slash at its end is also found without it, by a redirect.",
        place=None if view is None else diagnostic.place_of(view),
        fix=f"Write {rule.rule}/ in the route to accept both.",
        diff=route_diff(diagnostic, rule, lambda text: f"{text}/"),
        facts=_facts(near),
    )


def _without_value(diagnostic: DiagnosticContext, near: list[Rule]) -> Advice | None:
    """The address of a route with a variable at its end, without a value for it."""
    assert diagnostic.request is not None
    path = diagnostic.request.path
    found = [(rule, name) for rule in near if (name := _left_out(rule, path))]
    if not found:
        return None
    rule, name = found[0]
    view = diagnostic.view_of(rule)
    why, fix = "", f"{_instead(diagnostic.request.method, rule)} with a value for {name!r}."
    facts = _facts(near)
    if path.endswith("/") and not rule.rule.endswith("/") and name in text_converters(rule):
        why = f"url_for builds this address if {name!r} is an empty text."
        uses = _uses_with(diagnostic, str(rule.endpoint), name)
        if uses:
            fix = f"Test that {name!r} is not empty before url_for builds the address."
            facts = (("url_for is called with it in", ", ".join(uses)), *facts)
    return Advice(
        what=f"{rule.rule} needs a value for {name!r}, and the address {path} has none.",
        why=why,
        place=None if view is None else diagnostic.place_of(view),
        fix=fix,
        facts=facts,
    )


def _uses_with(diagnostic: DiagnosticContext, endpoint: str, name: str) -> list[str]:
    """The lines that call ``url_for`` for an endpoint with a value."""
    uses = all_uses(diagnostic.program, diagnostic.pages)
    return [
        f"{os.path.basename(use.file)}:{use.line}"
        for use in uses
        if name in use.keywords and endpoint in targets_of(diagnostic.program, use)
    ]


def _left_out(rule: Rule, path: str) -> str:
    """The last variable of a rule, if a path equals the rule without its value."""
    *first, last = rule.rule.rstrip("/").split("/")
    variable = re.fullmatch(r"<(?:[^<>:]*:)?(\w+)>", last)
    words = path.rstrip("/").split("/")
    if variable is None or len(words) != len(first):
        return ""
    fits = all(
        word == part or (re.fullmatch(r"<[^<>]*>", part) and word)
        for word, part in zip(words, first, strict=True)
    )
    return variable[1] if fits else ""


def route_diff(diagnostic: DiagnosticContext, rule: Rule, change: Callable[[str], str]) -> str:
    """The edit of the text of a rule, where its route is added."""
    found = diagnostic.route_of(rule)
    if found is None:
        return ""
    source, call = found
    argument = first_argument(call, "rule")
    edit = FileEdit(source.path)
    text = change(text_in(argument) or "")
    edit.replace_node(argument, quote_like(edit.source(argument), text))
    return diff_of(diagnostic.folder, edit)


def _file_beside(diagnostic: DiagnosticContext, near: list[Rule]) -> Advice | None:
    assert diagnostic.request is not None
    name = diagnostic.request.path.lstrip("/")
    file = Path(diagnostic.app.root_path, name)
    if not name or "/" in name or not file.is_file():
        return None
    fix = "Add a route that sends the file."
    diff = page_with_file(diagnostic, name) if file.suffix in _PAGES else ""
    if file.suffix == ".py":
        fix = "Open the address of a route: the name of the program's file is not an address."
    return Advice(
        what=(
            f"{diagnostic.request.path} was not found: {name} is a file, and addresses are routes."
        ),
        why=f"The file is {file.resolve()}.{_static_files(diagnostic.app)}",
        fix=fix,
        diff=diff,
        facts=_facts(near),
    )


def _static_files(app: Any) -> str:
    """Where the application serves files, if it does."""
    if not app.has_static_folder or app.static_url_path is None:
        return ""
    folder = os.path.basename(app.static_folder)
    return f" Files in the folder {folder} are served as {app.static_url_path}/..."


def _form_to_nowhere(diagnostic: DiagnosticContext, near: list[Rule]) -> Advice | None:
    """A form or a link of the program that leads to no route."""
    assert diagnostic.request is not None
    path = diagnostic.request.path
    for sent in diagnostic.forms:
        if sent.place != path or sent.rules:
            continue
        target = _meant(path, near)
        where = f"{os.path.basename(sent.page.file)}:{sent.line}"
        what = f"No route {path}. A form is sent there ({where})."
        if target is None:
            return Advice(
                what=what,
                place=diagnostic.place(sent.page.file, sent.line),
                fix="Correct the action of the form, or add a route for it.",
                facts=_facts(near),
            )
        return Advice(
            what=f"{what} Did you mean {target.rule}?",
            why="In a template, url_for builds the address of a view.",
            place=diagnostic.place(sent.page.file, sent.line),
            fix=f"Send the form to {target.rule}.",
            diff=_action_diff(diagnostic, sent.page.file, sent.line, path, target.rule),
            facts=_facts(near),
        )
    return None


def _meant(path: str, near: list[Rule]) -> Rule | None:
    plain = [rule for rule in near if not rule.arguments]
    close = difflib.get_close_matches(path, [rule.rule for rule in plain], n=1)
    return next((rule for rule in plain if [rule.rule] == close), None)


def _action_diff(diagnostic: DiagnosticContext, file: str, line: int, path: str, new: str) -> str:
    edit = FileEdit(file)
    tag = tag_at(edit, line, "form")
    if tag is None:
        return ""
    action = re.search(r"\saction\s*=\s*[\"']?([^\"'\s>]*)", tag[0], re.I)
    if action is None or not action[1].endswith(path):
        return ""
    set_attribute(edit, tag, "action", action[1].removesuffix(path) + new)
    return diff_of(diagnostic.folder, edit)


def _nothing_there(diagnostic: DiagnosticContext, near: list[Rule]) -> Advice:
    assert diagnostic.request is not None
    path = diagnostic.request.path
    bare = list(bare_decorators(diagnostic.program))
    if not near and bare:
        return _without_parentheses(diagnostic, *bare[0])
    if not near:
        return Advice(
            what=f"No route {path}: the program has no routes at all.",
            why="Was the file with the views imported, and its blueprint registered?",
            fix=f"Write @app.get({path!r}) above a function.",
        )
    elsewhere = next((rule for rule in near if rule.rule == path and _host_of(rule)), None)
    if elsewhere is not None:
        return Advice(
            what=f"No route {path} on the host {diagnostic.request.host}.",
            why=f"{path} is a route of the {_host_of(elsewhere)}.",
            fix="Open the address on that host, or correct the link that led here.",
            facts=_facts(near),
        )
    close = difflib.get_close_matches(path, [_like(rule, path) for rule in near], n=1, cutoff=0.6)
    likely = next((rule for rule in near if [_like(rule, path)] == close), None)
    hint = f" Did you mean {likely.rule}?" if likely else ""
    view = diagnostic.view_of(likely) if likely else None
    return Advice(
        what=f"No route {path}.{hint}",
        place=None if view is None else diagnostic.place_of(view),
        fix=(
            f"{_instead(diagnostic.request.method, likely)}, or correct the link that led here."
            if likely
            else f"Open one of the routes, or write one: @app.get({path!r})."
        ),
        facts=_facts(near),
    )


def _without_parentheses(
    diagnostic: DiagnosticContext, source: Source, function: str, decorator: ast.Attribute
) -> Advice:
    """``@app.route`` without an address, in a program that has no other route."""
    assert diagnostic.request is not None
    path, written = diagnostic.request.path, ast.unparse(decorator)
    edit = FileEdit(source.path)
    edit.insert(edit.end(decorator), f"({path!r})")
    return Advice(
        what=f"No route {path}: @{written} has no parentheses, so {function}() has no address.",
        place=diagnostic.place(source.path, decorator.lineno),
        fix=f"Write the address in parentheses: @{written}({path!r}).",
        diff=diff_of(diagnostic.folder, edit),
    )


def _host_of(rule: Rule) -> str:
    """The host or the subdomain of a rule; empty if it has none."""
    if rule.host:
        return f"host {rule.host!r}"
    return f"subdomain {rule.subdomain!r}" if rule.subdomain else ""


def _instead(method: str, rule: Rule) -> str:
    """The fix for a similar route; opening it is GET."""
    taken = shown_methods(rule.methods)
    if method not in ("GET", "HEAD"):
        return f"Send it to {rule.rule}"
    return f"Open {rule.rule}" if "GET" in taken else f"Send a form to {rule.rule} ({taken[0]})"


def _no_such_file(diagnostic: DiagnosticContext) -> Advice | None:
    """A static file that does not exist."""
    request = diagnostic.request
    assert request is not None
    folder = diagnostic.app.static_folder
    if request.endpoint != "static" or folder is None:
        return None
    name = (request.view_args or {}).get("filename", "")
    root = Path(folder)
    if not name or (root / name).is_file():  # a view of the program refused it
        return None
    known = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return Advice(
        what=f"There is no file {name!r} in {root}.{hint}",
        fix="Put the file there, or correct the name where the page refers to it.",
        facts=(("Files there", ", ".join(sorted(known)[:20]) or "none"),),
    )
