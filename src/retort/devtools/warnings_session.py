"""Warnings: a session value was changed in place, which the session does not detect."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..context import RequestContext
from ..globals import current_request_context, session
from ..sessions import SecureCookieSession, SecureCookieSessionInterface
from .advice import Advice
from .advice.edit import FileEdit, diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..http import Response
    from ..sessions import SessionMixin
    from .advice.diagnostic import DiagnosticContext
    from .checks.program import View

_CHANGING = frozenset(
    {"append", "add", "update", "extend", "insert", "pop", "remove", "clear", "setdefault"}
    | {"discard", "sort", "reverse", "popitem"}
)


def changed_in_place(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """Compare the session of this request with its cookie."""
    context = current_request_context.get(None)
    if diagnostic.request is None or not isinstance(context, RequestContext):
        return None
    interface, held = diagnostic.app.session_interface, context.opened_session
    if type(interface) is not SecureCookieSessionInterface or not held or held.modified:
        return None
    if not isinstance(held, SecureCookieSession):
        return None
    if interface.should_set_cookie(diagnostic.app, held):  # a permanent session is saved each time
        return None
    came: SessionMixin | dict[str, object]
    came = interface.open_session(diagnostic.app, diagnostic.request) or {}
    changed = [key for key in held if key in came and _differ(held[key], came[key])]
    if not changed:
        return None
    view = diagnostic.view
    statements = list(_changes(view)) if view else []
    place = diagnostic.place_of(view) if view else None
    diff = ""
    if view is not None and statements:
        place = diagnostic.place(view.code.path, statements[0].lineno, view.code.node.name)
        edit = FileEdit(view.code.path)
        for one in statements:
            line = f"{' ' * one.col_offset}{_name_of_session(view)}.modified = True"
            edit.insert_line((one.end_lineno or one.lineno) + 1, line)
        diff = diff_of(diagnostic.folder, edit)
    return Advice(
        what=f"session[{changed[0]!r}] was changed in place, which is not saved.",
        why=(
            "A session is saved when one of its keys is assigned. Changes inside values are not"
            " detected."
        ),
        place=place,
        fix="Write session.modified = True after the change.",
        diff=diff,
    )


def _differ(value: object, other: object) -> bool:
    """Whether two values differ; a number that is not equal to itself (NaN) does not count."""
    return value != other and repr(value) != repr(other)


def _name_of_session(view: View) -> str:
    """How the view writes ``session``."""
    for node in ast.walk(view.code.node):
        if isinstance(node, (ast.Name, ast.Attribute)) and view.code.resolve(node) is session:
            return ast.unparse(node)
    return "session"


def _changes(view: View) -> Iterator[ast.stmt]:
    """The statements that change a value of the session in place."""
    for node in ast.walk(view.code.node):
        if isinstance(node, ast.stmt) and any(_is_value(view, one) for one in _changed_by(node)):
            yield node


def _changed_by(node: ast.stmt) -> list[ast.expr]:
    """What a simple statement changes in place."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        is_change = isinstance(called, ast.Attribute) and called.attr in _CHANGING
        return [called.value] if is_change and isinstance(called, ast.Attribute) else []
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return [target.value for target in targets if isinstance(target, ast.Subscript)]
    return []


def _is_value(view: View, node: ast.expr) -> bool:
    """Whether this is ``session["key"]``, or a part of it."""
    while isinstance(node, ast.Subscript):
        if view.code.resolve(node.value) is session:
            return True
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr == "get" and view.code.resolve(node.func.value) is session
    return False
