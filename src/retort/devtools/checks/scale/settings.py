"""Where a program sets a key of its config, and to which expression."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..calls import Scope, nodes_in
from ..source import text_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ..program import Program

_MAPPING_CALLS = frozenset({"update", "from_mapping", "setdefault"})


@dataclass(frozen=True)
class Setting:
    """A place where a key of the config is set.

    :param is_default: set only where nothing else sets it: ``setdefault``, or below an ``if``.
    """

    scope: Scope
    key: str
    value: ast.expr
    is_default: bool = False

    @property
    def path(self) -> str:
        """The file."""
        return self.scope.source.path

    @property
    def line(self) -> int:
        """The line in the file."""
        return self.value.lineno


def settings_of(program: Program, keys: Collection[str]) -> Iterator[Setting]:
    """All places in the program that set one of these keys."""
    for source, module in program.modules.values():
        guarded = _guarded(source.tree)
        for scope, node in nodes_in(source, module):
            for key, value, is_default in _pairs(node):
                if key not in keys or _is_variable_of_function(scope, node):
                    continue
                if not is_below_main(scope, node):
                    yield Setting(scope, key, value, is_default or node in guarded)


def is_below_main(scope: Scope, node: ast.AST) -> bool:
    """Whether a node is below ``if __name__ == "__main__":``, which a server does not run."""
    line = getattr(node, "lineno", 0)
    return any(
        isinstance(statement, ast.If)
        and "__main__" in ast.unparse(statement.test)
        and statement.lineno <= line <= (statement.end_lineno or statement.lineno)
        for statement in scope.source.tree.body
    )


def line_of(program: Program, *keys: str) -> tuple[str, int] | None:
    """The file and line of the first place that sets one of these keys."""
    return next(((one.path, one.line) for one in settings_of(program, keys)), None)


def _guarded(tree: ast.Module) -> set[ast.AST]:
    """The nodes below ``if not app.secret_key:`` and the like."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "secret_key" in ast.unparse(node.test).lower()
        for inner in ast.walk(node)
    }


def _is_variable_of_function(scope: Scope, node: ast.AST) -> bool:
    is_name = isinstance(node, (ast.Assign, ast.AnnAssign)) and any(
        isinstance(target, ast.Name) for target in _targets(node)
    )
    return is_name and bool(scope.functions)


def _targets(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Assign):
        return node.targets
    return [node.target] if isinstance(node, ast.AnnAssign) else []


def _pairs(node: ast.AST) -> Iterator[tuple[str, ast.expr, bool]]:
    """Each key that a node sets, its value, and whether it is a default."""
    value = getattr(node, "value", None)
    if isinstance(value, ast.expr):
        for target in _targets(node):
            key = _key_of(target)
            if key:
                yield key, value, False
    if isinstance(node, ast.Dict):
        for name, each in zip(node.keys, node.values, strict=True):
            yield text_in(name) or "", each, False
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _pairs_of_call(node, node.func.attr)


def _pairs_of_call(node: ast.Call, method: str) -> Iterator[tuple[str, ast.expr, bool]]:
    if method not in _MAPPING_CALLS:
        return
    if method == "setdefault" and len(node.args) == 2:
        yield text_in(node.args[0]) or "", node.args[1], True
    for keyword in node.keywords:
        yield keyword.arg or "", keyword.value, method == "setdefault"


def _key_of(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id if target.id.isupper() else ""
    if isinstance(target, ast.Attribute):
        return "SECRET_KEY" if target.attr == "secret_key" else ""
    return (text_in(target.slice) or "") if isinstance(target, ast.Subscript) else ""
