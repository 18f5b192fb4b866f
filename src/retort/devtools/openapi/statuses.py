"""Which statuses and media types the source of a view says that its responses have."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ...helpers import (
    created,
    make_response,
    redirect,
    send_file,
    send_from_directory,
)
from ...json import jsonify
from ...templating import (
    render_template,
    render_template_string,
    stream_template,
    stream_template_string,
)
from ..checks.reading.outcomes import ABORTS, is_error, status_of
from ..checks.reading.reach import reached
from ..checks.source import UNKNOWN, code_of, first_argument, wrappers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType

    from ..checks.reading.reach import Methods
    from ..checks.source import Code

HTML, JSON = "text/html", "application/json"

_TEMPLATES = (render_template, render_template_string, stream_template, stream_template_string)
_OR_404 = "_or_404"  # the end of the names of methods of Flask-SQLAlchemy, and of helpers
_DEPTH = 4


@dataclass
class Returned:
    """The responses that a function returns.

    :param content: the media types of those with a success.
    :param is_known: whether all of these are known.
    """

    statuses: set[int] = field(default_factory=set)
    content: set[str] = field(default_factory=set)
    is_known: bool = True

    def add(self, statuses: set[int], content: str | None) -> None:
        """Add one response."""
        self.statuses |= statuses
        if all(status >= 300 or status == 204 for status in statuses):
            return
        if content is None:
            self.is_known = False
        else:
            self.content.add(content)


@lru_cache(maxsize=10_000)
def raised_by(function: FunctionType, methods: Methods) -> frozenset[int]:
    """The statuses of ``abort``, of raised HTTP exceptions, and of what raises 404 by its name."""
    code = code_of(function)
    if code is None:
        return frozenset()
    found: set[int] = set()
    for statement, _ in reached(code, methods, lambda node: is_error(code, node)):
        for node in ast.walk(statement):
            if isinstance(node, ast.Raise) and node.exc is not None:
                found |= _of_exception(code, node.exc)
            elif isinstance(node, ast.Call):
                found |= _of_call(code, node)
            elif isinstance(node, ast.Attribute) and node.attr == "json":
                found |= {400, 415} if code.is_request(node.value) else set()
    return frozenset(found)


def returned_by(code: Code, methods: Methods, after_unsafe: int, depth: int = _DEPTH) -> Returned:
    """The responses in the return statements of a function.

    :param after_unsafe: the status of a redirect without one.
    """
    found = Returned()
    for statement, _ in reached(code, methods, lambda node: is_error(code, node)):
        if isinstance(statement, ast.Return) and statement.value is not None:
            _Value(code, methods, after_unsafe, depth).add(statement.value, found)
    return found


def _of_call(code: Code, node: ast.Call) -> set[int]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name.endswith(_OR_404):
        return {404}
    if name == "get_json" and isinstance(node.func, ast.Attribute):
        return _of_json(node) if code.is_request(node.func.value) else set()
    called = code.resolve(node.func)
    if any(called is one for one in ABORTS):
        status = status_of(code, first_argument(node, "code"))
        return set() if status is None else {status}
    return {404} if called is send_from_directory else set()


def _of_json(node: ast.Call) -> set[int]:
    """The statuses of ``request.get_json()`` for content that is not JSON."""
    options = {one.arg for one in node.keywords if _is_true(one.value)}
    if "silent" in options:
        return set()
    return {400} if "force" in options else {400, 415}


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _of_exception(code: Code, node: ast.expr) -> set[int]:
    cls = code.resolve(node.func if isinstance(node, ast.Call) else node)
    if not isinstance(cls, type) or not issubclass(cls, HTTPException):
        return set()
    return set() if cls.code is None else {cls.code}


class _Value:
    """A returned value: its statuses, and the media type of a success."""

    def __init__(self, code: Code, methods: Methods, after_unsafe: int, depth: int) -> None:
        self.code = code
        self.methods = methods
        self.after_unsafe = after_unsafe
        self.depth = depth

    def add(self, node: ast.expr, found: Returned) -> None:
        """Add what an expression returns."""
        if isinstance(node, ast.Await):
            self.add(node.value, found)
        elif isinstance(node, ast.IfExp):
            self.add(node.body, found)
            self.add(node.orelse, found)
        elif isinstance(node, ast.Tuple) and len(node.elts) > 1:
            inner = Returned()
            self.add(node.elts[0], inner)
            status = status_of(self.code, node.elts[1])
            content = next(iter(inner.content)) if len(inner.content) == 1 else None
            found.add(inner.statuses if status is None else {status}, content)
        elif isinstance(node, ast.Name):
            self._name(node, found)
        elif isinstance(node, ast.Call):
            self._call(node, found)
        else:
            found.add({200}, _media_type(node))

    def _name(self, node: ast.Name, found: Returned) -> None:
        """A local name: what is assigned to it, and to its ``status_code``."""
        assigned = (one for one in ast.walk(self.code.node) if isinstance(one, ast.Assign))
        values = [
            one.value
            for one in assigned
            if any(isinstance(target, ast.Name) and target.id == node.id for target in one.targets)
        ]
        statuses = set(self._set_statuses(node.id))
        inner = Returned()
        for value in values:
            if not isinstance(value, ast.Name):
                self.add(value, inner)
        content = next(iter(inner.content)) if len(inner.content) == 1 else None
        found.add(statuses or inner.statuses or {200}, content)

    def _set_statuses(self, name: str) -> Iterator[int]:
        for node in ast.walk(self.code.node):
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr == "status_code":
                    status = status_of(self.code, node.value)
                    if ast.unparse(target.value) == name and status is not None:
                        yield status

    def _call(self, node: ast.Call, found: Returned) -> None:
        called = self.code.resolve(node.func)
        if called is redirect:
            status = status_of(self.code, _argument(node, 1, "code"))
            found.add({status or self.after_unsafe}, None)
        elif called is created:
            found.add({201}, JSON if node.args[1:] else None)
        elif called is jsonify:
            found.add({200}, JSON)
        elif any(called is one for one in _TEMPLATES):
            found.add({200}, HTML)
        elif called is make_response:
            values = [ast.Tuple(node.args, ast.Load())] if len(node.args) > 1 else node.args
            for value in values:
                self.add(value, found)
        elif any(called is one for one in ABORTS) or called in (send_file, send_from_directory):
            found.add({200} if called in (send_file, send_from_directory) else set(), None)
        elif isinstance(called, type) and issubclass(called, BaseResponse):
            self._response(node, called, found)
        else:
            self._unknown(node, called, found)

    def _response(self, node: ast.Call, cls: Any, found: Returned) -> None:
        status = status_of(self.code, _argument(node, 1, "status"))
        given = _argument(node, 3, "mimetype") or _argument(node, 4, "content_type")
        text = given.value if isinstance(given, ast.Constant) else None
        content = cls.default_mimetype if given is None else text
        found.add({status or 200}, str(content).partition(";")[0] if content else None)

    def _unknown(self, node: ast.Call, called: Any, found: Returned) -> None:
        """A function of the program, or something else."""
        inner = None
        if callable(called) and called is not UNKNOWN and self.depth:
            inner = code_of(list(wrappers_of(called))[-1])
        if inner is None or inner.node is self.code.node:
            found.add({200}, None)
            return
        returned = returned_by(inner, self.methods, self.after_unsafe, self.depth - 1)
        found.statuses |= returned.statuses
        found.content |= returned.content
        found.is_known = found.is_known and returned.is_known


def _argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    if len(call.args) > position:
        return call.args[position]
    return next((one.value for one in call.keywords if one.arg == name), None)


def _media_type(node: ast.expr) -> str | None:
    if isinstance(node, (ast.Dict, ast.List, ast.ListComp, ast.DictComp)):
        return JSON
    is_text = isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return HTML if is_text else None
