"""Advice on names, modules, arguments and settings that Flask or its libraries removed.

The tables are in `removed_names.py`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import retort

from ....config import Config
from ...checks.source import source_of
from ..edit import FileEdit, add_import, diff_of
from ..record import Advice
from .packages import distribution_with, pip_install
from .removed_names import ARGUMENTS, ARGUMENTS_SINCE, ATTRIBUTES, KEYS, MODULES, NAMES, Removal
from .statements import Failing, failing, imported, missing_name, replace_module, rewrite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..diagnostic import DiagnosticContext

_CLASSES: dict[str, type] = {
    "Flask": retort.Flask,
    "Blueprint": retort.Blueprint,
    "Config": Config,
    "Request": retort.Request,
}
_METHODS_OF_PYTHON_2 = {
    "iteritems": "items",
    "iterkeys": "keys",
    "itervalues": "values",
    "has_key": "__contains__",
}


def removed_name(diagnostic: DiagnosticContext) -> Advice | None:
    """``from flask import Markup``."""
    error = diagnostic.error
    name, found = missing_name(error), failing(diagnostic)
    if name is None or found is None or not isinstance(error, ImportError):
        return None
    module = _as_flask(error.name or "")
    removal = NAMES.get(module, {}).get(name)
    if removal is None:
        return None
    return _advice(diagnostic, found, f"{module}.{name}", removal, _without(found, module))


def removed_module(diagnostic: DiagnosticContext) -> Advice | None:
    """``import werkzeug.contrib``, ``from flask.ext.login import LoginManager``."""
    error, found = diagnostic.error, failing(diagnostic)
    if not isinstance(error, ModuleNotFoundError) or not error.name or found is None:
        return None
    if error.name == "flask.ext" or error.name.startswith("flask.ext."):
        return _flask_ext(diagnostic, found)
    named = _module_in(found) or error.name
    for module in (named, *_parents(named)):
        removal = MODULES.get(module)
        if removal is not None and module.startswith(error.name):
            return _of_module(diagnostic, found, module, removal)
    return None


def removed_attribute(diagnostic: DiagnosticContext) -> Advice | None:
    """``flask.Markup``, ``app.before_first_request``, ``request.is_xhr``."""
    error, found = diagnostic.error, failing(diagnostic)
    if type(error) is not AttributeError or not error.name or found is None:
        return None
    owner: Any = error.obj
    if isinstance(owner, ModuleType):
        module = _as_flask(owner.__name__)
        removal = NAMES.get(module, {}).get(error.name)
        if removal is None:
            return None
        edit = _attribute_edit(found, error.name, removal)
        return _advice(diagnostic, found, f"{module}.{error.name}", removal, edit)
    for name, cls in _CLASSES.items():
        removal = ATTRIBUTES[name].get(error.name) if isinstance(owner, cls) else None
        if removal is not None:
            return _advice(diagnostic, found, f"{name}.{error.name}", removal, None)
    return _method_of_python_2(diagnostic, found, owner, error.name)


def renamed_argument(diagnostic: DiagnosticContext) -> Advice | None:
    """``send_file(..., attachment_filename=...)``."""
    error, found = diagnostic.error, failing(diagnostic)
    if type(error) is not TypeError or found is None or found.library:
        return None
    said = re.search(r"(\w+)\(\) (?:got an unexpected keyword|missing)", str(error))
    if said is None or said[1] not in ARGUMENTS:
        return None
    for function, names in ARGUMENTS.items():
        for call in _calls_at(found, function):
            old = [word.arg for word in call.keywords if word.arg in names]
            if old:
                return _with_new_arguments(diagnostic, call, function, names)
    return None


def removed_setting(diagnostic: DiagnosticContext) -> Advice | None:
    """``app.config['JSON_SORT_KEYS']``."""
    error, found = diagnostic.error, failing(diagnostic)
    if type(error) is not KeyError or found is None or found.library or found.source is None:
        return None
    key = error.args[0] if error.args else None
    removal = KEYS.get(key) if isinstance(key, str) else None
    if removal is None or not _reads_config(found.source.tree, found.line.line, str(key)):
        return None
    return Advice(
        what=f"{removal.since} removed the setting {key}.",
        place=diagnostic.last_place,
        fix=removal.instead,
    )


def upgrade(package: str) -> str:
    """What to do about an installed package that is too old."""
    command = pip_install(distribution_with(package), upgrade=True)
    return f"Upgrade the package, or replace it if its newest release does the same: {command}"


def _advice(
    diagnostic: DiagnosticContext,
    found: Failing,
    name: str,
    removal: Removal,
    edit: FileEdit | None,
) -> Advice:
    if found.library:
        return Advice(
            what=f"The package {found.library} uses {name}, which {removal.since} removed.",
            place=diagnostic.last_place,
            fix=upgrade(found.library),
        )
    return Advice(
        what=f"{removal.since} removed {name}.",
        place=diagnostic.last_place,
        fix=removal.instead or _import_instead(name.rpartition(".")[2], removal),
        diff="" if edit is None else diff_of(diagnostic.folder, edit),
    )


def _import_instead(name: str, removal: Removal) -> str:
    new = removal.name or name
    line = f"Write '{imported(removal.module, new, new)}'"
    return f"{line}." if new == name else f"{line}, and {new} for {name}."


def _of_module(
    diagnostic: DiagnosticContext, found: Failing, module: str, removal: Removal
) -> Advice:
    if not removal.module:
        return _advice(diagnostic, found, module, removal, None)
    edit = FileEdit(found.line.file)
    is_done = found.statement is not None and replace_module(
        edit, found.statement, module, removal.module
    )
    told = replace(removal, instead=f"Write {removal.module} in place of {module}.")
    return _advice(diagnostic, found, module, told, edit if is_done else None)


def _without(found: Failing, module: str) -> FileEdit | None:
    """The statement without all removed names of a module, which are imported from elsewhere."""
    statement = found.statement
    if not isinstance(statement, ast.ImportFrom) or _as_flask(statement.module or "") != module:
        return None
    lines: dict[str, list[str]] = {}
    drop = set()
    for alias in statement.names:
        removal = NAMES[module].get(alias.name)
        if removal is None:
            continue
        if not removal.module:
            return None
        drop.add(alias.name)
        word = imported(removal.module, removal.name or alias.name, alias.asname or alias.name)
        start, _, name = word.partition(" import ")
        lines.setdefault(start, []).append(name)
    edit = FileEdit(found.line.file)
    new = [f"{start} import {', '.join(names)}" for start, names in lines.items()]
    return edit if rewrite(edit, statement, new, drop) else None


def _attribute_edit(found: Failing, name: str, removal: Removal) -> FileEdit | None:
    source = source_of(found.line.file)
    if found.library or source is None or not removal.module:
        return None
    new = removal.name or name
    nodes = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute)
        and node.attr == name
        and isinstance(node.value, ast.Name)
    ]
    is_taken = any(isinstance(node, ast.Name) and node.id == new for node in ast.walk(source.tree))
    if is_taken or not any(node.lineno == found.line.line for node in nodes):
        return None
    owner = next(node.value for node in nodes if node.lineno == found.line.line)
    edit = FileEdit(found.line.file)
    for node in nodes:
        if ast.dump(node.value) == ast.dump(owner):
            edit.replace_node(node, new)
    add_import(edit, source.tree, removal.module, new)
    return edit


def _flask_ext(diagnostic: DiagnosticContext, found: Failing) -> Advice:
    removal = Removal("Flask 1.0", instead="Import the extension by its own name, as flask_login.")
    named = _module_in(found)
    name = named.removeprefix("flask.ext.") if named.startswith("flask.ext.") else ""
    if found.library or not name or found.statement is None:
        return _advice(diagnostic, found, "flask.ext", removal, None)
    new = f"flask_{name}"
    edit = FileEdit(found.line.file)
    is_done = replace_module(edit, found.statement, named, new)
    removal = Removal("Flask 1.0", instead=f"Write {new} in place of {named}.")
    return _advice(diagnostic, found, "flask.ext", removal, edit if is_done else None)


def _method_of_python_2(
    diagnostic: DiagnosticContext, found: Failing, owner: object, name: str
) -> Advice | None:
    if not isinstance(owner, dict) or name not in _METHODS_OF_PYTHON_2 or found.library:
        return None
    new = _METHODS_OF_PYTHON_2[name]
    return Advice(
        what=f"{name} is a method of dictionaries in Python 2.",
        place=diagnostic.last_place,
        fix="Write 'key in dictionary'." if name == "has_key" else f"Write {new}().",
    )


def _module_in(found: Failing) -> str:
    """The module of the statement: ``flask.ext.login`` also where ``flask.ext`` is not found."""
    statement = found.statement
    if isinstance(statement, ast.ImportFrom):
        module = statement.module or ""
        if module == "flask.ext" and len(statement.names) == 1:
            return f"{module}.{statement.names[0].name}"
        return module
    return statement.names[0].name if statement is not None else ""


def _parents(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


def _as_flask(module: str) -> str:
    """The name in Flask of a module, which may be Retort's."""
    return "flask" + module[len("retort") :] if module.partition(".")[0] == "retort" else module


