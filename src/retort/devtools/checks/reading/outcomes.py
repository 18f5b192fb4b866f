"""Statements that end a function with an error response."""

from __future__ import annotations

import ast
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import abort as werkzeugs_abort

from ....helpers import abort
from ..source import UNKNOWN

if TYPE_CHECKING:
    from ..source import Code

ABORTS = (abort, werkzeugs_abort)


def never_returns(code: Code) -> bool:
    """Whether the last statement of a function raises an error."""
    last = code.node.body[-1]
    return isinstance(last, ast.Raise) or is_error(code, last)


def is_error(code: Code, node: ast.stmt) -> bool:
    """Whether a statement ends the function with an error response."""
    if isinstance(node, ast.Return):
        if not isinstance(node.value, ast.Tuple) or len(node.value.elts) < 2:
            return is_abort(code, node.value)
        status = status_of(code, node.value.elts[1])
        return status is not None and status >= 400
    return isinstance(node, ast.Expr) and is_abort(code, node.value)


def is_abort(code: Code, node: ast.expr | None) -> bool:
    """Whether an expression is a call of ``abort``."""
    if not isinstance(node, ast.Call):
        return False
    called = code.resolve(node.func)
    return any(called is one for one in ABORTS)


def status_of(code: Code, node: ast.expr | None) -> int | None:
    """The number of a status, if it is literal or a constant of the program."""
    value: Any = node.value if isinstance(node, ast.Constant) else UNKNOWN
    if isinstance(node, ast.Attribute) and code.resolve(node.value) is HTTPStatus:
        value = getattr(HTTPStatus, node.attr, UNKNOWN)
    elif isinstance(node, ast.Name):
        value = code.resolve(node)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if is_number and 100 <= value <= 599 else None
