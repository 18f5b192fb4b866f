"""Find the request methods for which a line of a view is reachable.

The analysis follows ``if request.method == "POST"`` and similar conditions, returns, and ``abort``.
For any other condition, both branches are possible.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from ...helpers import abort
from .inputs import drafts_of
from .program import BODY_METHODS
from .source import UNKNOWN, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Code

Methods = frozenset[str]
Reached = list[tuple[ast.AST, Methods]]

# If one of these is true, the request has form data.
_FORM_ATTRIBUTES = frozenset(
    {"form", "files", "json", "is_json", "get_json", "data", "get_data", "content_length"}
)
_VALIDATORS = frozenset({"validate_on_submit", "is_submitted"})


def reached_nodes(code: Code, methods: set[str]) -> Reached:
    """Each simple statement and condition of a function, with the methods that reach it."""
    flow = _Flow(code)
    flow.through(code.node.body, frozenset(methods))
    return flow.reached


def tested_methods(code: Code) -> Iterator[tuple[ast.Compare, Methods]]:
    """Each comparison of ``request.method`` with literal methods."""
    for node in ast.walk(code.node):
        if isinstance(node, ast.Compare):
            methods = _compared(code, node)
            if methods is not None:
                yield node, methods


class _Flow:
    def __init__(self, code: Code) -> None:
        self.code = code
        self.reached: Reached = []

    def through(self, body: list[ast.stmt], methods: Methods) -> Methods:
        """Follow statements; returns the methods that reach their end."""
        for statement in body:
            if not methods:
                break
            methods = self._step(statement, methods)
        return methods

    def _step(self, node: ast.stmt, methods: Methods) -> Methods:
        if isinstance(node, ast.If):
            self.reached.append((node.test, methods))
            yes, no = split_methods(self.code, node.test, methods)
            return self.through(node.body, yes) | self.through(node.orelse, no)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            head = node.test if isinstance(node, ast.While) else node.iter
            self.reached.append((head, methods))
            self.through(node.body, methods)
            self.through(node.orelse, methods)
            return methods
        if isinstance(node, (ast.With, ast.AsyncWith)):
            self.reached += [(item.context_expr, methods) for item in node.items]
            return self.through(node.body, methods)
        if isinstance(node, ast.Try):
            return self._try(node, methods)
        if isinstance(node, ast.Match):
            return self._match(node, methods)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return methods
        self.reached.append((node, methods))
        return frozenset() if self._ends(node) else methods

    def _try(self, node: ast.Try, methods: Methods) -> Methods:
        after = self.through(node.orelse, self.through(node.body, methods))
        for handler in node.handlers:
            after |= self.through(handler.body, methods)
        self.through(node.finalbody, methods)
        return after

    def _match(self, node: ast.Match, methods: Methods) -> Methods:
        self.reached.append((node.subject, methods))
        after: Methods = frozenset()
        rest = methods
        for case, (taken, is_final) in zip(
            node.cases, split_cases(self.code, node, methods), strict=True
        ):
            rest = rest - taken if is_final else rest
            after |= self.through(case.body, taken)
        return after | rest

    def _ends(self, node: ast.stmt) -> bool:
        if isinstance(node, (ast.Return, ast.Raise)):
            return True
        if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Call):
            return False
        called = self.code.resolve(node.value.func)
        return called is not UNKNOWN and called is abort


def split_methods(code: Code, test: ast.expr, methods: Methods) -> tuple[Methods, Methods]:
    """The methods for which a condition can be true, and can be false."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yes, no = split_methods(code, test.operand, methods)
        return no, yes
    if isinstance(test, ast.BoolOp):
        return _split_several(code, test, methods)
    if isinstance(test, ast.Compare):
        named = _compared(code, test)
        if named is not None:
            if not isinstance(test.ops[0], (ast.Eq, ast.In)):
                return methods - named, methods & named
            return methods & named, methods - named
    if _says_body(code, test):
        sending = methods & BODY_METHODS
        return sending, sending if isinstance(test, ast.Compare) else methods
    return methods, methods


