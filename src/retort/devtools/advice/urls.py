"""Advice on 404 for an unknown address, and on ``url_for`` of an unknown endpoint."""

from __future__ import annotations

import ast
import difflib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound
from werkzeug.routing import BuildError

from ..checks.source import first_argument, text_in
from .additions import page_with_file
from .diagnostic import DiagnosticContext, Line, advisor, joined, shown_methods, source_at
from .edit import FileEdit, diff_of, quote_like, set_attribute, tag_at
from .record import Advice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.routing import Rule

    from ..checks.source import Source

_SHOWN_ROUTES = 3
_BROWSERS_OWN = frozenset({"/favicon.ico", "/robots.txt", "/apple-touch-icon.png"})
_PAGES = frozenset({".html", ".htm"})


# No such address


@advisor
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
    for explain in (_slash_too_many, _file_beside, _form_to_nowhere):
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
        diff=_route_diff(diagnostic, rule, lambda text: f"{text}/"),
        facts=_facts(near),
    )


def _route_diff(diagnostic: DiagnosticContext, rule: Rule, change: Callable[[str], str]) -> str:
    """The edit of a rule's text in the source of the route."""
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
        why=f"The file is {file.resolve()}. Files in the folder static are served as /static/...",
        fix=fix,
        diff=diff,
        facts=_facts(near),
    )


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
    if not near:
        return Advice(
            what=f"No route {path}: the program has no routes at all.",
            why="Was the file with the views imported, and its blueprint registered?",
            fix=f"Write @app.get({path!r}) above a function.",
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
    known = [file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return Advice(
        what=f"There is no file {name!r} in {root}.{hint}",
        fix="Put the file there, or correct the name where the page refers to it.",
        facts=(("Files there", ", ".join(sorted(known)[:20]) or "none"),),
    )


# url_for


@advisor
def cannot_build(diagnostic: DiagnosticContext) -> Advice | None:
    """Explain which endpoint is similar, or which arguments are missing."""
    error = diagnostic.error
    if not isinstance(error, BuildError):
        return None
    known = {str(rule.endpoint): rule for rule in diagnostic.program.rules}
    endpoint = str(error.endpoint)
    if endpoint in known:
        return _wrong_arguments(diagnostic, error, known[endpoint])
    if endpoint.startswith("/") or "/" in endpoint:
        return _path_for_endpoint(diagnostic, endpoint)
    meant, why = _endpoint_meant(diagnostic, endpoint, list(known))
    return Advice(
        what=f"There is no endpoint {endpoint!r}." + (f" Did you mean {meant!r}?" if meant else ""),
        why=why,
        place=diagnostic.last_place,
        fix=f"Write url_for({meant!r})." if meant else "Name one of the endpoints.",
        diff=_endpoint_diff(diagnostic, endpoint, meant) if meant else "",
        facts=(("Endpoints", ", ".join(sorted(known))),),
    )


def _path_for_endpoint(diagnostic: DiagnosticContext, path: str) -> Advice:
    rules = diagnostic.program.rules_at(path if path.startswith("/") else f"/{path}")
    named = [rule for rule in diagnostic.program.rules if str(rule.endpoint) == path.strip("/")]
    rule = next(iter([*rules, *named]), None)
    meant = str(rule.endpoint) if rule else ""
    belongs = f" {path} belongs to {meant!r}." if rules else ""
    if named and not rules:
        belongs = f" Did you mean {meant!r}?"
    is_plain = rule is not None and (not rule.arguments or bool(named))
    return Advice(
        what=f"url_for({path!r}): endpoints are names of functions, and this is a path.{belongs}",
        place=diagnostic.last_place,
        fix=f"Write url_for({meant!r})." if rule else f"Write redirect({path!r}), or name a view.",
        diff=_endpoint_diff(diagnostic, path, meant) if is_plain else "",
        facts=(
            ("Endpoints", ", ".join(sorted({str(r.endpoint) for r in diagnostic.program.rules}))),
        ),
    )


def _endpoint_meant(
    diagnostic: DiagnosticContext, endpoint: str, known: list[str]
) -> tuple[str, str]:
    last = endpoint.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    if same:
        blueprint = same[0].rpartition(".")[0]
        if blueprint:
            return same[0], f"{last}() belongs to the blueprint {blueprint!r}."
        return same[0], f"{last}() belongs to no blueprint."
    for view in diagnostic.program.views:
        if view.code.node.name == endpoint:
            name = min(view.endpoints)
            return name, f"The route of {endpoint}() has endpoint={name!r}."
    close = difflib.get_close_matches(endpoint, known, n=1)
    return (close[0], "") if close else ("", "")


def _wrong_arguments(diagnostic: DiagnosticContext, error: BuildError, rule: Rule) -> Advice:
    given = set(error.values)
    missing = sorted(rule.arguments - given - set(rule.defaults or ()))
    listed = joined([repr(one) for one in missing]) if missing else ""
    extra = [name for name in error.values if name not in rule.arguments]
    what = f"url_for({str(error.endpoint)!r}) needs {listed}, for {rule.rule}."
    if not missing:
        what = f"url_for({str(error.endpoint)!r}) does not match {rule.rule} with these values."
    one = missing[0] if missing else "name"
    return Advice(
        what=what,
        why="The variables in <...> in the route are keyword arguments of url_for.",
        place=diagnostic.last_place,
        fix=f"Write url_for({str(error.endpoint)!r}, {one}=...).",
        diff=_argument_diff(diagnostic, str(error.endpoint), missing, extra),
        facts=(
            ("Needed", ", ".join(sorted(rule.arguments))),
            ("Given", ", ".join(given) or "nothing"),
        ),
    )


def _calls_at(
    diagnostic: DiagnosticContext, endpoint: str
) -> tuple[Source, ast.Call, ast.expr] | None:
    """The call of ``url_for`` with this endpoint, in the line that failed."""
    line = diagnostic.last_line
    source = None if line is None else source_at(line)
    if source is None or line is None:
        return None
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and node.lineno <= line.line <= (node.end_lineno or 0):
            argument = first_argument(node, "endpoint")
            if argument is not None and text_in(argument) in (endpoint, f".{endpoint}"):
                return source, node, argument
    return None


def _endpoint_diff(diagnostic: DiagnosticContext, endpoint: str, meant: str) -> str:
    found = _calls_at(diagnostic, endpoint)
    if found is not None:
        source, _, argument = found
        edit = FileEdit(source.path)
        edit.replace_node(argument, quote_like(edit.source(argument), meant))
        return diff_of(diagnostic.folder, edit)
    return _template_diff(diagnostic, endpoint, meant)


def _template_diff(diagnostic: DiagnosticContext, endpoint: str, meant: str) -> str:
    """The same in a template, by the line number in the traceback."""
    line = diagnostic.last_line
    if line is None or line.file.endswith(".py"):
        return ""
    edit = FileEdit(line.file)
    quoted = re.compile(rf"(url_for\(\s*)(['\"]){re.escape(endpoint)}\2")
    found = quoted.search(edit.text, edit.offset(line.line))
    if found is None or edit.line_of(found) != line.line:
        return ""
    edit.replace(found.start(), found.end(), f"{found[1]}{found[2]}{meant}{found[2]}")
    return diff_of(diagnostic.folder, edit)


def _argument_diff(
    diagnostic: DiagnosticContext, endpoint: str, missing: list[str], extra: list[str]
) -> str:
    """Rename a misnamed argument, or pass the local variable of that name."""
    found = _calls_at(diagnostic, endpoint)
    if found is None or len(missing) != 1:
        return ""
    source, call, argument = found
    edit = FileEdit(source.path)
    wrong = [each for each in call.keywords if each.arg in extra]
    if len(wrong) == 1 and wrong[0].arg:
        start = edit.start(wrong[0])
        edit.replace(start, start + len(wrong[0].arg), missing[0])
    elif not extra and _is_local(diagnostic.last_line, missing[0]):
        edit.insert(edit.end(argument), f", {missing[0]}={missing[0]}")
    else:
        return ""
    return diff_of(diagnostic.folder, edit)


def _is_local(line: Line | None, name: str) -> bool:
    return line is not None and name in line.frame.f_locals
