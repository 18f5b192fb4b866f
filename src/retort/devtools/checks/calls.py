"""The calls in the program's source, each with the object that is called."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .source import FUNCTIONS, UNKNOWN, bound_names, imported_objects, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from .source import Function, Source


@dataclass(frozen=True)
class Scope:
    """The functions around a line of a file, the innermost last, and the module of the file."""

    source: Source
    module: ModuleType
    functions: tuple[Function, ...] = ()

    def resolve(self, node: ast.expr) -> Any:
        """The object of a name or dotted name, or `UNKNOWN`."""
        return resolved(node, self._named)

    def _named(self, name: str) -> Any:
        for function in reversed(self.functions):
            imported, bound = _names_of(function)
            if name in imported:
                return imported[name]
            if name in bound:
                return UNKNOWN
        return vars(self.module).get(name, getattr(builtins, name, UNKNOWN))


@dataclass(frozen=True)
class Call:
    """A call in the source.

    :param called: the object that is called, or `UNKNOWN`.
    """

    scope: Scope
    node: ast.Call
    called: Any

    @property
    def path(self) -> str:
        """The file of the call."""
        return self.scope.source.path


def calls_in(source: Source, module: ModuleType) -> Iterator[Call]:
    """All calls in a file."""
    for scope, node in nodes_in(source, module):
        if isinstance(node, ast.Call):
            yield Call(scope, node, scope.resolve(node.func))


def nodes_in(source: Source, module: ModuleType) -> Iterator[tuple[Scope, ast.AST]]:
    """All nodes of a file, each with its scope."""
    waiting: list[tuple[Scope, ast.AST]] = [(Scope(source, module), source.tree)]
    while waiting:
        scope, node = waiting.pop()
        yield scope, node
        inner = scope
        if isinstance(node, FUNCTIONS):
            inner = Scope(source, module, (*scope.functions, node))
        outside = node.decorator_list if isinstance(node, FUNCTIONS) else []
        waiting += [
            (scope if child in outside else inner, child) for child in ast.iter_child_nodes(node)
        ]


def is_one_of(called: Any, known: Sequence[Any]) -> bool:
    """Whether an object is one of ``known``, without comparing it: proxies may not be bound."""
    return any(called is one for one in known)


@lru_cache(maxsize=10_000)
def _names_of(function: Function) -> tuple[dict[str, Any], frozenset[str]]:
    return dict(imported_objects(function)), frozenset(bound_names(function))
