"""A frame of the program: its function in the source, and the objects of its names."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from functools import partial
from inspect import getattr_static
from types import CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from ...checks.source import UNKNOWN, first_line_of, resolved
from ..diagnostic import source_at
from .reaching import statement_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from ...checks.source import Function, Source
    from ..diagnostic import DiagnosticContext, Line


@dataclass(frozen=True)
class RunningFunction:
    """A function in the traceback, at the statement that it executes."""

    line: Line
    source: Source
    node: Function
    statement: ast.stmt

    @property
    def frame(self) -> FrameType:
        """The frame, with the variables."""
        return self.line.frame

    @property
    def name(self) -> str:
        """The name for messages: ``login()``."""
        return f"{self.node.name}()"


def running_at(line: Line) -> RunningFunction | None:
    """The function of a line; ``None`` for a module, a lambda, and source that has changed."""
    source, code = source_at(line), line.frame.f_code
    if source is None or not _is_compiled_from(source.path, code):
        return None
    for node in source.functions():
        if node.name == code.co_name and first_line_of(node) == code.co_firstlineno:
            statement = statement_at(node.body, line.line)
            return None if statement is None else RunningFunction(line, source, node, statement)
    return None


def _is_compiled_from(path: str, code: CodeType) -> bool:
    """Whether a file still has the source of a function that was loaded from it."""
    try:
        with open(path, "rb") as file:
            module = compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return False
    return any(_shape(one) == _shape(code) for one in _codes_in(module))


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)


def _shape(code: CodeType) -> tuple[object, ...]:
    values = tuple(one for one in code.co_consts if not isinstance(one, CodeType))
    place = code.co_name, code.co_firstlineno
    return *place, code.co_code, code.co_names, code.co_varnames, values


def caller_of(diagnostic: DiagnosticContext, line: Line) -> Line | None:
    """The line of the program that called the function of a line, if it did so itself."""
    for before, after in zip(diagnostic.lines, diagnostic.lines[1:], strict=False):
        if after is line and line.frame.f_back is before.frame:
            return before
    return None


def resolve(frame: FrameType, node: ast.expr) -> Any:
    """The object of a name, or of an attribute of a module; `UNKNOWN` for anything else."""
    return resolved(node, partial(_named, frame))


def _named(frame: FrameType, name: str) -> Any:
    for names in (frame.f_locals, frame.f_globals, vars(builtins)):
        if name in names:
            return names[name]
    return UNKNOWN


def called_function(frame: FrameType, call: ast.Call) -> tuple[FunctionType, bool] | None:
    """The function of a call, and whether its first argument is the object of the method.

    No code of the program is executed to find it.
    """
    found = resolve(frame, call.func)
    if found is UNKNOWN and isinstance(call.func, ast.Attribute):
        owner = resolve(frame, call.func.value)
        if owner is UNKNOWN:
            return None
        return _method(owner, getattr_static(owner, call.func.attr, None))
    if type(found) is MethodType and type(found.__func__) is FunctionType:
        return found.__func__, True
    return (found, False) if type(found) is FunctionType else None


def _method(owner: Any, found: Any) -> tuple[FunctionType, bool] | None:
    if isinstance(found, (classmethod, staticmethod)):
        function = found.__func__
        is_bound = isinstance(found, classmethod)
    else:
        function, is_bound = found, not issubclass(type(owner), type)
    return (function, is_bound) if type(function) is FunctionType else None
