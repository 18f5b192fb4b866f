"""Find calls of ``url_for`` without a value that every route of the endpoint needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.routing import Rule

from ..findings import Finding
from .endpoints import all_uses, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..pages import Page
    from ..program import Program
    from .endpoints import Use


def check_url_values(program: Program, pages: Iterable[Page]) -> Iterator[Finding]:
    """Report each missing value; the values of the current request are not used again."""
    app = program.app
    if app.url_build_error_handlers or program.replaces(
        "inject_url_defaults", "handle_url_build_error", "create_url_adapter"
    ):
        return
    for use in all_uses(program, pages):
        if use.is_open:
            continue
        if use.positional:
            yield _positional(program, use)
            continue
        endpoints = [name for name in targets_of(program, use) if not _has_defaults(program, name)]
        if len(endpoints) == 1:
            yield from _missing(program, use, endpoints[0])


def _has_defaults(program: Program, endpoint: str) -> bool:
    """Whether functions add values to the endpoint's URLs: ``@app.url_defaults``."""
    names = endpoint.split(".")[:-1]
    scopes = {None, *(".".join(names[: count + 1]) for count in range(len(names)))}
    return any(program.app.url_default_functions.get(scope) for scope in scopes)


def _missing(program: Program, use: Use, endpoint: str) -> Iterator[Finding]:
    rules = [rule for rule in program.rules if rule.endpoint == endpoint]
    if any(type(rule).suitable_for is not Rule.suitable_for for rule in rules):
        return
    given = use.keywords - use.absent
    missing = [sorted(rule.arguments - set(rule.defaults or ()) - given) for rule in rules]
    if not missing or not all(missing):
        return
    names, rule = min(zip(missing, rules, strict=True), key=lambda each: len(each[0]))
    nothing = sorted(set(names) & use.absent)
    because = f" ({nothing[0]}=None counts as no value)" if nothing else ""
    values = ", ".join(f"{name}=..." for name in names)
    yield Finding(
        use.file,
        use.line,
        "url-values",
        f"url_for({use.endpoint!r}) lacks {' and '.join(map(repr, names))} for {rule.rule}"
        f"{because}: it raises a BuildError.",
        f"Give each variable of the route a value: url_for({use.endpoint!r}, {values}).",
    )


def _positional(program: Program, use: Use) -> Finding:
    rules = [
        rule for name in targets_of(program, use) for rule in program.rules if rule.endpoint == name
    ]
    names = sorted(rules[0].arguments) if rules else []
    values = ", ".join(f"{name}=..." for name in names or ["name"])
    return Finding(
        use.file,
        use.line,
        "url-values",
        f"url_for({use.endpoint!r}, ...) has a value without a name, which is a TypeError: the"
        " values for a route are keyword arguments.",
        f"Write url_for({use.endpoint!r}, {values}).",
    )
