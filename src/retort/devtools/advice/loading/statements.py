"""The import statement that failed, and what could be imported in its place."""

from __future__ import annotations

import ast
import difflib
import os
import pkgutil
import re
import sys
from dataclasses import dataclass
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import retort

from ....as_flask.tables import COMPOSED, WHOLE
from ...checks.source import FUNCTIONS, is_own
from ..diagnostic import joined, source_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import FrameType, ModuleType

    from ...checks.source import Source
    from ..diagnostic import DiagnosticContext, Line
    from ..edit import FileEdit

_MAX_NAMES = 12  # in the list of what a module has
ImportStatement = ast.Import | ast.ImportFrom

_OURS = os.path.dirname(os.path.realpath(retort.__file__)) + os.sep
_IMPORTLIB = os.sep + "importlib" + os.sep


@dataclass(frozen=True)
class Failing:
    """Where an error was raised: the innermost frame outside of Python's import system.

    :param line: the innermost line of the program.
    :param library: the top-level package of the frame, if it is not the program's; else empty.
    """

    line: Line
    library: str = ""

    @property
    def statement(self) -> ImportStatement | None:
        """The import statement of the program that failed; ``None`` in a library."""
        source = self.source
        if self.library or source is None:
            return None
        return statement_at(source.tree, self.line.line)

    @property
    def source(self) -> Source | None:
        """The source of the line."""
        return source_at(self.line)

    @property
    def package(self) -> str:
        """The package that the importing module belongs to; empty for a plain module."""
        return self.line.frame.f_globals.get("__package__") or ""


def failing(diagnostic: DiagnosticContext) -> Failing | None:
    """Where the error was raised; ``None`` if no line of the program is involved."""
    line = diagnostic.last_line
    if line is None:
        return None
    innermost = None
    for frame in frames_of(diagnostic.error):
        if not _is_machinery(frame.f_code.co_filename):
            innermost = frame
    if innermost is None or innermost is line.frame:
        return Failing(line)
    if is_own(innermost.f_code.co_filename):  # a file that is in no cache of sources
        return Failing(line)
    return Failing(line, str(innermost.f_globals.get("__name__", "")).partition(".")[0])


def missing_name(error: BaseException) -> str | None:
    """The name that ``from module import name`` did not find."""
    if not isinstance(error, ImportError) or isinstance(error, ModuleNotFoundError):
        return None
    name: str | None = getattr(error, "name_from", None)  # from Python 3.12 on
    if name is not None:
        return name
    said = re.match(r"cannot import name '([^']+)'", str(error))
    return said[1] if said else None


def frames_of(error: BaseException) -> Iterator[FrameType]:
    """The frames of a traceback, outermost first."""
    for frame, _ in walk_tb(error.__traceback__):
        yield frame


