"""Advice on ``await``: of what is no awaitable, and on coroutines that were not awaited."""

from __future__ import annotations

import ast
import inspect
import re
from types import CoroutineType, FunctionType
from typing import TYPE_CHECKING

import retort

from ..checks.source import UNKNOWN
from .edit import FileEdit, diff_of
from .record import Advice
from .requests.readings import is_request, nodes_at, replaced, source_text, value_of, values_of

if TYPE_CHECKING:
    from .diagnostic import DiagnosticContext, Line

# "object dict can't be used in 'await' expression"; from Python 3.14 on "'dict' object can't be
# awaited".
_NOT_AWAITABLE = re.compile(
    r"(?:object (\w+) can't be used in 'await' expression|'(\w+)' object can't be awaited)"
)
_OF_REQUEST = (
    "A request is handled after its body has been received, so every part of it is a plain value,"
    " in async views too. In Quart these parts are awaited."
)
_OF_RETORT = (
    "The functions of Retort return their results, in async views too. In Quart some are awaited."
)


# What is no awaitable


def needless_await(diagnostic: DiagnosticContext) -> Advice | None:
    """``await request.form``, ``await render_template("a.html")``, ``await 42``."""
    line, kind = diagnostic.last_line, _kind_of(diagnostic)
    if line is None or not kind:
        return None
    node = _await_in(diagnostic, line, kind)
    if node is None:
        return None
    shown = source_text(line, node.value)
    if kind == "async_generator":
        return _generator(diagnostic, shown)
    if kind == "function":
        return Advice(
            what=f"{shown} is a function: the await needs a call of it.",
            place=diagnostic.last_place,
            fix=f"Write await {shown}() with its arguments.",
        )
    article = "an" if kind[0].lower() in "aeiou" else "a"
    what = "is None" if kind == "NoneType" else f"is {article} {kind}"
    why = ""
    if _is_part_of_request(diagnostic, line, node.value):
        why = _OF_REQUEST
    elif _is_call_of_retort(line, node.value):
        why = _OF_RETORT
    return Advice(
        what=f"{shown} {what}, which cannot be awaited.",
        why=why,
        place=diagnostic.last_place,
        fix=f"Write {shown} without await.",
        diff=_without_await(diagnostic, line, node),
    )


def _kind_of(diagnostic: DiagnosticContext) -> str:
    """The name of the type that was awaited, and cannot be; else empty."""
    error = diagnostic.error
    if type(error) is not TypeError or not diagnostic.is_raised_in_last_line:
        return ""
    found = _NOT_AWAITABLE.match(str(error))
    return (found[1] or found[2]) if found else ""


def _await_in(diagnostic: DiagnosticContext, line: Line, kind: str) -> ast.Await | None:
    """The ``await`` that failed; ``None`` if it may be one of several."""
    nodes = nodes_at(line, ast.Await)
    if len(nodes) > 1:
        nodes = [
            node
            for node in nodes
            if _is_part_of_request(diagnostic, line, node.value)
            or _is_call_of_retort(line, node.value)
            or type(value_of(line, node.value)).__name__ == kind
        ]
    return nodes[0] if len(nodes) == 1 else None


