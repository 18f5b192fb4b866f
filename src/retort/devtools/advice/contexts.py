"""Advice on ``request``, ``session``, ``g`` or ``current_app`` outside of their context."""

from __future__ import annotations

import ast
import concurrent.futures.thread
import inspect
import multiprocessing.pool
import os
import threading
from typing import TYPE_CHECKING, Any

from ...app import Flask
from ...globals import current_app, g, request, session
from ...helpers import url_for
from ..checks.source import is_own
from .diagnostic import DiagnosticContext, Line, source_at
from .edit import FileEdit, add_import, diff_of
from .record import Advice

if TYPE_CHECKING:
    from ..checks.source import Source

_MESSAGES = ("Working outside of application context", "Working outside of request context")
_PROXIES: dict[str, Any] = {
    "request": request,
    "session": session,
    "g": g,
    "current_app": current_app,
}
_OF_REQUEST = frozenset({"request", "session"})
# Callables that start a function in a thread, and the argument that is the function.
_THREAD_MODULES = frozenset(
    os.path.realpath(str(module.__file__))
    for module in (threading, concurrent.futures.thread, multiprocessing.pool)
)
_STARTERS = {"Thread": 1, "Timer": 1, "submit": 0, "start_new_thread": 0, "apply_async": 0}


def outside_of_context(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the proxy and its line, and how to push a context there."""
    error, line = diagnostic.error, diagnostic.last_line
    if not isinstance(error, RuntimeError) or not str(error).startswith(_MESSAGES):
        return None
    if line is None:
        return None
    builds_url = _is_url_for_request(diagnostic)
    needs_request = builds_url or str(error).startswith(_MESSAGES[1])
    name = "" if builds_url else _proxy_in(line, needs_request)
    what = "request" if needs_request else "application"
    start = f"{name} was used" if name else f"Code that needs the current {what} was called"
    if builds_url:
        start = "url_for was called"
    starter = _starter_of(diagnostic, line)
    if starter is not None:
        return _in_thread(diagnostic, start, what, *starter)
    if any(one.function == "<module>" for one in diagnostic.lines[-1:]):
        return _at_import(diagnostic, line, start, name, needs_request)
    return _elsewhere(diagnostic, start, needs_request)


def _is_url_for_request(diagnostic: DiagnosticContext) -> bool:
    """Whether ``url_for`` failed, and an application context alone would not help it."""
    step, is_url_for = diagnostic.error.__traceback__, False
    while step is not None:
        is_url_for = is_url_for or step.tb_frame.f_code is url_for.__code__
        step = step.tb_next
    return is_url_for and not any(
        issubclass(type(value), Flask) and value.config["SERVER_NAME"]
        for line in diagnostic.lines
        for value in [*line.frame.f_globals.values()]
    )


def _proxy_in(line: Line, needs_request: bool) -> str:
    """The proxy in a line, by its name in the program."""
    source = source_at(line)
    if source is None:
        return ""
    proxies = {key: _PROXIES[key] for key in _PROXIES if (key in _OF_REQUEST) == needs_request}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.lineno == line.line:
            value = line.frame.f_locals.get(node.id, line.frame.f_globals.get(node.id))
            if any(value is proxy for proxy in proxies.values()):
                return node.id
    return ""


# In a thread


def _starter_of(
    diagnostic: DiagnosticContext, line: Line
) -> tuple[Source, ast.Call, ast.expr] | None:
    """The call that starts the function in a thread, if it ran in one: ``Thread(target=work)``."""
    source = source_at(line)
    names = {one.function for one in diagnostic.lines if _is_first_in_thread(one)}
    if source is None or not names:
        return None
    for node in ast.walk(source.tree):
        target = _target(node) if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(target, ast.Name) and target.id in names:
            return source, node, target
    return None


def _is_first_in_thread(line: Line) -> bool:
    """Whether a thread called this function, and not the program."""
    caller = line.frame.f_back
    if line.function == "<module>":
        return False
    return caller is None or os.path.realpath(caller.f_code.co_filename) in _THREAD_MODULES


def _target(call: ast.Call) -> ast.expr | None:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else None
    name = call.func.id if isinstance(call.func, ast.Name) else name
    if name not in _STARTERS:
        return None
    for keyword in call.keywords:
        if keyword.arg in ("target", "function"):
            return keyword.value
    at = _STARTERS[name]
    return call.args[at] if len(call.args) > at else None


def _in_thread(
    diagnostic: DiagnosticContext,
    start: str,
    what: str,
    source: Source,
    call: ast.Call,
    target: ast.expr,
) -> Advice:
    edit = FileEdit(source.path)
    shown = edit.source(target)
    headline = f"{start} in a thread, where there is no {what}: {shown}() runs outside of it."
    facts = (("Started at", f"line {call.lineno}: {edit.lines[call.lineno - 1].strip()}"),)
    if not any(call in ast.walk(function) for function in source.functions()):
        return Advice(
            what=headline,
            why="A thread starts without a context. This one is not started by a request.",
            place=diagnostic.last_place,
            fix=f"Pass the values that {shown}() needs as arguments"
            + (", or push app.app_context() in it." if what == "application" else "."),
            facts=facts,
        )
    edit.replace_node(target, f"copy_current_request_context({shown})")
    add_import(edit, source.tree, "flask", "copy_current_request_context")
    return Advice(
        what=headline,
        why=(
            "A thread starts without a context. copy_current_request_context copies that of the"
            " request that starts it. For work that outlives the request, pass values."
        ),
        place=diagnostic.last_place,
        fix=f"Start copy_current_request_context({shown}) where {shown} is started.",
        diff=diff_of(diagnostic.folder, edit),
        facts=facts,
    )


# While the program is imported


def _at_import(
    diagnostic: DiagnosticContext, line: Line, start: str, name: str, needs_request: bool
) -> Advice | None:
    is_script = line.frame.f_globals.get("__name__") == "__main__"
    when = "outside of functions" if is_script else "while the program is imported"
    if needs_request:
        return Advice(
            what=f"{start} {when}, when there is no request yet.",
            why=(
                "Code outside of functions runs once, before the first request."
                " A view runs for each request."
            ),
            place=diagnostic.last_place,
            fix="Move this line into the view that needs it.",
        )
    app_name = _application_in(line)
    return Advice(
        what=f"{start} {when}, when no application is the current one.",
        why=(
            "In a script, push the application's context. 'retort shell' starts Python with it"
            " pushed."
        ),
        place=diagnostic.last_place,
        fix=(
            f"Write {app_name} instead of {name}."
            if app_name and name == "current_app"
            else f"Put it below 'with {app_name or 'app'}.app_context():'."
        ),
        diff=_import_diff(diagnostic, line, name, app_name) if app_name else "",
    )


def _application_in(line: Line) -> str:
    """The name of the application in the file, if it is created there."""
    names = [key for key, value in line.frame.f_globals.items() if issubclass(type(value), Flask)]
    return names[0] if len(names) == 1 else ""


def _import_diff(diagnostic: DiagnosticContext, line: Line, name: str, app_name: str) -> str:
    source = source_at(line)
    if source is None:
        return ""
    edit = FileEdit(source.path)
    statement = _simple_statement_at(source.tree, line.line)
    if name == "current_app":
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Name) and node.id == name and node.lineno == line.line:
                edit.replace_node(node, app_name)
    elif statement is not None:
        _indent_below(edit, statement, f"with {app_name}.app_context():")
    return diff_of(diagnostic.folder, edit)


def _simple_statement_at(tree: ast.Module, line: int) -> ast.stmt | None:
    """The innermost statement that contains the line."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            found = node
    return found


def _indent_below(edit: FileEdit, statement: ast.stmt, head: str) -> None:
    indent = " " * statement.col_offset
    edit.insert(edit.offset(statement.lineno), f"{indent}{head}\n")
    for line in range(statement.lineno, (statement.end_lineno or 0) + 1):
        edit.insert(edit.offset(line), "    ")


# While the response is sent


def _is_sent(diagnostic: DiagnosticContext, line: Line) -> bool:
    """Whether a generator of the program is run by the response, after its request."""
    is_generator = bool(line.frame.f_code.co_flags & inspect.CO_GENERATOR)
    if not is_generator or diagnostic.request is None:
        return False
    step, caller = diagnostic.error.__traceback__, None
    while step is not None and step.tb_frame is not line.frame:
        caller, step = step.tb_frame, step.tb_next
    return caller is not None and not is_own(caller.f_code.co_filename)


def _in_generator(diagnostic: DiagnosticContext, line: Line, start: str) -> Advice:
    name, source = line.function, source_at(line)
    calls = [
        node
        for node in ast.walk(source.tree if source else ast.Module([], []))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]
    diff = ""
    if source is not None and len(calls) == 1:
        edit = FileEdit(source.path)
        edit.replace_node(calls[0], f"stream_with_context({edit.source(calls[0])})")
        add_import(edit, source.tree, "flask", "stream_with_context")
        diff = diff_of(diagnostic.folder, edit)
    return Advice(
        what=f"{start} in the generator {name}(), after the request's context had ended.",
        why=(
            "The code of a generator runs while the response is sent. stream_with_context keeps the"
            " context until then."
        ),
        place=diagnostic.last_place,
        fix=f"Return stream_with_context({name}(...)) from the view.",
        diff=diff,
    )


# Elsewhere: a script's function, a test, a scheduler


def _elsewhere(diagnostic: DiagnosticContext, start: str, needs_request: bool) -> Advice:
    line = diagnostic.last_line
    assert line is not None
    if needs_request and _is_sent(diagnostic, line):
        return _in_generator(diagnostic, line, start)
    if needs_request:
        fix = "Call it from a view, or below 'with app.test_request_context():' in a test."
        what = f"{start} in {line.function}(), which was called outside of a request."
        return Advice(what=what, place=diagnostic.last_place, fix=fix)
    caller = next((one for one in diagnostic.lines if one.function == "<module>"), None)
    app_name = _application_in(caller or line)
    diff = ""
    if caller is not None and app_name:
        diff = _import_diff(diagnostic, caller, "", app_name)
    return Advice(
        what=(
            f"{start} in {line.function}(), which was called outside of the application's context."
        ),
        why="'retort shell' starts Python with the application's context pushed.",
        place=diagnostic.last_place,
        fix=f"Call it below 'with {app_name or 'app'}.app_context():'.",
        diff=diff,
    )
