"""Read which fields of the request a function uses, for each request method.

The functions of the program that it calls are read too, with the parts of the request that they
get. Fields with names that are not literal are not known: the source of such a field is open.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..source import FUNCTIONS, UNKNOWN
from .graph import object_called, parents_in, tree_of
from .leaving import Leaving
from .libraries import may_read
from .origins import RAW, REQUEST, SERVER, Names, Origin
from .outcomes import is_error
from .reach import Ways, reached, unconditional

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..source import Code
    from .origins import Origins
    from .reach import Methods

_NONE: Methods = frozenset[str]()
_GETTERS = frozenset({"get", "pop", "getlist", "poplist"})
_LISTS = frozenset({"getlist", "poplist"})
_WHOLE = frozenset({"items", "keys", "values", "lists", "listvalues", "update", "popitem"})
_TYPES = ((int, "integer"), (float, "number"))


@dataclass(frozen=True)
class Use:
    """A field that is read in one place.

    :param methods: with which it is read.
    :param line: of its first read.
    :param is_item: whether it is read by subscript, so that its absence is an error.
    :param required: the methods with which it is read always, and without a default.
    """

    origin: Origin
    methods: Methods
    required: Methods
    line: int
    is_item: bool = False
    is_list: bool = False
    kind: str | None = None
    default: Any = None


@dataclass
class Uses:
    """What a function reads, and the functions that it calls."""

    fields: list[Use] = field(default_factory=list)
    #: The sources that are used, with the methods and the line.
    touched: list[tuple[str, Methods, int]] = field(default_factory=list)
    #: The sources of which other fields may be read.
    open: list[tuple[str, Methods]] = field(default_factory=list)
    #: Each function that was read, with the methods that reach it.
    codes: list[tuple[Code, Methods]] = field(default_factory=list)


def read(code: Code, methods: Methods, owner: type | None = None) -> Uses:
    """What a function reads of the request.

    :param owner: the class of which it is a method, for ``self.helper()``.
    """
    return _Reader(owner).read(code, methods, methods, {})


def read_all_lines(code: Code, methods: Methods, *, follows: bool) -> Uses:
    """What all lines of a function read, also those that the methods do not reach.

    :param follows: read the functions that it calls as well.
    """
    return _Reader(None, is_whole=True, follows=follows).read(code, methods, methods, {})


class _Reader:
    def __init__(self, owner: type | None, *, is_whole: bool = False, follows: bool = True) -> None:
        self.uses = Uses()
        self.owner = owner
        self.is_whole = is_whole
        self.follows = follows
        self.seen: set[Any] = set()

    def read(
        self, code: Code, methods: Methods, certain: Methods, bindings: Mapping[str, Origins]
    ) -> Uses:
        """Read a function.

        :param methods: with which it is called.
        :param certain: with which it is called always.
        """
        key = (code.node, methods, certain, frozenset(bindings.items()))
        if key in self.seen:
            return self.uses
        self.seen.add(key)
        is_view = not self.uses.codes  # the first one; what others return is followed
        if not is_view and not bindings and self._skips(code, methods):
            return self.uses
        self.uses.codes.append((code, methods))
        names = Names(code, bindings, self.owner)
        _Function(self, code, names, is_view=is_view).read(methods, certain)
        return self.uses

    def _skips(self, code: Code, methods: Methods) -> bool:
        """Note a function that does not use the request, with those that it calls."""
        tree = tree_of(code.function, self.owner)
        if tree.uses_request:
            return False
        self.uses.codes += [(each, methods) for each in tree.codes]
        if tree.may_read:
            self.uses.open.append((REQUEST, methods))
        return True


class _Function:
    """One function, and where its nodes stand."""

    def __init__(self, reader: _Reader, code: Code, names: Names, *, is_view: bool) -> None:
        self.reader = reader
        self.uses = reader.uses
        self.code = code
        self.names = names
        self.parents = parents_in(code.node)
        self.leaving = Leaving(names, self.parents, is_view=is_view)

    def read(self, methods: Methods, certain: Methods) -> None:
        if self.reader.is_whole:
            for node in ast.walk(self.code.node):
                self._node(node, Ways(methods, _NONE))
            return
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
                self.uses.touched.append((origin.source, ways.possible, node.lineno))
            self._use(node, origin, ways)

    def _call(self, node: ast.Call, ways: Ways) -> None:
        """Follow a call, or note that what it calls may read the request."""
        if not self.reader.follows:
            return
        inner = self.names.function(node.func)
        if inner is not None:
            bindings = self.names.bind(inner, node)
            self.reader.read(inner, ways.possible, ways.certain, bindings)
            return
        called = object_called(self.code, node.func)
        if called is not UNKNOWN and may_read(called):
            self._open(REQUEST, ways)

    def _use(self, node: ast.expr, origin: Origin, ways: Ways) -> None:
        parent = self.parents.get(node)
        if origin.source in (REQUEST, RAW, SERVER):
            if origin.source == REQUEST and self.leaving.leaves(node):
                self._open(REQUEST, ways)
        elif isinstance(parent, ast.Subscript) and parent.value is node:
            self._subscript(parent, origin, ways)
        elif isinstance(parent, ast.Attribute):
            self._method(parent, origin, ways)
        elif isinstance(parent, ast.Compare) and node in parent.comparators:
            if isinstance(parent.ops[0], (ast.In, ast.NotIn)):  # codespell:ignore notin
                self._fields(parent.left, origin, ways)
        elif self.leaving.leaves(node):
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
            self.uses.fields.append(
                Use(
                    *(inner, ways.possible, required, key.lineno),
                    is_item=is_required,
                    is_list=is_list,
                    kind=kind,
                    default=default,
                )
            )

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
