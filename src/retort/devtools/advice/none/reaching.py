"""Find the assignments of a local name that can reach a statement.

The analysis never misses an assignment: where the order of execution is not certain, as after an
exception, it returns more of them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...checks.source import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...checks.source import Function

    Reached = frozenset["Definition"]

_SCOPES = (*FUNCTIONS, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_NOWHERE: Reached = frozenset()


@dataclass(frozen=True, eq=False)
class Definition:
    """What binds a name.

    :param statement: the statement that does; ``None`` for a parameter.
    :param value: the expression of the value; ``None`` if there is none.
    """

    statement: ast.stmt | None
    value: ast.expr | None = None

    @property
    def is_parameter(self) -> bool:
        """Whether the name is an argument of the function."""
        return self.statement is None


def statement_at(body: Iterable[ast.stmt], line: int) -> ast.stmt | None:
    """The innermost statement with this line; ``None`` if several begin there."""
    found = [node for node in body if node.lineno <= line <= (node.end_lineno or node.lineno)]
    if len(found) != 1:
        return None
    for block in _blocks_of(found[0]):
        if any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in block):
            return statement_at(block, line) if block[0].lineno > found[0].lineno else None
    return found[0]


def expressions_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """The nodes that a statement itself evaluates, without those of nested blocks and scopes."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case, *_SCOPES))
        ]


def definitions_of(function: Function, name: str, target: ast.stmt) -> Reached | None:
    """The definitions of a local name that can reach a statement of its function.

    :returns: ``None`` if it is not a local name, or other functions can assign it too.
    """
    parameters = _parameters(function)
    if name not in parameters and not any(_names_bound(node, name) for node in ast.walk(function)):
        return None
    for node in ast.walk(function):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and name in node.names:
            return None
    if any(_is_bound_in(node, name) for node in expressions_of(target)):
        return None
    flow = _Flow(name, target)
    flow.through(function.body, frozenset({Definition(None)}) if name in parameters else _NOWHERE)
    return flow.found


def _parameters(function: Function) -> set[str]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    stars = [star for star in (arguments.vararg, arguments.kwarg) if star is not None]
    return {argument.arg for argument in (*plain, *stars)}


def _names_bound(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)


def _is_bound_in(node: ast.AST, name: str) -> bool:
    """Whether a comprehension has the name as its variable, or ``:=`` assigns it."""
    if isinstance(node, _COMPREHENSIONS):
        targets = [part.target for part in node.generators]
        return any(_names_bound(inner, name) for one in targets for inner in ast.walk(one))
    return isinstance(node, ast.NamedExpr) and node.target.id == name


def _assigns_in(node: ast.expr, name: str) -> bool:
    return any(isinstance(one, ast.NamedExpr) and one.target.id == name for one in ast.walk(node))


