"""Trace a value that is ``None`` to the expression that gave it, and say why it did.

A trace has one step for each assignment and each argument. It ends where more than one assignment
is possible: then nothing is said.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .reaching import definitions_of
from .reading import Reason, reason_of
from .running import RunningFunction, called_function, caller_of, running_at

if TYPE_CHECKING:
    from ...checks.source import Function
    from ..diagnostic import DiagnosticContext, Line
    from ..record import Place

_MAX_STEPS = 8
# Expressions whose value is never None.
_NEVER_NONE = (
    *(ast.JoinedStr, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Compare, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


@dataclass(frozen=True)
class Origin:
    """The expression that gave ``None``.

    :param path: the file of the expression.
    :param reason: why it gave ``None``; ``None`` if that is not known.
    """

    place: Place
    path: str
    node: ast.expr
    reason: Reason | None

    @property
    def because(self) -> str:
        """A clause for messages, such as ``/login was opened without ?nm=...``; may be empty."""
        return self.reason.clause if self.reason is not None else ""

    @property
    def shown(self) -> str:
        """The expression."""
        return ast.unparse(self.node)

    def where(self, file: str) -> str:
        """The line, as ``line 14``, or ``app.py, line 14`` if it is in another file."""
        line = f"line {self.place.line}"
        same = os.path.realpath(file) == os.path.realpath(self.path)
        return line if same else f"{os.path.basename(self.path)}, {line}"


def origin_of(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> Origin | None:
    """Where the value of an expression came from.

    :param line: the line of the traceback that evaluated the expression.
    :param node: an expression in this line whose value was ``None``.
    """
    running = running_at(line)
    if running is None:
        return None
    return _Trace(diagnostic).of(running, node, running.statement)


class _Trace:
    def __init__(self, diagnostic: DiagnosticContext) -> None:
        self.diagnostic = diagnostic
        self.steps = 0

    def of(self, running: RunningFunction, node: ast.expr, at: ast.stmt) -> Origin | None:
        """The origin of an expression in a statement."""
        self.steps += 1
        if self.steps > _MAX_STEPS:
            return None
        if isinstance(node, ast.Name):
            return self._of_name(running, node.id, at)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.of(running, node.values[-1], at)
        if isinstance(node, (ast.BoolOp, ast.IfExp)):
            return None
        if isinstance(node, ast.NamedExpr):
            return self.of(running, node.value, at)
        return self._origin(running, node, reason_of(self.diagnostic, running, node))

    def _origin(self, running: RunningFunction, node: ast.expr, reason: Reason | None) -> Origin:
        path = running.source.path
        place = self.diagnostic.place(path, node.lineno, running.node.name)
        return Origin(place, path, node, reason)

    def _of_name(self, running: RunningFunction, name: str, at: ast.stmt) -> Origin | None:
        found = definitions_of(running.node, name, at)
        if found is None:
            return None
        possible = [one for one in found if one.value is None or _may_be_none(one.value)]
        if len(possible) != 1:
            return None
        (definition,) = possible
        if definition.statement is None:
            return self._of_parameter(running, name)
        if definition.value is None:
            return None
        return self.of(running, definition.value, definition.statement)

    def _of_parameter(self, running: RunningFunction, name: str) -> Origin | None:
        caller = caller_of(self.diagnostic, running.line)
        if caller is None:
            return self._of_view_argument(running, name)
        above = running_at(caller)
        call = None if above is None else _call_of(above, running)
        if above is None or call is None:
            return None
        passed = _argument(call, running, name)
        if passed is not None:
            return self.of(above, passed, above.statement)
        default = _none_by_default(running.node, name)
        if default is None:
            return None
        clause = f"{above.name} calls {running.name} without {name}, whose default is None"
        return self._origin(running, default, Reason(clause))

    def _of_view_argument(self, running: RunningFunction, name: str) -> Origin | None:
        """An argument of the view that its route does not pass."""
        request, view = self.diagnostic.request, self.diagnostic.view
        default = _none_by_default(running.node, name)
        if request is None or view is None or default is None or name in (request.view_args or {}):
            return None
        if (view.code.node.lineno, view.code.path) != (running.node.lineno, running.source.path):
            return None
        clause = f"the route {request.url_rule} has no <{name}>, and the default is None"
        return self._origin(running, default, Reason(clause))


def _may_be_none(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return not isinstance(node, _NEVER_NONE)


def _none_by_default(function: Function, name: str) -> ast.expr | None:
    """The default of a parameter, if it is ``None``."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    first = len(positional) - len(arguments.defaults)
    pairs = [
        *zip(positional[first:], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    found = next((default for argument, default in pairs if argument.arg == name), None)
    return found if isinstance(found, ast.Constant) and found.value is None else None


def _call_of(above: RunningFunction, called: RunningFunction) -> tuple[ast.Call, bool] | None:
    """The one call of a function in the line above it, and whether it is a method's."""
    calls = [
        (node, found[1])
        for node in ast.walk(above.statement)
        if isinstance(node, ast.Call)
        and (found := called_function(above.frame, node)) is not None
        and found[0].__code__ is called.frame.f_code
    ]
    if len(calls) != 1:
        return None
    call = calls[0][0]
    has_stars = any(isinstance(one, ast.Starred) for one in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )
    return None if has_stars else calls[0]


def _argument(call: tuple[ast.Call, bool], called: RunningFunction, name: str) -> ast.expr | None:
    """What a call passes for a parameter."""
    node, is_method = call
    for keyword in node.keywords:
        if keyword.arg == name:
            return keyword.value
    arguments = called.node.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][is_method:]
    at = positional.index(name) if name in positional else len(node.args)
    return node.args[at] if at < len(node.args) else None
