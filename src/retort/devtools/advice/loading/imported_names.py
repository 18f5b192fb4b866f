"""Advice on names that an imported module does not have, and on relative imports."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.utils import ImportStringError

import retort

from ...checks.source import is_own, source_of
from ..edit import FileEdit, diff_of
from ..record import Advice
from .circular import short
from .removed_names import ELSEWHERE
from .statements import (
    Failing,
    bound_by,
    closest,
    failing,
    imported,
    in_lower_case,
    listed,
    missing_name,
    module_named,
    modules_beside,
    rename,
    rewrite,
    submodules_of,
)

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext


def missing_attribute(diagnostic: DiagnosticContext) -> Advice | None:
    """``from flask import flask``, ``from shop.models import Usr``."""
    error, name, found = diagnostic.error, missing_name(diagnostic.error), failing(diagnostic)
    if name is None or found is None or not isinstance(error, ImportError) or not error.name:
        return None
    module = "flask" if error.name == "retort" else error.name
    names = _names_in(error.name, error.path)
    if found.library or name in names or not names:
        return None
    right = in_lower_case(name, names)
    if right is not None:
        return Advice(
            what=f"{module} has no {name!r}: its name is {right!r}, and the letter case counts.",
            place=diagnostic.last_place,
            fix=f"Write 'from {module} import {right}'.",
            diff=_name_diff(diagnostic, found, name, right),
        )
    if module.partition(".")[0] in ("flask", "werkzeug") and name in ELSEWHERE:
        return _in_other_module(diagnostic, found, module, name, ELSEWHERE[name])
    if error.name == "flask" and name in retort.__all__:
        return _in_other_module(diagnostic, found, module, name, "retort")
    local = _local(diagnostic, error.path, name)
    if local is not None:
        return local
    close = closest(name, names)
    is_own_file = is_own(error.path)
    define = f", or define it in {short(error.path)}" if is_own_file and error.path else ""
    shown = f"{short(error.path)} ({module})" if is_own_file and error.path else module
    return Advice(
        what=f"{shown} has no {name!r}." + (f" Did you mean {close!r}?" if close else ""),
        place=diagnostic.last_place,
        fix=f"Write {close}." if close else f"Correct the name {name}{define}.",
        diff=_name_diff(diagnostic, found, name, close) if close else "",
        facts=listed(f"Names in {module}", names) if is_own_file else (),
    )


def _local(diagnostic: DiagnosticContext, path: str | None, name: str) -> Advice | None:
    """A name that is a local variable of a function: ``app`` in ``create_app()``."""
    source, line = source_of(path), diagnostic.last_line
    if source is None or line is None:
        return None
    for function in source.functions():
        for node in function.body:
            if not isinstance(node, ast.Assign) or name not in bound_by(node):
                continue
            called = getattr(node.value, "func", None)
            is_app = getattr(called, "id", getattr(called, "attr", "")) in ("Flask", "Retort")
            fix = f"Use current_app in {short(line.file)}, and do not import {name} there."
            return Advice(
                what=f"{short(source.path)} has no {name!r} to import: it is a local variable of"
                f" {function.name}().",
                place=diagnostic.last_place,
                fix=fix if is_app else f"Assign {name} outside of {function.name}().",
            )
    return None


def _in_other_module(
    diagnostic: DiagnosticContext, found: Failing, module: str, name: str, home: str
) -> Advice:
    statement, edit = found.statement, FileEdit(found.line.file)
    is_done = isinstance(statement, ast.ImportFrom) and rewrite(
        edit,
        statement,
        [
            imported(home, alias.name, alias.asname or alias.name)
            for alias in statement.names
            if alias.name == name
        ],
        {name},
    )
    return Advice(
        what=f"{module} has no {name!r}: it is in {home}.",
        place=diagnostic.last_place,
        fix=f"Write 'from {home} import {name}'.",
        diff=diff_of(diagnostic.folder, edit) if is_done else "",
    )


def _names_in(module: str, path: str | None) -> set[str]:
    """The public names of a module; those of its source if its import failed."""
    loaded = module_named(module)
    if loaded is not None:
        public = {name for name in dir(loaded) if not name.startswith("_")}
        return public | (submodules_of(module) if hasattr(loaded, "__path__") else set())
    source = source_of(path)
    return set() if source is None else bound_by(source.tree)


def _name_diff(diagnostic: DiagnosticContext, found: Failing, name: str, right: str) -> str:
    statement, source = found.statement, found.source
    if not isinstance(statement, ast.ImportFrom) or source is None:
        return ""
    edit = FileEdit(found.line.file)
    for alias in statement.names:
        if alias.name == name:
            rename(edit, source.tree, alias, right)
    return diff_of(diagnostic.folder, edit)


# Relative imports


def relative_import(diagnostic: DiagnosticContext) -> Advice | None:
    """``from .models import User`` in a file that is not loaded as a part of a package."""
    found = failing(diagnostic)
    if type(diagnostic.error) is not ImportError or found is None or found.library:
        return None
    statement = found.statement
    if not isinstance(statement, ast.ImportFrom) or not statement.level:
        return None
    if found.package:
        return None
    folder = os.path.dirname(found.line.file)
    name = short(found.line.file)
    is_package = os.path.isfile(os.path.join(folder, "__init__.py"))
    beside = modules_beside(folder)
    target = (statement.module or statement.names[0].name).partition(".")[0]
    edit = FileEdit(found.line.file)
    diff = ""
    if not is_package and statement.level == 1 and statement.module and target in beside:
        at = edit.text.index(".", edit.start(statement))
        edit.replace(at, at + 1, "")
        diff = diff_of(diagnostic.folder, edit)
    package = os.path.basename(folder)
    return Advice(
        what=f"{name} has a relative import, but it is loaded as a module of its own, not as a part"
        " of a package.",
        place=diagnostic.last_place,
        fix=f"Load it as {package}.{Path(name).stem}, from the folder above {package}."
        if is_package
        else f"Write the import without the dot: 'from {target} import ...'.",
        diff=diff,
    )


# Names in strings


def missing_object(diagnostic: DiagnosticContext) -> Advice | None:
    """``app.config.from_object("settings.Cofnig")``."""
    error = diagnostic.error
    if not isinstance(error, ImportStringError) or diagnostic.last_line is None:
        return None
    module, _, attribute = error.import_name.replace(":", ".").rpartition(".")
    cause = error.exception
    if isinstance(cause, ModuleNotFoundError) and cause.name:
        if not f"{error.import_name}.".startswith(f"{cause.name}."):
            return None
        names = modules_beside(os.path.dirname(diagnostic.last_line.file))
        title = "Modules beside the program"
        close = closest(cause.name, names)
        what = f"There is no module {cause.name!r}, which {error.import_name!r} names."
    else:
        loaded = sys.modules.get(module)
        if loaded is None or hasattr(loaded, attribute):
            return None
        close, names = closest(attribute, dir(loaded)), _names_in(module, None)
        title = f"Names in {module}"
        what = f"{module} has no {attribute!r}, which {error.import_name!r} names."
    return Advice(
        what=what + (f" Did you mean {close!r}?" if close else ""),
        place=diagnostic.last_place,
        fix=f"Write {close}." if close else "Correct the name.",
        facts=listed(title, names),
    )
