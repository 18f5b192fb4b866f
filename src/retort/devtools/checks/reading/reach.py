"""For each statement and condition of a view: which methods reach it, and which reach it always.

"Always" leaves out requests that end in an error before. `checks/flow.py` reads conditions on the
request method.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..flow import split_cases, split_methods

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..source import Code

Methods = frozenset[str]

_NONE: Methods = frozenset[str]()


class Ways(NamedTuple):
    """The methods that reach a place.

    :param possible: by some way.
    :param certain: by each way that does not end in an error before.
    """

    possible: Methods
    certain: Methods


class Reach(NamedTuple):
    """A statement, or the head of one, with the methods that reach it."""

    node: ast.AST
    ways: Ways


def reached(code: Code, methods: Methods, is_error: Callable[[ast.stmt], bool]) -> list[Reach]:
    """The statements and conditions of a function that the methods reach.

    :param is_error: whether a statement that ends the function gives an error response.
    """
    walker = _Walker(code, is_error)
    walker.through(code.node.body, Ways(methods, methods))
    return walker.found


def unconditional(node: ast.AST) -> set[ast.AST]:
    """The parts of an expression or a statement that are always evaluated with it."""
    found: set[ast.AST] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        found.add(part)
        if isinstance(part, ast.IfExp):
            waiting.append(part.test)
        elif isinstance(part, ast.BoolOp):
            waiting.append(part.values[0])
        elif isinstance(part, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            waiting.append(part.generators[0].iter)
        elif not isinstance(part, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += ast.iter_child_nodes(part)
    return found


class _Walker:
    def __init__(self, code: Code, is_error: Callable[[ast.stmt], bool]) -> None:
        self.code = code
        self.is_error = is_error
        self.found: list[Reach] = []
        self.left: Methods = _NONE  # of which a request may have ended with a success

    def through(self, body: list[ast.stmt], ways: Ways) -> Methods:
        """Follow statements; returns the methods that reach their end."""
        for statement in body:
            if not ways.possible:
                break
            ways = Ways(self._step(statement, ways), ways.certain)
        return ways.possible

    def _record(self, node: ast.AST, ways: Ways) -> None:
        certain = (ways.certain & ways.possible) - self.left
        self.found.append(Reach(node, Ways(ways.possible, certain)))

    def _step(self, node: ast.stmt, ways: Ways) -> Methods:
        if isinstance(node, ast.If):
            self._record(node.test, ways)
            yes, no = split_methods(self.code, node.test, ways.possible)
            return self._branches([(node.body, yes), (node.orelse, no)], ways)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            return self._loop(node, ways)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._record(item.context_expr, ways)
            if any(self._suppresses(item.context_expr) for item in node.items):
                self.through(node.body, Ways(ways.possible, _NONE))
                return ways.possible
            return self.through(node.body, ways)
        if isinstance(node, ast.Match):
            return self._match(node, ways)
        if hasattr(node, "handlers"):  # try, with except or except*
            return self._try(node, ways)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return ways.possible
        self._record(node, ways)
        if isinstance(node, ast.Return) and not self.is_error(node):
            self.left |= ways.possible
        ends = isinstance(node, (ast.Return, ast.Raise)) or self.is_error(node)
        return _NONE if ends else ways.possible

    def _suppresses(self, node: ast.expr) -> bool:
        """``with contextlib.suppress(KeyError):``, which is a ``try``."""
        return isinstance(node, ast.Call) and self.code.resolve(node.func) is suppress

    def _branches(self, branches: list[tuple[list[ast.stmt], Methods]], ways: Ways) -> Methods:
        """Follow branches, each with the methods that can take it."""
        after = _NONE
        for number, (body, methods) in enumerate(branches):
            others = _NONE.union(*(other[1] for other in branches[:number]))
            others |= _NONE.union(*(other[1] for other in branches[number + 1 :]))
            after |= self.through(body, Ways(methods, ways.certain - others))
        return after

    def _match(self, node: ast.Match, ways: Ways) -> Methods:
        self._record(node.subject, ways)
        branches: list[tuple[list[ast.stmt], Methods]] = []
        rest = ways.possible
        for case, (taken, is_final) in zip(
            node.cases, split_cases(self.code, node, rest), strict=True
        ):
            branches.append((case.body, taken))
            rest = rest - taken if is_final else rest
        return self._branches([*branches, ([], rest)], ways)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, ways: Ways) -> Methods:
        self._record(node.test if isinstance(node, ast.While) else node.iter, ways)
        # A loop over literals is a shorter way to write its body several times.
        is_literal = isinstance(node, ast.For) and isinstance(node.iter, (ast.Tuple, ast.List))
        inner = ways if is_literal else Ways(ways.possible, _NONE)
        self.through(node.body, inner)
        self.through(node.orelse, Ways(ways.possible, _NONE))
        return ways.possible

    def _try(self, node: Any, ways: Ways) -> Methods:
        inner = Ways(ways.possible, _NONE) if node.handlers else ways
        after = self.through([*node.body, *node.orelse], inner)
        for handler in node.handlers:
            after |= self.through(handler.body, Ways(ways.possible, _NONE))
        self.through(node.finalbody, ways)
        return after