def split_cases(code: Code, node: ast.Match, methods: Methods) -> Iterator[tuple[Methods, bool]]:
    """For each case, the methods that can take it, and whether these take no later one."""
    on_method = _is_method(code, node.subject)
    for case in node.cases:
        chosen = _in_pattern(case.pattern) if on_method else None
        taken = methods if chosen is None else methods & chosen
        is_final = case.guard is None and (chosen is not None or _is_default(case.pattern))
        yield taken, is_final
        methods -= taken if is_final else frozenset()


def _split_several(code: Code, test: ast.BoolOp, methods: Methods) -> tuple[Methods, Methods]:
    is_and = isinstance(test.op, ast.And)
    going, out = methods, frozenset[str]()
    for value in test.values:
        yes, no = split_methods(code, value, going)
        going, left = (yes, no) if is_and else (no, yes)
        out |= left
    return (going, out) if is_and else (out, going)


def _is_method(code: Code, node: ast.expr) -> bool:
    """Whether an expression is ``request.method``."""
    return isinstance(node, ast.Attribute) and node.attr == "method" and code.is_request(node.value)


def _compared(code: Code, node: ast.Compare) -> Methods | None:
    """The methods that ``request.method`` is compared with."""
    if len(node.ops) != 1:
        return None
    left, right = node.left, node.comparators[0]
    if isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        if _is_method(code, right):
            left, right = right, left
        text = text_in(right)
        return frozenset({text}) if text is not None and _is_method(code, left) else None
    if not _is_method(code, left) or not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
        return None
    texts = [text_in(element) for element in right.elts]
    return None if None in texts else frozenset(text for text in texts if text is not None)


def _in_pattern(pattern: ast.pattern) -> Methods | None:
    if isinstance(pattern, ast.MatchValue):
        text = text_in(pattern.value)
        return None if text is None else frozenset({text})
    if isinstance(pattern, ast.MatchOr):
        parts = [_in_pattern(part) for part in pattern.patterns]
        return None if None in parts else frozenset().union(*(part or () for part in parts))
    return None


def _is_default(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and pattern.pattern is None


def _says_body(code: Code, test: ast.expr) -> bool:
    """Whether a condition depends on form data, directly or by a local variable."""
    if _reads_body(code, test):
        return True
    names = {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}
    return not names.isdisjoint(_form_variables(code))


@lru_cache(maxsize=1000)
def _form_variables(code: Code) -> frozenset[str]:
    """The local variables that are set once, to a field of the form without a default."""
    stored = [
        node.id
        for node in ast.walk(code.node)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    ]
    return frozenset(
        target.id
        for node in ast.walk(code.node)
        if isinstance(node, ast.Assign) and _is_field(code, node.value)
        for target in node.targets
        if isinstance(target, ast.Name) and stored.count(target.id) == 1
    )


def _is_field(code: Code, node: ast.expr) -> bool:
    """``request.form["name"]`` or ``request.form.get("name")``."""
    if isinstance(node, ast.Call):
        if len(node.args) != 1 or node.keywords or not isinstance(node.func, ast.Attribute):
            return False
        owner, is_read = node.func.value, node.func.attr == "get"
    elif isinstance(node, ast.Subscript):
        owner, is_read = node.value, True
    else:
        return False
    is_form = isinstance(owner, ast.Attribute) and owner.attr == "form"
    return is_read and is_form and _reads_body(code, owner)


def _reads_body(code: Code, test: ast.expr) -> bool:
    for node in ast.walk(test):
        if isinstance(node, ast.Attribute):
            if node.attr in _VALIDATORS or _is_of_draft(code, node):
                return True
            if node.attr in _FORM_ATTRIBUTES and code.is_request(node.value):
                return True
    return False


def _is_of_draft(code: Code, node: ast.Attribute) -> bool:
    """``form.is_valid`` of a `Draft`, which is false for a request without a form."""
    is_name = isinstance(node.value, ast.Name) and node.attr == "is_valid"
    return is_name and ast.unparse(node.value) in drafts_of(code)
