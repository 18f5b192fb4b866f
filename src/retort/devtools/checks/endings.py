"""Find how a function ends, and for which request methods: at a return, or behind its last line.

An end is *possible* if some way leads to it, and *certain* if no condition but that of the request
method leads past it. Exceptions that no statement raises are left out.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import abort as werkzeugs_abort

from ...helpers import abort
from .calls import is_one_of
from .flow import split_cases, split_methods
from .source import FUNCTIONS, UNKNOWN, code_of, wrappers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .flow import Methods
    from .source import Code, Function

_NEVER_RETURN = (abort, werkzeugs_abort, sys.exit, os._exit, os.abort)
# A function that cannot be found may raise an exception, if that is what its name says.
_MAY_RAISE = re.compile(r"abort|raise|throw|fail|exit|error|die|deny|forbid|reject|stop", re.I)
_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_OPPOSITES = {
    ast.Eq: ast.NotEq,
    ast.Is: ast.IsNot,
    ast.In: ast.NotIn,  # codespell:ignore notin
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
}


@dataclass(frozen=True)
class Ways:
    """The methods that reach a place.

    :param possible: by some way.
    :param certain: by every way; a part of ``possible``.
    """

    possible: Methods
    certain: Methods

    def __bool__(self) -> bool:
        return bool(self.possible)


@dataclass(frozen=True)
class End:
    """One end of a function.

    :param node: the return; or the last statement before the end of the function.
    """

    node: ast.stmt
    ways: Ways

    @property
    def value(self) -> ast.expr | None:
        """What is returned; ``None`` if that is nothing, or ``None``."""
        value = self.node.value if isinstance(self.node, ast.Return) else None
        return None if isinstance(value, ast.Constant) and value.value is None else value


# Statements, the methods that can reach them, and the conditions that are false then.
Branch = tuple[list[ast.stmt], "Methods", list[ast.expr]]

NOWHERE = Ways(frozenset(), frozenset())


def ends_of(code: Code, methods: Iterable[str]) -> list[End]:
    """All ends of a function for requests by these methods."""
    everything = frozenset(methods)
    walker = _Walker(code, ())
    last = walker.through(code.node.body, Ways(everything, everything))
    if last:
        walker.ends.append(End(walker.last_of(code.node.body), last))
    return walker.ends


def own_nodes(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of the functions and classes in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def is_generator(function: Function) -> bool:
    """Whether a call of the function returns a generator."""
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function))


class _Walker:
    def __init__(self, code: Code, callers: tuple[Any, ...]) -> None:
        self.code = code
        self.callers = callers
        self.ends: list[End] = []
        self.behind: dict[ast.stmt, Ways] = {}
        self.breaks: list[list[Ways]] = []  # of each loop around
        self.continues: list[bool] = []
        self.is_certain = True
        self.false: list[ast.expr] = []  # conditions that were false on the way

    def through(self, body: list[ast.stmt], ways: Ways) -> Ways:
        """The ways that lead behind these statements."""
        before = list(self.false)
        for statement in body:
            if not ways:
                break
            ways = self.behind[statement] = self._step(statement, ways)
            stored = _stored_in(statement)
            self.false = [test for test in self.false if _is_stable(test, stored)]
        self.false = before
        return ways

    def last_of(self, body: list[ast.stmt]) -> ast.stmt:
        """The statement behind which a function ends, as deep inside as only one is possible."""
        last = next(one for one in reversed(body) if one in self.behind)
        if isinstance(last, (ast.With, ast.AsyncWith)):
            return self.last_of(last.body)
        if isinstance(last, ast.If):
            falling = [part for part in (last.body, last.orelse) if self._falls(part)]
            if len(falling) == 1 and falling[0]:
                return self.last_of(falling[0])
        return last

    def _falls(self, body: list[ast.stmt]) -> bool:
        return not body or bool(self.behind.get(body[-1]))

    def _step(self, node: ast.stmt, ways: Ways) -> Ways:
        if isinstance(node, ast.Return):
            certain = ways.certain if self.is_certain else frozenset()
            self.ends.append(End(node, Ways(ways.possible, certain)))
            return NOWHERE
        if isinstance(node, ast.Break):
            self.breaks[-1].append(ways)
            return NOWHERE
        if isinstance(node, ast.Continue):
            self.continues[-1] = True
            return NOWHERE
        if isinstance(node, ast.Raise) or self._never_returns(node):
            return NOWHERE
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return self.through(node.body, ways)
        if isinstance(node, ast.If):
            return self._if(node, ways)
        if isinstance(node, (ast.While, ast.For, ast.AsyncFor)):
            return self._loop(node, ways)
        if isinstance(node, ast.Match):
            return self._match(node, ways)
        if isinstance(node, _TRIES):
            return self._try(node, ways)
        return ways

    def _branches(self, ways: Ways, branches: list[Branch]) -> Ways:
        """Follow branches, each with the methods that can take it."""
        before, false = self.is_certain, self.false
        possible, lost = frozenset[str](), frozenset[str]()
        for branch in branches:
            body, methods, known = branch
            others = (other[1] for other in branches if other is not branch)
            self.is_certain = before and not methods & frozenset[str]().union(*others)
            self.false = [*false, *known]
            end = self.through(body, Ways(methods, methods & ways.certain))
            possible |= end.possible
            lost |= methods - end.certain
        self.is_certain, self.false = before, false
        return Ways(possible, (possible & ways.certain) - lost)

    def _if(self, node: ast.If, ways: Ways) -> Ways:
        is_true = _constant(node.test)
        if is_true is not None:
            return self.through(node.body if is_true else node.orelse, ways)
        yes, no = split_methods(self.code, node.test, ways.possible)
        if any(_are_opposite(test, node.test) for test in self.false):
            no = frozenset()
        branches: list[Branch] = [(node.body, yes, []), (node.orelse, no, [node.test])]
        after = self._branches(ways, branches)
        if not self._falls(node.body):
            self.false = [*self.false, node.test]
        return after

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor, ways: Ways) -> Ways:
        self.breaks.append([])
        before, self.is_certain = self.is_certain, False
        self.continues.append(False)
        repeats = bool(self.through(node.body, ways))
        repeats = self.continues.pop() or repeats or isinstance(node, ast.While)
        breaks = self.breaks.pop()
        ends = frozenset[str]()
        # If the first pass returns, it is unknown whether there is an item at all.
        if not _is_endless(node) and (repeats or node.orelse):
            ends = self.through(node.orelse, ways).possible
        self.is_certain = before
        possible = ends.union(*(each.possible for each in breaks))
        leaves = any(isinstance(inner, (ast.Return, ast.Raise)) for inner in ast.walk(node))
        return Ways(possible, frozenset() if leaves else possible & ways.certain)

    def _match(self, node: ast.Match, ways: Ways) -> Ways:
        branches: list[Branch] = []
        rest = ways.possible
        for case, (taken, is_final) in zip(
            node.cases, split_cases(self.code, node, rest), strict=True
        ):
            branches.append((case.body, taken, []))
            rest = rest - taken if is_final else rest
        return self._branches(ways, [*branches, ([], rest, [])])

    def _try(self, node: Any, ways: Ways) -> Ways:
        bodies = [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]
        after = self._branches(ways, [(body, ways.possible, []) for body in bodies])
        behind = self.through(node.finalbody, ways)
        return after if behind or not node.finalbody else NOWHERE

    def _never_returns(self, node: ast.stmt) -> bool:
        if isinstance(node, ast.Assert):
            return _constant(node.test) is False
        value = node.value if isinstance(node, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        return isinstance(value, ast.Call) and self._is_last_call(value.func)

    def _is_last_call(self, function: ast.expr) -> bool:
        called = self.code.resolve(function)
        if called is UNKNOWN:
            name = function.attr if isinstance(function, ast.Attribute) else ast.unparse(function)
            return bool(_MAY_RAISE.search(name))
        if is_one_of(called, _NEVER_RETURN) or type(called).__name__ == "Quitter":
            return True
        if not issubclass(type(called), FunctionType):
            return False
        if _is_declared_to_raise(called):
            return True
        inner = code_of(list(wrappers_of(called))[-1])
        return inner is not None and self._always_raises(inner)

    def _always_raises(self, code: Code) -> bool:
        if code.node in self.callers or is_generator(code.node):
            return False
        walker = _Walker(code, (*self.callers, code.node))
        everything = frozenset({""})
        last = walker.through(code.node.body, Ways(everything, everything))
        return not last and not walker.ends


def _is_declared_to_raise(function: FunctionType) -> bool:
    try:
        declared = str(function.__annotations__.get("return"))
    except NameError:  # from Python 3.14 on, annotations are evaluated now
        return False
    return declared.rpartition(".")[2] in ("NoReturn", "Never")


def _constant(test: ast.expr) -> bool | None:
    return bool(test.value) if isinstance(test, ast.Constant) else None


def _is_endless(node: ast.While | ast.For | ast.AsyncFor) -> bool:
    """Whether a loop is left by a break, a return or an exception alone, as far as is known."""
    if isinstance(node, ast.While):
        return _constant(node.test) is True
    # The last of several attempts may be the one that raises: for attempt in range(3).
    iterated = node.iter.func if isinstance(node.iter, ast.Call) else None
    name = iterated.attr if isinstance(iterated, ast.Attribute) else getattr(iterated, "id", "")
    return name in ("count", "range") and any(isinstance(one, ast.Raise) for one in ast.walk(node))


def _are_opposite(first: ast.expr, second: ast.expr) -> bool:
    """Whether one of two conditions is the negation of the other."""
    for one, other in ((first, second), (second, first)):
        if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not):
            return ast.dump(one.operand) == ast.dump(other)
        if isinstance(one, ast.Compare) and isinstance(other, ast.Compare) and len(one.ops) == 1:
            opposite = _OPPOSITES.get(type(one.ops[0]))
            if [opposite] == [type(op) for op in other.ops]:
                return _operands(one) == _operands(other)
    return False


def _operands(test: ast.Compare) -> list[str]:
    return [ast.dump(part) for part in (test.left, *test.comparators)]


def _stored_in(node: ast.AST) -> set[str]:
    return {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    }


def _is_stable(test: ast.expr, stored: set[str]) -> bool:
    """Whether a condition has the same result later, if these names have changed."""
    for node in ast.walk(test):
        if isinstance(node, ast.Call) or (isinstance(node, ast.Name) and node.id in stored):
            return False
    return True
