"""Which part of the request an expression is: ``request.form``, ``data["address"]``.

Local names are followed where all their values are parts of the request, and so are the functions
of the program that return one.
"""

from __future__ import annotations

import ast
import builtins
import json
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ..source import code_of, text_in
from .graph import function_behind, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..source import Code

REQUEST = "request"
ITEM = "[]"  # an item of an array, in the path of a JSON value
RAW = "raw"  # the body as bytes
SERVER = "server"  # the environ of WSGI and the undecoded query, which have fields too
JSON = "json"

#: The attributes of the request that hold fields, by their name in a document.
COLLECTIONS = {
    "form": "form",
    "files": "files",
    "args": "query",
    "values": "values",
    "headers": "header",
    "cookies": "cookie",
}
_RAW = frozenset({"data", "get_data", "stream", "input_stream"})
_SERVER = frozenset({"environ", "query_string"})
_COPIES = frozenset({"copy", "to_dict", "deepcopy"})
_DEPTH = 4  # of functions that return a part of the request


class Origin(NamedTuple):
    """A part of the request.

    :param source: ``request``, ``raw``, ``json``, or one of the values of `COLLECTIONS`.
    :param path: in JSON, the names that lead to the value.
    """

    source: str
    path: tuple[str, ...] = ()


Origins = frozenset[Origin]
NOTHING: Origins = frozenset()


class Names:
    """The parts of the request in one function.

    :param bindings: those of its parameters.
    :param owner: the class of the view, if the function is a method of it.
    """

    def __init__(
        self,
        code: Code,
        bindings: Mapping[str, Origins],
        owner: type | None = None,
        depth: int = _DEPTH,
    ) -> None:
        self.code = code
        self.owner = owner
        self.depth = depth
        self.texts = dict(_texts(code))
        self.names: dict[str, Origins] = dict(bindings)
        self._find_aliases()

    def of(self, node: ast.AST | None) -> Origins:
        """The parts of the request that an expression may be; nothing for others."""
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            return self.of(node.value)
        if isinstance(node, ast.Name):
            if node.id in self.names:
                return self.names[node.id]
            return frozenset({Origin(REQUEST)}) if self.code.is_request(node) else NOTHING
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Subscript):
            return self._inner(node.value, node.slice)
        if isinstance(node, ast.BoolOp):
            return self._alternatives(node.values)
        if isinstance(node, ast.IfExp):
            return self._alternatives([node.body, node.orelse])
        return self._call(node) if isinstance(node, ast.Call) else NOTHING

    def keys(self, node: ast.expr) -> list[str] | None:
        """The names that a key may be, if they are known."""
        text = text_in(node)
        if text is not None:
            return [text]
        if isinstance(node, ast.Name) and node.id in self.texts:
            return self.texts[node.id]
        value = self.code.resolve(node)
        return [value] if type(value) is str else None

    def function(self, node: ast.expr) -> Code | None:
        """The function of the program that is called by an expression."""
        function = function_behind(self.code, node, self.owner)
        return None if function is None else code_of(function)

    def bind(self, inner: Code, call: ast.Call) -> dict[str, Origins]:
        """The parts of the request that a call passes to the parameters of a function."""
        arguments = inner.node.args
        names = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
        is_method = bool(names) and names[0] in ("self", "cls")
        bindings = dict(zip(names[is_method:], map(self.of, call.args), strict=False))
        bindings.update({one.arg: self.of(one.value) for one in call.keywords if one.arg})
        return {name: origins for name, origins in bindings.items() if origins}

    def _find_aliases(self) -> None:
        """Give local names their origins: again, until nothing is added."""
        for _ in range(_DEPTH):
            before = dict(self.names)
            for name, values in _assigned(self.code.node).items():
                if name not in before or name in self._aliased:
                    self._alias(name, values)
            if self.names == before:
                return

    _aliased: frozenset[str] = frozenset()

    def _alias(self, name: str, values: list[tuple[ast.expr | None, bool]]) -> None:
        found: set[Origin] = set()
        for value, is_item in values:
            origins = self.of(value) if value is not None else NOTHING
            if is_item:
                origins = frozenset(
                    Origin(JSON, (*one.path, ITEM)) for one in origins if one.source == JSON
                )
            if not origins and not (value is not None and _is_empty(value)):
                return
            found |= origins
        if found:
            self.names[name] = frozenset(found)
            self._aliased |= {name}

    def _attribute(self, node: ast.Attribute) -> Origins:
        if self.code.is_request(node):  # flask.request
            return frozenset({Origin(REQUEST)})
        if Origin(REQUEST) not in self.of(node.value):
            return NOTHING
        if node.attr in COLLECTIONS:
            return frozenset({Origin(COLLECTIONS[node.attr])})
        if node.attr in _RAW:
            return frozenset({Origin(RAW)})
        if node.attr in _SERVER:
            return frozenset({Origin(SERVER)})
        return frozenset({Origin(JSON)}) if node.attr == "json" else NOTHING

    def _inner(self, value: ast.expr, key: ast.expr) -> Origins:
        """The values of JSON objects and arrays."""
        outer = [one for one in self.of(value) if one.source == JSON]
        if not outer:
            return NOTHING
        if isinstance(key, ast.Constant) and type(key.value) is int:
            names: list[str] | None = [ITEM]
        else:
            names = self.keys(key)
        return frozenset(Origin(JSON, (*one.path, name)) for one in outer for name in names or ())

    def _alternatives(self, values: list[ast.expr]) -> Origins:
        found: set[Origin] = set()
        for value in values:
            origins = self.of(value)
            if not origins and not _is_empty(value):
                return NOTHING
            found |= origins
        return frozenset(found)

    def _call(self, node: ast.Call) -> Origins:
        function = node.func
        if isinstance(function, ast.Attribute):
            origins = self.of(function.value)
            if Origin(REQUEST) in origins and function.attr == "get_json":
                return frozenset({Origin(JSON)})
            if Origin(REQUEST) in origins and function.attr in _RAW:
                return frozenset({Origin(RAW)})
            if Origin(RAW) in origins and function.attr in ("decode", "read"):
                return frozenset({Origin(RAW)})
            if function.attr in _COPIES:
                return origins
            if function.attr == "get" and node.args:
                return self._inner(function.value, node.args[0])
        called = self.code.resolve(function)
        if node.args and (called is json.loads or called is builtins.dict):
            origins = self.of(node.args[0])
            is_raw = called is json.loads and Origin(RAW) in origins
            return frozenset({Origin(JSON)}) if is_raw else origins
        return self._returned(node)

    def _returned(self, node: ast.Call) -> Origins:
        inner = self.function(node.func) if self.depth else None
        if inner is None or inner.node is self.code.node:
            return NOTHING
        bindings = self.bind(inner, node)
        if not bindings and not tree_of(inner.function, self.owner).uses_request:
            return NOTHING
        names = Names(inner, bindings, self.owner, self.depth - 1)
        found: set[Origin] = set()
        for statement in ast.walk(inner.node):
            if isinstance(statement, ast.Return) and statement.value is not None:
                origins = names.of(statement.value)
                if not origins and not _is_empty(statement.value):
                    return NOTHING
                found |= origins
        return frozenset(found)


