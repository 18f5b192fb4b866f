"""Advice on errors of SQLite: a connection of another thread, no such table, a lock."""

from __future__ import annotations

import ast
import difflib
import os
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.source import UNKNOWN, source_of, text_in
from .connections import per_request_diff
from .diagnostic import DiagnosticContext, Line, source_at
from .record import Advice
from .requests.readings import nodes_at, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.source import Source

_OTHER_THREAD = "SQLite objects created in a thread"
_NO_TABLE = re.compile(r"no such table: (?:main\.)?(.+)")
_LOCKED = "database is locked"
_CREATES = r"create\s+table\s+(?:if\s+not\s+exists\s+)?[\"'`\[]?{}\b"
_MAX_SQL_BYTES = 1_000_000


def _sqlite_error(error: BaseException) -> Any:
    """The error of SQLite, also if SQLAlchemy has wrapped it; ``None`` for others."""
    sqlite = sys.modules.get("sqlite3")
    if sqlite is None:
        return None
    for one in (error, getattr(error, "orig", None)):
        if isinstance(one, sqlite.Error):
            return one
    return None


# Another thread


def other_thread(diagnostic: DiagnosticContext) -> Advice | None:
    """A connection that is used in another thread than the one that opened it."""
    error, line = _sqlite_error(diagnostic.error), diagnostic.last_line
    if error is None or not str(error).startswith(_OTHER_THREAD) or line is None:
        return None
    name = _global_connection(line)
    opened = _opened_at(line, name)
    facts: tuple[tuple[str, str], ...] = ()
    if opened is not None:
        where = f"{os.path.basename(line.file)}:{opened.lineno}"
        facts = (("Opened at", f"{where}: {ast.unparse(opened)}"),)
    shown = name or "A SQLite connection"
    return Advice(
        what=f"{shown} was used in another thread than the one that opened it.",
        why=(
            "sqlite3 refuses to use a connection, or its cursors, in two threads. Each request"
            " needs its own connection, which g holds until the request ends."
        ),
        place=diagnostic.last_place,
        fix="Open a connection for each request.",
        diff=per_request_diff(diagnostic, line, opened) if opened is not None else "",
        facts=facts,
    )


def _global_connection(line: Line) -> str:
    """The global name of the only connection or cursor that the line uses; else empty."""
    sqlite = sys.modules["sqlite3"]
    found = {
        node.id
        for node in nodes_at(line, ast.Name)
        if node.id not in line.frame.f_code.co_varnames
        and isinstance(line.frame.f_globals.get(node.id), (sqlite.Connection, sqlite.Cursor))
    }
    return found.pop() if len(found) == 1 else ""


def _opened_at(line: Line, name: str) -> ast.Assign | None:
    """The statement of the module that opened the connection of a name, if there is one only."""
    source = source_at(line)
    sqlite = sys.modules["sqlite3"]
    value = line.frame.f_globals.get(name)
    connection = value.connection if isinstance(value, sqlite.Cursor) else value
    found = [
        statement
        for statement in (source.tree.body if source else ())
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and line.frame.f_globals.get(statement.targets[0].id) is connection
        and source is not None
        and _is_connect(source, statement.value)
    ]
    return found[0] if name and len(found) == 1 else None


def _is_connect(source: Source, node: ast.AST) -> bool:
    """Whether this is a call of ``sqlite3.connect``, by the imports of its file."""
    if not isinstance(node, ast.Call):
        return False
    names = set()
    for statement in ast.walk(source.tree):
        if isinstance(statement, ast.Import):
            aliases = [one for one in statement.names if one.name == "sqlite3"]
            names |= {f"{one.asname or one.name}.connect" for one in aliases}
        elif isinstance(statement, ast.ImportFrom) and statement.module == "sqlite3":
            aliases = [one for one in statement.names if one.name == "connect"]
            names |= {one.asname or one.name for one in aliases}
    return ast.unparse(node.func) in names


# No such table


