"""Whether a part of the request is used in a way that is not followed: fields may be read there."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .origins import JSON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .origins import Names

# Functions that look at a value, and read no field of it.
_HARMLESS = (len, bool, isinstance, type, callable, hasattr)
_TESTS = (ast.If, ast.While, ast.IfExp, ast.Assert)


class Leaving:
    """The uses of the parts of the request in a function.

    :param parents: the parent of each node.
    :param is_view: whether what it returns goes to the client; what others return is followed.
    """

    def __init__(self, names: Names, parents: Mapping[ast.AST, ast.AST], *, is_view: bool) -> None:
        self.names = names
        self.parents = parents
        self.is_view = is_view

    def leaves(self, node: ast.expr) -> bool:
        """Whether the use of an expression is not followed."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Return):
            return self.is_view
        if isinstance(parent, ast.Expr):
            return isinstance(node, ast.Call)  # a copy
        if isinstance(parent, (ast.Attribute, ast.UnaryOp, ast.Compare, ast.Await)):
            return False
        if isinstance(parent, (*_TESTS, ast.BoolOp)):
            return self._leaves_condition(node, parent)
        if isinstance(parent, (ast.keyword, ast.Call)):
            return self._leaves_call(node, parent)
        if isinstance(parent, (ast.For, ast.AsyncFor, ast.comprehension)):
            return all(one.source != JSON for one in self.names.of(node))
        return not self._is_assigned(parent)

    def _leaves_condition(self, node: ast.expr, parent: ast.AST) -> bool:
        if isinstance(parent, _TESTS) and parent.test is node:
            return False
        return not self.names.of(parent) and not self._is_tested(parent)

    def _is_tested(self, node: ast.AST) -> bool:
        """Whether a value is only tested."""
        parent = self.parents.get(node)
        if isinstance(parent, (ast.BoolOp, ast.UnaryOp)):
            return self._is_tested(parent)
        return isinstance(parent, _TESTS) and parent.test is node

    def _leaves_call(self, node: ast.expr, parent: ast.keyword | ast.Call) -> bool:
        if isinstance(parent, ast.keyword):
            call = self.parents.get(parent)
            return parent.arg is None or not self._is_followed(call)
        return parent.func is not node and not self._is_followed(parent)

    def _is_followed(self, call: ast.AST | None) -> bool:
        if not isinstance(call, ast.Call):
            return False
        if self.names.function(call.func) is not None or self.names.of(call):
            return True
        called = self.names.code.resolve(call.func)
        return any(called is harmless for harmless in _HARMLESS)

    def _is_assigned(self, node: ast.AST | None) -> bool:
        """Whether all the targets of an assignment are names that are followed."""
        if isinstance(node, (ast.Tuple, ast.List)):
            node = self.parents.get(node)
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            targets = [node.target]
        else:
            return False
        if len(targets) == 1 and isinstance(targets[0], (ast.Tuple, ast.List)):
            targets = targets[0].elts
        return all(
            isinstance(target, ast.Name) and target.id in self.names.names for target in targets
        )
