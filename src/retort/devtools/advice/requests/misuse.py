"""Advice on parts of the request that are used as what they are not: called, dotted, changed."""

from __future__ import annotations

import ast
import difflib
import inspect
from types import MethodType
from typing import TYPE_CHECKING, Any

from ...checks.source import UNKNOWN
from ..edit import quote_like
from ..record import Advice
from .readings import (
    GETTERS,
    is_request,
    names_in,
    nodes_at,
    part_of,
    replaced,
    source_text,
    value_of,
    values_of,
)

if TYPE_CHECKING:
    from ....http import Request
    from ..diagnostic import DiagnosticContext, Line

_WITHOUT_KEY = frozenset({"to_dict", "get_json"})
_DICTIONARIES = {
    **dict.fromkeys(("form", "args", "values"), "a dictionary of fields"),
    "files": "a dictionary of files",
    "cookies": "a dictionary of cookies",
    "headers": "a dictionary of header fields",
}
_CHANGING = frozenset(
    {"pop", "update", "setdefault", "add", "clear", "popitem", "setlist", "setlistdefault"}
)


# Called


def part_called(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form("nm")``, ``request.method()``."""
    line, request = diagnostic.last_line, diagnostic.request
    if request is None or line is None or not _is_type_error(diagnostic, "not callable"):
        return None
    found = {
        call: _call_meant(diagnostic, line, call, request) for call in nodes_at(line, ast.Call)
    }
    calls = {call: meant for call, meant in found.items() if meant}
    if not calls:
        return None
    call, meant = next(iter(calls.items()))
    called = source_text(line, call.func)
    kind = _DICTIONARIES.get(part_of(diagnostic, line, call.func) or "", "a value")
    return Advice(
        what=f"{called} is {kind}, not a function, but {source_text(line, call)} calls it.",
        why="A field is read by its name in square brackets." if call.args else "",
        place=diagnostic.last_place,
        fix=f"Write {meant}.",
        diff=replaced(diagnostic, line, calls),
    )


def _is_type_error(diagnostic: DiagnosticContext, words: str) -> bool:
    """Whether it was raised by Python itself, in a line of the program."""
    error = diagnostic.error
    return type(error) is TypeError and words in str(error) and diagnostic.is_raised_in_last_line


def _call_meant(diagnostic: DiagnosticContext, line: Line, call: ast.Call, request: Request) -> str:
    """What to write in place of a call of what is no function; empty for other calls."""
    shown = source_text(line, call.func)
    if part_of(diagnostic, line, call.func) is None and not (
        isinstance(call.func, ast.Attribute)
        and is_request(diagnostic, line, call.func.value)
        and _is_no_function(request, call.func.attr)
    ):
        return ""
    arguments = [source_text(line, argument) for argument in call.args]
    if call.keywords or len(arguments) > 2:
        return ""
    if len(arguments) == 2:
        return f"{shown}.get({', '.join(arguments)})"
    return f"{shown}[{arguments[0]}]" if arguments else shown


def _is_no_function(request: Request, name: str) -> bool:
    found = inspect.getattr_static(request, name, UNKNOWN)
    return found is not UNKNOWN and not callable(found)


def method_in_brackets(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form.get["nm"]``, ``request.get_json["nm"]``."""
    line = diagnostic.last_line
    if line is None or not _is_type_error(diagnostic, "not subscriptable"):
        return None
    for node in nodes_at(line, ast.Subscript):
        method = node.value
        if not isinstance(method, ast.Attribute):
            continue
        shown, key = source_text(line, method), source_text(line, node.slice)
        if part_of(diagnostic, line, method.value) and method.attr in GETTERS:
            meant = f"{shown}({key})"
        elif _belongs_to_request(diagnostic, line, method) and method.attr in _WITHOUT_KEY:
            meant = f"{shown}()[{key}]"
        else:
            continue
        return Advice(
            what=f"{shown} is a method: it is called with round brackets, before any [...].",
            place=diagnostic.last_place,
            fix=f"Write {meant}.",
            diff=replaced(diagnostic, line, {node: meant}),
        )
    return None


def method_not_called(diagnostic: DiagnosticContext) -> Advice | None:
    """``data["nm"]`` after ``data = request.get_json``."""
    error, line = diagnostic.error, diagnostic.last_line
    if line is None:
        return None
    owners: list[ast.expr] = []
    if _is_type_error(diagnostic, "not subscriptable"):
        owners = [node.value for node in nodes_at(line, ast.Subscript)]
    elif type(error) is AttributeError:
        # Python looks up the attribute of a bound method on its function.
        attributes = [node.value for node in nodes_at(line, ast.Attribute)]
        owners = [node for node in attributes if error.obj is _function_of(value_of(line, node))]
    for owner in owners:
        values = values_of(line, owner.id) if isinstance(owner, ast.Name) else []
        method = values[0] if len(values) == 1 else None
        if not isinstance(method, ast.Attribute) or not inspect.ismethod(value_of(line, owner)):
            continue
        if method.attr in _WITHOUT_KEY and _belongs_to_request(diagnostic, line, method):
            shown = source_text(line, method)
            return Advice(
                what=f"{source_text(line, owner)} is the method {shown}, which was not called.",
                place=diagnostic.place(line.file, method.lineno, line.function),
                fix=f"Write {shown}().",
                diff=replaced(diagnostic, line, {method: f"{shown}()"}),
            )
    return None


def _function_of(value: Any) -> Any:
    # The attributes of a proxy cannot be read outside of its context.
    return value.__func__ if type(value) is MethodType else UNKNOWN


def _belongs_to_request(diagnostic: DiagnosticContext, line: Line, method: ast.Attribute) -> bool:
    owner = method.value
    return is_request(diagnostic, line, owner) or part_of(diagnostic, line, owner) is not None


# With a dot


def missing_attribute(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form.nm``, ``request.json.nm``, ``request.forms``."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) is not AttributeError or line is None or not error.name:
        return None
    for node in nodes_at(line, ast.Attribute):
        if node.attr != error.name:
            continue
        if is_request(diagnostic, line, node.value) and error.obj is diagnostic.request:
            return _no_such_part(diagnostic, line, node)
        part = part_of(diagnostic, line, node.value)
        if part is not None and error.obj is getattr(diagnostic.request, part):
            return _field_with_dot(diagnostic, line, node, part)
        part = _json_in(diagnostic, line, node.value)
        if part is not None:
            return _field_with_dot(diagnostic, line, node, part)
    return None


def _json_in(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> str | None:
    """Whether this is ``request.json`` or ``request.get_json()``, which has an object."""
    if not isinstance(getattr(diagnostic.error, "obj", None), dict):
        return None
    owner = node.func if isinstance(node, ast.Call) else node
    if isinstance(owner, ast.Attribute) and owner.attr in ("json", "get_json"):
        return "json" if is_request(diagnostic, line, owner.value) else None
    return None


def _no_such_part(diagnostic: DiagnosticContext, line: Line, node: ast.Attribute) -> Advice:
    public = [name for name in dir(diagnostic.request) if not name.startswith("_")]
    close = difflib.get_close_matches(node.attr, public, n=1)
    shown = source_text(line, node)
    if not close:
        return Advice(
            what=f"The request has no attribute {node.attr!r}.",
            why="Fields of a form are in request.form, those of the query in request.args.",
            place=diagnostic.last_place,
            fix=f"Replace {shown} by the part of the request that is meant.",
        )
    meant = f"{source_text(line, node.value)}.{close[0]}"
    return Advice(
        what=f"The request has no attribute {node.attr!r}. Did you mean {close[0]!r}?",
        place=diagnostic.last_place,
        fix=f"Write {meant}.",
        diff=replaced(diagnostic, line, {node: meant}),
    )


def _field_with_dot(
    diagnostic: DiagnosticContext, line: Line, node: ast.Attribute, part: str
) -> Advice:
    assert isinstance(diagnostic.error, AttributeError)
    value, shown = source_text(line, node.value), source_text(line, node)
    known = [name for name in dir(diagnostic.error.obj) if not name.startswith("_")]
    close = difflib.get_close_matches(node.attr, known, n=1, cutoff=0.8)
    if close and node.attr not in _received(diagnostic, part):
        meant = f"{value}.{close[0]}"
        return Advice(
            what=f"{value} has no attribute {node.attr!r}. Did you mean {close[0]!r}?",
            why="A field is read by its name in square brackets.",
            place=diagnostic.last_place,
            fix=f"Write {meant}.",
            diff=replaced(diagnostic, line, {node: meant}),
        )
    name = _name_of(diagnostic, part, node.attr)
    meant = f"{value}[{quote_like(shown, name)}]"
    return Advice(
        what=f"{value} has its fields in square brackets, not behind a dot as in {shown}.",
        place=diagnostic.last_place,
        fix=f"Write {meant}.",
        diff=replaced(diagnostic, line, {node: meant}),
        facts=(("Received", ", ".join(_received(diagnostic, part)) or "nothing"),),
    )


def _name_of(diagnostic: DiagnosticContext, part: str, name: str) -> str:
    """The received name that an attribute stands for: ``user_agent`` is User-Agent."""
    if part != "headers":
        return name
    names = {one.lower().replace("-", "_"): one for one in _received(diagnostic, part)}
    return names.get(name.lower(), name.replace("_", "-"))


def _received(diagnostic: DiagnosticContext, part: str) -> list[str]:
    if part == "json":
        return [str(name) for name in getattr(diagnostic.error, "obj", ())]
    return [] if diagnostic.request is None else names_in(diagnostic.request, part)


# Changed


def part_changed(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.form["nm"] = "Bob"``, ``request.args.pop("nm")``."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) is not TypeError or "immutable" not in str(error) or line is None:
        return None
    owner = _changed_at(diagnostic, line)
    if owner is None:
        return None
    value = source_text(line, owner)
    return Advice(
        what=f"{value} cannot be changed: it has the fields as they were sent.",
        place=diagnostic.last_place,
        fix=f"Change a copy, as in fields = {value}.copy().",
    )


def _changed_at(diagnostic: DiagnosticContext, line: Line) -> ast.expr | None:
    for node in nodes_at(line, ast.Subscript):
        if not isinstance(node.ctx, ast.Load) and part_of(diagnostic, line, node.value):
            return node.value
    for method in nodes_at(line, ast.Attribute):
        if method.attr in _CHANGING and part_of(diagnostic, line, method.value):
            return method.value
    return None