def no_such_table(diagnostic: DiagnosticContext) -> Advice | None:
    """The database file that was used, its tables, and what creates the missing one."""
    error, line = _sqlite_error(diagnostic.error), diagnostic.last_line
    found = None if error is None else _NO_TABLE.fullmatch(str(error))
    if found is None or line is None:
        return None
    table = found[1]
    file = _database_of(diagnostic)
    tables = _tables_in(file)
    where = f" in {file}" if file else " in the database"
    close = difflib.get_close_matches(table, tables or (), n=1)
    creator = next(_creators_of(diagnostic, table), "")
    other = _other_file(diagnostic, file, table)
    command = _command_for_tables(diagnostic)
    why, fix = "", "Create the table, or correct its name."
    if close:
        fix = f"Write {close[0]} in the query."
    elif other:
        why = f"{other} has this table; a relative name is looked up in the current folder."
        fix = "Open the database by its absolute path, as in os.path.join(app.root_path, ...)."
    elif command:
        fix = f"Run the program's command {command!r}."
    elif creator:
        fix = f"Run the statement that creates it ({creator})."
    elif error is not diagnostic.error and "sqlalchemy" in diagnostic.app.extensions:
        fix = "Call db.create_all() in an application context, or run the migrations."
    facts = [("Database", file)] if file else []
    if tables is not None:
        facts.append(("Tables", ", ".join(tables) or "none"))
    if creator:
        facts.append(("Created by", creator))
    return Advice(
        what=f"There is no table {table!r}{where}."
        + (f" Did you mean {close[0]!r}?" if close else ""),
        why=why,
        place=diagnostic.last_place,
        fix=fix,
        facts=tuple(facts),
    )


def _database_of(diagnostic: DiagnosticContext) -> str:
    """The absolute path of the database file, if it is certain; else empty."""
    sqlite = sys.modules["sqlite3"]
    line, connections = diagnostic.last_line, []
    names = [*nodes_at(line, ast.Name), *nodes_at(line, ast.Attribute)] if line else []
    for node in names:
        value = UNKNOWN if line is None else value_of(line, node)
        connection = value.connection if isinstance(value, sqlite.Cursor) else value
        if isinstance(connection, sqlite.Connection) and connection not in connections:
            connections.append(connection)
    if connections:
        open_files = {_path_of(connection) for connection in connections}
        path = open_files.pop()
        if path and not open_files:
            return path
    if diagnostic.app is None or _sqlite_error(diagnostic.error) is not diagnostic.error:
        return ""  # SQLAlchemy opens its connections itself
    paths = {_path_in(diagnostic, source, call) for source, call in _connects(diagnostic)}
    return paths.pop() if len(paths) == 1 else ""


def _path_of(connection: Any) -> str:
    """The file of an open connection; empty if it is closed, or has no file."""
    sqlite = sys.modules["sqlite3"]
    try:
        rows = connection.execute("PRAGMA database_list").fetchall()
    except sqlite.Error:
        return ""
    return next((str(tuple(row)[2]) for row in rows if tuple(row)[1] == "main"), "")


def _connects(diagnostic: DiagnosticContext) -> Iterator[tuple[Source, ast.Call]]:
    """The calls of ``sqlite3.connect`` in the program's modules."""
    files = {line.file for line in diagnostic.lines}
    files |= {source.path for source in diagnostic.program.sources}
    modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    root = os.path.join(os.path.realpath(diagnostic.app.root_path), "")
    files |= {os.path.realpath(file) for file in modules if file and file.startswith(root)}
    for source in filter(None, map(source_of, sorted(files))):
        for node in ast.walk(source.tree):
            if _is_connect(source, node) and isinstance(node, ast.Call) and node.args:
                yield source, node


def _path_in(diagnostic: DiagnosticContext, source: Source, call: ast.Call) -> str:
    """The path in a call, if it is a literal, a global name, or a setting of the program."""
    argument = call.args[0]
    value: Any = text_in(argument)
    if isinstance(argument, ast.Name):
        module = next(
            (one for one in list(sys.modules.values()) if _is_file(one, source.path)), None
        )
        value = getattr(module, argument.id, UNKNOWN)
    elif isinstance(argument, ast.Subscript) and ast.unparse(argument.value).endswith("app.config"):
        value = diagnostic.app.config.get(text_in(argument.slice) or "")
    if not isinstance(value, (str, Path)) or str(value).startswith((":", "file:")):
        return ""
    return os.path.abspath(value)


