"""Advice on redirects that lead to each other, and the calls that make them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ...http.request import split_blueprint_path
from ..checks.source import code_of, text_in
from ..requested import redacted_query
from .record import Advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.source import Code
    from .diagnostic import DiagnosticContext
    from .record import Place


class Step(NamedTuple):
    """A redirect that was followed."""

    url: str
    target: str
    status: int


def redirect_loop(diagnostic: DiagnosticContext, steps: tuple[Step, ...]) -> Advice:
    """Name the addresses that redirect to each other, and the calls of ``redirect``.

    :param steps: redirects in a row; the last one is the response to the request.
    """
    loop, shown = _loop_in(steps)
    what = f"Redirect loop: {shown}."
    if not loop:
        loop = steps[-1:]
        what = f"{len(steps)} redirects in a row: {_shown(steps[0].url)} to {shown}."
    calls = {step: _call_of(diagnostic, step) for step in loop}
    facts = [(_shown(step.url), _fact(diagnostic, step, call)) for step, call in calls.items()]
    hook = next((call.hook for call in calls.values() if call is not None and call.hook), None)
    where = _shown(loop[0].url) if len(loop) == 1 else "one of these addresses"
    fix = f"Return a page at {where}."
    if hook is not None:
        fix = f"Let {hook}() return None for {where}."
    last = calls[steps[-1]]
    return Advice(
        what=what,
        why="Each response sends the client to the next address, and none is a page.",
        place=None if last is None else last.place,
        fix=fix,
        facts=tuple(facts),
    )


def _loop_in(steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], str]:
    """The last round of a loop, and its addresses; else no steps, and the last target."""
    last = steps[-1].target
    for at in reversed(range(len(steps))):
        if steps[at].url == last:
            loop = _from_the_first(steps, steps[at:])
            return loop, _chain(loop)
    for at in reversed(range(len(steps))):
        if _path(steps[at].url) == _path(last):
            paths = [_path(step.url) for step in steps[at:]]
            return steps[at:], f"{' to '.join([*paths, paths[0]])}, with another query each time"
    return (), _shown(last)


def _from_the_first(steps: tuple[Step, ...], loop: tuple[Step, ...]) -> tuple[Step, ...]:
    """A loop, beginning with its address that was opened first."""
    urls = [step.url for step in steps]
    at = min(range(len(loop)), key=lambda index: urls.index(loop[index].url))
    return loop[at:] + loop[:at]


def _chain(steps: tuple[Step, ...]) -> str:
    return " to ".join(_shown(url) for url in (*(step.url for step in steps), steps[-1].target))


def _path(url: str) -> str:
    return unquote(urlsplit(url).path) or "/"


def _shown(url: str) -> str:
    return f"{_path(url)}{redacted_query(urlsplit(url).query.encode('latin-1', 'replace'))}"


# The call that made a redirect


class _Call(NamedTuple):
    """A call of ``redirect``, and the function of `before_request` that it is in, if any."""

    place: Place
    shown: str
    hook: str


def _fact(diagnostic: DiagnosticContext, step: Step, call: _Call | None) -> str:
    to = f"{step.status} to {_shown(step.target)}"
    if call is not None:
        return f"{to}: {call.shown}"
    return f"{to}: by the route" if _is_of_route(diagnostic, step) else to


def _is_of_route(diagnostic: DiagnosticContext, step: Step) -> bool:
    """Whether Werkzeug redirects to the canonical address of a route, such as one with a slash."""
    adapter = diagnostic.app.url_map.bind(urlsplit(step.url).hostname or "localhost")
    try:
        adapter.match(_path(step.url), method="GET")
    except RequestRedirect as redirect:
        return _path(redirect.new_url) == _path(step.target)
    except HTTPException:
        return False
    return False


def _call_of(diagnostic: DiagnosticContext, step: Step) -> _Call | None:
    """The call that made a redirect, if no other one of the program can have made it."""
    endpoints = {str(rule.endpoint) for rule in diagnostic.program.rules_at(_path(step.target))}
    found: list[tuple[bool | None, _Call]] = []
    for code, hook in _codes_at(diagnostic, _path(step.url)):
        for node in _redirects_in(code.node):
            leads = leads_to(node.args[0], _path(step.target), endpoints)
            place = diagnostic.place(code.path, node.lineno, code.node.name)
            call = _Call(place, f"{ast.unparse(node)} in {code.node.name}()", hook)
            found.append((leads, call))
    certain = [call for leads, call in found if leads]
    possible = [call for leads, call in found if leads is None]
    if len(certain) == 1 and not possible:
        return certain[0]
    elsewhere = [
        node
        for source in diagnostic.program.sources
        for node in _redirects_in(source.tree)
        if leads_to(node.args[0], _path(step.target), endpoints) is not False
    ]
    return possible[0] if len(possible) == len(elsewhere) == 1 and not certain else None


def _redirects_in(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called_name(node) == "redirect" and node.args
    ]


def _codes_at(diagnostic: DiagnosticContext, path: str) -> Iterator[tuple[Code, str]]:
    """The functions of the program that may run for a path; with the name of a hook before."""
    app, rules = diagnostic.app, diagnostic.program.rules_at(path)
    blueprints = {
        name
        for rule in rules
        for name in split_blueprint_path(str(rule.endpoint).rpartition(".")[0])
        if name
    }
    for scope in (None, *blueprints):
        for hook in app.before_request_funcs.get(scope, ()):
            yield from ((code, code.node.name) for code in _own(hook))
        for after in app.after_request_funcs.get(scope, ()):
            yield from ((code, "") for code in _own(after))
        for by_class in app.error_handler_spec.get(scope, {}).values():
            for handler in by_class.values():
                yield from ((code, "") for code in _own(handler))
    for view in diagnostic.program.views:
        if any(view.has(rule) for rule in rules):
            yield from ((code, "") for code in (view.code, *view.wrappers))


def _own(function: Any) -> Iterator[Code]:
    """The source of a function, if it belongs to the program."""
    code = code_of(function)
    if code is not None:
        yield code


def called_name(call: ast.Call) -> str:
    """The name of the function that is called: ``redirect`` in ``flask.redirect(...)``."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def leads_to(target: ast.expr, path: str, endpoints: set[str]) -> bool | None:
    """Whether the target of a redirect is a path, or ``url_for`` of one of its endpoints.

    :returns: ``None`` if the target is computed.
    """
    if isinstance(target, ast.Call) and called_name(target) == "url_for" and target.args:
        endpoint = text_in(target.args[0])
        return None if endpoint is None or endpoint.startswith(".") else endpoint in endpoints
    text = text_in(target)
    if text is None or not (text.startswith("/") or urlsplit(text).scheme):
        return None
    return _path(text) == path
