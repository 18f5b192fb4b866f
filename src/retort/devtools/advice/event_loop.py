"""Advice on an event loop that is started, or waited for, on the event loop that already runs."""

from __future__ import annotations

import ast
import asyncio
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

from ...aio.loop import wait_for
from ...templating import render_template, render_template_string
from .awaiting import is_async
from .edit import FileEdit, diff_of
from .record import Advice
from .requests.readings import nodes_at, source_text, value_of

if TYPE_CHECKING:
    from .diagnostic import DiagnosticContext, Line

_RENDERING = (render_template.__code__, render_template_string.__code__)


def loop_in_loop(diagnostic: DiagnosticContext) -> Advice | None:
    """``asyncio.run(fetch())`` in an async view, or ``loop.run_until_complete(fetch())``."""
    line = diagnostic.last_line
    if type(diagnostic.error) is not RuntimeError or line is None:
        return None
    call = _running_call(line) if _is_about_a_loop(diagnostic.error) else None
    if call is None:
        return None
    shown, argument = source_text(line, call.func), source_text(line, call.args[0])
    what = f"{shown}() was called on the event loop that already runs this function."
    why = "Async views run on the event loop of the process, and a thread runs one loop at a time."
    if not is_async(line):
        caller = next((each.function for each in reversed(diagnostic.lines) if is_async(each)), "")
        of = f" in {caller}()" if caller else ""
        return Advice(
            what=what,
            why=why,
            place=diagnostic.last_place,
            fix=(
                f"Write async before the def of {line.function}(), await {argument} there, and"
                f" await {line.function}(...){of}."
            ),
        )
    edit = FileEdit(line.file)
    edit.replace_node(call, f"await {argument}")
    return Advice(
        what=what,
        why=why,
        place=diagnostic.last_place,
        fix=f"Write await {argument}.",
        diff=diff_of(diagnostic.folder, edit),
    )


def _is_about_a_loop(error: BaseException) -> bool:
    """``asyncio.run() cannot be called from a running event loop`` and its like, also of uvloop."""
    text = str(error).lower()
    return "running" in text and "loop" in text


def _running_call(line: Line) -> ast.Call | None:
    """The call in a line that runs a coroutine to its end."""
    calls = [
        call
        for call in nodes_at(line, ast.Call)
        if call.args
        and (
            value_of(line, call.func) is asyncio.run
            or (isinstance(call.func, ast.Attribute) and call.func.attr == "run_until_complete")
        )
    ]
    return calls[0] if len(calls) == 1 else None


def waited_for_on_loop(diagnostic: DiagnosticContext) -> Advice | None:
    """``app.ensure_sync(fetch)()`` in an async view; a context processor that is async."""
    line = diagnostic.last_line
    frames = [frame for frame, _ in walk_tb(diagnostic.error.__traceback__)]
    if type(diagnostic.error) is not RuntimeError or line is None:
        return None
    if frames[-1].f_code is not wait_for.__code__:
        return None
    coroutine: Any = frames[-1].f_locals["coroutine"]
    called = f"{coroutine.__name__}()"
    what = f"The coroutine function {called} was called through ensure_sync() on the event loop."
    why = "The event loop would wait for itself: the coroutine runs on the same loop."
    fix = f"Write await before a call of {called} itself, without ensure_sync() or async_to_sync()."
    if any(frame.f_code in _RENDERING for frame in frames):
        fix = (
            f"Make {called} a plain function, or render the template in a thread: await"
            " asyncio.to_thread(render_template, ...)."
        )
    return Advice(what=what, why=why, place=diagnostic.last_place, fix=fix)
