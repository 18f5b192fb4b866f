"""Advice on a route that cannot be registered, and on a module that is called as its class."""

from __future__ import annotations

import ast
import re
from types import ModuleType
from typing import TYPE_CHECKING

from ..checks.source import FUNCTIONS, first_argument, text_in
from .diagnostic import ROUTE_DECORATORS, DiagnosticContext, source_at
from .edit import FileEdit, diff_of, quote_like
from .record import Advice
from .requests.readings import nodes_at, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .record import Place

_METHODS = re.compile(r"[A-Za-z]+(?:[,\s]+[A-Za-z]+)*")


def rule_without_slash(diagnostic: DiagnosticContext) -> Advice | None:
    """``@app.route('login')``: the slash at the start of the rule."""
    if type(diagnostic.error) is not ValueError or "slash" not in str(diagnostic.error):
        return None
    for edit, call in _routes_at(diagnostic):
        argument = first_argument(call, "rule")
        text = text_in(argument)
        if text is None or text.startswith("/"):
            continue
        edit.replace_node(argument, quote_like(edit.source(argument), f"/{text}"))
        return Advice(
            what=f"The route {text!r} does not begin with a slash.",
            why="A route is the part of the address behind the host.",
            place=_place_of(diagnostic, edit, call),
            fix=f"Write '/{text}'.",
            diff=diff_of(diagnostic.folder, edit),
        )
    return None


def methods_as_text(diagnostic: DiagnosticContext) -> Advice | None:
    """``methods='POST'``: the list around the method."""
    if type(diagnostic.error) is not TypeError or "methods" not in str(diagnostic.error):
        return None
    for edit, call in _routes_at(diagnostic):
        value = next((each.value for each in call.keywords if each.arg == "methods"), None)
        text = text_in(value)
        if text is None or not _METHODS.fullmatch(text):
            continue
        listed = ", ".join(
            quote_like(edit.source(value), word) for word in re.split(r"[,\s]+", text)
        )
        edit.replace_node(value, f"[{listed}]")
        return Advice(
            what=f"The methods of a route are a list, but methods={text!r} is a string.",
            place=_place_of(diagnostic, edit, call),
            fix=f"Write methods=[{listed}].",
            diff=diff_of(diagnostic.folder, edit),
        )
    return None


def _routes_at(diagnostic: DiagnosticContext) -> Iterator[tuple[FileEdit, ast.Call]]:
    """The calls that register a route in the line that failed.

    A decorator fails in its own line, and in Python 3.10 in the line of its function.
    """
    line = diagnostic.last_line
    source = None if line is None else source_at(line)
    if line is None or source is None:
        return
    functions = [each for each in ast.walk(source.tree) if isinstance(each, FUNCTIONS)]
    decorators = [
        each for one in functions if one.lineno == line.line for each in one.decorator_list
    ]
    for call in [*nodes_at(line, ast.Call), *decorators]:
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr in ROUTE_DECORATORS | {"add_url_rule"}:
            yield FileEdit(line.file), call


def _place_of(diagnostic: DiagnosticContext, edit: FileEdit, call: ast.Call) -> Place:
    line = diagnostic.last_line
    return diagnostic.place(edit.path, call.lineno, line.function if line else "")


def module_called(diagnostic: DiagnosticContext) -> Advice | None:
    """``import flask`` and ``flask(__name__)``: the class with the name of its module."""
    line = diagnostic.last_line
    if (
        type(diagnostic.error) is not TypeError
        or line is None
        or not diagnostic.is_raised_in_last_line
    ):
        return None
    found = [
        (call.func, value)
        for call in nodes_at(line, ast.Call)
        if isinstance(call.func, ast.Name)
        and isinstance(value := value_of(line, call.func), ModuleType)
    ]
    if len(found) != 1 or "is not callable" not in str(diagnostic.error):
        return None
    node, module = found[0]
    names = _of_same_name(module, node.id)
    if not names:
        return Advice(
            what=f"{node.id} is a module, and a module cannot be called.",
            place=diagnostic.last_place,
            fix=f"Call one of its functions or classes, with its name behind {node.id} and a dot.",
        )
    edit = FileEdit(line.file)
    edit.replace_node(node, f"{node.id}.{names[0]}")
    return Advice(
        what=f"{node.id} is a module, and a module cannot be called.",
        place=diagnostic.last_place,
        fix=f"Write {node.id}.{names[0]}(...).",
        diff=diff_of(diagnostic.folder, edit),
    )


def _of_same_name(module: ModuleType, imported_as: str) -> list[str]:
    """The classes and functions of a module that differ from its name by letter case at most."""
    wanted = {imported_as.lower(): 0, module.__name__.rpartition(".")[2].lower(): 1}
    found = [name for name in dir(module) if name.lower() in wanted]
    return sorted(
        (name for name in found if callable(getattr(module, name, None))),
        key=lambda name: wanted[name.lower()],
    )