def _blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The nested blocks of a statement, unless it is another scope."""
    if isinstance(statement, _SCOPES):
        return
    for field in ("body", "orelse", "finalbody"):
        yield getattr(statement, field, [])
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


class _Flow:
    """Follows the statements of a function in the order of execution."""

    def __init__(self, name: str, target: ast.stmt) -> None:
        self.name = name
        self.target = target
        self.found: Reached | None = None
        self._known: dict[int, Definition] = {}
        self._made: list[Definition] = []
        self._breaks: list[Reached] = []
        self._continues: list[Reached] = []

    def through(self, body: Iterable[ast.stmt], state: Reached) -> Reached:
        """The definitions at the end of a block; none if its end is not reached."""
        for statement in body:
            state = self._step(statement, state)
        return state

    def _step(self, node: ast.stmt, state: Reached) -> Reached:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            return self._loop(node, state)
        self._reach(node, state)
        state = self._after_expressions(node, state)
        if isinstance(node, ast.If):
            return self.through(node.body, state) | self.through(node.orelse, state)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return self._with(node, state)
        if isinstance(node, _TRIES):
            return self._try(node, state)
        if isinstance(node, ast.Match):
            return self._match(node, state)
        if isinstance(node, (ast.Return, ast.Raise)):
            return _NOWHERE
        if isinstance(node, ast.Break):
            self._breaks.append(state)
            return _NOWHERE
        if isinstance(node, ast.Continue):
            self._continues.append(state)
            return _NOWHERE
        return self._after_simple(node, state)

    def _reach(self, node: ast.stmt, state: Reached) -> None:
        if node is self.target:
            self.found = state | (self.found or _NOWHERE)

    def _define(self, node: ast.AST, statement: ast.stmt, value: ast.expr | None = None) -> Reached:
        made = self._known.setdefault(id(node), Definition(statement, value))
        self._made.append(made)
        return frozenset({made})

    def _after_expressions(self, node: ast.stmt, state: Reached) -> Reached:
        """``:=``, which may be in an operand that is not evaluated."""
        for inner in expressions_of(node):
            if isinstance(inner, ast.NamedExpr) and inner.target.id == self.name:
                state = state | self._define(inner, node, inner.value)
        return state

    def _after_simple(self, node: ast.stmt, state: Reached) -> Reached:
        if isinstance(node, ast.Assign):
            return self._assigned(node, node.targets, node.value, state)
        if isinstance(node, ast.AnnAssign):
            return self._assigned(node, [node.target], node.value, state) if node.value else state
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
            return self._define(node, node) if self.name in bound else state
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return self._define(node, node) if node.name == self.name else state
        return self._bound_by(node, node, state)

    def _assigned(
        self, node: ast.stmt, targets: list[ast.expr], value: ast.expr, state: Reached
    ) -> Reached:
        for target in targets:
            if isinstance(target, ast.Name):
                if target.id == self.name:
                    state = self._define(target, node, value)
                continue
            for one, part in _pairs(target, value):
                if isinstance(one, ast.Name) and one.id == self.name:
                    state = self._define(one, node, part)
                elif any(_names_bound(inner, self.name) for inner in ast.walk(one)):
                    state = self._define(one, node)
        return state

    def _bound_by(self, node: ast.AST, statement: ast.stmt, state: Reached) -> Reached:
        """The state after a node that may bind the name to a value that is not known."""
        if any(_names_bound(inner, self.name) for inner in ast.walk(node)):
            return self._define(node, statement)
        return state

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While, state: Reached) -> Reached:
        outer = self._breaks, self._continues
        self._breaks, self._continues = [], []
        head = state
        for _ in range(2):  # the second pass has the definitions of the first
            if isinstance(node, ast.While) or head is state:
                self._reach(node, head)
            head = self._after_expressions(node, head)
            start = head
            if not isinstance(node, ast.While):
                start = self._bound_by(node.target, node, head)
            end = self.through(node.body, start)
            head = head.union(end, *self._continues)
        after = self.through(node.orelse, head).union(*self._breaks)
        self._breaks, self._continues = outer
        return after

    def _with(self, node: ast.With | ast.AsyncWith, state: Reached) -> Reached:
        for item in node.items:
            if item.optional_vars is not None:
                state = self._bound_by(item.optional_vars, node, state)
        before = len(self._made)
        end = self.through(node.body, state)
        # `with` may suppress an exception, so that the rest of its block is not executed.
        return end.union(state, self._made[before:])

    def _try(self, node: ast.Try, state: Reached) -> Reached:
        before = len(self._made)
        end = self.through(node.body, state)
        failed = state.union(self._made[before:])
        end = self.through(node.orelse, end)
        for handler in node.handlers:
            start = self._define(handler, node) if handler.name == self.name else failed
            end = end | self.through(handler.body, start)
        if not node.finalbody:
            return end
        # After an exception the statement behind is not reached; the block itself is.
        self.through(node.finalbody, failed.union(self._made[before:]))
        return self.through(node.finalbody, end)

    def _match(self, node: ast.Match, state: Reached) -> Reached:
        after = state
        for case in node.cases:
            names = {getattr(part, "name", None) for part in ast.walk(case.pattern)}
            names |= {getattr(part, "rest", None) for part in ast.walk(case.pattern)}
            start = self._define(case, node) if self.name in names else state
            if case.guard is not None and _assigns_in(case.guard, self.name):
                state = state | self._define(case.guard, node)  # the guard may be false
                start = start | state
            after = after | state | self.through(case.body, start)
        return after


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr | None]]:
    """The targets of an assignment to several names, each with its value."""
    if isinstance(target, ast.Starred) or not isinstance(target, (ast.Tuple, ast.List)):
        return [(target, None)]
    several = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(target.elts)
    values = value.elts if several and isinstance(value, (ast.Tuple, ast.List)) else []
    if not several or any(isinstance(one, ast.Starred) for one in (*target.elts, *values)):
        return [(one, None) for one in target.elts]
    return list(zip(target.elts, values, strict=True))
