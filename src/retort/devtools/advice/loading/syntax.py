"""Advice on syntax errors.

A change is offered as a diff only if the whole file compiles with it. The messages of Python are
used where all supported versions have them.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from ..edit import FileEdit
from ..record import Advice
from .characters import (
    described,
    foreign_character,
    has_typographic_quote,
    with_plain_characters,
)
from .decorators import loose_decorator
from .indentation import indentation
from .newer import newer_feature, with_other_quotes
from .parsing import certain_diff, error_in, repaired
from .python2 import is_two_exceptions, statement_of_python_2, with_python_3
from .removed import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..diagnostic import DiagnosticContext

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_IN_PYTHON_3 = {
    "print": ("a print statement of Python 2", "Write parentheses: print(...)."),
    "exec": ("an exec statement of Python 2", "Write parentheses: exec(...)."),
    "except": ("an except clause of Python 2, with a comma", "Write 'as' for the comma."),
    "raise": (
        "a raise statement of Python 2, with a comma",
        "Write the text in parentheses behind the exception.",
    ),
    "<>": ("the operator <> of Python 2", "Write !=."),
}


def syntax_error(diagnostic: DiagnosticContext) -> Advice | None:
    """A file that Python cannot parse: its line, and the fix."""
    error = diagnostic.error
    if not isinstance(error, SyntaxError) or not error.filename or not error.lineno:
        return None
    file = os.path.realpath(error.filename)
    if "site-packages" in file.split(os.sep):
        return _installed(diagnostic, file, error)
    encoding = _wrong_encoding(diagnostic, file)
    if encoding is not None:
        return encoding
    edit = FileEdit(file)
    actual = error_in(edit.text)
    if actual is not None and actual.lineno == error.lineno:  # the file has not changed since
        for advise in (_character, _python_2, _newer_python, indentation, loose_decorator):
            advice = advise(diagnostic, edit, actual)
            if advice is not None:
                return advice
    return _by_message(diagnostic, file, error)


def _installed(diagnostic: DiagnosticContext, file: str, error: SyntaxError) -> Advice:
    """A file of an installed package, which is not the program's to correct."""
    parts = file.split(os.sep)
    package = parts[parts.index("site-packages") + 1].removesuffix(".py")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    said = (error.msg or "invalid syntax").partition(". ")[0]
    return Advice(
        what=f"The package {package} does not work with Python {version}: its file"
        f" {parts[-1]} has a syntax error in line {error.lineno} ({said}).",
        place=diagnostic.last_place or diagnostic.place(file, error.lineno or 1),
        fix=upgrade(package),
    )


def _wrong_encoding(diagnostic: DiagnosticContext, file: str) -> Advice | None:
    """A file that is not UTF-8, and does not declare another encoding."""
    with open(file, "rb") as opened:
        content = opened.read()
    head = b"".join(content.splitlines(keepends=True)[:2])
    if re.search(rb"^[ \t\f]*#.*?coding[:=]", head, re.M):
        return None
    name = os.path.basename(file)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        line, what = 1, f"{name} is saved as UTF-16, but Python reads UTF-8."
    else:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            what = f"{name} is not saved as UTF-8: line {line} has a byte of another encoding."
        else:
            return None
    return Advice(
        what=what, place=diagnostic.place(file, line), fix="Save the file as UTF-8 in the editor."
    )


def _character(diagnostic: DiagnosticContext, edit: FileEdit, error: SyntaxError) -> Advice | None:
    found = foreign_character(edit.text, error)
    if found is None:
        return None
    character, new = found
    needed = {"": "no such character", " ": "a plain space"}.get(new, f"a plain {new}")
    edit.replace(0, len(edit.text), repaired(edit.text, with_plain_characters))
    return Advice(
        what=f"{_where(edit, error)} has the character {described(character)}; Python needs"
        f" {needed} there.",
        place=diagnostic.place(edit.path, error.lineno or 1),
        fix=f"Write {needed}." if new else "Delete the character.",
        diff=certain_diff(diagnostic, edit),
    )


def _python_2(diagnostic: DiagnosticContext, edit: FileEdit, error: SyntaxError) -> Advice | None:
    kind = statement_of_python_2(edit.text, error)
    if kind not in _IN_PYTHON_3:
        return None
    name, fix = _IN_PYTHON_3[kind]
    what = f"{_where(edit, error)} has {name}."
    if kind == "except" and is_two_exceptions(edit.text, error):
        what = f"{_where(edit, error)} has exceptions without parentheses, which came with"
        what += " Python 3.14."
        fix = "Write the exceptions in parentheses."
    edit.replace(0, len(edit.text), repaired(edit.text, with_python_3))
    return Advice(
        what=what,
        place=diagnostic.place(edit.path, error.lineno or 1),
        fix=fix,
        diff=certain_diff(diagnostic, edit),
    )


