"""Find names in functions that no module, builtin or import of the program defines.

The names that a function looks up among the globals are those of its compiled code. A name is
undefined if the loaded module does not have it, and no statement of the module sets it.
"""

from __future__ import annotations

import ast
import builtins
import difflib
import dis
import re
import sys
from types import CodeType
from typing import TYPE_CHECKING

from .... import __all__ as names_of_flask
from ..findings import Finding
from ..source import text_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from ..program import Program
    from ..source import Source

_SETTERS = frozenset({"STORE_NAME", "STORE_GLOBAL"})  # of Python's bytecode
# Functions that may add names to a module.
_DYNAMIC = frozenset({"exec", "globals", "vars", "locals", "eval"})
# Names of one system, version of Python or interactive shell.
_ELSEWHERE = frozenset({"WindowsError", "get_ipython", "reveal_type", "__IPYTHON__", "__class__"})
# A condition with one of these may ensure that the name is defined.
_GUARDS = re.compile(r"version_info|PY2|PY3|hexversion|globals|hasattr|sys\.platform|os\.name")
_CATCHING = frozenset({"NameError", "Exception", "BaseException"})


def check_names(program: Program) -> Iterator[Finding]:
    """Report each undefined name once in each file, where it is used first."""
    elsewhere = _set_on_objects(program)
    for source, module in program.modules.values():
        yield from _Names(source, module, elsewhere).findings()


def _set_on_objects(program: Program) -> set[str | None]:
    """The attributes that the program sets on any object: that object may be a module."""
    nodes_of_all = (
        node for source, _ in program.modules.values() for node in ast.walk(source.tree)
    )
    stored: set[str | None] = {
        node.attr
        for node in nodes_of_all
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)
    }
    setters = [call.node for call in program.calls if call.called is setattr]
    return stored | {text_in(node.args[1]) for node in setters if len(node.args) > 1}


class _Names:
    def __init__(self, source: Source, module: ModuleType, elsewhere: set[str | None]) -> None:
        self.source = source
        self.module = module
        self.code = compile(source.tree, source.path, "exec", dont_inherit=True)
        codes = list(_codes_in(self.code))
        self.set_here = {name for code in codes for name in _names_with(code, _SETTERS)}
        self.known = {*vars(module), *dir(builtins), *self.set_here, *elsewhere, *_ELSEWHERE}

    def findings(self) -> Iterator[Finding]:
        """The undefined names of a file, in the order of its lines."""
        called = set(self.code.co_names)
        if called & _DYNAMIC or any(set(code.co_names) & _DYNAMIC for code in _codes_in(self.code)):
            return
        first: dict[str, int] = {}
        for code in _codes_in(self.code):
            for name, line in _globals_of(code):
                if name not in self.known and not self._is_guarded(line):
                    first[name] = min(line, first.get(name, line))
        for name, line in first.items():
            yield Finding(
                self.source.path,
                line,
                "undefined-name",
                f"The name {name} is not defined: the file neither imports nor sets it.",
                _fix(name, self.module),
            )

    def _is_guarded(self, line: int) -> bool:
        """Whether the line is run only if the name is defined, as far as can be seen."""
        return any(
            node.lineno <= line <= (node.end_lineno or line)
            for node in ast.walk(self.source.tree)
            if isinstance(node, (ast.stmt, ast.expr)) and _guards(node)
        )


def _guards(node: ast.stmt | ast.expr) -> bool:
    if isinstance(node, (ast.If, ast.IfExp)):
        return bool(_GUARDS.search(ast.unparse(node.test)))
    if isinstance(node, ast.Try):
        return any(_catches(handler) for handler in node.handlers)
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(name) in _CATCHING for name in names)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object and those of the functions and classes in it, without annotations."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name != "__annotate__":
            yield from _codes_in(constant)


def _names_with(code: CodeType, operations: frozenset[str]) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in operations:
            yield instruction.argval


def _globals_of(code: CodeType) -> Iterator[tuple[str, int]]:
    """The global names that a function reads, each with its line."""
    lines = [(start, end, line) for start, end, line in code.co_lines() if line is not None]
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            at = instruction.offset
            found = [line for start, end, line in lines if start <= at < end]
            yield instruction.argval, found[0] if found else code.co_firstlineno


def _fix(name: str, module: ModuleType) -> str:
    if name in sys.stdlib_module_names:
        return f"Add it to the imports: import {name}."
    if name in names_of_flask:
        return f"Add it to the imports: from flask import {name}."
    known = [one for one in (*vars(module), *dir(builtins)) if not one.startswith("__")]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    if near:
        return f"Write {near[0]}, or import or set {name}."
    return f"Import {name}, or set it."
