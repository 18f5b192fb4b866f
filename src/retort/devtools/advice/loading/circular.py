"""Advice on circular imports.

A circular import is established by the traceback: the module that lacks the name is itself being
imported in an outer frame of it.
"""

from __future__ import annotations

import ast
import os
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from ...checks.source import FUNCTIONS, is_own, source_of
from ..edit import FileEdit, diff_of
from ..record import Advice
from .statements import ImportStatement, bound_by, failing, missing_name, statement_at

if TYPE_CHECKING:
    from ..diagnostic import DiagnosticContext, Line

_ONCE = (
    "An import executes a file from top to bottom, and a name exists from the line on that"
    " defines it."
)
_TWICE = "The main program is not a module of its name: an import executes its file a second time."
_APPLICATIONS = frozenset({"Flask", "Retort"})
_FACTORIES = frozenset({"create_app", "make_app"})
_NEEDED_WHERE_THEY_ARE = _APPLICATIONS | {"Blueprint"}


@dataclass(frozen=True)
class Cycle:
    """A module of the program that was used before it was completely imported.

    :param first: the line of the module that is being imported, where it imports others.
    :param last: the line that needs ``name`` of it.
    :param definition: the statement of the module that defines ``name``.
    :param steps: the lines from ``first`` to the error.
    :param is_in_definition: whether the definition itself leads to the import.
    :param is_script: whether the module is the main program, and its import a second one.
    """

    name: str
    first: Line
    last: Line
    definition: ast.stmt
    steps: tuple[Line, ...]
    is_in_definition: bool = False
    is_script: bool = False


def circular_import(diagnostic: DiagnosticContext) -> Advice | None:
    """Two files of the program import each other."""
    cycle = _cycle(diagnostic)
    if cycle is None:
        return None
    where, fix_and_diff = short(cycle.first.file), _fix(diagnostic, cycle)
    verb = "imports" if _is_top(cycle.steps[1]) else "runs"
    return Advice(
        what=f"Circular import: {_shown(cycle.first)} {verb} {short(cycle.steps[1].file)}, and"
        f" {_shown(cycle.last)} needs {cycle.name} of {where}, which line"
        f" {cycle.definition.lineno} defines later.",
        why=_ONCE if not cycle.is_script else _TWICE,
        place=diagnostic.place(cycle.last.file, cycle.last.line, cycle.last.function),
        fix=fix_and_diff[0],
        diff=fix_and_diff[1],
    )


def short(file: str) -> str:
    """The name of a file, with its folder for an ``__init__.py``."""
    folder, name = os.path.split(file)
    return f"{os.path.basename(folder)}/{name}" if name == "__init__.py" else name


def _cycle(diagnostic: DiagnosticContext) -> Cycle | None:
    error, found = diagnostic.error, failing(diagnostic)
    wanted = _wanted(error)
    if wanted is None or found is None or found.library:
        return None
    name, file = wanted
    lines = diagnostic.lines
    started = [
        index for index, line in enumerate(lines[:-1]) if line.file == file and _is_top(line)
    ]
    definition = _definition(file, name)
    if not started or definition is None:
        return None
    index = started[-1]
    if lines[index].line > _end(definition):
        return None
    main = _of_main_program(lines, index)
    if main is not None:
        return main
    is_in_definition = lines[index].line >= definition.lineno
    while lines[index + 1].file == file:  # a function of the file that imports another
        index += 1
        if index + 1 == len(lines):
            return None
    steps = tuple(lines[index:])
    return Cycle(name, lines[index], lines[-1], definition, steps, is_in_definition)


def _of_main_program(lines: list[Line], index: int) -> Cycle | None:
    """The cycle of a script that is executed twice: as ``__main__``, and by an import of it."""
    main, first, last = lines[index - 1], lines[index], lines[-1]
    if index == 0 or main.file != last.file or main.frame.f_globals["__name__"] != "__main__":
        return None
    source = source_of(first.file)
    statement = statement_at(source.tree, first.line) if source else None
    for alias in statement.names if isinstance(statement, ast.ImportFrom) else ():
        definition = _definition(main.file, alias.name)
        if definition is not None and definition.lineno > main.line:
            steps = tuple(lines[index - 1 :])
            return Cycle(alias.name, main, first, definition, steps, is_script=True)
    return None


def _wanted(error: BaseException) -> tuple[str, str] | None:
    """The missing name, and the file of the module that should have it."""
    if isinstance(error, AttributeError) and isinstance(error.obj, ModuleType):
        file, name = getattr(error.obj, "__file__", None), error.name
        return (name, os.path.realpath(file)) if name and file and is_own(file) else None
    name = missing_name(error)
    path = error.path if isinstance(error, ImportError) else None
    if name is None or not path or not is_own(path):
        return None
    return name, os.path.realpath(path)


def _is_top(line: Line) -> bool:
    return line.function == "<module>"


def _definition(file: str, name: str) -> ast.stmt | None:
    """The first statement at the top level of a file that binds a name."""
    source = source_of(file)
    for statement in source.tree.body if source else ():
        if name in bound_by(statement):
            return statement
    return None


# The fix


