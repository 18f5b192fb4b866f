"""Find views that redirect each request to themselves, which browsers report as a loop."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ....helpers import redirect, url_for
from ..endings import ends_of
from ..findings import Finding
from ..source import first_argument, text_in
from ..wrappers import returns_unchanged
from .endpoints import Use, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.routing import Rule

    from ..program import Program, View

_OWN_ADDRESS = frozenset({"url", "base_url", "path", "full_path"})


def check_redirects(program: Program) -> Iterator[Finding]:
    """Report redirects that lead a GET request to the same view, whatever the request."""
    for view in program.views:
        if "GET" not in view.methods or not returns_unchanged(program, view):
            continue
        for end in ends_of(view.code, {"GET"}):
            target = _target(view, end.value)
            if not end.ways.certain or target is None or not _is_own(program, view, target):
                continue
            if _may_be_stopped(program, view):
                continue
            yield Finding(
                view.code.path,
                end.node.lineno,
                "redirect-loop",
                f"{view.name} redirects every GET request to itself: {ast.unparse(target)} is its"
                " own address. The browser follows until it reports too many redirects.",
                "Redirect to another view, or return a page here.",
            )


def _target(view: View, value: ast.expr | None) -> ast.expr | None:
    if not isinstance(value, ast.Call) or view.code.resolve(value.func) is not redirect:
        return None
    return first_argument(value, "location")


def _is_own(program: Program, view: View, target: ast.expr) -> bool:
    """Whether a GET request to the target is handled by the view."""
    if isinstance(target, ast.Attribute) and target.attr in _OWN_ADDRESS:
        return view.code.is_request(target.value)
    rules = _rules_of(program, view, target)
    takers = program.takers(rules, "GET") if rules else None
    return takers is not None and len(takers) == 1 and takers[0] is view


def _rules_of(program: Program, view: View, target: ast.expr) -> list[Rule]:
    path = text_in(target)
    if path is not None:
        is_path = path.startswith("/") and not path.startswith("//") and program.has_known_paths
        return program.rules_at(path.partition("?")[0].partition("#")[0]) if is_path else []
    if not isinstance(target, ast.Call) or view.code.resolve(target.func) is not url_for:
        return []
    endpoint = text_in(first_argument(target, "endpoint"))
    if endpoint is None:
        return []
    use = Use("", 0, endpoint, frozenset(), frozenset(view.blueprints))
    found = targets_of(program, use)
    return program.rules_like(rule for rule in program.rules if rule.endpoint in found)


def _may_be_stopped(program: Program, view: View) -> bool:
    """Whether a function that runs before the view may answer the next request otherwise.

    For that, the view has to change something first.
    """
    if len(view.code.node.body) == 1:
        return False
    has_hooks = any(program.app.before_request_funcs.values())
    return has_hooks or any(len(chain) > 1 for chain in view.chains)