def _is_file(module: Any, path: str) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and os.path.realpath(file) == path


def _tables_in(file: str) -> list[str] | None:
    """The tables of a database file; ``None`` if it cannot be read."""
    sqlite: Any = sys.modules["sqlite3"]
    if not file or not os.path.isfile(file):
        return None
    query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
    try:
        with closing(sqlite.connect(f"{Path(file).as_uri()}?mode=ro", uri=True, timeout=0)) as base:
            names = [str(row[0]) for row in base.execute(query)]
    except sqlite.Error:
        return None
    return [name for name in names if not name.startswith("sqlite_")]


def _other_file(diagnostic: DiagnosticContext, file: str, table: str) -> str:
    """A database of the same name in a folder of the program that has the table."""
    if not file or diagnostic.app is None:
        return ""
    folders = (diagnostic.app.root_path, os.path.dirname(diagnostic.app.root_path))
    for folder in (*folders, diagnostic.app.instance_path):
        other = os.path.join(folder, os.path.basename(file))
        if os.path.realpath(other) != os.path.realpath(file) and table in (_tables_in(other) or ()):
            return other
    return ""


def _creators_of(diagnostic: DiagnosticContext, table: str) -> Iterator[str]:
    """The places with ``CREATE TABLE``, in the program and in the SQL files of its folder."""
    creates = re.compile(_CREATES.format(re.escape(table)), re.I)
    for source in diagnostic.program.sources:
        for node in ast.walk(source.tree):
            text = text_in(node)
            if text is not None and creates.search(text):
                function = _function_around(source, node)
                inside = f" in {function}()" if function else ""
                yield f"{os.path.basename(source.path)}:{node.lineno}{inside}"  # type: ignore[attr-defined]
    for file in sorted(Path(diagnostic.app.root_path).rglob("*.sql")):
        if file.stat().st_size > _MAX_SQL_BYTES:
            continue
        found = creates.search(file.read_text(encoding="utf-8", errors="replace"))
        if found:
            line = found.string.count("\n", 0, found.start()) + 1
            yield f"{file.name}:{line}"


def _function_around(source: Source, node: ast.AST) -> str:
    around = [one for one in source.functions() if any(node is inner for inner in ast.walk(one))]
    return max(around, key=lambda one: one.lineno).name if around else ""


def _command_for_tables(diagnostic: DiagnosticContext) -> str:
    """A command of the program with a name such as ``init-db``."""
    names = list(diagnostic.app.cli.commands) if diagnostic.app is not None else []
    by_word = [re.split(r"[-_]", name.lower()) for name in names]
    wanted = {"initdb", "createdb", "createtables"}
    name: str
    for name, words in zip(names, by_word, strict=True):
        if "".join(words) in wanted or ({"init", "create", "setup"} & {*words} and "db" in words):
            return name
    return ""


# Locked


def locked(diagnostic: DiagnosticContext) -> Advice | None:
    """Another connection holds a lock on the database."""
    error = _sqlite_error(diagnostic.error)
    if error is None or str(error) != _LOCKED:
        return None
    file = _database_of(diagnostic)
    shown = f" {file}" if file else ""
    what = f"Another connection holds a lock on the database{shown}."
    if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY":  # unknown before Python 3.11
        what = (
            f"The database{shown} is locked: another connection holds a lock on it, or has written"
            " since this one began to read."
        )
    return Advice(
        what=what,
        why=(
            "A connection that has written keeps its lock until commit(), rollback() or close()."
            " The other connection may belong to this program or to another one."
        ),
        place=diagnostic.last_place,
        fix="Commit or close each connection as soon as it has written.",
        facts=(("Database", file),) if file else (),
    )
