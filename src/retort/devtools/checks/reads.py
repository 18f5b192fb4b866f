"""Find the request fields that a view reads, and whether the list is complete."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ...globals import request
from .source import UNKNOWN, code_of, is_own, text_in, wrappers_of

if TYPE_CHECKING:
    from .source import Code

SOURCES = frozenset({"form", "args", "values", "files"})
_WHOLE = frozenset({"stream", "data", "get_data", "json", "get_json", "environ", "query_string"})
_GETTERS = frozenset({"get", "getlist", "pop", "poplist"})


@dataclass(frozen=True)
class Read:
    """A field that is read by a literal name.

    :param source: ``form``, ``args``, ``values`` or ``files``.
    :param is_required: whether its absence causes a 400.
    """

    source: str
    name: str
    line: int
    is_required: bool


@dataclass
class Reads:
    """The request data that a function reads.

    :param touched: each source that is used, with the first line.
    :param is_open: it may read fields that were not found.
    """

    fields: list[Read] = field(default_factory=list)
    touched: dict[str, int] = field(default_factory=dict)
    is_open: bool = False

    def names(self) -> set[str]:
        """The names of the fields."""
        return {read.name for read in self.fields}

    def add(self, other: Reads) -> None:
        """Add the reads of another function."""
        self.fields += other.fields
        self.is_open = self.is_open or other.is_open


def direct_reads(code: Code) -> Reads:
    """The reads in a function's own source."""
    reader = _Reader(code)
    reader.read()
    return reader.reads


def all_reads(code: Code, seen: set[int] | None = None) -> Reads:
    """The reads of a function and of the functions of the program that it calls."""
    seen = set() if seen is None else seen
    reads = direct_reads(code)
    if id(code.node) in seen:
        return reads
    seen.add(id(code.node))
    for called in _called(code):
        if called is UNKNOWN:
            continue
        inner = _code_behind(called)
        if inner is not None:
            reads.add(all_reads(inner, seen))
        elif may_read(called):
            reads.is_open = True
    return reads


class _Reader:
    def __init__(self, code: Code) -> None:
        self.code = code
        self.reads = Reads()
        self.parents = {
            child: node for node in ast.walk(code.node) for child in ast.iter_child_nodes(node)
        }
        self.aliases = dict(self._aliases())

    def read(self) -> None:
        """Visits every use of the request."""
        for node in ast.walk(self.code.node):
            source = self._source(node)
            if source is not None and isinstance(node, ast.expr):
                self.reads.touched.setdefault(source, node.lineno)
                self._use(node, source)
            elif isinstance(node, ast.expr) and self._is_whole(node):
                self.reads.is_open = True

    def _aliases(self) -> Iterator[tuple[str, str]]:
        """Local names of a source: ``form = request.form``."""
        found: dict[str, set[str]] = {}
        for node in ast.walk(self.code.node):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                source = self._attribute(node.value)
                found.setdefault(node.targets[0].id, set()).add(source or "")
        for name, sources in found.items():
            if sources <= SOURCES:
                yield name, sources.pop() if len(sources) == 1 else "values"

    def _attribute(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Attribute) and node.attr in SOURCES:
            return node.attr if self.code.is_request(node.value) else None
        return None

    def _source(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            return self.aliases.get(node.id)
        return self._attribute(node)

    def _is_whole(self, node: ast.expr) -> bool:
        """Whether this passes on the request, or reads its raw body."""
        if not self.code.is_request(node):
            return False
        parent = self.parents.get(node)
        return not isinstance(parent, ast.Attribute) or parent.attr in _WHOLE

    def _use(self, node: ast.expr, source: str) -> None:
        parent = self.parents.get(node)
        name, is_required, is_known = None, False, False
        if isinstance(parent, ast.Subscript) and parent.value is node:
            name, is_required = text_in(parent.slice), True
        elif isinstance(parent, ast.Attribute):
            name = self._got(parent)
        elif isinstance(parent, ast.Compare) and node in parent.comparators:
            name = text_in(parent.left)
        else:
            is_known = self._is_only_tested(node, parent)
        if name is not None:
            self.reads.fields.append(Read(source, name, node.lineno, is_required))
        elif not is_known:
            self.reads.is_open = True

    def _got(self, method: ast.Attribute) -> str | None:
        call = self.parents.get(method)
        if method.attr in _GETTERS and isinstance(call, ast.Call) and call.args:
            return text_in(call.args[0])
        return None

    def _is_only_tested(self, node: ast.expr, parent: ast.AST | None) -> bool:
        if isinstance(parent, ast.Assign):
            return isinstance(parent.targets[0], ast.Name) and parent.targets[0].id in self.aliases
        if isinstance(parent, (ast.If, ast.IfExp)):
            return parent.test is node
        return isinstance(parent, ast.UnaryOp)


def _called(code: Code) -> Iterator[Any]:
    """The objects that a function calls, or whose methods it calls."""
    for node in ast.walk(code.node):
        if not isinstance(node, ast.Call):
            continue
        found = code.resolve(node.func)
        root: ast.expr = node.func
        while found is UNKNOWN and isinstance(root, (ast.Attribute, ast.Call, ast.Subscript)):
            root = root.func if isinstance(root, ast.Call) else root.value
            found = code.resolve(root)
        yield found


def _code_behind(called: Any) -> Code | None:
    if not issubclass(type(called), FunctionType):
        return None
    return code_of(list(wrappers_of(called))[-1])


def may_read(called: Any) -> bool:
    """Whether a call that is not followed could read the request."""
    if issubclass(type(called), ModuleType):
        return False
    cls = called if issubclass(type(called), type) else type(called)
    if any(base.__module__.startswith(("wtforms", "flask_wtf")) for base in cls.__mro__):
        return True
    module = called if issubclass(type(called), Callable) else cls  # type: ignore[arg-type]
    name = getattr(module, "__module__", None) or ""
    if not isinstance(name, str) or name.partition(".")[0] in {"retort", "flask", "builtins"}:
        return False
    known = sys.modules.get(name)
    if not is_own(getattr(known, "__file__", None)):
        return any(value is request for value in vars(known).values()) if known else False
    return "request" in _text_of(cls)


def _text_of(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""
