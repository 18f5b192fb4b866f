"""Find the operand that was ``None``, in the line that raised the error.

Python's message has the kind of the operation. Where a line has several of a kind, the position in
the traceback (from Python 3.11 on) and the local variables select one; otherwise none is returned.
"""

from __future__ import annotations

import ast
import re
from itertools import islice
from typing import TYPE_CHECKING

from ...checks.source import UNKNOWN
from .reaching import expressions_of
from .running import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .running import RunningFunction

    # The node of an operation, and its operand.
    Candidate = tuple[ast.AST, ast.expr]

_SYMBOLS: dict[str, type[ast.AST]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "@": ast.MatMult,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
# Comparisons other than `in` and `not in`.
_OTHER_COMPARISONS = (
    *(ast.Eq, ast.NotEq, ast.Is, ast.IsNot),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
# Functions of Python that iterate over their only positional argument.
_ITERATING = frozenset(
    {"list", "tuple", "set", "frozenset", "sorted", "sum", "any", "all", "enumerate", "max", "min"}
    | {"iter", "dict"}
)


def none_operand(error: BaseException, running: RunningFunction) -> ast.expr | None:
    """The operand that was ``None``; ``None`` if it cannot be determined."""
    found = [
        (node, operand)
        for node, operand in _candidates(str(error), list(expressions_of(running.statement)))
        if _may_be_none(running, operand)
    ]
    found = _without_later(running, found)
    if len(found) > 1:
        span = _failed_span(error, running)
        by_node = [one for one in found if _end(one[0]) == span]
        found = by_node or [one for one in found if _end(one[1]) == span]
    return found[0][1] if len(found) == 1 else None


def _without_later(running: RunningFunction, found: list[Candidate]) -> list[Candidate]:
    """Without the operations on the result of one that has failed."""
    failed = [
        node
        for node, operand in found
        if isinstance(operand, ast.Name) and resolve(running.frame, operand) is None
    ]
    return [one for one in found if not any(node in failed for node in ast.walk(one[1]))]


def _may_be_none(running: RunningFunction, operand: ast.expr) -> bool:
    if isinstance(operand, ast.Constant):
        return operand.value is None
    if isinstance(operand, (ast.Name, ast.Attribute)):
        value = resolve(running.frame, operand)
        return value is None or value is UNKNOWN
    return not isinstance(operand, (ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set))


def _candidates(message: str, nodes: list[ast.AST]) -> Iterator[Candidate]:
    """The operations of the kind that the message names."""
    for pattern, find in _KINDS:
        found = pattern.search(message)
        if found is not None:
            yield from find(found, nodes)
            return


def _attributes(found: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr == found[1]:
            yield node, node.value


def _subscripts(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, ast.Subscript):
            yield node, node.value


def _calls(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, ast.Call):
            yield node, node.func


def _concatenations(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    return _operands(nodes, ast.Add, is_left=False)


def _operations(found: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    operator = _SYMBOLS.get(found[1])
    if operator is None or "NoneType" not in found.groups():
        return iter(())
    return _operands(nodes, operator, is_left=found[2] == "NoneType")


def _operands(
    nodes: list[ast.AST], operator: type[ast.AST], *, is_left: bool
) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, operator):
            yield node, node.left if is_left else node.right
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, operator):
            yield node, node.target if is_left else node.value
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], operator):
            operands = [node.left, *node.comparators]
            yield node, operands[0 if is_left else 1]


def _memberships(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], _OTHER_COMPARISONS):
            yield node, node.comparators[0]


def _iterated(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    for node in nodes:
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield node, node.iter
        elif isinstance(node, ast.Starred) or (
            isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Tuple, ast.List))
        ):
            yield node, node.value
    yield from _arguments_of(_ITERATING, nodes)


def _lengths(_: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    return _arguments_of(frozenset({"len"}), nodes)


def _conversions(found: re.Match[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    return _arguments_of(frozenset({found[1]}), nodes)


def _arguments_of(names: frozenset[str], nodes: list[ast.AST]) -> Iterator[Candidate]:
    """The first argument of each call of a function of Python."""
    for node in nodes:
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in names and node.args:
            yield node, node.args[0]


def _failed_span(error: BaseException, running: RunningFunction) -> tuple[int, int] | None:
    """Where the failed expression ends: line and column."""
    step = error.__traceback__
    while step is not None and step.tb_frame is not running.frame:
        step = step.tb_next
    positions = getattr(running.frame.f_code, "co_positions", None)  # Python 3.11
    if step is None or positions is None:
        return None
    _, end_line, _, end_column = next(islice(positions(), step.tb_lasti // 2, None))
    return None if end_line is None or end_column is None else (end_line, end_column)


def _end(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


# The messages of Python 3.10 to 3.14.
_KINDS = tuple(
    (re.compile(pattern), find)
    for pattern, find in (
        (r"^'NoneType' object has no attribute '(\w+)'", _attributes),
        (r"^'NoneType' object (?:is not subscriptable|does not support item )", _subscripts),
        (r"^'NoneType' object is not callable", _calls),
        (r"^can only concatenate \w+ \(not \"NoneType\"\) to \w+", _concatenations),
        (
            r"^unsupported operand type\(s\) for ([^\s\w:=]+)=?.*: '(\w+)' and '(\w+)'",
            _operations,
        ),
        (r"^'([<>]=?)' not supported between instances of '(\w+)' and '(\w+)'", _operations),
        (r"^argument of type 'NoneType' is not ", _memberships),
        (r"^(?:'NoneType' object is not iterable|cannot unpack non-iterable NoneType )", _iterated),
        (r"^Value after \* must be an iterable, not NoneType", _iterated),
        (r"^object of type 'NoneType' has no len\(\)", _lengths),
        (r"^(\w+)\(\) argument must be .*not 'NoneType'", _conversions),
    )
)
