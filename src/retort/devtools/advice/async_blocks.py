"""Advice on ``async for`` and ``async with`` of synchronous objects, and the reverse."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

from ..checks.source import UNKNOWN
from .awaiting import is_async
from .edit import FileEdit, diff_of
from .record import Advice
from .requests.readings import is_request, nodes_at, source_text, value_of

if TYPE_CHECKING:
    from .diagnostic import DiagnosticContext, Line

_NOT_ITERABLE = re.compile(r"'async for' requires an object with __aiter__ method, got (\w+)")
_ASYNC = re.compile(r"async\s+")
_OF_STREAM = (
    "Place @stream_body directly above the view, and write: async for chunk in"
    " request.stream_chunks()."
)


def needless_async_for(diagnostic: DiagnosticContext) -> Advice | None:
    """``async for row in [1, 2]``, ``async for chunk in request.stream``."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) is not TypeError or line is None or not diagnostic.is_raised_in_last_line:
        return None
    found = _NOT_ITERABLE.match(str(error))
    if found is None:
        return None
    loops = [loop for loop in nodes_at(line, ast.AsyncFor) if loop.lineno == line.line]
    if len(loops) != 1:
        return None
    shown = source_text(line, loops[0].iter)
    fix, diff = "Write for in place of async for.", _without_async(diagnostic, line, loops[0])
    if _is_stream(diagnostic, line, loops[0].iter):
        fix, diff = _OF_STREAM, ""
    return Advice(
        what=f"{shown} ({found[1]}) is not asynchronous, so async for cannot iterate over it.",
        place=diagnostic.last_place,
        fix=fix,
        diff=diff,
    )


def _is_stream(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr == "stream"
        and is_request(diagnostic, line, node.value)
    )


def _without_async(
    diagnostic: DiagnosticContext, line: Line, node: ast.AsyncFor | ast.AsyncWith
) -> str:
    edit = FileEdit(line.file)
    start = edit.start(node)
    word = _ASYNC.match(edit.text, start)
    if word is None:
        return ""
    edit.replace(start, word.end(), "")
    return diff_of(diagnostic.folder, edit)


# With


def wrong_with(diagnostic: DiagnosticContext) -> Advice | None:
    """``with httpx.AsyncClient() as client``, ``async with open(name) as file``."""
    line = diagnostic.last_line
    if line is None or not _is_about_with(diagnostic):
        return None
    blocks: list[ast.With | ast.AsyncWith] = [
        *(node for node in nodes_at(line, ast.With) if node.lineno == line.line),
        *(node for node in nodes_at(line, ast.AsyncWith) if node.lineno == line.line),
    ]
    if len(blocks) != 1 or len(blocks[0].items) != 1:
        return None
    block, expression = blocks[0], blocks[0].items[0].context_expr
    cls, shown = _class_of(line, expression), source_text(line, expression)
    if isinstance(block, ast.AsyncWith) and _has(cls, "__enter__") and not _has(cls, "__aenter__"):
        return Advice(
            what=f"{shown} is not asynchronous, so async with cannot enter it.",
            place=diagnostic.last_place,
            fix="Write with in place of async with.",
            diff=_without_async(diagnostic, line, block),
        )
    if isinstance(block, ast.With) and _has(cls, "__aenter__") and not _has(cls, "__enter__"):
        return _needs_async_with(diagnostic, line, block, shown)
    return None


def _needs_async_with(
    diagnostic: DiagnosticContext, line: Line, block: ast.With, shown: str
) -> Advice:
    fix, diff = "Write async with in place of with.", ""
    if is_async(line):
        edit = FileEdit(line.file)
        edit.insert(edit.start(block), "async ")
        diff = diff_of(diagnostic.folder, edit)
    else:
        fix += f" {line.function}() has to be async for that: write async def."
    return Advice(
        what=f"{shown} is asynchronous: only async with enters it.",
        place=diagnostic.last_place,
        fix=fix,
        diff=diff,
    )


def _is_about_with(diagnostic: DiagnosticContext) -> bool:
    error = diagnostic.error
    if not diagnostic.is_raised_in_last_line:
        return False
    if type(error) is AttributeError:  # Python 3.10
        return str(error) in ("__enter__", "__aenter__", "__exit__", "__aexit__")
    return type(error) is TypeError and "context manager protocol" in str(error)


def _class_of(line: Line, node: ast.expr) -> Any:
    """The class of the object that an expression gives, if that is known."""
    if isinstance(node, ast.Call):
        return value_of(line, node.func)
    value = value_of(line, node)
    return UNKNOWN if value is UNKNOWN else type(value)


def _has(cls: Any, name: str) -> bool:
    return isinstance(cls, type) and hasattr(cls, name)
