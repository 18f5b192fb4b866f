"""Changes of module data that no visitor can see: objects made at first use, remembered results.

Each replica makes the same object for itself, so its data may stay in the process.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ....globals import g, request, session
from ..source import UNKNOWN, code_of
from .values import is_own_class

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..source import Code
    from .writes import Write

_OF_REQUEST = (request, session, g)
# What a text has that reads data which requests change.
_READS_DATA = ("session", "query", "execute", "cursor", "connect", "open(", "read_text", "now(")


def is_first_use(write: Write) -> bool:
    """``if pool is None: pool = connect()``, without a value of the request."""
    statement = _statement(write)
    if not isinstance(statement, ast.Assign) or statement.value is None:
        return False
    target = ast.unparse(statement.targets[0])
    guard = _guard(write, statement, target)
    if guard is None or not _is_of_process(write, statement.value):
        return False
    is_flag = isinstance(statement.value, ast.Constant)
    return not is_flag or not any(isinstance(one, ast.Return) for one in ast.walk(guard))


def are_remembered(writes: Sequence[Write]) -> bool:
    """Whether all changes of a dictionary keep the result of a function under its argument."""
    return any(map(_remembers, writes)) and all(
        _remembers(write) or _forgets(write) for write in writes
    )


def reads_data(write: Write) -> bool:
    """Whether what is remembered depends on a database, a file or the time."""
    statement = _statement(write)
    if not isinstance(statement, ast.Assign):
        return False
    if reads_data_in(write.reached.code):
        return True
    texts = []
    for node in ast.walk(statement.value):
        if isinstance(node, ast.Call):
            found = write.reached.names.function(node.func)
            texts += [_text_of(found[0])] if found is not None else []
    return any(word in text for text in texts for word in _READS_DATA)


def reads_data_in(code: Code) -> bool:
    """Whether a function itself reads a database, a file or the time."""
    text = ast.unparse(code.node)
    return any(word in text for word in _READS_DATA)


@lru_cache(maxsize=1000)
def _text_of(function: Any) -> str:
    code = code_of(function)
    return "" if code is None else ast.unparse(code.node)


def _remembers(write: Write) -> bool:
    """``if key not in results: results[key] = compute(key)``."""
    node, statement = write.node, _statement(write)
    if not isinstance(node, ast.Subscript) or not isinstance(statement, ast.Assign):
        return False
    key, container = ast.unparse(node.slice), ast.unparse(node.value)
    made = _made_of(write, statement.value)
    if made is None or not _is_looked_up(write, key, container):
        return False
    return {*_local_names(write, made)} <= {*_local_names(write, node.slice)}


def _made_of(write: Write, value: ast.expr) -> ast.Call | None:
    """The call that computes a value, also one line above: ``text = render(page)``."""
    names = write.reached.names
    if isinstance(value, ast.Name):
        values = [
            each.value
            for each in ast.walk(write.reached.code.node)
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == value.id
        ]
        value = next((each for each in values if isinstance(each, ast.Call)), value)
    if not isinstance(value, ast.Call) or not (value.args or value.keywords):
        return None
    called = names.object(value.func)
    is_state = isinstance(called, type) and (is_own_class(called) or called in (dict, list, set))
    return None if is_state else value


def _forgets(write: Write) -> bool:
    """``results.clear()``, ``results.pop(next(iter(results)))``, ``del results[key]``."""
    node = write.node
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Del)
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method and node.func.attr in ("clear", "pop", "popitem", "move_to_end")  # type: ignore[attr-defined]


def _is_looked_up(write: Write, key: str, container: str) -> bool:
    """Whether the function looks for the key first, and otherwise computes the value."""
    looks = (f"{container}[{key}]", f"{container}.get({key}", f"{key} in {container}")
    text = ast.unparse(write.reached.code.node).replace(" not in ", " in ")
    return any(text.count(look) > look.endswith("]") for look in looks)


def _guard(write: Write, statement: ast.stmt, target: str) -> ast.AST | None:
    """The ``if`` around an assignment, or before it with a return, for an empty target."""
    parents = write.reached.names.parents
    attribute = target.rpartition(".")[2]
    absent = (f"{target} is None", f"not {target}", f"hasattr({target.rpartition('.')[0]}")
    outer: ast.AST | None = statement
    while outer is not None:
        test = ast.unparse(outer.test) if isinstance(outer, ast.If) else ""
        if any(text in test for text in absent) or f"{attribute!r} not in " in test:
            return outer
        outer = parents.get(outer)
    for node in ast.walk(write.reached.code.node):
        is_early = isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return)
        if is_early and ast.unparse(node.test) in (target, f"{target} is not None"):  # type: ignore[attr-defined]
            return node
    return None


def _is_of_process(write: Write, value: ast.expr) -> bool:
    """Whether a value has no part of the request and no local name."""
    names = write.reached.names
    for node in ast.walk(value):
        if isinstance(node, (ast.Name, ast.Attribute)):
            found = names.object(node)
            if any(found is one for one in _OF_REQUEST):
                return False
    return all(_is_local_of_process(write, name) for name in _local_names(write, value))


def _is_local_of_process(write: Write, name: str) -> bool:
    """Whether a local name is assigned from what is no part of the request either."""
    code = write.reached.code
    parameters = {one.arg for one in ast.walk(code.node.args) if isinstance(one, ast.arg)}
    if name in parameters:
        return name in ("self", "cls")
    values = [
        each.value
        for each in ast.walk(code.node)
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == name
    ]
    return bool(values) and all(
        name not in {*_local_names(write, value)} and _is_of_process(write, value)
        for value in values
    )


def _local_names(write: Write, node: ast.AST) -> Iterator[str]:
    names = write.reached.names
    inner = {
        each.target.id
        for each in ast.walk(node)
        if isinstance(each, ast.comprehension) and isinstance(each.target, ast.Name)
    }
    for each in ast.walk(node):
        is_name = isinstance(each, ast.Name) and each.id not in (*inner, *names.outer)
        if is_name and names.code.resolve(each) is UNKNOWN:  # type: ignore[arg-type]
            yield each.id  # type: ignore[attr-defined]


def _statement(write: Write) -> ast.AST | None:
    outer: ast.AST | None = write.node
    while outer is not None and not isinstance(outer, ast.stmt):
        outer = write.reached.names.parents.get(outer)
    return outer
