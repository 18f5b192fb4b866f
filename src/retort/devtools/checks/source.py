"""Parse Python source: files, their functions, and the objects that names refer to.

Names are resolved in the running program: ``request`` is the request if, and only if, it is that
object. The rules are in other modules.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import os
import sys
import sysconfig
from functools import cache, cached_property
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from ...globals import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef

_NAMED = (*FUNCTIONS, ast.ClassDef, ast.ExceptHandler)

_LAZY = ("flask", "retort")  # packages of which a name is loaded at its first use

UNKNOWN = object()  # the object of a name that cannot be resolved

_OURS = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", "..")) + os.sep
_INSTALLED = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep
    for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


def is_own(file: str | None) -> bool:
    """Whether a file belongs to the program: not installed, and not part of Retort."""
    if not file or not os.path.exists(file):
        return False
    path = os.path.realpath(file)
    if "site-packages" in path.split(os.sep):
        return False
    return not path.startswith((_OURS, *_INSTALLED))


class Source:
    """A file of the program."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self.tree = tree

    @cached_property
    def by_place(self) -> dict[tuple[str, int], Function]:
        """The functions by name and first line; of several in a line, the first."""
        found: dict[tuple[str, int], Function] = {}
        for node in self.functions():
            found.setdefault((node.name, first_line_of(node)), node)
        return found

    def functions(self) -> Iterator[Function]:
        """All functions in the file, including nested ones."""
        for node in ast.walk(self.tree):
            if isinstance(node, FUNCTIONS):
                yield node


@cache
def read_source(path: str, changed: float) -> Source | None:
    """The parsed source of a file; ``None`` if it is not valid Python."""
    try:
        with open(path, "rb") as file:
            return Source(path, ast.parse(file.read()))
    except (OSError, SyntaxError, ValueError):
        return None


def source_of(file: str | None) -> Source | None:
    """The parsed source of a file, if it belongs to the program."""
    if file is None or not is_own(file):
        return None
    path = os.path.realpath(file)
    return read_source(path, os.path.getmtime(path))


def resolved(node: ast.expr, named: Callable[[str], Any]) -> Any:
    """The object of a name, or of an attribute of a module; `UNKNOWN` for anything else.

    :param named: the object of a name where the expression stands.
    """
    if isinstance(node, ast.Name):
        return named(node.id)
    if isinstance(node, ast.Attribute):
        owner = resolved(node.value, named)
        if issubclass(type(owner), ModuleType):
            return member_of(owner, node.attr)
    return UNKNOWN


class Code:
    """A function of the program: its source, and the objects of its names."""

    def __init__(self, function: FunctionType, node: Function, source: Source) -> None:
        self.function = function
        self.node = node
        self.source = source
        self.path = source.path
        self.local_names = frozenset(bound_names(node))
        self._imported = dict(imported_objects(node))
        self._outer = _closure_of(function)

    def resolve(self, node: ast.expr) -> Any:
        """The object of a name or dotted name, or `UNKNOWN`."""
        return resolved(node, self._named)

    def is_request(self, node: ast.expr) -> bool:
        """Whether an expression is the current request."""
        return self.resolve(node) is request

    def _named(self, name: str) -> Any:
        if name in self._imported:
            return self._imported[name]
        if name in self.local_names:
            return UNKNOWN
        if name in self._outer:
            return self._outer[name]
        return self.function.__globals__.get(name, getattr(builtins, name, UNKNOWN))


def member_of(module: ModuleType, name: str) -> Any:
    """The object of a name in a module, or `UNKNOWN`.

    Only Retort's own modules are allowed to load it now; for others that may have side effects.
    """
    found = vars(module).get(name, UNKNOWN)
    if found is UNKNOWN and module.__name__.partition(".")[0] in _LAZY:
        return getattr(module, name, UNKNOWN)
    return found


def code_of(view: Callable[..., Any]) -> Code | None:
    """The source of a function; ``None`` if it is not a plain function of the program."""
    if not isinstance(view, FunctionType):
        return None
    source = source_of(view.__code__.co_filename)
    if source is None:
        return None
    node = source.by_place.get((view.__code__.co_name, view.__code__.co_firstlineno))
    return None if node is None else Code(view, node, source)


def wrappers_of(view: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The wrapper functions of a view's decorators, outermost first, then the view."""
    seen: set[int] = set()
    while id(view) not in seen:
        seen.add(id(view))
        yield view
        view = inspect.getattr_static(view, "__wrapped__", view)


def text_in(node: ast.AST | None) -> str | None:
    """The value of a node, if it is a string literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def first_argument(call: ast.Call, name: str) -> ast.expr | None:
    """The first argument of a call, or the one named ``name``."""
    if call.args:
        return call.args[0]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def first_line_of(node: Function) -> int:
    """The first line of a function, which is that of its first decorator."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


def _closure_of(function: FunctionType) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # an empty closure cell
            names[name] = UNKNOWN
    return names


def bound_names(function: Function) -> Iterator[str]:
    """The local names of a function."""
    arguments = function.args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        yield argument.arg
    for star in (arguments.vararg, arguments.kwarg):
        if star is not None:
            yield star.arg
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, _NAMED) and node.name and node is not function:
            yield node.name


def imported_objects(function: Function) -> Iterator[tuple[str, Any]]:
    """The objects that a function imports locally, if their modules are loaded."""
    for node in ast.walk(function):
        if isinstance(node, ast.ImportFrom):
            module = None if node.level else sys.modules.get(node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, getattr(module, alias.name, UNKNOWN)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, sys.modules.get(name, UNKNOWN)
