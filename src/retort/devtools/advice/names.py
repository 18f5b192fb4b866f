"""Advice on unknown names, and on a file that hides a package."""

from __future__ import annotations

import ast
import builtins
import difflib
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import retort

from ..checks.rules.start import HIDEABLE
from ..checks.source import FUNCTIONS
from .diagnostic import DiagnosticContext, source_at
from .edit import FileEdit, add_import, diff_of, line_below_imports, rename_diff
from .record import Advice

if TYPE_CHECKING:
    from ..checks.source import Source
    from .diagnostic import Line

_LIKE_A_BUILTIN = 0.75


def unknown_name(diagnostic: DiagnosticContext) -> Advice | None:
    """A name that is not imported or is misspelt."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) is not NameError or line is None:
        return None
    name, source = error.name, source_at(line)
    if not name or source is None:
        return None
    if name in retort.__all__:
        return _not_imported(diagnostic, line, source, name)
    if name in sys.stdlib_module_names:
        return _module_of_python(diagnostic, line, source, name)
    known = [*line.frame.f_locals, *line.frame.f_globals, *_builtins_like(name)]
    close = difflib.get_close_matches(name, known, n=1)
    if not close:
        return Advice(
            what=f"There is no {name!r} here: it has no value before this line.",
            place=diagnostic.last_place,
            fix=f"Assign {name}, import it, or put it in quotes if it is text.",
        )
    return Advice(
        what=f"There is no {name!r} here. Did you mean {close[0]!r}?",
        place=diagnostic.last_place,
        fix=f"Write {close[0]}.",
        diff=_renamed(diagnostic, line, name, close[0]),
    )


def _builtins_like(name: str) -> list[str]:
    """Functions of Python that may be meant: not ``format`` for ``form``, ``next`` for ``text``."""
    return [
        known
        for known in dir(builtins)
        if known[0].lower() == name[0].lower()
        and abs(len(known) - len(name)) <= 1
        and difflib.SequenceMatcher(None, known.lower(), name.lower()).ratio() >= _LIKE_A_BUILTIN
    ]


def _module_of_python(
    diagnostic: DiagnosticContext, line: Line, source: Source, name: str
) -> Advice:
    """``math.sqrt(2)`` without ``import math``; ``datetime.now()`` is that of the class."""
    module, used = sys.modules.get(name), _attributes_of(source, line, name)
    statement = ""
    if module is not None and used and all(hasattr(module, each) for each in used):
        statement = f"import {name}"
    elif used and all(hasattr(getattr(module, name, None), each) for each in used):
        statement = f"from {name} import {name}"
    edit = FileEdit(source.path)
    if statement.startswith("import"):
        edit.insert_line(line_below_imports(source.tree), statement)
    elif statement:
        add_import(edit, source.tree, name, name)
    return Advice(
        what=f"{name} is not imported in {os.path.basename(line.file)}.",
        why=f"{name} is a module of Python.",
        place=diagnostic.last_place,
        fix=f"Write '{statement}'." if statement else f"Import {name}, or assign it.",
        diff=diff_of(diagnostic.folder, edit) if statement else "",
    )


def _attributes_of(source: Source, line: Line, name: str) -> set[str]:
    """What is read from a module in a line."""
    return {
        node.attr
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.lineno <= line.line <= (node.end_lineno or 0)
    }


def _not_imported(diagnostic: DiagnosticContext, line: Line, source: Source, name: str) -> Advice:
    """A name of Flask; the diff imports all that the file lacks."""
    bound = _bound_in(source.tree)
    missing = [
        node.id
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Name) and node.id in retort.__all__ and node.id not in bound
    ]
    names = ", ".join([name, *sorted({*missing} - {name})])
    edit = FileEdit(source.path)
    add_import(edit, source.tree, "flask", names)
    has_module = any(
        isinstance(line.frame.f_globals.get(module), ModuleType) for module in ("flask", "retort")
    )
    why = "'import flask' imports the module: its names are flask.Flask, flask.request."
    return Advice(
        what=f"{name} is not imported in {os.path.basename(line.file)}.",
        why=why if has_module else "",
        place=diagnostic.last_place,
        fix=f"Write 'from flask import {names}'.",
        diff=diff_of(diagnostic.folder, edit),
    )


def _bound_in(tree: ast.Module) -> set[str]:
    """The names that are assigned, defined or imported anywhere in a file."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return bound


def _renamed(diagnostic: DiagnosticContext, line: Line, name: str, meant: str) -> str:
    source = source_at(line)
    if source is None:
        return ""
    edit = FileEdit(source.path)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == name and node.lineno == line.line:
            edit.replace_node(node, meant)
    return diff_of(diagnostic.folder, edit)


# A file with the name of a package


def hidden_package(diagnostic: DiagnosticContext) -> Advice | None:
    """A file such as ``flask.py`` beside the program, which ``import flask`` finds."""
    error = diagnostic.error
    if not isinstance(error, (ImportError, AttributeError)):
        return None
    file = _hiding(diagnostic, error)
    if file is None:
        return None
    name = os.path.basename(file)
    package = name.removesuffix(".py")
    new = os.path.join(os.path.dirname(file), _free_name(os.path.dirname(file)))
    return Advice(
        what=f"Your file {name} hides the package {package}: 'import {package}' finds the file.",
        why=f"It is {file}. Python searches the program's own folder first.",
        place=diagnostic.last_place,
        fix=f"Rename {name}, for instance to {os.path.basename(new)}.",
        diff=rename_diff(os.path.dirname(file), file, new),
    )


def _hiding(diagnostic: DiagnosticContext, error: BaseException) -> str | None:
    folders = {os.path.dirname(line.file) for line in diagnostic.lines} or {os.getcwd()}
    named = getattr(error, "name", None) or ""
    for folder in sorted(folders):
        for package in HIDEABLE:
            file = os.path.join(folder, f"{package}.py")
            is_named = package in str(error) or named.startswith(package)
            if os.path.isfile(file) and is_named and not _is_of_other_file(error, file):
                return file
    return None


def _is_of_other_file(error: BaseException, file: str) -> bool:
    """Whether the error names the file of the module, and it is another one."""
    module = getattr(error, "obj", None)
    path = getattr(error, "path", None) or getattr(module, "__file__", None)
    return path is not None and os.path.realpath(path) != os.path.realpath(file)


def _free_name(folder: str) -> str:
    names = (name for name in ("app.py", "main.py", "program.py", "my_app.py"))
    return next(
        (name for name in names if not os.path.exists(os.path.join(folder, name))), "new.py"
    )
