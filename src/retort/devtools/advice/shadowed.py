"""Advice on a name that hides a function: an argument, a variable or a view with the same name."""

from __future__ import annotations

import ast
import builtins
import os
import re
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ..checks.source import UNKNOWN, code_of, is_own, text_in
from .diagnostic import DiagnosticContext, source_at
from .edit import FileEdit, diff_of
from .record import Advice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..checks.source import Code, Source
    from .diagnostic import Line

_NOT_CALLABLE = re.compile(r"'(.+)' object is not callable")
_QUOTED = re.compile(r"'(\w+)'")


def hidden_by_variable(diagnostic: DiagnosticContext) -> Advice | None:
    """A call of an argument or variable that has the name of a function."""
    error, line = diagnostic.error, diagnostic.last_line
    found = _NOT_CALLABLE.match(str(error)) if type(error) is TypeError else None
    if found is None or line is None or not diagnostic.is_raised_in_last_line:
        return None
    code = line.frame.f_code
    names = {
        call.func.id
        for call in _nodes_in(line, ast.Call)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }
    hiding = [name for name in names if _hides(line, name, found[1])]
    if len(hiding) != 1:
        return None
    name = hiding[0]
    is_argument = name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    role = "argument" if is_argument else "variable"
    kind = type(line.frame.f_locals[name]).__name__
    fix = f"Give the {role} another name."
    if is_argument and _is_in_rule(diagnostic, name):
        fix = f"Give the argument another name, and <{name}> in its route."
    return Advice(
        what=(
            f"{name} is the {role} of {line.function}() here, a {kind}, and hides the function"
            f" {name}()."
        ),
        place=diagnostic.last_place,
        fix=fix,
    )


def _hides(line: Line, name: str, kind: str) -> bool:
    value = line.frame.f_locals.get(name, UNKNOWN)
    outer = line.frame.f_globals.get(name, getattr(builtins, name, None))
    is_local = line.frame.f_locals is not line.frame.f_globals
    return is_local and type(value).__name__ == kind and callable(outer) and not callable(value)


def _is_in_rule(diagnostic: DiagnosticContext, name: str) -> bool:
    view = diagnostic.view
    return view is not None and any(name in rule.arguments for rule in view.rules)


def _nodes_in(line: Line, kind: type[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of a kind in the statement of a line."""
    source = source_at(line)
    for node in ast.walk(source.tree) if source is not None else ():
        if not isinstance(node, kind) or not isinstance(node, ast.expr):
            continue
        if node.lineno <= line.line <= (node.end_lineno or node.lineno):
            yield node


# A variable that is read before it is assigned


def read_before_assignment(diagnostic: DiagnosticContext) -> Advice | None:
    """``redirect = redirect("/")`` in a function."""
    error, line = diagnostic.error, diagnostic.last_line
    found = _QUOTED.search(str(error)) if type(error) is UnboundLocalError else None
    if found is None or line is None:
        return None
    name, node = found[1], _function_at(line)
    assigned = None if node is None else next(_assignments(node, name), None)
    if node is None or assigned is None:
        return None
    is_outside = name in line.frame.f_globals or hasattr(builtins, name)
    is_update = isinstance(assigned, ast.AugAssign) and name in line.frame.f_globals
    edit = FileEdit(line.file)
    if is_update:
        first = node.body[1 if ast.get_docstring(node) is not None and node.body[1:] else 0]
        edit.insert_line(first.lineno, f"{' ' * first.col_offset}global {name}")
    fix = f"Give the variable of line {assigned.lineno} another name."
    if not is_outside:
        fix = f"Assign {name} before this line, on every way to it."
    return Advice(
        what=(
            f"{line.function}() assigns {name} in line {assigned.lineno}, so {name} is a local"
            f" variable in all of {line.function}(), and has no value here."
        ),
        why=f"The {name} outside of the function is hidden." if is_outside else "",
        place=diagnostic.last_place,
        fix=f"Write 'global {name}' at the start of {line.function}()." if is_update else fix,
        diff=diff_of(diagnostic.folder, edit),
    )


def _function_at(line: Line) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    source = source_at(line)
    functions = [] if source is None else list(source.functions())
    first = line.frame.f_code.co_firstlineno
    for node in functions:
        lines = [node.lineno, *(each.lineno for each in node.decorator_list)]
        if node.name == line.function and first in lines:
            return node
    return None


def _assignments(function: ast.AST, name: str) -> Iterator[ast.stmt]:
    """The statements that assign a name."""
    for node in ast.walk(function):
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.For)):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [part for target in targets for part in ast.walk(target)]
        if any(isinstance(part, ast.Name) and part.id == name for part in parts):
            yield node


# A view with the name of what it calls


def hidden_by_function(diagnostic: DiagnosticContext) -> Advice | None:
    """``def redirect(): return redirect("/")``, which calls itself."""
    error, line = diagnostic.error, diagnostic.last_line
    source = None if line is None else source_at(line)
    if line is None or source is None or not isinstance(error, (TypeError, AttributeError)):
        return None
    for name, imported in _imports(source).items():
        function = line.frame.f_globals.get(name)
        if not isinstance(function, FunctionType) or name in line.frame.f_locals:
            continue
        code = code_of(function)
        if code is not None and _is_cause(error, name, function) and _is_read(line, name):
            return _hidden(diagnostic, code, imported)
    return None


def _imports(source: Source) -> dict[str, ast.ImportFrom]:
    return {
        alias.asname or alias.name: node
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _is_cause(error: BaseException, name: str, function: FunctionType) -> bool:
    if isinstance(error, AttributeError):
        return getattr(error, "obj", None) is function
    return str(error).startswith(f"{name}() ")


def _is_read(line: Line, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in _nodes_in(line, ast.Name))


def _hidden(diagnostic: DiagnosticContext, code: Code, imported: ast.ImportFrom) -> Advice:
    name = code.node.name
    file = os.path.basename(code.path)
    new = f"{name}_view"
    edit = FileEdit(code.path)
    found = re.compile(rf"def\s+({name})\b").search(edit.text, edit.start(code.node))
    if found is not None and not _is_named_in_text(diagnostic, name):
        edit.replace(found.start(1), found.end(1), new)
    return Advice(
        what=(
            f"{name}() in line {code.node.lineno} of {file} hides the {name} that line"
            f" {imported.lineno} imports from {imported.module}."
        ),
        place=diagnostic.last_place,
        fix=f"Rename your function, for instance to {new}().",
        diff=diff_of(diagnostic.folder, edit),
    )


def _is_named_in_text(diagnostic: DiagnosticContext, name: str) -> bool:
    """Whether the program has the name as text, which may be an endpoint: ``url_for("...")``."""
    if diagnostic.app is None:
        return True
    texts: Any = (
        text_in(node) for source in diagnostic.program.sources for node in ast.walk(source.tree)
    )
    pages = (page.text for page in diagnostic.pages if is_own(page.file))
    return name in texts or any(re.search(rf"['\"]{name}['\"]", page) for page in pages)
