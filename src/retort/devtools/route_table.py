"""The table of the application's routes on error pages, the most similar first."""

from __future__ import annotations

import difflib
import inspect
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .checks.reads import all_reads
from .checks.source import code_of, wrappers_of
from .frames import is_program, shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.routing import Rule

    from ..app import Flask

_SLASH = re.compile(r"/(?![^<]*>)")
_VARIABLE = re.compile(r"<(?:[^:<>]*:)?([^<>]+)>")


@dataclass(frozen=True)
class Route:
    """A row of the table.

    :param fits: whether its path matches the request; then only the method differs.
    :param example: its path, with variables filled in from the request if possible.
    :param fields: the fields that the view reads: source and name.
    """

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    place: str
    path: str
    example: str
    fits: bool = False
    domain: str = ""
    fields: tuple[tuple[str, str], ...] = field(default=())


def routes_near(app: Flask, path: str) -> tuple[Route, ...]:
    """All routes, those similar to ``path`` first."""
    rated = [(nearness(rule.rule, path), rule) for rule in app.url_map.iter_rules()]
    rated.sort(key=lambda pair: -pair[0])
    return tuple(_route(app, rule, path, near) for near, rule in rated if not rule.build_only)


def nearness(rule: str, path: str) -> float:
    """The similarity of a path and a rule, from 0 to 1; variables match anything.

    >>> nearness("/users/<int:id>", "/users/7") == 1.0
    True
    """
    return difflib.SequenceMatcher(None, filled(rule, path), path).ratio()


def filled(rule: str, path: str) -> str:
    """The rule with the segments of ``path`` as its variables, or else their names."""
    given = path.split("/")
    parts = _split(rule)
    given += [""] * (len(parts) - len(given))
    return "/".join(_fill(part, value) for part, value in zip(parts, given, strict=False))


def _fill(part: str, value: str) -> str:
    return _VARIABLE.sub(lambda found: value or found[1], part)


def _split(rule: str) -> list[str]:
    """The segments of a rule; slashes in converter arguments do not separate segments."""
    return _SLASH.split(rule)


def _route(app: Flask, rule: Rule, path: str, near: float) -> Route:
    view = app.view_functions.get(str(rule.endpoint))
    place, file = _place(view)
    return Route(
        rule=rule.rule,
        methods=tuple(sorted(rule.methods or (), key=_usual_order)),
        endpoint=str(rule.endpoint),
        place=place,
        path=file,
        example=filled(rule.rule, path),
        fits=near == 1.0,
        domain=(rule.host if app.url_map.host_matching else rule.subdomain) or "",
        fields=tuple(_fields(view)),
    )


def _usual_order(method: str) -> tuple[bool, str]:
    """Sort key: implied methods last."""
    return method in {"HEAD", "OPTIONS"}, method


def _place(view: Callable[..., Any] | None) -> tuple[str, str]:
    """The place of a view, short and in full."""
    views = list(_functions(view))
    code = getattr(inspect.unwrap(views[0]), "__code__", None) if views else None
    if code is None or not is_program(code.co_filename):
        return "", ""
    line = f":{code.co_firstlineno}"
    return shown_path(code.co_filename) + line, code.co_filename + line


def _functions(view: Any) -> Iterator[Callable[..., Any]]:
    """The functions of an endpoint: one, or one for each method."""
    cls = getattr(view, "view_class", None)
    if cls is not None:
        names = ("dispatch_request", "get", "post", "put", "patch", "delete")
        found = [vars(cls)[name] for name in names if name in vars(cls)]
    else:
        found = list(getattr(view, "views_by_method", {"": view}).values())
    yield from (function for function in found if callable(function))


def _fields(view: Any) -> Iterator[tuple[str, str]]:
    seen = set()
    for function in _functions(view):
        for wrapper in wrappers_of(function):
            code = code_of(wrapper)
            for read in all_reads(code).fields if code is not None else ():
                kind = "file" if read.source == "files" else "text"
                if read.name not in seen:
                    seen.add(read.name)
                    yield read.name, kind
