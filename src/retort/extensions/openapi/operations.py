"""The operations of an application: each route with each of its methods, and what is called.

WebSocket routes, static files, HEAD and OPTIONS are left out.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ...routing import options_of
from .converters import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from werkzeug.routing import Rule

    from ...app import Flask

#: The methods that an OpenAPI document has a name for.
METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "TRACE")
#: Methods whose requests may have a body, for which a document can describe one.
WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})

_VARIABLE = re.compile(r"\{[^}]*\}")
_HIDDEN = frozenset({"HEAD", "OPTIONS"})
_ALL = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})  # of a rule for any method


@dataclass(frozen=True)
class Operation:
    """A route with one of its methods.

    :param path: the path of the document: ``/users/{id}``.
    :param chain: the functions that are called, the outermost first: those of decorators, the
        registered view, and the function for the method.
    """

    rule: Rule
    method: str
    path: str
    chain: tuple[Callable[..., Any], ...]

    @property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        return str(self.rule.endpoint)

    @property
    def shape(self) -> str:
        """The path without the names of its variables: ``/users/{}``."""
        return shape_of(self.path)

    @property
    def function(self) -> Callable[..., Any]:
        """The innermost function: the one that the program wrote for the method."""
        return self.chain[-1]

    @property
    def blueprint(self) -> str:
        """The full name of the blueprint; empty for the application's own routes."""
        return self.endpoint.rpartition(".")[0]

    @property
    def has_body(self) -> bool:
        """Whether a request with this method may have a body."""
        return self.method in WITH_BODY


def operations_of(app: Flask, hidden: Iterable[str] = ()) -> Iterator[Operation]:
    """The operations of an application, in the order of its rules.

    :param hidden: endpoints that are left out.
    """
    omitted = frozenset(hidden)
    for rule in app.url_map.iter_rules():
        view = app.view_functions.get(str(rule.endpoint))
        if view is None or is_websocket(rule) or rule.endpoint in omitted or _is_static(rule):
            continue
        path = path_of(rule)
        for method in sorted((rule.methods or _ALL) - _HIDDEN):
            yield Operation(rule, method, path, chain_of(view, method))


def is_websocket(rule: Rule) -> bool:
    """Whether a rule is for WebSocket connections."""
    return rule.websocket or options_of(rule).websocket is not None


def path_of(rule: Rule) -> str:
    """The path of a rule as a template: ``/users/{id}``."""
    parts = (
        f"{{{text}}}" if is_variable else text.replace("{", "%7B").replace("}", "%7D")
        for is_variable, text in _path_parts(rule)
    )
    return "".join(parts)


def shape_of(path: str) -> str:
    """The path of a document without the names of its variables: ``/users/{}``."""
    return _VARIABLE.sub("{}", path)


def variables_of(path: str) -> list[str]:
    """The names of the variables in the path of a document."""
    return [variable[1:-1] for variable in _VARIABLE.findall(path)]


def path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    """The parameters of the document for the variables of a path, in their order."""
    rule = operation.rule
    variables = [name for is_variable, name in _path_parts(rule) if is_variable]
    for name, variable in zip(variables_of(operation.path), variables, strict=True):
        described = schema_of(rule._converters[variable])
        yield {"name": name, "in": "path", "required": True, **described}


def chain_of(view: Callable[..., Any], method: str) -> tuple[Callable[..., Any], ...]:
    """The functions that are called for a method, the outermost first."""
    part = _part_for(view, method)
    if part is None:
        return tuple(unwrapped(view))
    # Behind the function that selects one, `__wrapped__` is the function for another method.
    selecting = takewhile(_selects, unwrapped(view))
    return (*selecting, *unwrapped(part))


def _selects(function: Any) -> bool:
    """Whether a function selects another one by the method, or is around one that does."""
    return bool(vars(function).keys() & {"views_by_method", "view_class"})


def unwrapped(function: Any) -> Iterator[Any]:
    """A function, then those that its decorators wrapped (``__wrapped__``)."""
    seen: set[int] = set()
    while id(function) not in seen:
        seen.add(id(function))
        yield function
        function = inspect.getattr_static(function, "__wrapped__", function)


def _part_for(view: Any, method: str) -> Any:
    """The function for a method, of a view that has several; ``None`` for other views."""
    parts = getattr(view, "views_by_method", None)
    if parts is not None:
        return parts.get(method)
    cls = getattr(view, "view_class", None)
    if cls is None:
        return None
    return getattr(cls, method.lower(), None) or getattr(cls, "dispatch_request", None)


def _path_parts(rule: Rule) -> list[tuple[bool, str]]:
    """The parts of a path after the host: whether each is a variable, and its text or name."""
    trace: list[tuple[bool, str]] = rule._trace
    return trace[trace.index((False, "|")) + 1 :]


def _is_static(rule: Rule) -> bool:
    """Whether a rule is that of the static files of the application or of a blueprint."""
    endpoint = str(rule.endpoint)
    return endpoint.rpartition(".")[2] == "static" and rule.arguments == {"filename"}
