"""What a view is called with, and which function receives it.

URL variables are keyword arguments. A decorator may add or remove some of them: a function behind
one is only known to receive them all if the source of the decorator shows it. Declared inputs are
arguments too: from the outermost function on, or from where ``@inputs`` is.
"""

from __future__ import annotations

import ast
import inspect
import os
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from ... import by_method, views
from ...declared import inputs_in
from ...errors import SetupError
from ...views import MethodView, View
from .source import code_of, first_line_of, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from .source import Code, Function, Source


@dataclass(frozen=True)
class Receiver:
    """A function that is called with the URL variables.

    :param is_bound: whether its first argument is the object of a method.
    :param is_wrapper: whether a decorator put it around the view.
    :param inputs: the declared inputs that it is certainly called with.
    :param maybe: those that it is called with unless they have their default.
    """

    function: FunctionType
    is_bound: bool = False
    is_wrapper: bool = False
    inputs: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()

    @property
    def code(self) -> Code | None:
        """Its source, if it belongs to the program."""
        return code_of(self.function)


@dataclass(frozen=True)
class Mismatch:
    """Arguments that do not fit: such a call raises ``TypeError``.

    :param missing: required, and not passed.
    :param extra: passed, and not accepted.
    """

    receiver: Receiver
    missing: tuple[str, ...]
    extra: tuple[str, ...]


def mismatch_of(
    view: Callable[..., Any], method: str, passed: Collection[str], maybe: Collection[str] = ()
) -> Mismatch | None:
    """The first function of a view that does not accept its arguments.

    :param method: of the request, which selects the function of a view that has several.
    :param passed: the names that are certainly passed.
    :param maybe: the names that may be passed.
    """
    for receiver in receivers_of(view, method):
        given, unsure = {*passed, *receiver.inputs}, {*maybe, *receiver.maybe}
        missing, extra = _difference(receiver, given, unsure)
        if missing or extra:
            return Mismatch(receiver, missing, extra)
    return None


def receivers_of(view: Any, method: str, *, is_bound: bool = False) -> Iterator[Receiver]:
    """The functions that certainly receive all URL variables, the outermost first."""
    inputs = _no_inputs if _reads_further_inside(view) else _inputs_of(view)
    while type(view) is FunctionType:
        inner = _part_for(view, method)
        if inner is not None:
            yield from receivers_of(inner[0], method, is_bound=inner[1])
            return
        wrapped = vars(view).get("__wrapped__")
        if inputs is None:
            return
        yield Receiver(view, is_bound, wrapped is not None, *inputs)
        if wrapped is not None and vars(view).get("retort_inputs") is wrapped:  # this is @inputs
            inputs = _inputs_of(view)
        elif wrapped is None or not _passes_all_on(view, wrapped, is_bound=is_bound):
            return
        view = wrapped


_no_inputs: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def _reads_further_inside(view: Any) -> bool:
    """Whether ``@inputs`` is below the outermost function, or another function has the inputs."""
    return any(hasattr(view, name) for name in ("retort_inputs", "views_by_method"))


def _inputs_of(view: Any) -> tuple[frozenset[str], frozenset[str]] | None:
    """The names of inputs without and with a default; ``None`` if they cannot be read."""
    try:
        declared = inputs_in(view)
    except SetupError:  # `rules/inputs.py` reports it
        return None
    if declared is None:
        return _no_inputs
    required = {each.name for each in declared.parameters if not each.has_default}
    return frozenset(required), frozenset(each.name for each in declared.parameters) - required


def _part_for(view: FunctionType, method: str) -> tuple[Any, bool] | None:
    """The function for a method, of a function that Retort made of several or of a class."""
    file = view.__code__.co_filename
    if file == by_method.__file__:
        parts = vars(view).get("views_by_method", {})
        return parts.get(method, parts.get("GET") if method == "HEAD" else None), False
    if file != views.__file__:
        return None
    cls = vars(view).get("view_class")
    if not isinstance(cls, type) or not issubclass(cls, View):
        return None, False
    dispatch = inspect.getattr_static(cls, "dispatch_request", None)
    if dispatch is not inspect.getattr_static(MethodView, "dispatch_request"):
        return dispatch, True
    found = inspect.getattr_static(cls, method.lower(), None)
    if found is None and method == "HEAD":
        found = inspect.getattr_static(cls, "get", None)
    return found, True


# Signatures