def _fix(diagnostic: DiagnosticContext, cycle: Cycle) -> tuple[str, str]:
    """The smallest change that removes the cycle, and its diff if it is certain."""
    where, last = short(cycle.first.file), short(cycle.last.file)
    if cycle.is_in_definition:  # app = create_app(), which imports the other file
        made = _called(getattr(cycle.definition, "value", None))
        if made in _FACTORIES:
            return f"Use current_app in {last}, and do not import {cycle.name} there.", ""
        return f"Pass {cycle.name} to the functions of {last}, and do not import it there.", ""
    if cycle.is_script:
        return _without_main_program(cycle), ""
    if not _is_needed_at_import(cycle):
        return f"Move the import of {cycle.name} in {last} into the functions that use it.", ""
    call = getattr(cycle.definition, "value", None)
    made = _called(call)
    stays = isinstance(call, ast.Call) and (made in _NEEDED_WHERE_THEY_ARE or call.args)
    if not _is_top(cycle.first) or (isinstance(call, ast.Call) and not stays):
        fix = f"Move line {cycle.definition.lineno} of {where} into a file of its own, such as"
        return f"{fix} extensions.py, and import {cycle.name} from there in both files.", ""
    target = _last_definition(cycle)
    move = f"Move line {cycle.first.line} of {where} below line {_end(target)}"
    if made in _APPLICATIONS:
        move += f", or use a Blueprint in {last} and register it in {where}"
    return f"{move}.", _moved_import(diagnostic, cycle, target)


def _without_main_program(cycle: Cycle) -> str:
    """The fix for a file that imports the main program: moving lines would not help."""
    where, last = short(cycle.first.file), short(cycle.last.file)
    if _called(getattr(cycle.definition, "value", None)) in _APPLICATIONS:
        return f"Use a Blueprint in {last}, register it in {where}, and do not import {where}."
    return (
        f"Move line {cycle.definition.lineno} of {where} into a file of its own, and import"
        f" {cycle.name} from there in both files."
    )


def _last_definition(cycle: Cycle) -> ast.stmt:
    """The last definition of the names that the files below the import need."""
    found = [cycle.definition]
    for file in {cycle.last.file, *_files_imported_at(cycle.first)}:
        source = source_of(file)
        for node in source.tree.body if source else ():
            if isinstance(node, ast.ImportFrom) and _is_from(node, cycle.first, file):
                definitions = [_definition(cycle.first.file, one.name) for one in node.names]
                found += filter(None, definitions)
    return max(found, key=_end)


def _files_imported_at(line: Line) -> list[str]:
    """The files beside the line's that its import statement may execute."""
    source = source_of(line.file)
    statement = statement_at(source.tree, line.line) if source else None
    names = [alias.name for alias in statement.names] if statement else []
    if isinstance(statement, ast.ImportFrom) and statement.module:
        names.append(statement.module)
    folder = os.path.dirname(line.file)
    files = [os.path.join(folder, f"{name.rpartition('.')[2]}.py") for name in names]
    return [file for file in files if os.path.isfile(file)]


def _is_from(node: ast.ImportFrom, first: Line, file: str) -> bool:
    """Whether an import in ``file`` is from the module of the line."""
    if not node.level:
        return node.module == first.frame.f_globals.get("__name__")
    is_package = os.path.basename(first.file) == "__init__.py"
    beside = os.path.dirname(first.file) == os.path.dirname(file)
    return node.level == 1 and node.module is None and is_package and beside


def _is_needed_at_import(cycle: Cycle) -> bool:
    """Whether the importing file uses the name outside of functions."""
    source = source_of(cycle.last.file)
    statement = statement_at(source.tree, cycle.last.line) if source else None
    if source is None or not isinstance(statement, ast.ImportFrom):
        return True
    names = {one.asname or one.name for one in statement.names if one.name == cycle.name}
    if "*" in {one.name for one in statement.names} or not _is_top(cycle.last):
        return True
    return any(_uses_at_import(node, names) for node in source.tree.body)


def _uses_at_import(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Name):
        return node.id in names
    if isinstance(node, ast.Lambda):
        return False
    if isinstance(node, FUNCTIONS):  # its body runs later; its decorators and defaults do not
        outside = [*node.decorator_list, node.args, *filter(None, [node.returns])]
        return any(_uses_at_import(each, names) for each in outside)
    return any(_uses_at_import(child, names) for child in ast.iter_child_nodes(node))


def _called(call: object) -> str:
    """The name that is called: ``SQLAlchemy`` in ``db = SQLAlchemy()``."""
    if not isinstance(call, ast.Call):
        return ""
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _moved_import(diagnostic: DiagnosticContext, cycle: Cycle, target: ast.stmt) -> str:
    """The diff that moves the import below a definition."""
    source = source_of(cycle.first.file)
    statement = statement_at(source.tree, cycle.first.line) if source else None
    if source is None or statement is None or statement not in source.tree.body:
        return ""
    if _is_used_before(source.tree, statement, target.lineno):
        return ""
    edit = FileEdit(cycle.first.file)
    start, end = edit.offset(statement.lineno), edit.offset((statement.end_lineno or 0) + 1)
    text = edit.text[start:end]
    if text.strip() != edit.source(statement):
        return ""
    edit.replace(start, end, "")
    edit.insert_line(_end(target) + 1, f"\n{text.strip()}")
    return diff_of(diagnostic.folder, edit)


def _is_used_before(tree: ast.Module, statement: ImportStatement, line: int) -> bool:
    """Whether a statement up to a line uses what the import binds."""
    names = bound_by(statement)
    between = [node for node in tree.body if statement.lineno < node.lineno <= line]
    return "*" in names or any(_uses_at_import(node, names) for node in between)


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


# Display


def _shown(line: Line) -> str:
    return f"{short(line.file)}:{line.line}"
