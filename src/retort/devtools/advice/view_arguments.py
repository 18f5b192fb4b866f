"""Advice on a view that its route cannot call: an argument is missing, or not accepted."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..checks.receivers import mismatch_of
from ..checks.rules.arguments import (
    described,
    fix_of,
    is_by_position,
    is_changed,
    is_decorated,
    is_not_passed,
    is_passed_by_another,
)
from ..checks.rules.endpoints import all_uses, targets_of
from .edit import FileEdit, diff_of
from .record import Advice
from .urls import route_diff

if TYPE_CHECKING:
    from types import CodeType

    from werkzeug.routing import Rule

    from ..checks.receivers import Mismatch
    from ..checks.source import Code
    from .diagnostic import DiagnosticContext

_MESSAGES = ("got an unexpected keyword argument", "missing", "positional-only")


def arguments_do_not_fit(diagnostic: DiagnosticContext) -> Advice | None:
    """Compare the variables of the request's route with the function that did not accept them."""
    error, request = diagnostic.error, diagnostic.request
    if type(error) is not TypeError or request is None or request.url_rule is None:
        return None
    rule = request.url_rule
    view = diagnostic.app.view_functions.get(str(rule.endpoint))
    mismatch = mismatch_of(view, request.method, set(request.view_args or {}))
    if mismatch is None or not _is_about(error, mismatch):
        return None
    code = mismatch.receiver.code
    if code is None:
        return None
    return Advice(
        what=described(mismatch, rule),
        why="Each variable in <...> in the route is passed as an argument of the same name.",
        place=diagnostic.place(code.path, code.node.lineno, code.node.name),
        fix=fix_of(mismatch, rule, diagnostic.program),
        diff=_diff(diagnostic, mismatch, rule, code),
        facts=(("Route", str(rule.rule)),),
    )


def _is_about(error: TypeError, mismatch: Mismatch) -> bool:
    """Whether the error was raised by this call: the function has not begun."""
    message = str(error)
    names = (*mismatch.missing, *mismatch.extra)
    if not any(text in message for text in _MESSAGES) or not any(
        f"'{n}'" in message for n in names
    ):
        return False
    return mismatch.receiver.function.__code__ not in _codes_in(error)


def _codes_in(error: BaseException) -> list[CodeType]:
    found, step = [], error.__traceback__
    while step is not None:
        found.append(step.tb_frame.f_code)
        step = step.tb_next
    return found


# The change


def _diff(diagnostic: DiagnosticContext, mismatch: Mismatch, rule: Rule, code: Code) -> str:
    missing, extra = mismatch.missing, mismatch.extra
    if mismatch.receiver.is_wrapper or is_by_position(mismatch) or is_changed(mismatch, rule):
        return ""
    if missing and extra:
        return _renamed_in_route(diagnostic, rule, missing, extra)
    if extra:
        is_optional = is_not_passed(mismatch, rule, diagnostic.program)
        return _accepting(diagnostic, code, extra, is_optional=is_optional)
    if is_passed_by_another(mismatch, rule, diagnostic.program):
        return _with_default(diagnostic, code, missing)
    if is_decorated(rule, diagnostic.program):
        return ""
    added = "/".join(f"<{name}>" for name in missing)
    return route_diff(diagnostic, rule, lambda text: _joined(text, added))


def _joined(route: str, added: str) -> str:
    end = "/" if route.endswith("/") and route != "/" else ""
    return f"{route.rstrip('/')}/{added}{end}"


def _renamed_in_route(
    diagnostic: DiagnosticContext, rule: Rule, missing: tuple[str, ...], extra: tuple[str, ...]
) -> str:
    """Rename a variable of the route, unless ``url_for`` is called with its name."""
    if len(missing) != 1 or len(extra) != 1:
        return ""
    for use in all_uses(diagnostic.program, diagnostic.pages):
        if extra[0] in use.keywords and rule.endpoint in targets_of(diagnostic.program, use):
            return ""
    variable = re.compile(rf"(<(?:[^<>:]*:)?){re.escape(extra[0])}>")
    return route_diff(
        diagnostic, rule, lambda text: variable.sub(rf"\g<1>{missing[0]}>", text, count=1)
    )


def _accepting(
    diagnostic: DiagnosticContext, code: Code, extra: tuple[str, ...], *, is_optional: bool
) -> str:
    """Add arguments to the definition, those without a default before those that have one."""
    edit = FileEdit(code.path)
    arguments = code.node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    plain = positional[: len(positional) - len(arguments.defaults)]
    added = ", ".join(f"{name}=None" if is_optional else name for name in extra)
    if is_optional and positional:
        plain = positional
        if arguments.defaults:
            return ""
    if plain and (arguments.args or not arguments.posonlyargs):
        edit.insert(edit.end(plain[-1]), f", {added}")
    else:
        start = _end_of_bracket(edit, code.node)
        if start is None:
            return ""
        is_alone = not ast.unparse(arguments)
        edit.insert(start, added if is_alone else f"{added}, ")
    return diff_of(diagnostic.folder, edit)


def _end_of_bracket(edit: FileEdit, node: ast.FunctionDef | ast.AsyncFunctionDef) -> int | None:
    """The offset after the bracket that opens the arguments."""
    found = re.compile(r"(?:async\s+)?def\s+\w+\s*\(").match(edit.text, edit.start(node))
    return None if found is None else found.end()


def _with_default(diagnostic: DiagnosticContext, code: Code, missing: tuple[str, ...]) -> str:
    """``None`` as the default of arguments that not every route passes."""
    edit = FileEdit(code.path)
    arguments = code.node.args
    for argument in (*arguments.args, *arguments.kwonlyargs):
        if argument.arg in missing:
            edit.insert(edit.end(argument), " = None" if argument.annotation else "=None")
    return diff_of(diagnostic.folder, edit)