def _newer_python(
    diagnostic: DiagnosticContext, edit: FileEdit, error: SyntaxError
) -> Advice | None:
    feature = newer_feature(edit.text, error)
    if feature is None:
        return None
    version = f"Python {feature.since[0]}.{feature.since[1]}"
    edit.replace(0, len(edit.text), repaired(edit.text, with_other_quotes))
    return Advice(
        what=f"{_where(edit, error)} has {feature.name}, which came with {version}; this is Python"
        f" {sys.version_info.major}.{sys.version_info.minor}.",
        place=diagnostic.place(edit.path, error.lineno or 1),
        fix=f"Run the program with {version} or newer, or {feature.instead}.",
        diff=certain_diff(diagnostic, edit),
    )


def _where(edit: FileEdit, error: SyntaxError) -> str:
    return f"{os.path.basename(edit.path)}, line {error.lineno}"


# By the message of Python


def _by_message(diagnostic: DiagnosticContext, file: str, error: SyntaxError) -> Advice:
    said, _, hint = (error.msg or "invalid syntax").partition(". ")
    diff, fix = "", "Correct this line, or the one above it."
    for correct in _CORRECTIONS:
        edit = FileEdit(file)
        done = correct(edit, error)
        made = certain_diff(diagnostic, edit) if done else ""
        if made:
            diff, fix = made, done
            break
    return Advice(
        what=f"Python cannot parse {os.path.basename(file)}, line {error.lineno}:"
        f" {said.rstrip('.')}.",
        why=hint,
        place=diagnostic.place(file, error.lineno or 1),
        fix=fix if diff else _without_diff(error) or fix,
        diff=diff,
    )


def _without_diff(error: SyntaxError) -> str:
    """The fix where the place for a change is not certain."""
    message = error.msg or ""
    opened = re.match(r"'([(\[{])' was never closed", message)
    if opened:
        return f"Write the {_CLOSERS[opened[1]]} that belongs to this {opened[1]}."
    if message.startswith("unterminated triple-quoted string"):
        return "Write the three quotes that end this text."
    if message.startswith("unmatched"):
        return "Delete this bracket, or write the one that opens it."
    mismatch = re.match(
        r"closing parenthesis '.' does not match opening parenthesis '(.)'", message
    )
    if mismatch:
        return f"Close the {mismatch[1]} with {_CLOSERS[mismatch[1]]} before this bracket."
    return ""


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
    if has_typographic_quote(line):  # what was meant is not certain
        return ""
    quote = next((one for one in line[error.offset - 1 :] if one in "'\""), "'")
    closing = ")" if line.count("(") > line.count(")") and line.rstrip().endswith(")") else ""
    if closing:
        return ""
    text = line.rstrip()
    tail = re.search(r"[)\]}:]*$", text)
    end = len(text) - (len(tail[0]) if tail else 0)
    edit.insert(edit.offset(error.lineno or 1) + end, quote)
    return f"Write {quote} where the text ends."


def _elif(edit: FileEdit, error: SyntaxError) -> str:
    number = error.lineno or 1
    found = re.match(r"\s*(else\s+if)\b", edit.lines[number - 1])
    if found is None:
        return ""
    start = edit.offset(number)
    edit.replace(start + found.start(1), start + found.end(1), "elif")
    return "Write elif."


def _comparison(edit: FileEdit, error: SyntaxError) -> str:
    number = error.lineno or 1
    line = edit.lines[number - 1]
    is_condition = re.match(r"\s*(?:if|elif|while)\b", line)
    single = [*re.finditer(r"(?<![=!<>:+*/%&|^@-])=(?!=)", line)]
    if "'=='" not in (error.msg or "") or not is_condition or len(single) != 1:
        return ""
    start = edit.offset(number) + single[0].start()
    edit.replace(start, start + 1, "==")
    return "Write == to compare."


def _append(edit: FileEdit, line: int, text: str) -> None:
    """Insert text at the end of a line, before its comment."""
    written = edit.lines[line - 1].rstrip()
    code = re.sub(r"\s*#[^'\"]*$", "", written)
    edit.insert(edit.offset(line) + len(code), text)


_CORRECTIONS: tuple[Callable[[FileEdit, SyntaxError], str], ...] = (
    _colon,
    _closer,
    _quote,
    _elif,
    _comparison,
)
