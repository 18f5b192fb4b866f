"""Find calls of ``url_for`` in views and templates whose endpoint does not exist."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, nodes

from .findings import Finding
from .source import first_argument, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from .pages import Page
    from .program import Program


@dataclass(frozen=True)
class Use:
    """One ``url_for("endpoint", ...)``.

    :param blueprints: the names a relative endpoint (``.show``) can be relative to; ``None``: any.
    """

    file: str
    line: int
    endpoint: str
    keywords: frozenset[str]
    blueprints: frozenset[str] | None


def check_endpoints(program: Program, pages: Iterable[Page]) -> Iterator[Finding]:
    """Report each endpoint that does not exist."""
    if program.app.url_build_error_handlers:  # they may provide further endpoints
        return
    if all(rule.endpoint == "static" for rule in program.rules):  # routes are added later
        return
    for use in all_uses(program, pages):
        if not targets_of(program, use):
            yield Finding(
                use.file,
                use.line,
                "unknown-endpoint",
                f"url_for({use.endpoint!r}): there is no such endpoint.",
                _fix(program, use.endpoint),
            )


def all_uses(program: Program, pages: Iterable[Page]) -> Iterator[Use]:
    """All calls of ``url_for`` with a literal endpoint."""
    for page in pages:
        if page.template is not None:
            yield from _in_template(program.app.jinja_env, page)
    for source in program.sources:
        for node in ast.walk(source.tree):
            use = _in_python(program, source.path, node)
            if use is not None:
                yield use


def targets_of(program: Program, use: Use) -> list[str]:
    """The possible endpoints; several if it is relative to an unknown blueprint."""
    name = use.endpoint
    if not name.startswith("."):
        return [name] if program.has_endpoint(name) else []
    known = {str(rule.endpoint) for rule in program.rules}
    if use.blueprints is None:
        return sorted(one for one in known if one == name[1:] or one.endswith(name))
    meant = {f"{blueprint}{name}" if blueprint else name[1:] for blueprint in use.blueprints}
    return sorted(meant & known)


def endpoint_in(expression: str, environment: Environment) -> Use | None:
    """The use, if a template's expression is exactly ``url_for("endpoint")``."""
    try:
        tree = environment.parse("{{" + expression + "}}")
    except TemplateSyntaxError:
        return None
    output = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(output, nodes.Output) or len(output.nodes) != 1:
        return None
    call = output.nodes[0]
    return _use_of(call, "", None) if isinstance(call, nodes.Call) else None


def _in_template(environment: Environment, page: Page) -> Iterator[Use]:
    try:
        tree = environment.parse(page.text)
    except TemplateSyntaxError:
        return
    for call in tree.find_all(nodes.Call):
        use = _use_of(call, page.file, page.blueprint)
        if use is not None:
            yield use


def _use_of(call: nodes.Call, file: str, blueprint: str | None) -> Use | None:
    if not isinstance(call.node, nodes.Name) or call.node.name != "url_for" or not call.args:
        return None
    endpoint = call.args[0]
    if not isinstance(endpoint, nodes.Const) or not isinstance(endpoint.value, str):
        return None
    keywords = frozenset(keyword.key for keyword in call.kwargs)
    return Use(file, call.lineno, endpoint.value, keywords, None)


def _in_python(program: Program, file: str, node: ast.AST) -> Use | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, (ast.Name, ast.Attribute)):
        return None
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    endpoint = text_in(first_argument(node, "endpoint"))
    if name != "url_for" or endpoint is None:
        return None
    keywords = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
    return Use(file, node.lineno, endpoint, keywords, _blueprints_around(program, file, node))


def _blueprints_around(program: Program, file: str, node: ast.AST) -> frozenset[str] | None:
    for view in program.views:
        inside = view.code.path == file and any(n is node for n in ast.walk(view.code.node))
        if inside:
            return frozenset(view.blueprints)
    return None


def _fix(program: Program, endpoint: str) -> str:
    known = sorted({str(rule.endpoint) for rule in program.rules})
    if endpoint.startswith("/"):
        found = program.rules_at(endpoint)
        if found:
            name = str(found[0].endpoint)
            return f"An endpoint is the name of a function, not a path: url_for({name!r})."
    last = endpoint.rpartition(".")[2]
    same = [one for one in known if one.rpartition(".")[2] == last]
    close = same or difflib.get_close_matches(endpoint, known, n=1)
    if close:
        return f"Did you mean url_for({close[0]!r})?"
    return f"The endpoints are: {', '.join(known)}."
