"""Advice on Python errors: unknown names, syntax errors, a file that hides a package."""

from __future__ import annotations

import ast
import builtins
import difflib
import os
import re
from typing import TYPE_CHECKING

import retort

from ..checks.start import HIDEABLE
from .diagnostic import DiagnosticContext, advisor, source_at
from .edit import FileEdit, add_import, diff_of, rename_diff
from .record import Advice

if TYPE_CHECKING:
    from .diagnostic import Line

_CLOSERS = {"(": ")", "[": "]", "{": "}"}


@advisor
def unknown_name(diagnostic: DiagnosticContext) -> Advice | None:
    """A name that is not imported or is misspelt."""
    error, line = diagnostic.error, diagnostic.last_line
    if type(error) is not NameError or line is None:
        return None
    name, source = error.name, source_at(line)
    if not name or source is None:
        return None
    if name in retort.__all__:
        edit = FileEdit(source.path)
        add_import(edit, source.tree, "flask", name)
        return Advice(
            what=f"{name} is not imported in {os.path.basename(line.file)}.",
            place=diagnostic.last_place,
            fix=f"Write 'from flask import {name}'.",
            diff=diff_of(diagnostic.folder, edit),
        )
    known = [*line.frame.f_locals, *line.frame.f_globals, *dir(builtins)]
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


def _renamed(diagnostic: DiagnosticContext, line: Line, name: str, meant: str) -> str:
    source = source_at(line)
    if source is None:
        return ""
    edit = FileEdit(source.path)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == name and node.lineno == line.line:
            edit.replace_node(node, meant)
    return diff_of(diagnostic.folder, edit)


# A file that cannot be compiled


@advisor
def syntax_error(diagnostic: DiagnosticContext) -> Advice | None:
    """A syntax error: its place, and what may be missing there."""
    error = diagnostic.error
    if not isinstance(error, SyntaxError) or not error.filename or not error.lineno:
        return None
    file = os.path.realpath(error.filename)
    place = diagnostic.place(file, error.lineno)
    name = f"{os.path.basename(file)}, line {error.lineno}"
    diff, fix = "", "Correct this line, or the one above it, and save the file."
    for correct in (_colon, _closer, _quote):
        edit = FileEdit(file)
        done = correct(edit, error)
        made = diff_of(diagnostic.folder, edit) if done else ""
        if made:
            diff, fix = made, done
            break
    return Advice(
        what=f"Python cannot parse {name}: {error.msg}.",
        place=place,
        fix=fix,
        diff=diff,
    )


def _colon(edit: FileEdit, error: SyntaxError) -> str:
    if error.msg != "expected ':'":
        return ""
    _append(edit, error.lineno or 1, ":")
    return "Write a colon at the end of the line."


def _closer(edit: FileEdit, error: SyntaxError) -> str:
    found = re.match(r"'([(\[{])' was never closed", error.msg or "")
    if found is None:
        return ""
    _append(edit, error.lineno or 1, _CLOSERS[found[1]])
    return f"Write {_CLOSERS[found[1]]} at the end of the line."


def _quote(edit: FileEdit, error: SyntaxError) -> str:
    if not (error.msg or "").startswith("unterminated string literal") or not error.offset:
        return ""
    line = edit.lines[(error.lineno or 1) - 1]
    quote = next((one for one in line[error.offset - 1 :] if one in "'\""), "'")
    closing = ")" if line.count("(") > line.count(")") and line.rstrip().endswith(")") else ""
    if closing:
        return ""
    text = line.rstrip()
    tail = re.search(r"[)\]}:]*$", text)
    end = len(text) - (len(tail[0]) if tail else 0)
    edit.insert(edit.offset(error.lineno or 1) + end, quote)
    return f"Write {quote} where the text ends."


def _append(edit: FileEdit, line: int, text: str) -> None:
    """Insert text at the end of a line, before its comment."""
    written = edit.lines[line - 1].rstrip()
    code = re.sub(r"\s*#[^'\"]*$", "", written)
    edit.insert(edit.offset(line) + len(code), text)


# A file with the name of a package


@advisor
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
            if os.path.isfile(file) and (package in str(error) or named.startswith(package)):
                return file
    return None


def _free_name(folder: str) -> str:
    names = (name for name in ("app.py", "main.py", "program.py", "my_app.py"))
    return next(
        (name for name in names if not os.path.exists(os.path.join(folder, name))), "new.py"
    )