def _is_empty(node: ast.expr) -> bool:
    """``None``, ``{}``, ``[]``, ``""``, ``dict()``."""
    if isinstance(node, ast.Dict):
        return not node.keys
    if isinstance(node, (ast.List, ast.Tuple)):
        return not node.elts
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args
    return isinstance(node, ast.Constant) and not node.value


@lru_cache(maxsize=10_000)
def _assigned(function: ast.AST) -> dict[str, list[tuple[ast.expr | None, bool]]]:
    """The values of each local name, and whether it takes their items; ``None``: unknown."""
    found: dict[str, list[tuple[ast.expr | None, bool]]] = {}
    for node in ast.walk(function):
        for target, value, is_item in _targets(node):
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append((value, is_item))
            elif isinstance(target, (ast.Tuple, ast.List)):
                values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
                if len(values) != len(target.elts) or is_item:
                    values = [None] * len(target.elts)  # type: ignore[list-item]
                for inner, one in zip(target.elts, values, strict=True):
                    if isinstance(inner, ast.Name):
                        found.setdefault(inner.id, []).append((one, False))
    return found


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None, bool]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield target, node.value, False
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
        yield node.target, node.value, False
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        yield node.target, node.iter, True
    elif isinstance(node, ast.AugAssign):
        yield node.target, None, False
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, None, False


def _texts(code: Code) -> Iterator[tuple[str, list[str]]]:
    """Local names that run over literal texts: ``for name in ("a", "b"):``."""
    for node in ast.walk(code.node):
        if not isinstance(node, (ast.For, ast.comprehension)):
            continue
        values = node.iter
        if isinstance(node.target, ast.Name) and isinstance(values, ast.Name):
            listed = code.resolve(values)
            if isinstance(listed, (tuple, list)) and all(type(one) is str for one in listed):
                yield node.target.id, list(listed)
        elif isinstance(node.target, ast.Name) and isinstance(values, (ast.Tuple, ast.List)):
            texts = [text_in(one) for one in values.elts]
            known = [text for text in texts if text is not None]
            if known and len(known) == len(texts):
                yield node.target.id, known
