"""Advice on modules that are not found."""

from __future__ import annotations

import ast
import os
import sys
from typing import TYPE_CHECKING

from ..edit import FileEdit, diff_of
from ..record import Advice
from .circular import short
from .own_modules import own_module
from .packages import (
    OF_PYTHON_2,
    REMOVED_FROM_PYTHON,
    distribution_of,
    is_installed,
    pip_install,
    this_python,
)
from .removed import upgrade
from .statements import (
    Failing,
    closest,
    failing,
    importable_like,
    in_lower_case,
    listed,
    module_named,
    names_of,
    rename,
    replace_module,
    submodules_of,
)

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext
    from .statements import ImportStatement

_LIKENESS = 0.8


def missing_module(diagnostic: DiagnosticContext) -> Advice | None:
    """``import yaml``, ``from Flask import flask``, ``from shop.modls import User``."""
    error, found = diagnostic.error, failing(diagnostic)
    if not isinstance(error, ModuleNotFoundError) or not error.name or found is None:
        return None
    for advise in (_of_python_2, _of_older_python, _in_other_case, _in_package, own_module, _known):
        advice = advise(diagnostic, found, error.name)
        if advice is not None:
            return advice
    return _unknown(diagnostic, found, error.name)


def _of_python_2(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    if name not in OF_PYTHON_2:
        return None
    new = OF_PYTHON_2[name]
    return Advice(
        what=f"{name} is a module of Python 2; Python 3 has {new}.",
        place=diagnostic.last_place,
        fix=upgrade(found.library) if found.library else f"Import what you need from {new}.",
    )


def _of_older_python(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    module = name.partition(".")[0]
    version, instead = REMOVED_FROM_PYTHON.get(module, ((4, 0), ""))
    if sys.version_info >= version:
        return Advice(
            what=f"Python {version[0]}.{version[1]} removed the module {module}.",
            place=diagnostic.last_place,
            fix=upgrade(found.library) if found.library else instead,
        )
    if module not in sys.stdlib_module_names or module != name:
        return None
    return Advice(
        what=f"The module {name} belongs to Python, but this installation of Python lacks it.",
        why=this_python(),
        place=diagnostic.last_place,
        fix="Install the package python3-tk of the system."
        if name in ("tkinter", "_tkinter")
        else f"Install a Python that was built with {name.lstrip('_')}.",
    )


def _in_other_case(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    """A name that exists in another letter case: ``Flask`` for ``flask``."""
    folder = os.path.dirname(found.line.file)
    right = in_lower_case(name, importable_like(name, folder))
    statement = found.statement
    if right is None or found.library or distribution_of(name) is not None:
        return None
    return Advice(
        what=f"There is no module {name!r}: its name is {right!r}, and the letter case counts.",
        place=diagnostic.last_place,
        fix=_corrected(statement, name, right),
        diff=_module_diff(diagnostic, found, name, right),
    )


def _corrected(statement: ImportStatement | None, name: str, right: str) -> str:
    if isinstance(statement, ast.ImportFrom) and statement.module == name:
        names = [_name_in(right, alias.name) for alias in statement.names]
        return f"Write 'from {right} import {', '.join(names)}'."
    if hasattr(module_named(right), name):  # import Flask
        return f"Write 'from {right} import {name}', or 'import {right}'."
    return f"Write {right}."


def _name_in(module: str, name: str) -> str:
    """A name of an imported module, in the letter case that it has there."""
    loaded = module_named(module)
    names = [] if loaded is None else dir(loaded)
    return name if name in names else in_lower_case(name, names) or name


def _module_diff(diagnostic: DiagnosticContext, found: Failing, name: str, right: str) -> str:
    statement, source = found.statement, found.source
    if statement is None or source is None:
        return ""
    edit = FileEdit(found.line.file)
    if replace_module(edit, statement, name, right):
        for alias in statement.names if isinstance(statement, ast.ImportFrom) else ():
            rename(edit, source.tree, alias, _name_in(right, alias.name))
        return diff_of(diagnostic.folder, edit)
    uses = [
        node for node in ast.walk(source.tree) if isinstance(node, ast.Name) and node.id == name
    ]
    modules = [node for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)]
    if len(statement.names) > 1 or not isinstance(statement, ast.Import):
        return ""
    if statement.names[0].name != name:  # import ddtrace.auto
        return ""
    if {id(node) for node in uses} <= {id(node.value) for node in modules}:
        for node in uses:
            edit.replace_node(node, right)
        edit.replace_node(statement, f"import {right}")
    elif hasattr(module_named(right), name):  # import Flask, and Flask(__name__)
        edit.replace_node(statement, f"from {right} import {name}")
    else:
        return ""
    return diff_of(diagnostic.folder, edit)


def _in_package(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    """A module of a package that was found: ``shop.modls``."""
    parent, _, child = name.rpartition(".")
    package = names_of(diagnostic.error, parent) if parent else None
    if package is None or found.library:
        return None
    if "__path__" not in package:
        file = short(package.get("__file__") or "?")
        return Advice(
            what=f"{parent!r} is the file {file}, not a package: no module {child!r} can be in it.",
            place=diagnostic.last_place,
            fix="Correct the name of the module.",
        )
    names = submodules_of(parent, package["__path__"])
    close = closest(child, names)
    right = f"{parent}.{close}" if close else ""
    return Advice(
        what=f"The package {parent!r} has no module {child!r}."
        + (f" Did you mean {right!r}?" if right else ""),
        place=diagnostic.last_place,
        fix=f"Write {right}." if right else f"Correct the name, or create the module {child}.",
        diff=_relative_diff(diagnostic, found, child, close) if close else "",
        facts=listed(f"Modules in {parent}", names),
    )


def _relative_diff(diagnostic: DiagnosticContext, found: Failing, child: str, right: str) -> str:
    statement = found.statement
    if not isinstance(statement, ast.ImportFrom) or not statement.module:
        return ""
    if statement.module.rpartition(".")[2] != child:
        return ""
    edit = FileEdit(found.line.file)
    start = edit.start(statement)
    at = edit.text.index(statement.module, start + len("from"))
    end = at + len(statement.module)
    edit.replace(end - len(child), end, right)
    return diff_of(diagnostic.folder, edit)


def _known(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice | None:
    distribution = distribution_of(name)
    if distribution is None or "." in name or is_installed(distribution):
        return None
    is_same = distribution.lower().replace("-", "_") == name.lower()
    package = distribution.partition("[")[0]
    by = f", which {found.library} needs" if found.library else ""
    return Advice(
        what=f"The package {package} is not installed{by}"
        + ("." if is_same else f": it provides the module {name!r}."),
        why=this_python(),
        place=diagnostic.last_place,
        fix=f"Install it: {pip_install(distribution)}",
    )


def _unknown(diagnostic: DiagnosticContext, found: Failing, name: str) -> Advice:
    if found.library:
        return Advice(
            what=f"The package {found.library} needs the module {name!r}, which is not installed.",
            why=this_python(),
            place=diagnostic.last_place,
            fix=f"Install what provides {name}; the documentation of {found.library} names it.",
        )
    names = {*importable_like(name, os.path.dirname(found.line.file))}
    close = closest(name, names, _LIKENESS)
    if close and close[0].lower() != name[0].lower():
        close = None  # ddtrace is a package of its own, and no misspelling of trace
    install = f"install the package that provides it: {pip_install('PACKAGE')}"
    if not close:
        return Advice(
            what=f"There is no module {name!r} beside the program or among the installed packages.",
            why=this_python(),
            place=diagnostic.last_place,
            fix=f"Correct the name, or {install}",
        )
    return Advice(
        what=f"There is no module {name!r}. Did you mean {close!r}?",
        why=this_python(),
        place=diagnostic.last_place,
        fix=f"Write {close}, or {install}",
        diff=_module_diff(diagnostic, found, name, close),
    )