def _is_part_of_request(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> bool:
    """``request.form``, ``request.get_json()``, ``request.form["nm"]``."""
    while isinstance(node, (ast.Call, ast.Subscript, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
        if is_request(diagnostic, line, node):
            return True
    return False


def _is_call_of_retort(line: Line, node: ast.expr) -> bool:
    called = value_of(line, node.func) if isinstance(node, ast.Call) else UNKNOWN
    return isinstance(called, (FunctionType, type)) and any(
        called is member for member in vars(retort).values()
    )


def _without_await(diagnostic: DiagnosticContext, line: Line, node: ast.Await) -> str:
    edit = FileEdit(line.file)
    start, end = edit.start(node), edit.end(node)
    text = edit.text
    before, after = text[:start].rstrip(), text[end:].lstrip()
    is_simple = isinstance(node.value, (ast.Name, ast.Attribute, ast.Call, ast.Subscript))
    if is_simple and before.endswith("(") and after.startswith(")"):
        outside = before[:-1]
        if not re.search(r"[\w)\]]$", outside):  # else it is a call: f(await x)
            start, end = len(outside), len(text) - len(after) + 1
    edit.replace(start, end, edit.source(node.value))
    return diff_of(diagnostic.folder, edit)


def _generator(diagnostic: DiagnosticContext, shown: str) -> Advice:
    return Advice(
        what=f"{shown} is an asynchronous generator, which cannot be awaited.",
        place=diagnostic.last_place,
        fix=f"Write async for value in {shown}, or return it from a view to stream its values.",
    )


# Iterated in another way


def iterated_without_async(diagnostic: DiagnosticContext) -> Advice | None:
    """``for row in rows()`` or ``list(rows())`` of an asynchronous generator."""
    line = diagnostic.last_line
    if line is None or not _says(diagnostic, "'async_generator' object is not iterable"):
        return None
    loops = [each for each in nodes_at(line, ast.For) if each.lineno == line.line]
    is_in_async = is_async(line)
    subject = source_text(line, loops[0].iter) if len(loops) == 1 else "The value"
    diff = ""
    if len(loops) == 1 and is_in_async:
        edit = FileEdit(line.file)
        edit.insert(edit.start(loops[0]), "async ")
        diff = diff_of(diagnostic.folder, edit)
    fix = "Write async for in place of for."
    if not loops:
        fix = "Collect its values: [value async for value in ...]."
    if not is_in_async:
        fix = f"{fix} {line.function}() has to be async for that: write async def."
    return Advice(
        what=f"{subject} is an asynchronous generator, which only async for iterates over.",
        place=diagnostic.last_place,
        fix=fix,
        diff=diff,
    )


def is_async(line: Line) -> bool:
    """Whether a line is in a coroutine function or an asynchronous generator."""
    flags = line.frame.f_code.co_flags
    return bool(flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR))


def _says(diagnostic: DiagnosticContext, *words: str) -> bool:
    error = diagnostic.error
    return (
        type(error) is TypeError
        and diagnostic.is_raised_in_last_line
        and all(word in str(error) for word in words)
    )


# A coroutine that was not awaited


def not_awaited(diagnostic: DiagnosticContext) -> Advice | None:
    """``data = fetch()`` of a coroutine function, and then ``data["nm"]`` or ``data.nm``."""
    line = diagnostic.last_line
    used = None if line is None else _coroutine_used(diagnostic, line)
    if line is None or used is None:
        return None
    called, node = f"{used[0]}()", used[1]
    call = node if isinstance(node, ast.Call) else _assigned_call(line, node)
    what = f"{source_text(line, node)} is a coroutine: the async function {called} was not awaited."
    place = diagnostic.last_place
    if call is not None:
        place = diagnostic.place(line.file, call.lineno, line.function)
    if not is_async(line):
        return Advice(
            what=what,
            place=place,
            fix=f"Write async before the def of {line.function}(), and await {called}.",
        )
    if call is None:
        return Advice(what=what, place=place, fix=f"Write await before {called}.")
    shown = source_text(line, call)
    text = f"await {shown}" if call is not node else f"(await {shown})"
    return Advice(
        what=what,
        place=place,
        fix=f"Write {text}.",
        diff=replaced(diagnostic, line, {call: text}),
    )


def _coroutine_used(diagnostic: DiagnosticContext, line: Line) -> tuple[str, ast.expr] | None:
    """The coroutine function whose coroutine the line uses, and the expression that this is."""
    error = diagnostic.error
    if not diagnostic.is_raised_in_last_line:
        return None
    if type(error) is AttributeError and type(error.obj) is CoroutineType:
        owners = [each.value for each in nodes_at(line, ast.Attribute) if each.attr == error.name]
        return (error.obj.__name__, owners[0]) if len(owners) == 1 else None
    if type(error) is not TypeError or "'coroutine' object" not in str(error):
        return None
    if "not subscriptable" in str(error):
        used = [each.value for each in nodes_at(line, ast.Subscript)]
    elif "not iterable" in str(error):
        used = [each.iter for each in nodes_at(line, ast.For)]
    else:
        return None
    found = [(_coroutine_function(line, node), node) for node in used]
    return next((pair for pair in found if pair[0]), None)


def _coroutine_function(line: Line, node: ast.expr) -> str:
    """The name of the function whose coroutine an expression is; empty for another value."""
    if isinstance(node, ast.Call):
        function = value_of(line, node.func)
        return function.__name__ if inspect.iscoroutinefunction(function) else ""
    value = value_of(line, node)
    return value.__name__ if type(value) is CoroutineType else ""


def _assigned_call(line: Line, node: ast.expr) -> ast.Call | None:
    """The call whose result was assigned to a name."""
    values = values_of(line, node.id) if isinstance(node, ast.Name) else []
    return values[0] if len(values) == 1 and isinstance(values[0], ast.Call) else None
