"""Find calls of ``url_for`` in views and templates whose endpoint does not exist."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError, nodes

from ....globals import current_app
from ....helpers import url_for
from ..findings import Finding
from ..source import first_argument, text_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2 import Environment

    from ..calls import Call
    from ..pages import Page
    from ..program import Program

_SHOWN_ENDPOINTS = 12


@dataclass(frozen=True)
class Use:
    """One ``url_for("endpoint", ...)``.

    :param keywords: the names of its values.
    :param blueprints: the names a relative endpoint (``.show``) can be relative to; ``None``: any.
    :param absent: the names whose value is ``None``, which counts as no value.
    :param is_open: it may have further values: ``url_for("show", **values)``.
    :param positional: the number of values that are given without a name.
    """

    file: str
    line: int
    endpoint: str
    keywords: frozenset[str]
    blueprints: frozenset[str] | None
    absent: frozenset[str] = frozenset()
    is_open: bool = False
    positional: int = 0


def check_endpoints(program: Program, pages: Iterable[Page]) -> Iterator[Finding]:
    """Report each endpoint that does not exist."""
    if program.app.url_build_error_handlers:  # they may provide further endpoints
        return
    if program.is_extended_as_script:
        return
    if all(rule.endpoint == "static" for rule in program.rules):  # routes are added later
        return
    left_out = {blueprint.name for blueprint in program.unregistered}
    for use in all_uses(program, pages):
        if not targets_of(program, use) and use.endpoint.rpartition(".")[0] not in left_out:
            yield Finding(
                use.file,
                use.line,
                "unknown-endpoint",
                f"url_for({use.endpoint!r}): there is no such endpoint.",
                _fix(program, use.endpoint),
            )


def all_uses(program: Program, pages: Iterable[Page]) -> Iterator[Use]:
    """All calls of Retort's ``url_for`` with a literal endpoint."""
    if program.replaces("url_for"):
        return
    if not _templates_have_their_own(program):
        for page in pages:
            if page.template is not None:
                yield from _in_template(program.app.jinja_env, page)
    for call in program.calls:
        use = _in_python(program, call)
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


def _templates_have_their_own(program: Program) -> bool:
    """Whether the program passes a function of its own as ``url_for`` to templates."""
    if program.app.jinja_env.globals.get("url_for") != program.app.url_for:
        return True
    passed = {keyword.arg for call in program.calls for keyword in call.node.keywords}
    return "url_for" in passed | program.strings


def _use_of(call: nodes.Call, file: str, blueprint: str | None) -> Use | None:
    if not isinstance(call.node, nodes.Name) or call.node.name != "url_for" or not call.args:
        return None
    endpoint = call.args[0]
    if not isinstance(endpoint, nodes.Const) or not isinstance(endpoint.value, str):
        return None
    given = {keyword.key: keyword.value for keyword in call.kwargs}
    return Use(
        file,
        call.lineno,
        endpoint.value,
        frozenset(given),
        None,
        frozenset(
            name
            for name, value in given.items()
            if isinstance(value, nodes.Const) and value.value is None
        ),
        is_open=call.dyn_args is not None or call.dyn_kwargs is not None,
        positional=len(call.args) - 1,
    )


def _in_python(program: Program, call: Call) -> Use | None:
    node = call.node
    endpoint = text_in(first_argument(node, "endpoint"))
    if endpoint is None or not _is_url_for(program, call):
        return None
    given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    return Use(
        call.path,
        node.lineno,
        endpoint,
        frozenset(given),
        _blueprints_around(program, call),
        frozenset(
            name
            for name, value in given.items()
            if isinstance(value, ast.Constant) and value.value is None
        ),
        is_open=any(keyword.arg is None for keyword in node.keywords)
        or any(isinstance(argument, ast.Starred) for argument in node.args),
        positional=max(len(node.args) - 1, 0),
    )


def _is_url_for(program: Program, call: Call) -> bool:
    """``url_for(...)``, ``app.url_for(...)`` or ``current_app.url_for(...)``."""
    if call.called is url_for:
        return True
    function = call.node.func
    if not isinstance(function, ast.Attribute) or function.attr != "url_for":
        return False
    owner = call.scope.resolve(function.value)
    return owner is current_app or owner is program.app


def _blueprints_around(program: Program, call: Call) -> frozenset[str] | None:
    for view in program.views:
        if any(view.code.node is function for function in call.scope.functions):
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
    if len(known) > _SHOWN_ENDPOINTS:
        return "'retort routes' lists the endpoints."
    return f"The endpoints are: {', '.join(known)}."
