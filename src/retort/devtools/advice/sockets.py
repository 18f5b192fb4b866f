"""Advice on ``websocket`` where there is no WebSocket, and on views that use it wrongly."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...globals import websocket
from .diagnostic import source_at
from .edit import FileEdit, diff_of
from .record import Advice

if TYPE_CHECKING:
    from ..checks.program import View
    from .diagnostic import DiagnosticContext, Line

_MESSAGE = "Working outside of a WebSocket"
_ROUTES = frozenset({"route", "get"})


def outside_of_websocket(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the line, and the decorator of the view that has no WebSocket."""
    line = diagnostic.last_line
    if type(diagnostic.error) is not RuntimeError or line is None:
        return None
    if not str(diagnostic.error).startswith(_MESSAGE):
        return None
    name = _name_in(line)
    if diagnostic.request is None:
        return Advice(
            what=f"{name} was used in {_where(line)}, where there is no WebSocket.",
            why="A WebSocket belongs to the view that handles it, and ends with it.",
            place=diagnostic.last_place,
            fix=(
                "Use it in the view, in functions that the view calls, and in tasks that it starts."
                " Start a thread with copy_current_websocket_context(function)."
            ),
        )
    view = diagnostic.view
    what = f"{name} was used during {diagnostic.what}, which is a request and no WebSocket."
    if view is None:
        return Advice(
            what=what,
            place=diagnostic.last_place,
            fix="Use it in the views of @app.websocket(...).",
        )
    return Advice(
        what=what,
        why=f"{view.name} is the view of an HTTP route.",
        place=diagnostic.last_place,
        fix=f"Register {view.name} with @app.websocket({view.rules[0].rule!r}).",
        diff=_diff(diagnostic, view),
    )


def _where(line: Line) -> str:
    return "the module" if line.function == "<module>" else f"{line.function}()"


def _name_in(line: Line) -> str:
    """The name of the proxy in a line of the program."""
    source = source_at(line)
    for node in ast.walk(source.tree) if source else ():
        if isinstance(node, ast.Name) and node.lineno == line.line:
            value = line.frame.f_locals.get(node.id, line.frame.f_globals.get(node.id))
            if value is websocket:
                return node.id
    return "websocket"


def _diff(diagnostic: DiagnosticContext, view: View) -> str:
    """Change ``@app.get(...)`` into ``@app.websocket(...)``, if the route has no option."""
    calls = [
        call
        for call in view.code.node.decorator_list
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr in _ROUTES
    ]
    if len(calls) != 1 or calls[0].keywords:
        return ""
    edit = FileEdit(view.code.path)
    function = calls[0].func
    assert isinstance(function, ast.Attribute)
    edit.replace(edit.end(function) - len(function.attr), edit.end(function), "websocket")
    return diff_of(diagnostic.folder, edit)
