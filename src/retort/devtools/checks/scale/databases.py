"""Rule: SQLite and other databases in files of one machine, or in memory."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..findings import Finding
from .places import argument, first_call, is_named, serving_calls, texts_in
from .settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..calls import Call
    from ..program import Program
    from .reach import Reached

# Package -> names of classes and functions that open a file of one machine.
_FILES = {
    "peewee": ("SqliteDatabase",),
    "playhouse": ("SqliteExtDatabase",),
    "tinydb": ("TinyDB",),
    "shelve": ("open",),
    "dbm": ("open",),
}
_URLS = {"sqlalchemy": ("create_engine", "create_async_engine"), "dataset": ("connect",)}
_CHANGES = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER)\b", re.I)
_READ_ONLY = ("mode=ro", "immutable=1")
_KEYS = ("SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_BINDS")
_SEEN = (
    "Each replica on another machine has another file: a visitor finds what was stored by one"
    " replica, and then does not; and a container loses its file with each new version."
)
_FIX = (
    "Use a database server, such as PostgreSQL:"
    " {line}, with DATABASE_URL=postgresql+psycopg://user@host/name in the environment."
)


def check_databases(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report databases on the disk or in the memory of one machine."""
    yield from _configured(program)
    for call, is_request in serving_calls(program, reached):
        yield from _opened(program, call, is_request=is_request)


def _configured(program: Program) -> Iterator[Finding]:
    app = program.app
    if "sqlalchemy" not in app.extensions:
        return
    uris = [app.config.get("SQLALCHEMY_DATABASE_URI"), *_binds(app.config.get("SQLALCHEMY_BINDS"))]
    if not any(str(uri).startswith("sqlite") for uri in uris):
        return
    places = [one for one in settings_of(program, _KEYS) if "sqlite" in ast.unparse(one.value)]
    if places:
        is_fallback = "environ" in (text := ast.unparse(places[0].value)) or "getenv" in text
        path, line = places[0].path, places[0].line
    else:
        is_fallback = False
        path, line = first_call(program, "flask_sqlalchemy", "SQLAlchemy") or ("", 0)
    if path:
        rule = "local-database-fallback" if is_fallback else "local-database"
        when = "Where the variable is not set, " if is_fallback else ""
        yield Finding(
            path,
            line,
            rule,
            f"{when}SQLALCHEMY_DATABASE_URI is SQLite, a file of one machine. {_SEEN}",
            _FIX.format(line='SQLALCHEMY_DATABASE_URI = os.environ["DATABASE_URL"]'),
        )


def _binds(binds: object) -> list[object]:
    values = list(binds.values()) if isinstance(binds, dict) else []
    return [value.get("url") if isinstance(value, dict) else value for value in values]


def _opened(program: Program, call: Call, *, is_request: bool) -> Iterator[Finding]:
    name = ast.unparse(call.node.func)
    first = argument(call.node, 0, "database", "url", "path", "filename", "name_or_url")
    texts = texts_in(call, first)
    if any(is_named(call.called, package, *names) for package, names in _FILES.items()):
        yield _finding(call, f"{name}() opens a file of one machine")
    elif any(is_named(call.called, package, *names) for package, names in _URLS.items()):
        if any(text.startswith("sqlite") for text in texts):
            yield _finding(call, f"{name}() opens SQLite, a file of one machine")
    elif _is_sqlite(call):
        is_memory = ":memory:" in texts
        if is_memory and not is_request:
            yield _finding(call, f"{name}() makes a database in the memory of each process")
        elif not is_memory and not _is_read_only(program, texts):
            yield _finding(call, f"{name}() opens SQLite, a file of one machine")


def _is_sqlite(call: Call) -> bool:
    is_sqlite3 = getattr(call.called, "__name__", "") == "connect" and str(
        getattr(call.called, "__module__", "")
    ) in ("_sqlite3", "sqlite3")
    return is_sqlite3 or is_named(call.called, "aiosqlite", "connect")


def _is_read_only(program: Program, texts: list[str]) -> bool:
    """Whether the program only reads the database, which may be a part of its image then."""
    if any(word in text for text in texts for word in _READ_ONLY):
        return True
    return not any(map(_CHANGES.search, program.strings))


def _finding(call: Call, what: str) -> Finding:
    line = 'psycopg.connect(os.environ["DATABASE_URL"])'
    fix = _FIX.format(line=line).replace("+psycopg", "")
    return Finding(call.path, call.node.lineno, "local-database", f"{what}. {_SEEN}", fix)
