"""Statements of Python 2: ``print x``, ``except Error, e``, ``raise Error, text``, ``a <> b``."""

from __future__ import annotations

import builtins
import re

from .parsing import is_better, line_of, place_of, with_line

_EXCEPT = re.compile(r"^(\s*except\s+)(\([^()]*\)|[\w.]+)\s*,\s*(\w+)\s*:")
_RAISE = re.compile(r"^(\s*raise\s+)([\w.]+)\s*,\s*([^#]+?)(\s*(?:#.*)?)$")


def statement_of_python_2(text: str, error: SyntaxError) -> str:
    """The kind of statement at an error: ``print``, ``exec``, ``except``, ``raise`` or ``<>``."""
    said = re.match(r"Missing parentheses in call to '(\w+)'", error.msg or "")
    if said:
        return said[1]
    if with_python_3(text, error) is None:
        return ""
    line = line_of(text, error.lineno or 1)
    return next((word for word in ("except", "raise", "<>") if word in line), "")


def with_python_3(text: str, error: SyntaxError) -> str | None:
    """Write the statement at an error as Python 3 has it."""
    if (error.msg or "").startswith("Missing parentheses in call to"):
        changed = _called(text, error)
    else:
        number = error.lineno or 1
        line = line_of(text, number)
        new = _except(line) or _raise(line) or _unequal(line)
        changed = with_line(text, number, new) if new else None
    return changed if changed is not None and is_better(changed, place_of(error)) else None


def is_two_exceptions(text: str, error: SyntaxError) -> bool:
    """Whether ``except A, B:`` names two exceptions, as Python 3.14 allows it."""
    found = _EXCEPT.match(line_of(text, error.lineno or 1))
    return found is not None and _is_exception(found[3])


def _called(text: str, error: SyntaxError) -> str | None:
    """``print x`` with parentheses; a comma at its end becomes ``end=" "``."""
    if not error.end_lineno or not error.end_offset:
        return None
    start = _offset(text, error.lineno or 1, error.offset or 1)
    end = _offset(text, error.end_lineno, error.end_offset)
    name = "print" if text.startswith("print", start) else "exec"
    arguments = text[start + len(name) : end].strip()
    if not arguments or "\n" in arguments:
        return None
    rest = text[end:].partition("\n")[0]
    if rest.startswith(","):
        end += 1
        arguments += ","
    if arguments.endswith(","):
        arguments += ' end=" "'
    return f"{text[:start]}{name}({arguments}){text[end:]}"


def _except(line: str) -> str:
    found = _EXCEPT.match(line)
    if found is None:
        return ""
    rest = line[found.end() :]
    if _is_exception(found[3]):
        return f"{found[1]}({found[2]}, {found[3]}):{rest}"
    return f"{found[1]}{found[2]} as {found[3]}:{rest}" if found[3][0].islower() else ""


def _is_exception(name: str) -> bool:
    value = getattr(builtins, name, None)
    return isinstance(value, type) and issubclass(value, BaseException)


def _raise(line: str) -> str:
    found = _RAISE.match(line)
    return "" if found is None else f"{found[1]}{found[2]}({found[3]}){found[4]}"


def _unequal(line: str) -> str:
    return line.replace("<>", "!=") if line.count("<>") == 1 else ""


def _offset(text: str, line: int, column: int) -> int:
    lines = text.splitlines(keepends=True)
    return sum(len(one) for one in lines[: line - 1]) + column - 1
