"""Find what JSON lacks in a value, and the expression in the source that gave it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...checks.source import Code

    Path = tuple[Any, ...]

_PLAIN = (str, int, float, bool, type(None))
_MAX_DEPTH = 200


@dataclass(frozen=True)
class Unwritable:
    """A value that JSON lacks.

    :param path: the keys and indexes that lead to it.
    :param kind: ``value``; ``key`` for a key of the dict at the path; ``keys`` if they cannot be
        sorted; ``circle`` if the value contains itself.
    """

    path: Path
    value: Any
    kind: str = "value"


def find_unwritable(
    value: Any, default: Callable[[Any], Any], *, sort_keys: bool
) -> Unwritable | None:
    """The first value that cannot be written.

    :param default: converts other values, as the attribute of the JSON provider.
    """
    return _Search(default, sort_keys).search(value, (), ())


class _Search:
    def __init__(self, default: Callable[[Any], Any], sort_keys: bool) -> None:
        self.default = default
        self.sort_keys = sort_keys

    def search(self, value: Any, path: Path, above: tuple[int, ...]) -> Unwritable | None:
        if isinstance(value, _PLAIN):
            return None
        if id(value) in above or len(above) > _MAX_DEPTH:
            return Unwritable(path, value, "circle")
        above = (*above, id(value))
        if isinstance(value, dict):
            return self._in_keys(value, path) or self._in_items(value.items(), path, above)
        if isinstance(value, (list, tuple)):
            return self._in_items(enumerate(value), path, above)
        try:
            converted = self.default(value)
        except Exception:
            return Unwritable(path, value)
        return self.search(converted, path, above)

    def _in_items(self, items: Any, path: Path, above: tuple[int, ...]) -> Unwritable | None:
        found = (self.search(item, (*path, key), above) for key, item in items)
        return next((each for each in found if each is not None), None)

    def _in_keys(self, value: dict[Any, Any], path: Path) -> Unwritable | None:
        for key in value:
            if not isinstance(key, _PLAIN):
                return Unwritable(path, key, "key")
        try:
            if self.sort_keys:
                sorted(value)
        except TypeError:
            return Unwritable(path, value, "keys")
        return None


def expression_at(code: Code | None, node: ast.expr, path: Path) -> ast.expr | None:
    """The expression of the value at a path, where dicts and lists are written out.

    :param code: the function, in which a name stands for its only assignment.
    """
    node = _assigned(code, node)
    if not path:
        return node
    key, rest = path[0], path[1:]
    inner = _item_of(node, key)
    return None if inner is None else _expression_in(code, inner, rest)


def _expression_in(code: Code | None, node: ast.expr, path: Path) -> ast.expr | None:
    return expression_at(code, node, path) if path else node


def _item_of(node: ast.expr, key: Any) -> ast.expr | None:
    if isinstance(node, ast.Dict) and None not in node.keys:
        found = [
            item
            for known, item in zip(node.keys, node.values, strict=True)
            if isinstance(known, ast.Constant) and known.value == key
        ]
        return found[0] if len(found) == 1 else None
    if isinstance(node, (ast.List, ast.Tuple)) and isinstance(key, int):
        has_star = any(isinstance(item, ast.Starred) for item in node.elts)
        return node.elts[key] if not has_star and key < len(node.elts) else None
    if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
        return None
    if node.func.id not in ("dict", "jsonify"):
        return None
    return next((each.value for each in node.keywords if each.arg == key), None)


def _assigned(code: Code | None, node: ast.expr) -> ast.expr:
    """The dict or list that a local name was assigned, if it is never changed."""
    if code is None or not isinstance(node, ast.Name):
        return node
    uses = [each for each in ast.walk(code.node) if _is_use(each, node.id)]
    values = [
        each.value
        for each in ast.walk(code.node)
        if isinstance(each, ast.Assign)
        and len(each.targets) == 1
        and isinstance(each.targets[0], ast.Name)
        and each.targets[0].id == node.id
    ]
    # The assignment and the use itself: a third may change the value.
    if len(uses) == 2 and len(values) == 1 and isinstance(values[0], (ast.Dict, ast.List)):
        return values[0]
    return node


def _is_use(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def shown_path(path: Path) -> str:
    """A path as in ``['user']['tags'][0]``."""
    return "".join(f"[{key!r}]" for key in path)