def statement_at(tree: ast.Module, line: int) -> ImportStatement | None:
    """The import statement in a line."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            return node
    return None


def replace_module(edit: FileEdit, statement: ImportStatement, old: str, new: str) -> bool:
    """Write ``new`` for the module ``old`` in an import statement.

    :returns: whether it could be done, and names that the statement binds stay the same.
    """
    if isinstance(statement, ast.ImportFrom):
        if statement.module != old or statement.level:
            return False
        start = edit.start(statement)
        at = edit.text.index(old, start + len("from"))
        edit.replace(at, at + len(old), new)
        return True
    for alias in statement.names:
        if alias.name == old and alias.asname:
            at = edit.start(alias)
            edit.replace(at, at + len(old), new)
            return True
    return False


def bound_by(node: ast.AST) -> set[str]:
    """The names that a statement, or a module, binds when it is executed."""
    if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return set()
    return set().union(*map(bound_by, ast.iter_child_nodes(node)))


def rewrite(edit: FileEdit, statement: ast.ImportFrom, lines: list[str], drop: set[str]) -> bool:
    """Leave names out of a ``from`` import, and import others in new lines below it.

    :returns: ``False`` if comments would be lost, or the statement shares its line with another.
    """
    text = edit.source(statement)
    rest = edit.text[edit.end(statement) :].partition("\n")[0].strip()
    if "#" in text or (rest and not rest.startswith("#")):
        return False
    kept = [alias for alias in statement.names if alias.name not in drop]
    indent = " " * statement.col_offset
    if kept:
        lines = [_from_import(statement, kept, indent if "\n" in text else None), *lines]
    edit.replace_node(statement, f"\n{indent}".join(lines))
    return True


def rename(edit: FileEdit, tree: ast.Module, alias: ast.alias, new: str) -> None:
    """Import another name, and write it where the file uses the old one."""
    if alias.name == new:
        return
    start = edit.start(alias)
    edit.replace(start, start + len(alias.name), new)
    for node in ast.walk(tree) if alias.asname is None else ():
        if isinstance(node, ast.Name) and node.id == alias.name:
            edit.replace_node(node, new)


def imported(module: str, name: str, alias: str) -> str:
    """The statement that imports ``name`` under the name ``alias``."""
    return f"from {module} import {name}" + (f" as {alias}" if alias != name else "")


def _from_import(statement: ast.ImportFrom, names: list[ast.alias], indent: str | None) -> str:
    start = f"from {'.' * statement.level}{statement.module or ''} import "
    words = [f"{one.name} as {one.asname}" if one.asname else one.name for one in names]
    if indent is None:
        return start + ", ".join(words)
    return f"{start}(" + "".join(f"\n{indent}    {word}," for word in words) + f"\n{indent})"


def importable_like(name: str, folder: str) -> Iterable[str]:
    """The modules that could be meant by ``name``: those beside it in its package, or all.

    :param folder: the folder of the importing file.
    """
    parent = name.rpartition(".")[0]
    if not parent:
        return {
            "flask",
            *sys.stdlib_module_names,
            *(found.name for found in pkgutil.iter_modules([folder, *sys.path])),
        }
    return {f"{parent}.{child}" for child in submodules_of(parent)}


def submodules_of(package: str, path: Iterable[str] = ()) -> set[str]:
    """The modules in a package, without those that begin with an underscore.

    :param path: the folders of the package; needed if its import failed.
    """
    if package == "flask":
        return {name.partition(".")[2] for name in (*WHOLE, *COMPOSED)} - {""}
    folders = path or getattr(sys.modules.get(package), "__path__", ())
    return {each.name for each in pkgutil.iter_modules(folders) if not each.name.startswith("_")}


def names_of(error: BaseException, module: str) -> dict[str, Any] | None:
    """The names in a module that was imported, or that was being imported at an error."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        return vars(loaded)
    for frame in frames_of(error):
        if frame.f_globals.get("__name__") == module:
            return frame.f_globals
    return None


def modules_beside(folder: str) -> set[str]:
    """The modules and packages in a folder."""
    return {each.name for each in pkgutil.iter_modules([folder])}


def module_named(name: str) -> ModuleType | None:
    """An imported module; ``flask`` is Retort."""
    return sys.modules.get(name) or (retort if name in ("flask", "retort") else None)


def closest(name: str, among: Iterable[str], likeness: float = 0.7) -> str | None:
    """The most similar of several names, without regard to letter case."""
    lowered = {one.lower(): one for one in among}
    close = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=likeness)
    return lowered[close[0]] if close else None


def in_lower_case(name: str, among: Iterable[str]) -> str | None:
    """The one of several names that differs from ``name`` in letter case only."""
    return next((one for one in among if one.lower() == name.lower() and one != name), None)


def listed(title: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """A row of facts with names, the first ones if there are many."""
    ordered = sorted(names)
    if not ordered:
        return ()
    more = len(ordered) - _MAX_NAMES
    shown = ordered[:_MAX_NAMES] + ([f"{more} more"] if more > 0 else [])
    return ((title, joined(shown)),)


def _is_machinery(file: str) -> bool:
    if file.startswith("<frozen importlib") or _IMPORTLIB in file:
        return True
    return os.path.realpath(file).startswith(_OURS)