def _with_new_arguments(
    diagnostic: DiagnosticContext, call: ast.Call, function: str, names: Mapping[str, str]
) -> Advice:
    line = diagnostic.lines[-1]
    edit = FileEdit(line.file)
    old = [word for word in call.keywords if word.arg in names]
    for word in old:
        start = edit.start(word)
        edit.replace(start, start + len(str(word.arg)), names[str(word.arg)])
    pairs = ", ".join(f"{names[str(word.arg)]} for {word.arg}" for word in old)
    return Advice(
        what=f"{ARGUMENTS_SINCE} removed the argument {old[0].arg} of {function}().",
        place=diagnostic.last_place,
        fix=f"Write {pairs}.",
        diff=diff_of(diagnostic.folder, edit),
    )


def _calls_at(found: Failing, function: str) -> Iterator[ast.Call]:
    """The calls of a function of Flask in the line."""
    names = {**found.line.frame.f_globals, **found.line.frame.f_locals}
    for node in ast.walk(found.source.tree) if found.source else ():
        if not isinstance(node, ast.Call) or not _is_in(node, found.line.line):
            continue
        called: Any = None
        if isinstance(node.func, ast.Name):
            called = names.get(node.func.id)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            called = getattr(names.get(node.func.value.id), node.func.attr, None)
        if called is getattr(retort, function):
            yield node


def _is_in(node: ast.expr, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _reads_config(tree: ast.Module, line: int, key: str) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_in(node, line):
            slot, owner = node.slice, node.value
            is_key = isinstance(slot, ast.Constant) and slot.value == key
            if is_key and isinstance(owner, ast.Attribute) and owner.attr == "config":
                return True
    return False
