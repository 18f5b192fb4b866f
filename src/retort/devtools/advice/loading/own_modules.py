"""Advice on modules of the program itself that an import does not find under its name."""

from __future__ import annotations

import ast
import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ...checks.source import is_own
from ..edit import FileEdit, diff_of, rename_diff
from ..record import Advice
from .packages import distribution_of
from .statements import (
    Failing,
    bound_by,
    closest,
    missing_name,
    modules_beside,
    replace_module,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..diagnostic import DiagnosticContext

_LIKENESS = 0.8
_NOT_SEARCHED = frozenset({"node_modules", "venv", "env", "__pycache__", "tests"})


def hiding_module(diagnostic: DiagnosticContext) -> Advice | None:
    """A file of the program that an import finds in place of Python's module, or of a package."""
    error, line = diagnostic.error, diagnostic.last_line
    if line is None or not isinstance(error, (ImportError, AttributeError)):
        return None
    module = error.obj if isinstance(error, AttributeError) else None
    name, path = getattr(error, "name", None), getattr(error, "path", None)
    wanted = missing_name(error)
    if isinstance(module, ModuleType):
        wanted, name, path = name, module.__name__, getattr(module, "__file__", None)
    if not name or not path or not is_own(path):
        return None
    file = os.path.realpath(path)
    if wanted is not None and wanted in _names_in_python(name):
        what = f"The file {os.path.basename(file)} of the program hides Python's module {name!r}."
    elif file == line.file and isinstance(error, ImportError):
        what = f"{os.path.basename(file)} imports itself: 'import {name}' finds this file."
    else:
        return None
    new = os.path.join(os.path.dirname(file), f"my_{name.rpartition('.')[2]}.py")
    return Advice(
        what=what,
        why="Python searches the program's own folder first.",
        place=diagnostic.last_place,
        fix=f"Rename {os.path.basename(file)}, for instance to {os.path.basename(new)}.",
        diff="" if os.path.exists(new) else rename_diff(os.path.dirname(file), file, new),
    )


def _names_in_python(module: str) -> set[str]:
    """The names in a module of Python that is written in Python; it is not imported."""
    if module not in sys.stdlib_module_names:
        return set()
    folder = Path(sysconfig.get_path("stdlib"))
    for file in (folder / f"{module}.py", folder / module / "__init__.py"):
        if file.is_file():
            return bound_by(ast.parse(file.read_bytes()))
    return set()


def own_module(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    """A file of the program with this name, or a similar one."""
    if "." in name or found.library or distribution_of(name) is not None:
        return None
    folder = os.path.dirname(found.line.file)
    beside = modules_beside(folder)
    if name in beside and found.package:
        return _in_this_package(diagnostic, found, name)
    close = closest(name, beside, _LIKENESS)
    if close:
        edit = FileEdit(found.line.file)
        is_done = found.statement and replace_module(edit, found.statement, name, close)
        return Advice(
            what=f"There is no module {name!r}. Did you mean {close!r}?",
            place=diagnostic.last_place,
            fix=f"Write {close}.",
            diff=diff_of(diagnostic.folder, edit) if is_done else "",
        )
    return _elsewhere(diagnostic, found, name)


def _in_this_package(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice:
    statement = found.statement
    edit, is_done = FileEdit(found.line.file), False
    if isinstance(statement, ast.ImportFrom):
        is_done = replace_module(edit, statement, name, f".{name}")
    elif statement is not None and len(statement.names) == 1:
        alias = statement.names[0].asname
        edit.replace_node(statement, f"from . import {name}" + (f" as {alias}" if alias else ""))
        is_done = True
    relative = f"from .{name} import ..." if isinstance(statement, ast.ImportFrom) else ""
    return Advice(
        what=f"There is no module {name!r}: {name} is a part of the package {found.package!r}.",
        place=diagnostic.last_place,
        fix=f"Write '{relative or f'from . import {name}'}'.",
        diff=diff_of(diagnostic.folder, edit) if is_done else "",
    )


def _elsewhere(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    """The only file with this name in the folders below the program's."""
    root = Path(found.line.file).parent
    for _ in found.package.split(".") if found.package else ():
        root = root.parent
    files = [*_files_named(root, name)]
    if len(files) != 1:
        return None
    dotted = ".".join(files[0].relative_to(root).with_suffix("").parts)
    edit = FileEdit(found.line.file)
    is_done = found.statement and replace_module(edit, found.statement, name, dotted)
    return Advice(
        what=f"There is no module {name!r}: {name}.py is in the folder"
        f" {files[0].parent.relative_to(root)}.",
        place=diagnostic.last_place,
        fix=f"Write {dotted} in place of {name}.",
        diff=diff_of(diagnostic.folder, edit) if is_done else "",
    )


def _files_named(root: Path, name: str) -> Iterable[Path]:
    for folder in _folders_in(root):
        for inner in (folder, *_folders_in(folder)):
            if (inner / f"{name}.py").exists():
                yield inner / f"{name}.py"


def _folders_in(folder: Path) -> Iterable[Path]:
    try:
        folders = [each for each in folder.iterdir() if each.is_dir()]
    except OSError:
        return []
    return [each for each in folders if each.name.isidentifier() and each.name not in _NOT_SEARCHED]
