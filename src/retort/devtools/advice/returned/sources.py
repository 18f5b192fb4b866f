"""Find the ``return`` that can have given a value, in the source of the program.

An invalid return value is noticed after the function has ended, so no frame of it is left. A line
is named only if no other ``return`` of the functions that ran can have given the value.
"""

from __future__ import annotations

import ast
import builtins
import os
from dataclasses import dataclass
from types import FunctionType, GeneratorType
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from .... import helpers, templating
from ...checks.source import FUNCTIONS, UNKNOWN, Code, code_of, first_line_of, wrappers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..diagnostic import DiagnosticContext

_VALID = tuple(
    getattr(module, name)
    for module, names in (
        (helpers, ("redirect", "url_for", "send_file", "send_from_directory", "make_response")),
        (templating, ("render_template", "render_template_string", "stream_template")),
    )
    for name in names
)
_DISPLAYS: tuple[tuple[type[ast.AST] | tuple[type[ast.AST], ...], type], ...] = (
    (ast.JoinedStr, str),
    ((ast.Dict, ast.DictComp), dict),
    ((ast.List, ast.ListComp), list),
    ((ast.Set, ast.SetComp), set),
    (ast.Tuple, tuple),
    (ast.Lambda, FunctionType),
)


@dataclass(frozen=True)
class Returned:
    """A ``return`` of a function of the program."""

    code: Code
    node: ast.Return

    @property
    def body(self) -> ast.expr | None:
        """The expression of the body: of ``"hello", 201`` the first item."""
        value = self.node.value
        return value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value


def is_called_by_program(diagnostic: DiagnosticContext, function: Callable[..., Any]) -> bool:
    """Whether the program's innermost line in the traceback calls ``function``."""
    step, last = diagnostic.error.__traceback__, diagnostic.last_line
    while step is not None and last is not None:
        if step.tb_frame is last.frame:
            inner = step.tb_next
            return inner is not None and inner.tb_frame.f_code is function.__code__
        step = step.tb_next
    return False


def ran(diagnostic: DiagnosticContext) -> list[Code]:
    """The functions of the program that can have given the return value of the request.

    These are the hooks before the view, its decorators, the view, and the error handlers.
    """
    app, view = diagnostic.app, diagnostic.view
    found = _codes(_before_hooks(app))
    if view is not None:
        found += [*_around(diagnostic), *view.wrappers, view.code]
    return [*found, *error_handlers(app)]


def _around(diagnostic: DiagnosticContext) -> list[Code]:
    """The decorators of a class-based view, which are around the function of the class."""
    request = diagnostic.request
    function = diagnostic.app.view_functions.get(request.endpoint) if request else None
    if function is None or getattr(function, "view_class", None) is None:
        return []
    return _codes(list(wrappers_of(function))[:-1])


def error_handlers(app: Any) -> list[Code]:
    """The error handlers of the program."""
    return _codes(
        function
        for by_code in app.error_handler_spec.values()
        for by_class in by_code.values()
        for function in by_class.values()
    )


def described_code(code: Code) -> str:
    """A function as in ``login() (app.py:12)``."""
    return f"{code.node.name}() ({os.path.basename(code.path)}:{first_line_of(code.node)})"


def is_inside(diagnostic: DiagnosticContext) -> bool:
    """Whether the error was raised while one of these functions ran, not after it."""
    codes = {code.function.__code__ for code in ran(diagnostic)}
    return any(line.frame.f_code in codes for line in diagnostic.lines)


def candidates(codes: list[Code], value: Any) -> list[Returned]:
    """The returns that can have given a value."""
    return [
        Returned(code, node)
        for code in codes
        for node in returns_of(code)
        if node.value is not None and _may_give(code, node.value, value)
    ]


def returns_of(code: Code) -> Iterator[ast.Return]:
    """The returns of a function, without those of functions in it."""
    waiting: list[ast.AST] = list(code.node.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Return):
            yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting[:0] = ast.iter_child_nodes(node)


def _may_give(code: Code, node: ast.expr, value: Any) -> bool:
    if isinstance(node, ast.Tuple) and type(value) is tuple and len(node.elts) == len(value):
        return all(_may_be(code, item, part) for item, part in zip(node.elts, value, strict=True))
    return _may_be(code, node, value)


def _may_be(code: Code, node: ast.expr, value: Any) -> bool:
    """Whether an expression can have a value; true where it is not known."""
    if isinstance(node, ast.Constant):
        return type(node.value) is type(value) and bool(node.value == value)
    for kinds, kind in _DISPLAYS:
        if isinstance(node, kinds):
            return type(value) is kind
    if isinstance(node, ast.IfExp):
        return _may_be(code, node.body, value) or _may_be(code, node.orelse, value)
    if value is None and isinstance(node, (ast.BinOp, ast.Compare)):
        return False
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        texts = (node.left, node.right) if isinstance(node.op, ast.Add) else (node.left,)
        if any(_is_text(each) for each in texts):
            return isinstance(value, str)
    if isinstance(node, ast.Call):
        return _call_may_give(code, node, value)
    if isinstance(node, ast.Name):
        known = code.resolve(node)
        return known is UNKNOWN or known is value or type(known) is type(value)
    return True


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        return True
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _call_may_give(code: Code, call: ast.Call, value: Any) -> bool:
    if isinstance(call.func, ast.Name) and call.func.id in code.function.__code__.co_freevars:
        return False  # a decorator passes on the value of the function in it
    called = code.resolve(call.func)
    if called in _VALID:
        return isinstance(value, (str, Response, GeneratorType))
    if isinstance(called, type) and getattr(builtins, called.__name__, None) is called:
        return type(value) is called
    return True


def _before_hooks(app: Any) -> Iterator[Callable[..., Any]]:
    for functions in app.before_request_funcs.values():
        yield from functions


def _codes(functions: Iterable[Callable[..., Any]]) -> list[Code]:
    found = [code_of(function) for function in functions]
    return [code for code in found if code is not None]