def _difference(
    receiver: Receiver, passed: Collection[str], maybe: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The missing and the extra arguments; from the code, since tools set signatures."""
    function, code = receiver.function, receiver.function.__code__
    positional = code.co_varnames[: code.co_argcount]
    by_keyword = code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount]
    required = [
        *positional[: code.co_argcount - len(function.__defaults__ or ())],
        *(name for name in by_keyword if name not in (function.__kwdefaults__ or {})),
    ]
    only_by_position = positional[: code.co_posonlyargcount]
    bound = positional[: int(receiver.is_bound)]
    accepted = {*positional, *by_keyword} - {*only_by_position, *bound}
    given = {*passed, *maybe} & accepted
    missing = [name for name in required if name not in given and name not in bound]
    takes_any = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    extra = [] if takes_any else sorted(name for name in passed if name not in accepted)
    return tuple(missing), tuple(extra)


# Decorators


def _passes_all_on(wrapper: FunctionType, inner: Any, *, is_bound: bool) -> bool:
    """Whether a wrapper calls the inner function with exactly its own arguments."""
    node = _node_of(wrapper)
    if node is None:
        return False
    arguments = node.args
    plain = [*arguments.posonlyargs, *arguments.args]
    if arguments.kwarg is None or arguments.kwonlyargs or len(plain) != int(is_bound):
        return False
    call = _Call(
        tuple(argument.arg for argument in plain),
        arguments.vararg.arg if arguments.vararg is not None else None,
        arguments.kwarg.arg,
    )
    return _uses_only(node, _names_of(wrapper, inner), call)


@dataclass(frozen=True)
class _Call:
    """The arguments of a wrapper, as they are passed on: ``(self, *args, **kwargs)``."""

    first: tuple[str, ...]
    star: str | None
    stars: str

    def is_made_by(self, node: ast.Call) -> bool:
        """Whether a call has exactly these arguments."""
        shown = [ast.unparse(one) for one in node.args]
        expected = [*self.first, *([f"*{self.star}"] if self.star else [])]
        keywords = [(one.arg, ast.unparse(one.value)) for one in node.keywords]
        return shown == expected and keywords == [(None, self.stars)]


def _uses_only(function: Function, names: set[str], call: _Call) -> bool:
    """Whether a function is only called in this way, and its arguments are only read."""
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    calls = 0
    body = [node for statement in function.body for node in ast.walk(statement)]
    for node in body:
        if not isinstance(node, ast.Name):
            continue
        if node.id in names:
            made = _call_with(node, parents)
            if made is None or not call.is_made_by(made):
                return False
            calls += 1
        elif _may_change(node, call, parents):
            return False
    return calls > 0


def _may_change(name: ast.Name, call: _Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use of one of the wrapper's arguments may change it."""
    if name.id in (call.star, *call.first):
        return not isinstance(name.ctx, ast.Load)
    return name.id == call.stars and not _only_reads(name, parents)


def _call_with(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> ast.Call | None:
    """The call of a function: ``f(...)``, or ``current_app.ensure_sync(f)(...)``."""
    parent = parents.get(name)
    if not isinstance(parent, ast.Call):
        return None
    if parent.func is name:
        return parent
    outer = parents.get(parent)
    is_sync = isinstance(parent.func, ast.Attribute) and parent.func.attr == "ensure_sync"
    if is_sync and isinstance(outer, ast.Call) and outer.func is parent:
        return outer
    return None


def _only_reads(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use of ``kwargs`` leaves it unchanged."""
    parent = parents.get(name)
    if isinstance(parent, ast.keyword):
        return parent.arg is None
    return reads_only(name, parents)


def reads_only(node: ast.expr, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether a use of a dictionary leaves it unchanged."""
    parent = parents.get(node)
    if isinstance(parent, ast.Subscript):
        return parent.value is node and isinstance(parent.ctx, ast.Load)
    if isinstance(parent, ast.Attribute):
        return parent.attr in ("get", "items", "keys", "values")
    if isinstance(parent, ast.Compare):
        return True
    return isinstance(parent, (ast.If, ast.IfExp, ast.UnaryOp, ast.FormattedValue))


def _names_of(wrapper: FunctionType, inner: Any) -> set[str]:
    """The variables of a wrapper that are the inner function."""
    cells = zip(wrapper.__code__.co_freevars, wrapper.__closure__ or (), strict=True)
    return {name for name, cell in cells if _content_of(cell) is inner}


def inner_functions(wrapper: FunctionType) -> dict[str, Any]:
    """The functions that a function uses from the function around it, by their names there."""
    cells = zip(wrapper.__code__.co_freevars, wrapper.__closure__ or (), strict=True)
    found = {name: _content_of(cell) for name, cell in cells}
    return {name: each for name, each in found.items() if isinstance(each, FunctionType)}


def names_around(wrapper: Any) -> list[str]:
    """The names of the functions and classes in which a function is written, outermost first.

    ``functools.wraps`` hides them in ``__qualname__``.
    """
    node = _node_of(wrapper) if type(wrapper) is FunctionType else None
    source = _source_of(wrapper) if node is not None else None
    if source is None:
        return []
    line = wrapper.__code__.co_firstlineno
    return [
        each.name
        for each in ast.walk(source.tree)  # in order of depth
        if isinstance(each, _NAMED) and each is not node and _has_line(each, line)
    ]


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _has_line(node: ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _content_of(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # an empty closure cell
        return None


def _source_of(function: FunctionType) -> Source | None:
    """The source of the file of a function, also of a library."""
    file = function.__code__.co_filename
    if not os.path.isfile(file):
        return None
    path = os.path.realpath(file)
    return read_source(path, os.path.getmtime(path))


def _node_of(function: FunctionType) -> Function | None:
    """The source of a function, also of a library."""
    code, source = function.__code__, _source_of(function)
    if source is None:
        return None
    found = [
        node
        for node in source.functions()
        if node.name == code.co_name and first_line_of(node) == code.co_firstlineno
    ]
    return found[0] if len(found) == 1 else None
