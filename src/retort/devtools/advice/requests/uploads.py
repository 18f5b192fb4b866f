"""Advice on saving a file that was uploaded."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from ..diagnostic import DiagnosticContext, Line, source_at
from ..edit import FileEdit, add_import, diff_of
from ..record import Advice
from .readings import nodes_at, part_of, value_of

if TYPE_CHECKING:
    from ...checks.source import Source


def save_without_name(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.files["photo"].save()``."""
    line = diagnostic.last_line
    if type(diagnostic.error) is not TypeError or "save()" not in str(diagnostic.error):
        return None
    source = None if line is None else source_at(line)
    if line is None or source is None:
        return None
    for call in nodes_at(line, ast.Call):
        if call.args or call.keywords or not isinstance(call.func, ast.Attribute):
            continue
        file = _file_of(diagnostic, line, call.func.value)
        if file is not None and call.func.attr == "save":
            return _name_it(diagnostic, line, source, call, file)
    return None


def _file_of(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> FileStorage | None:
    """The uploaded file that an expression is."""
    value = value_of(line, node)
    if isinstance(value, FileStorage):
        return value
    if isinstance(node, ast.Subscript) and part_of(diagnostic, line, node.value) == "files":
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
        assert diagnostic.request is not None
        return diagnostic.request.files.get(key) if isinstance(key, str) else None
    return None


def _name_it(
    diagnostic: DiagnosticContext, line: Line, source: Source, call: ast.Call, file: FileStorage
) -> Advice:
    edit = FileEdit(line.file)
    assert isinstance(call.func, ast.Attribute)
    shown = edit.source(call.func.value)
    name = f"secure_filename({shown}.filename)"
    edit.insert(edit.end(call) - 1, name)
    add_import(edit, source.tree, "werkzeug.utils", "secure_filename")
    is_named = bool(secure_filename(file.filename or ""))
    return Advice(
        what=f"save() needs the path to write to: {shown}.save('...').",
        why=(
            "The client chose the file name; secure_filename removes folders from it. The file is"
            f" written to the current folder, {os.getcwd()}."
        ),
        place=diagnostic.last_place,
        fix=f"Write {shown}.save({name})." if is_named else f"Write {shown}.save('a_name').",
        diff=diff_of(diagnostic.folder, edit) if is_named else "",
        facts=(("Name that was sent", file.filename or "none: no file was chosen"),),
    )


def save_to_no_folder(diagnostic: DiagnosticContext) -> Advice | None:
    """``file.save("uploads/a.png")`` without the folder, and ``file.save("uploads")``."""
    error, line = diagnostic.error, diagnostic.last_line
    if not isinstance(error, (FileNotFoundError, IsADirectoryError)) or line is None:
        return None
    path = error.filename
    if not isinstance(path, str) or not _saves_a_file(diagnostic, line):
        return None
    if isinstance(error, IsADirectoryError):
        return Advice(
            what=f"save() needs the path of a file, but {path} is a folder.",
            place=diagnostic.last_place,
            fix="Add a file name, as in os.path.join(folder, secure_filename(file.filename)).",
        )
    folder = os.path.dirname(os.path.abspath(path))
    if not path or os.path.isdir(folder):
        return None
    why = f"{path} is relative to the current folder, {os.getcwd()}."
    return Advice(
        what=f"The folder {folder} does not exist, so the file cannot be saved there.",
        why="" if os.path.isabs(path) else why,
        place=diagnostic.last_place,
        fix=f"Create the folder, as with os.makedirs({os.path.dirname(path)!r}, exist_ok=True).",
    )


def _saves_a_file(diagnostic: DiagnosticContext, line: Line) -> bool:
    return any(
        isinstance(call.func, ast.Attribute)
        and call.func.attr == "save"
        and _file_of(diagnostic, line, call.func.value) is not None
        for call in nodes_at(line, ast.Call)
    )
