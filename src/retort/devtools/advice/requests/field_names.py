"""Advice on the name of a field: a number, or a name without quotes."""

from __future__ import annotations

import ast
import difflib

from werkzeug.exceptions import BadRequestKeyError

from ..diagnostic import DiagnosticContext, Line, joined
from ..edit import quote_like
from ..record import Advice
from .readings import GETTERS, names_in, nodes_at, part_of, replaced, source_text


def field_by_number(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form[0]``."""
    error, line, request = diagnostic.error, diagnostic.last_line, diagnostic.request
    if not isinstance(error, BadRequestKeyError) or line is None or request is None:
        return None
    if not error.args or type(error.args[0]) is not int:
        return None
    found = [
        (node, part_of(diagnostic, line, node.value)) for node in nodes_at(line, ast.Subscript)
    ]
    named = [(node, part) for node, part in found if part is not None]
    if len(named) != 1:
        return None
    node, part = named[0]
    received, value = names_in(request, part), source_text(line, node.value)
    changes: dict[ast.expr, str] = {}
    if len(received) == 1 and source_text(line, node.slice) == "0":
        changes[node.slice] = quote_like(source_text(line, node), received[0])
    example = received[0] if received else "nm"
    return Advice(
        what=f"{value} has fields by name, not by number, so {source_text(line, node)} finds none.",
        why=f"Received: {joined(received) if received else 'nothing'}.",
        place=diagnostic.last_place,
        fix=f"Name the field, as in {value}[{example!r}].",
        diff=replaced(diagnostic, line, changes) if changes else "",
    )


def field_without_quotes(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form[nm]``, where ``nm`` is no variable."""
    error, line, request = diagnostic.error, diagnostic.last_line, diagnostic.request
    if type(error) is not NameError or line is None or request is None or not error.name:
        return None
    for key, part in _keys_at(diagnostic, line):
        if key.id != error.name or (
            error.name not in names_in(request, part) and _is_near_a_variable(line, key.id)
        ):
            continue
        quoted = quote_like(source_text(line, key), key.id)
        return Advice(
            what=f"{key.id} is no variable here; the name of a field is text, in quotes.",
            place=diagnostic.last_place,
            fix=f"Write {quoted}.",
            diff=replaced(diagnostic, line, {key: quoted}),
        )
    return None


def _keys_at(diagnostic: DiagnosticContext, line: Line) -> list[tuple[ast.Name, str]]:
    """The names in a line that are used as the key of a part of the request."""
    uses = [(node.value, node.slice) for node in nodes_at(line, ast.Subscript)]
    uses += [
        (call.func.value, call.args[0])
        for call in nodes_at(line, ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in GETTERS and call.args
    ]
    found = [(key, part_of(diagnostic, line, owner)) for owner, key in uses]
    return [(key, part) for key, part in found if isinstance(key, ast.Name) and part is not None]


def _is_near_a_variable(line: Line, name: str) -> bool:
    variables = [*line.frame.f_locals, *line.frame.f_globals]
    return bool(difflib.get_close_matches(name, variables, n=1))
