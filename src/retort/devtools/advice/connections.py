"""The edit that gives each request its own connection to a database, in place of a global one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ...globals import g
from ..checks.source import FUNCTIONS, first_line_of, text_in
from .diagnostic import DiagnosticContext, Line, source_at
from .edit import FileEdit, add_import, diff_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.source import Function, Source

_OPENER, _CLOSER = "get_db", "close_db"
_ADDED = """

def {opener}():
    if 'db' not in g:
        g.db = {connect}
{settings}    return g.db


@{app}.teardown_appcontext
def {closer}(error):
    db = g.pop('db', None)
    if db is not None:
        db.close()"""


def per_request_diff(diagnostic: DiagnosticContext, line: Line, opened: ast.Assign) -> str:
    """Add ``get_db`` to a file, and use it in its functions in place of the global connection.

    Functions that the module calls while it is imported keep the global one.

    :param opened: the statement of the module that opens the global connection.
    :returns: empty if the change is not certain to work.
    """
    source = source_at(line)
    app = next((key for key, one in line.frame.f_globals.items() if one is diagnostic.app), "")
    if source is None or not app or _is_in_memory(line, opened) or not _has_free_names(line):
        return ""
    made = _assignment_of(source, app)
    functions = _functions_to_change(source, _names_in(source, opened))
    if made is None or functions is None:
        return ""
    edit = FileEdit(source.path)
    for function, lines in functions:
        if not _insert_first(edit, function, lines):
            return ""
    settings = _settings_of(source, opened)
    added = _ADDED.format(
        opener=_OPENER,
        closer=_CLOSER,
        connect=edit.source(opened.value),
        settings="".join(
            f"        g.db.{name} = {edit.source(one.value)}\n" for name, one in settings.items()
        ),
        app=app,
    )
    last = max(one.end_lineno or 0 for one in (made, opened, *settings.values()))
    is_followed = last < len(edit.lines) and edit.lines[last].strip()
    edit.insert_line(last + 1, f"{added}\n\n" if is_followed else added)
    add_import(edit, source.tree, "flask", "g")
    return diff_of(diagnostic.folder, edit)


def _is_in_memory(line: Line, opened: ast.Assign) -> bool:
    """Whether each connection would have a database of its own."""
    call = opened.value
    if not isinstance(call, ast.Call) or not call.args:
        return True
    path = text_in(call.args[0])
    if isinstance(call.args[0], ast.Name):
        path = str(line.frame.f_globals.get(call.args[0].id))
    return path is not None and (path == "" or "memory" in path)


def _has_free_names(line: Line) -> bool:
    names = line.frame.f_globals
    return not {_OPENER, _CLOSER} & names.keys() and names.get("g", g) is g


def _assignment_of(source: Source, name: str) -> ast.Assign | None:
    """The only statement of the module that assigns a name."""
    found = [
        statement
        for statement in source.tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id == name
    ]
    return found[0] if len(found) == 1 else None


def _names_in(source: Source, opened: ast.Assign) -> dict[str, str]:
    """The global connection and its cursors, each with the line that replaces it."""
    connection = ast.unparse(opened.targets[0])
    names = {connection: f"{connection} = {_OPENER}()"}
    for statement in source.tree.body:
        if not isinstance(statement, ast.Assign):
            continue
        target, made = statement.targets[0], ast.unparse(statement.value)
        if isinstance(target, ast.Name) and made == f"{connection}.cursor()":
            names[target.id] = f"{target.id} = {_OPENER}().cursor()"
    return names


def _settings_of(source: Source, opened: ast.Assign) -> dict[str, ast.Assign]:
    """The attributes of the connection that the module sets: ``conn.row_factory = ...``."""
    connection = ast.unparse(opened.targets[0])
    return {
        target.attr: statement
        for statement in source.tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(target := statement.targets[0], ast.Attribute)
        and ast.unparse(target.value) == connection
    }


# The functions that use it


def _functions_to_change(
    source: Source, names: dict[str, str]
) -> list[tuple[Function, list[str]]] | None:
    """The functions that use one of the names; ``None`` if one cannot be changed."""
    at_import = _called_at_import(source)
    found = []
    for function in _outer_functions(source):
        lines = [line for name, line in names.items() if _uses(function, name)]
        if not lines:
            continue
        if function.name in at_import:
            if _is_called_elsewhere(source, function, at_import):
                return None
            continue
        if any(isinstance(node, (ast.Global, ast.Nonlocal)) for node in ast.walk(function)):
            return None
        found.append((function, lines))
    return found


def _outer_functions(source: Source) -> Iterator[Function]:
    for statement in source.tree.body:
        inner = statement.body if isinstance(statement, ast.ClassDef) else [statement]
        yield from (one for one in inner if isinstance(one, FUNCTIONS))


def _uses(function: Function, name: str) -> bool:
    """Whether a function reads a global name."""
    arguments = function.args
    bound = {one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    uses = [one for one in ast.walk(function) if isinstance(one, ast.Name) and one.id == name]
    return bool(uses) and name not in bound and all(isinstance(one.ctx, ast.Load) for one in uses)


def _called_at_import(source: Source) -> set[str]:
    """The functions that the module calls while it is imported, also through others."""
    functions = {one.name: one for one in _outer_functions(source)}
    waiting: list[ast.AST] = [
        part
        for statement in source.tree.body
        if not isinstance(statement, (*FUNCTIONS, ast.ClassDef))
        for part in ast.walk(statement)
    ]
    found: set[str] = set()
    while waiting:
        node = waiting.pop()
        name = _called_name(node)
        if name in functions and name not in found:
            found.add(name)
            waiting += ast.walk(functions[name])
    return found


def _called_name(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


def _is_called_elsewhere(source: Source, function: Function, at_import: set[str]) -> bool:
    """Whether a request may call it, too: as a view, or from another function."""
    if function.decorator_list:
        return True
    return any(
        _called_name(node) == function.name
        for other in _outer_functions(source)
        if other.name not in at_import
        for node in ast.walk(other)
    )


def _insert_first(edit: FileEdit, function: Function, lines: list[str]) -> bool:
    """Insert lines at the start of a function, below its docstring."""
    first, *rest = function.body
    if rest and isinstance(first, ast.Expr) and text_in(first.value) is not None:
        first = rest[0]
    line = first_line_of(first) if isinstance(first, FUNCTIONS) else first.lineno
    indent = edit.lines[line - 1][: first.col_offset]
    if indent.strip():  # on the line of its def
        return False
    edit.insert_line(line, "\n".join(f"{indent}{text}" for text in lines))
    return True
