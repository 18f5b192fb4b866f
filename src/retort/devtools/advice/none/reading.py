"""Why an expression gave ``None``, where the request or the program proves it."""

from __future__ import annotations

import ast
import os
import re
from dataclasses import dataclass
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from ....globals import g, request, session
from ...checks.source import FUNCTIONS, UNKNOWN, code_of, first_line_of, text_in
from .running import called_function, resolve

if TYPE_CHECKING:
    from types import FunctionType

    from ....http import Request
    from ...checks.source import Function
    from ..diagnostic import DiagnosticContext
    from .running import RunningFunction

_PARTS = ("args", "form", "values", "files", "cookies", "headers")
_MATCHERS = (re.match, re.search, re.fullmatch)
# Methods of lists that change them and return None.
_OF_LISTS = frozenset({"append", "clear", "extend", "insert", "remove", "reverse", "sort"})


@dataclass(frozen=True)
class Reason:
    """Why a value is ``None``.

    :param clause: for messages; a main clause without a full stop.
    :param fix: an imperative sentence; empty if the fix depends on the program.
    :param part: the part of the request that was read, such as ``args``; else empty.
    :param key: the name that was read there.
    """

    clause: str
    fix: str = ""
    part: str = ""
    key: str = ""


def reason_of(
    diagnostic: DiagnosticContext, running: RunningFunction, node: ast.expr
) -> Reason | None:
    """The reason why an expression gave ``None``; ``None`` if it cannot be established."""
    if isinstance(node, ast.Await):
        node = node.value
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        reason = _of_getter(diagnostic, running, node, node.func.value)
        if reason is not None:
            return reason
    return _of_call(running, node)


# X.get("key")


def _of_getter(
    diagnostic: DiagnosticContext, running: RunningFunction, call: ast.Call, owner: ast.expr
) -> Reason | None:
    key = text_in(call.args[0]) if call.args else None
    if key is None or not _gives_none_if_missing(call):
        return None
    found = resolve(running.frame, owner)
    if found is session:
        return Reason(f"the session has no value for {key!r}")
    if found is g:
        return Reason(f"g has no value for {key!r}")
    sent = diagnostic.request
    part = "" if sent is None else _part_of(running, sent, owner, found)
    if sent is not None and part:
        return _of_part(running, sent, call, part, key)
    if found is os.environ and key not in os.environ:
        return Reason(f"the environment variable {key} is not set")
    if _is_plain_dict(found) and key not in found:
        return Reason(f"{ast.unparse(owner)} has no key {key!r}")
    return None


def _is_plain_dict(found: Any) -> bool:
    """Whether this is a dictionary whose class does not change its look-up."""
    cls = type(found)
    return issubclass(cls, dict) and (cls.get, cls.__contains__) == (dict.get, dict.__contains__)


def _gives_none_if_missing(call: ast.Call) -> bool:
    """Whether a call has no default, or the default ``None``."""
    given = [*call.args[1:2], *(one.value for one in call.keywords if one.arg == "default")]
    has_stars = any(one.arg is None for one in call.keywords)
    return not has_stars and all(
        isinstance(one, ast.Constant) and one.value is None for one in given
    )


def _part_of(running: RunningFunction, sent: Request, owner: ast.expr, found: Any) -> str:
    """The part of the request that an expression is; empty if it is none."""
    if isinstance(owner, ast.Attribute) and owner.attr in _PARTS:
        base = resolve(running.frame, owner.value)
        return owner.attr if base is request or base is sent else ""
    if found is UNKNOWN:
        return ""
    known = vars(sent)  # what the view has read
    return next((part for part in _PARTS if part in known and found is known[part]), "")


def _of_part(
    running: RunningFunction, sent: Request, call: ast.Call, part: str, key: str
) -> Reason | None:
    if key in getattr(sent, part):
        return _of_conversion(running, call, part, key)
    came = f"{sent.method} {sent.path} came"
    clause = {
        "args": f"{came} without ?{key}=...",
        "form": f"{came} without the form field {key!r}",
        "values": f"{came} without {key!r} in the query string or in a form",
        "files": f"{came} without the file {key!r}",
        "cookies": f"{came} without the cookie {key!r}",
        "headers": f"{came} without the header {key}",
    }[part]
    if part == "args" and sent.method == "GET":
        clause = f"{sent.path} was opened without ?{key}=..."
    if part == "form" and key in sent.args:
        clause += ", which is in the query string (request.args)"
    return Reason(clause, part=part, key=key)


def _of_conversion(running: RunningFunction, call: ast.Call, part: str, key: str) -> Reason | None:
    """``request.args.get("page", type=int)`` of a value that ``int`` does not accept."""
    kinds = [*call.args[2:3], *(one.value for one in call.keywords if one.arg == "type")]
    if len(kinds) != 1 or resolve(running.frame, kinds[0]) not in (int, float):
        return None  # another function may have returned None
    return Reason(
        f"{ast.unparse(kinds[0])}() does not accept the value of {key!r} in request.{part}"
    )


# Other calls


def _of_call(running: RunningFunction, call: ast.Call) -> Reason | None:
    called = resolve(running.frame, call.func)
    if isinstance(call.func, ast.Attribute):
        owner = resolve(running.frame, call.func.value)
        if any(called is one for one in _MATCHERS) or (
            type(owner) is re.Pattern and call.func.attr in ("match", "search", "fullmatch")
        ):
            return Reason("the pattern did not match")
        if call.func.attr in _OF_LISTS and (owner is None or type(owner) is list):
            return _of_list_method(call, call.func)
    if called is os.getenv and len(call.args) == 1 and not call.keywords:
        name = text_in(call.args[0])
        if name is not None and name not in os.environ:
            return Reason(f"the environment variable {name} is not set")
    return _of_function(called_function(running.frame, call))


def _of_list_method(call: ast.Call, method: ast.Attribute) -> Reason | None:
    """``for name in names.sort()``; or ``names = names.sort()``, where the list itself is gone."""
    if not isinstance(method.value, ast.Name):
        return None
    return Reason(
        f"{ast.unparse(method)}() returned None, as the methods of a list that change it do",
        fix=f"Write {ast.unparse(call)} in a line of its own.",
    )


def _of_function(found: tuple[FunctionType, bool] | None) -> Reason | None:
    """A function of the program that returned ``None``."""
    if found is None:
        return None
    called = found[0]
    code = code_of(unwrap(called))
    if code is None or called is not unwrap(called):  # a decorator may change the value
        return None
    name = f"{code.node.name}()"
    where = f"{os.path.basename(code.path)}:{first_line_of(code.node)}"
    if _has_return(code.node):
        return Reason(f"{name} ({where}) returned None")
    return Reason(
        f"{name} ({where}) has no return, so that it returned None",
        fix=f"End {name} with a return.",
    )


def _has_return(function: Function) -> bool:
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return False
