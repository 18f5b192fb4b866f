"""Read which fields of the request a function uses, for each request method.

The functions of the program that it calls are read too, with the parts of the request that they
get. Fields with names that are not literal are not known: the source of such a field is open.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..checks.reads import may_read
from ..checks.source import FUNCTIONS, UNKNOWN
from .origins import JSON, RAW, REQUEST, Names, Origin
from .reach import Ways, reached, unconditional
from .statuses import is_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..checks.source import Code
    from .origins import Origins
    from .reach import Methods

_NONE: Methods = frozenset[str]()
_GETTERS = frozenset({"get", "pop", "getlist", "poplist"})
_LISTS = frozenset({"getlist", "poplist"})
_WHOLE = frozenset({"items", "keys", "values", "lists", "listvalues", "update", "popitem"})
_TYPES = ((int, "integer"), (float, "number"))
# What does not read fields: to look at a value, to print or to log it.
_HARMLESS = (len, bool, isinstance, print, type, repr, str, callable, hasattr)
_LOGGERS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})


@dataclass(frozen=True)
class Use:
    """A field that is read in one place.

    :param methods: with which it is read.
    :param required: the methods with which it is read always, and without a default.
    """

    origin: Origin
    methods: Methods
    required: Methods
    is_list: bool = False
    kind: str | None = None
    default: Any = None


@dataclass
class Uses:
    """What a function reads, and the functions that it calls."""

    fields: list[Use] = field(default_factory=list)
    #: The sources that are used, and those of which other fields may be read; with the methods.
    touched: list[tuple[str, Methods]] = field(default_factory=list)
    open: list[tuple[str, Methods]] = field(default_factory=list)
    #: Each function that was read, with the methods that reach it.
    codes: list[tuple[Code, Methods]] = field(default_factory=list)


def read(code: Code, methods: Methods, owner: type | None = None) -> Uses:
    """What a function reads of the request.

    :param owner: the class of which it is a method, for ``self.helper()``.
    """
    uses = Uses()
    _Reader(uses, owner, set()).read(code, methods, methods, {})
    return uses


class _Reader:
    def __init__(self, uses: Uses, owner: type | None, seen: set[Any]) -> None:
        self.uses = uses
        self.owner = owner
        self.seen = seen

    def read(
        self, code: Code, methods: Methods, certain: Methods, bindings: Mapping[str, Origins]
    ) -> None:
        """Read a function.

        :param methods: with which it is called.
        :param certain: with which it is called always.
        """
        key = (code.node, methods, certain, frozenset(bindings.items()))
        if key in self.seen:
            return
        self.seen.add(key)
        is_view = not self.uses.codes  # the first one; what others return is followed
        self.uses.codes.append((code, methods))
        names = Names(code, bindings, self.owner)
        _Function(self, code, names, is_view=is_view).read(methods, certain)


class _Function:
    """One function, and where its nodes stand."""

    def __init__(self, reader: _Reader, code: Code, names: Names, *, is_view: bool) -> None:
        self.reader = reader
        self.uses = reader.uses
        self.code = code
        self.names = names
        self.is_view = is_view
        self.parents = {
            child: node for node in ast.walk(code.node) for child in ast.iter_child_nodes(node)
        }

    def read(self, methods: Methods, certain: Methods) -> None:
        done: set[ast.AST] = set()
        for statement, ways in reached(self.code, methods, lambda node: is_error(self.code, node)):
            always = unconditional(statement)
            for node in ast.walk(statement):
                done.add(node)
                here = ways._replace(certain=ways.certain & certain)
                self._node(node, here if node in always else here._replace(certain=_NONE))
        for node in self._inner_functions():
            for inner in ast.walk(node):
                if inner not in done:
                    self._node(inner, Ways(methods, _NONE))

    def _inner_functions(self) -> Iterator[ast.AST]:
        for node in ast.walk(self.code.node):
            if isinstance(node, FUNCTIONS) and node is not self.code.node:
                yield node

    def _node(self, node: ast.AST, ways: Ways) -> None:
        if isinstance(node, ast.Call):
            self._call(node, ways)
        if not isinstance(node, ast.expr):
            return
        if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            return
        for origin in self.names.of(node):
            if origin.source != REQUEST:
                self.uses.touched.append((origin.source, ways.possible))
            self._use(node, origin, ways)

    def _call(self, node: ast.Call, ways: Ways) -> None:
        """Follow a call, or note that what it calls may read the request."""
        inner = self.names.function(node.func)
        if inner is not None:
            bindings = self.names.bind(inner, node)
            self.reader.read(inner, ways.possible, ways.certain, bindings)
            return
        called = self.code.resolve(node.func)
        if called is not UNKNOWN and may_read(called):
            self._open(REQUEST, ways)

    def _use(self, node: ast.expr, origin: Origin, ways: Ways) -> None:
        parent = self.parents.get(node)
        if origin.source in (REQUEST, RAW):
            if origin.source == REQUEST and self._leaves(node, parent):
                self._open(REQUEST, ways)
        elif isinstance(parent, ast.Subscript) and parent.value is node:
            self._subscript(parent, origin, ways)
        elif isinstance(parent, ast.Attribute):
            self._method(parent, origin, ways)
        elif isinstance(parent, ast.Compare) and node in parent.comparators:
            if isinstance(parent.ops[0], (ast.In, ast.NotIn)):  # codespell:ignore notin
                self._fields(parent.left, origin, ways)
        elif self._leaves(node, parent):
            self._open_part(origin, ways)

    def _subscript(self, node: ast.Subscript, origin: Origin, ways: Ways) -> None:
        if not isinstance(node.ctx, ast.Load):
            return
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return  # an item of an array
        self._fields(node.slice, origin, ways, is_required=True, kind=self._converted(node))

    def _method(self, method: ast.Attribute, origin: Origin, ways: Ways) -> None:
        call = self.parents.get(method)
        if not isinstance(call, ast.Call) or call.func is not method:
            return
        if method.attr in _WHOLE:
            self._open_part(origin, ways)
        elif method.attr in _GETTERS and call.args:
            given = {one.arg: one.value for one in call.keywords if one.arg}
            default = given.get("default", call.args[1] if len(call.args) > 1 else None)
            kind = given.get("type", call.args[2] if len(call.args) > 2 else None)
            is_list = method.attr in _LISTS
            self._fields(
                call.args[0],
                origin,
                ways,
                is_list=is_list,
                kind=self._converted(call) if kind is None else self._kind(kind),
                default=None if is_list else _literal(default),
            )

    def _fields(
        self,
        key: ast.expr,
        origin: Origin,
        ways: Ways,
        *,
        is_required: bool = False,
        is_list: bool = False,
        kind: str | None = None,
        default: Any = None,
    ) -> None:
        names = self.names.keys(key)
        if names is None:
            self._open_part(origin, ways)
            return
        for name in names:
            inner = Origin(origin.source, (*origin.path, name))
            required = ways.certain if is_required else _NONE
            self.uses.fields.append(Use(inner, ways.possible, required, is_list, kind, default))

    def _leaves(self, node: ast.expr, parent: ast.AST | None) -> bool:
        """Whether a part of the request is used in a way that is not followed."""
        if isinstance(parent, ast.Return):
            return self.is_view
        if isinstance(parent, (ast.Attribute, ast.If, ast.UnaryOp, ast.Compare)):
            return False
        if isinstance(parent, (ast.Expr, ast.FormattedValue, ast.While, ast.Assert)):
            return False
        if isinstance(parent, ast.keyword):
            call = self.parents.get(parent)
            return parent.arg is None or not self._is_followed(call)
        if isinstance(parent, ast.Call):
            return parent.func is not node and not self._is_followed(parent)
        if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)):
            return not self._is_json(node)
        if isinstance(parent, (ast.Tuple, ast.List)):
            outer = self.parents.get(parent)
            return not (isinstance(outer, ast.Assign) and self._is_named(outer))
        if isinstance(parent, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            return not self._is_named(parent)
        if isinstance(parent, (ast.BoolOp, ast.IfExp)):
            is_test = isinstance(parent, ast.IfExp) and parent.test is node
            return not is_test and not self.names.of(parent) and not self._is_test(parent)
        return not isinstance(parent, ast.Await)

    def _is_test(self, node: ast.AST) -> bool:
        """Whether a condition is only tested."""
        parent = self.parents.get(node)
        if isinstance(parent, (ast.BoolOp, ast.UnaryOp)):
            return self._is_test(parent)
        return isinstance(parent, (ast.If, ast.While, ast.IfExp, ast.Assert)) and (
            parent.test is node
        )

    def _is_named(self, node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> bool:
        """Whether all the targets of an assignment are names that are followed."""
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)):
            targets = targets[0].elts
        return all(
            isinstance(target, ast.Name) and target.id in self.names.names for target in targets
        )

    def _is_followed(self, call: ast.AST | None) -> bool:
        if not isinstance(call, ast.Call):
            return False
        if self.names.function(call.func) is not None or self.names.of(call):
            return True
        if isinstance(call.func, ast.Attribute) and call.func.attr in _LOGGERS:
            return True
        called = self.code.resolve(call.func)
        return any(called is harmless for harmless in _HARMLESS)

    def _is_json(self, node: ast.expr) -> bool:
        return any(one.source == JSON for one in self.names.of(node))

    def _converted(self, node: ast.expr) -> str | None:
        """The type to which a value is converted: ``int(request.form["x"])``."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Call) and parent.args[:1] == [node]:
            return self._kind(parent.func)
        return None

    def _kind(self, node: ast.expr) -> str | None:
        called = self.code.resolve(node)
        return next((name for kind, name in _TYPES if called is kind), None)

    def _open(self, source: str, ways: Ways) -> None:
        self.uses.open.append((source, ways.possible))

    def _open_part(self, origin: Origin, ways: Ways) -> None:
        if not origin.path:  # what is in a property is not described
            self._open(origin.source, ways)


def _literal(node: ast.expr | None) -> Any:
    """The value of a literal text, number or truth value; else ``None``."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, (str, int, float, bool)) else None
