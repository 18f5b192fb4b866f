"""Advice on a return value that is no response: a number, a set, a function, a tuple."""

from __future__ import annotations

import ast
import inspect
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import retort

from ....http.convert import to_response
from ....lifecycle.run import convert
from ...checks.source import UNKNOWN
from ..diagnostic import frame_value
from ..edit import FileEdit, add_import, diff_of
from ..record import Advice
from .conversions import for_response
from .sources import Returned, candidates, is_inside, ran
from .unwritable import find_unwritable

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext
    from .conversions import Conversion

_VALID = (
    "A view returns a string, bytes, a dict or list (sent as JSON), a generator of strings or"
    " bytes, or a response; or one of these with a status, with headers, or with both."
)
_CALLABLES = (type, FunctionType, BuiltinFunctionType, MethodType)
_MAX_SHOWN = 60  # characters of a value in a sentence


def bad_return_value(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the value, its type and its line."""
    value = frame_value(diagnostic.error, convert, "value")
    body = frame_value(diagnostic.error, to_response, "value")
    if isinstance(diagnostic.error, RecursionError) and body is diagnostic.app:
        return _calls_itself(diagnostic)
    if body is UNKNOWN or not _is_about(diagnostic, body):
        return None
    if is_inside(diagnostic):
        return Advice(
            what=f"make_response() got {described_value(body)}, which is no response.",
            why=_VALID,
            place=diagnostic.last_place,
            fix=_fix(body, for_response(body)),
        )
    if value is None:
        return None  # `nothing.py` finds the branch
    found = candidates(ran(diagnostic), value)
    if len(found) != 1:
        return _without_line(diagnostic, value, body, found)
    return _with_line(diagnostic, value, body, found[0])


def _is_about(diagnostic: DiagnosticContext, body: Any) -> bool:
    """Whether the error is that the value is no response."""
    error = diagnostic.error
    if isinstance(error, TypeError) and " returned " in str(error):
        return True
    # A function of Retort was called like a WSGI application, and failed in its own way.
    return isinstance(body, (type, FunctionType)) and body in vars(retort).values()


def _calls_itself(diagnostic: DiagnosticContext) -> Advice:
    view = diagnostic.view
    return Advice(
        what=f"The return value for {diagnostic.what} is the application itself.",
        why="A WSGI application that a view returns is called with the request.",
        place=None if view is None else diagnostic.place_of(view),
        fix="Return a string, a dict, a list or a response.",
    )


def _with_line(diagnostic: DiagnosticContext, value: Any, body: Any, found: Returned) -> Advice:
    code, node = found.code, found.node
    place = diagnostic.place(code.path, node.lineno, code.node.name)
    edit = FileEdit(code.path)
    explain = _explain_tuple if _is_wrong_tuple(value, body) else _explain_value
    what, fix = explain(diagnostic, edit, found, value, body)
    return Advice(
        what=f"{code.node.name}() returned {what}, which is no response.",
        why=_VALID,
        place=place,
        fix=fix,
        diff=diff_of(diagnostic.folder, edit),
    )


def _is_wrong_tuple(value: Any, body: Any) -> bool:
    """Whether the number of items is wrong, so that the tuple was not taken apart."""
    return isinstance(value, tuple) and body is value


def _explain_tuple(
    diagnostic: DiagnosticContext, edit: FileEdit, found: Returned, value: Any, body: Any
) -> tuple[str, str]:
    node = found.node.value
    if len(value) == 1 and isinstance(node, ast.Tuple):
        edit.replace(edit.end(node.elts[0]), edit.end(node), "")
        edit.replace(edit.start(node), edit.start(node.elts[0]), "")
        return "a tuple of one item, made by the comma at the end", "Remove the comma."
    items = "one item" if len(value) == 1 else f"{len(value)} items"
    return f"a tuple of {items}", "Return a list to send the items as JSON, or one text."


def _explain_value(
    diagnostic: DiagnosticContext, edit: FileEdit, found: Returned, value: Any, body: Any
) -> tuple[str, str]:
    node = found.body
    assert node is not None
    if inspect.iscoroutine(body):
        return _explain_coroutine(edit, found, body, node)
    described = described_value(body)
    if isinstance(value, tuple):
        described = f"a tuple whose first item, the body, is {described}"
    if isinstance(value, tuple) and not isinstance(found.node.value, ast.Tuple):
        return described, "Return a list to send the items as JSON, or one text."
    if isinstance(value, tuple) and _is_status_first(value):
        first, second = found.node.value.elts  # type: ignore[union-attr]
        swapped = f"{edit.source(second)}, {edit.source(first)}"
        edit.replace(edit.start(first), edit.end(second), swapped)
        return described, f"Write the body first, then the status: return {swapped}."
    if isinstance(body, _CALLABLES):
        return described, _explain_callable(edit, found, body, node)
    conversion = for_response(body)
    fix = _fix(body, conversion)
    if conversion is not None and _can_be_sent(diagnostic.app, conversion, body):
        new = conversion.around(edit.source(node))
        edit.replace_node(node, new)
        if conversion.needs:
            add_import(edit, found.code.source.tree, "flask", conversion.needs)
        fix = f"Return {new}."
    return described, fix


def _is_status_first(value: tuple[Any, ...]) -> bool:
    """Whether two items are a status and a text, as in ``return 404, "not found"``."""
    if len(value) != 2 or type(value[0]) is not int or not 200 <= value[0] <= 599:
        return False
    return isinstance(value[1], str) and not value[1][:3].isdigit()


def _explain_coroutine(
    edit: FileEdit, found: Returned, body: Any, node: ast.expr
) -> tuple[str, str]:
    called = f"{body.__name__}()"
    what = f"a coroutine (the async function {called} was not awaited)"
    if isinstance(found.code.node, ast.AsyncFunctionDef):
        if isinstance(node, ast.Call):
            edit.insert(edit.start(node), "await ")
        return what, f"Write await before {called}."
    if isinstance(node, ast.Call) and not found.code.function.__closure__:
        edit.insert(edit.start(found.code.node), "async ")
        edit.insert(edit.start(node), "await ")
    return what, f"Write async before the def of {found.code.node.name}(), and await {called}."


def _explain_callable(edit: FileEdit, found: Returned, body: Any, node: ast.expr) -> str:
    """Add the parentheses, if the call needs no arguments."""
    source = edit.source(node)
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return "Call it, and return its result."
    is_itself = getattr(body, "__code__", None) is found.code.function.__code__
    if not _needs_arguments(body) and not is_itself:
        edit.insert(edit.end(node), "()")
        return f"Write {source}()."
    return f"Call it: write {source}(...) with its arguments."


def _needs_arguments(called: Any) -> bool:
    try:
        parameters = inspect.signature(called).parameters.values()
    except (TypeError, ValueError):
        return True
    if called in vars(retort).values():  # jsonify() is a call, but not the one that is meant
        return True
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return any(each.default is each.empty and each.kind not in kinds for each in parameters)


def _without_line(
    diagnostic: DiagnosticContext, value: Any, body: Any, found: list[Returned]
) -> Advice:
    """Several lines can have returned the value, or none is known."""
    described = described_value(body)
    if _is_wrong_tuple(value, body):
        described = f"a tuple of {len(value)} items"
    view = diagnostic.view
    lines = dict.fromkeys(f"{each.code.node.name}(), line {each.node.lineno}" for each in found)
    return Advice(
        what=f"The return value for {diagnostic.what} is no response: it is {described}.",
        why=_VALID,
        place=None if view is None else diagnostic.place_of(view),
        fix=_fix(body, for_response(body)),
        facts=(("Lines that may return it", "; ".join(lines)),) if lines else (),
    )


def described_value(value: Any) -> str:
    """A value as in ``42 (an int)``."""
    if value is None:
        return "None"
    kind = type(value).__name__
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        return f"the function {value.__name__} itself, not its result"
    if isinstance(value, type):
        return f"the class {value.__name__} itself"
    named = f"{'an' if kind.lstrip('_')[:1].lower() in tuple('aeio') else 'a'} {kind}"
    try:
        shown = repr(value)
    except Exception:
        return named
    is_short = len(shown) <= _MAX_SHOWN and " at 0x" not in shown
    return f"{shown} ({named})" if is_short else named


def _fix(body: Any, conversion: Conversion | None) -> str:
    if conversion is None:
        return "Return a string, a dict, a list or a response."
    return f"Return {conversion.around('value')} in its place."


def _can_be_sent(app: Any, conversion: Conversion, value: Any) -> bool:
    """Whether the converted value is text, or can be written as JSON."""
    try:
        result = conversion.apply(value)
        if not isinstance(result, (dict, list)):
            return isinstance(result, (str, bytes))
        default, sort_keys = app.json.default, app.json.sort_keys
        return find_unwritable(result, default, sort_keys=sort_keys) is None
    except Exception:
        return False
