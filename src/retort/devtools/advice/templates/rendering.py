"""The call in the program that renders a template, and the variables that it passes."""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .... import templating
from ...checks.source import source_of

if TYPE_CHECKING:
    from types import FrameType

    from ...checks.source import Source
    from ..diagnostic import DiagnosticContext

# The code of each rendering function, and its name.
RENDERS = {
    getattr(templating, name).__code__: name
    for name in (
        *("render_template", "render_template_string"),
        *("stream_template", "stream_template_string"),
    )
}


@dataclass(frozen=True)
class Rendering:
    """A call such as ``render_template("login.html", name=name)``.

    :param names: the keyword arguments.
    :param has_more: whether other variables are passed by ``**``.
    :param local_names: the local variables of the function that renders.
    """

    source: Source
    call: ast.Call
    line: int
    function: str
    renders: str
    names: list[str]
    has_more: bool
    local_names: frozenset[str]


def rendering(diagnostic: DiagnosticContext) -> Rendering | None:
    """The innermost rendering call of the program in the traceback."""
    found, step = None, diagnostic.error.__traceback__
    while step is not None and step.tb_next is not None:
        inner = step.tb_next.tb_frame
        if inner.f_code in RENDERS:
            found = call_in(step.tb_frame, step.tb_lineno, RENDERS[inner.f_code])
        step = step.tb_next
    return found


def call_in(frame: FrameType, line: int, renders: str) -> Rendering | None:
    """The call of a rendering function in a line; ``None`` if there is not exactly one."""
    source = source_of(frame.f_code.co_filename)
    if source is None:
        return None
    calls = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and node.lineno <= line <= (node.end_lineno or node.lineno)
        and _called(node) == renders
    ]
    if len(calls) != 1:
        return None
    names = [each.arg for each in calls[0].keywords if each.arg is not None]
    local = frozenset(frame.f_locals)
    has_more = len(names) != len(calls[0].keywords)
    function = frame.f_code.co_name
    return Rendering(source, calls[0], line, function, renders, names, has_more, local)


def described_rendering(found: Rendering) -> str:
    """The function that renders, as in ``login() (app.py:12)``."""
    file = os.path.basename(found.source.path)
    if found.function == "<module>":
        return f"{file}:{found.line}"
    return f"{found.function}() ({file}:{found.line})"


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""
