"""The program's views with their source, methods and addresses, for the rules."""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from operator import itemgetter, not_
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from ...app import Retort
from ...blueprint import Blueprint
from ...globals import request
from ...routing import options_of
from .calls import calls_in, nodes_in
from .source import Code, Source, code_of, first_line_of, source_of, text_in, wrappers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from ...app import Flask
    from .calls import Call

BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})
_SERVING = frozenset({"run", "serve", "run_simple", "make_server", "WSGIServer", "serve_forever"})
# Methods of applications, blueprints and extensions that add routes.
_EXTENDING = frozenset(
    {"register_blueprint", "add_url_rule", "add_view", "add_views", "add_resource", "add_namespace"}
)
_VARIABLE = re.compile(r"<[^>]*>")


@dataclass
class View:
    """A view function, with all its endpoints.

    :param wrappers: the wrapper functions of its decorators that belong to the program.
    :param chains: for each of its rules, what is called: the wrapper functions, and the view.
    """

    code: Code
    methods: set[str] = field(default_factory=set)
    rules: list[Rule] = field(default_factory=list)
    wrappers: list[Code] = field(default_factory=list)
    chains: list[list[Callable[..., Any]]] = field(default_factory=list)
    is_alone: bool = True  # no other function of its endpoints handles other methods

    def has(self, rule: Rule) -> bool:
        """Whether a rule belongs to this view; rules with the same address compare equal."""
        return any(rule is own for own in self.rules)

    @property
    def name(self) -> str:
        """The name for messages: ``login()``."""
        return f"{self.code.node.name}()"

    @property
    def blueprints(self) -> set[str]:
        """The blueprints of its endpoints; empty for the application."""
        return {endpoint.rpartition(".")[0] for endpoint in self.endpoints}

    @property
    def endpoints(self) -> set[str]:
        """Its endpoint names."""
        return {str(rule.endpoint) for rule in self.rules}


class Program:
    """An application, with the views whose source is available."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.rules = list(app.url_map.iter_rules())
        is_socket = [options_of(rule).websocket is not None for rule in self.rules]
        #: The views of HTTP routes, and those of WebSocket routes, with their source.
        self.views = list(_views(app, compress(self.rules, map(not_, is_socket))))
        self.sockets = list(_views(app, compress(self.rules, is_socket)))
        self.sources = _sources(self)

    @cached_property
    def modules(self) -> dict[str, tuple[Source, ModuleType]]:
        """The loaded modules in the folder of the application, and those of its views, by file."""
        return _modules(self)

    @cached_property
    def unregistered(self) -> list[Blueprint]:
        """Blueprints that the program has and does not register, such as an optional part."""
        made = (value for _, module in self.modules.values() for value in vars(module).values())
        known = {id(blueprint) for blueprint in self.app.blueprints.values()}
        return [
            value for value in made if issubclass(type(value), Blueprint) and id(value) not in known
        ]

    @cached_property
    def calls(self) -> list[Call]:
        """All calls in the modules of the program."""
        return [
            call for source, module in self.modules.values() for call in calls_in(source, module)
        ]

    @cached_property
    def is_extended_as_script(self) -> bool:
        """Whether a file adds to the application below ``if __name__ == "__main__":``."""
        found = (
            call
            for source, _ in self.modules.values()
            for statement in source.tree.body
            if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test)
            for call in ast.walk(statement)
            if isinstance(call, ast.Call)
        )
        calls = {id(call) for call in found}
        return any(id(call.node) in calls and self._extends(call) for call in self.calls)

    def _extends(self, call: Call) -> bool:
        function = call.node.func
        name = ast.unparse(function).rpartition(".")[2]
        if name in _SERVING:
            return False
        arguments = map(call.scope.resolve, call.node.args)
        return name in _EXTENDING or any(argument is self.app for argument in arguments)

    @cached_property
    def request_attributes(self) -> frozenset[str]:
        """The attributes that the program sets on the request: ``request.form = ...``."""
        return frozenset(
            node.attr
            for source, module in self.modules.values()
            for scope, node in nodes_in(source, module)
            if isinstance(node, ast.Attribute)
            and not isinstance(node.ctx, ast.Load)
            and scope.resolve(node.value) is request
        )

    @cached_property
    def strings(self) -> frozenset[str]:
        """All strings in the source of the program's modules."""
        nodes = (node for source, _ in self.modules.values() for node in ast.walk(source.tree))
        return frozenset(text for text in map(text_in, nodes) if text is not None)

    @property
    def has_known_paths(self) -> bool:
        """Whether the path alone selects the route, without middleware, hosts or subdomains."""
        app = self.app
        if app.url_map.host_matching or "wsgi_app" in vars(app):  # middleware may respond
            return False
        return not any(rule.subdomain for rule in self.rules)

    def replaces(self, *names: str) -> bool:
        """Whether the application has methods of its own instead of Retort's with these names."""
        app = self.app
        for name in names:
            owner = next(cls for cls in type(app).__mro__ if name in vars(cls))
            if name in vars(app) or owner not in Retort.__mro__:
                return True
        return False

    def has_endpoint(self, name: str) -> bool:
        """Whether the endpoint exists."""
        return any(rule.endpoint == name for rule in self.rules)

    def view_at(self, code: Code | None) -> View | None:
        """The view with this source."""
        return next((view for view in self.views if code and view.code.node is code.node), None)

    def rules_like(self, rules: Iterable[Rule]) -> list[Rule]:
        """The rules with the address of one of ``rules``; their methods are combined."""
        shapes = {_shape(rule) for rule in rules}
        found = [pair for shape in shapes for pair in self._by_shape.get(shape, ())]
        return [rule for _, rule in sorted(found, key=itemgetter(0))]

    @cached_property
    def _by_shape(self) -> dict[tuple[str, str], list[tuple[int, Rule]]]:
        """The rules of each address, with their position in `rules`."""
        found: dict[tuple[str, str], list[tuple[int, Rule]]] = {}
        for pair in enumerate(self.rules):
            found.setdefault(_shape(pair[1]), []).append(pair)
        return found

    @cached_property
    def _methods(self) -> list[str]:
        """All methods of the rules."""
        return sorted({method for rule in self.rules for method in rule.methods or ("GET",)})

    def rules_at(self, path: str) -> list[Rule]:
        """The rules that match a path, for any method."""
        found = [self._match(path, method) for method in self._methods]
        return self.rules_like(rule for rule in found if rule is not None)

    def takers(self, rules: Iterable[Rule], method: str) -> list[View] | None:
        """The views that handle ``method`` there; ``None`` if there is no rule."""
        taking = [rule for rule in rules if rule.methods is None or method in rule.methods]
        if not taking:
            return None
        return [
            view
            for view in self.views
            if method in view.methods and any(view.has(rule) for rule in taking)
        ]

    def _match(self, path: str, method: str) -> Rule | None:
        adapter = self.app.url_map.bind("localhost")
        try:
            rule: Rule = adapter.match(path, method=method, return_rule=True)[0]
        except RequestRedirect as redirect:
            target = urlsplit(redirect.new_url).path
            return None if target == path else self._match(target, method)
        except HTTPException:
            return None
        return rule


def first_line(view: View) -> int:
    """The first line of a view, which is that of its first decorator."""
    return first_line_of(view.code.node)


def methods_of(rules: Iterable[Rule]) -> list[str]:
    """The methods of rules, in order, without the implied HEAD and OPTIONS."""
    found = {method for rule in rules for method in rule.methods or ()}
    return sorted(found - {"HEAD", "OPTIONS"})


def without_implied(methods: Iterable[str]) -> set[str]:
    """Methods without HEAD and OPTIONS, which routes accept by themselves."""
    found = set(methods)
    return found - {"HEAD", "OPTIONS"} or found


def text_converters(rule: Rule) -> set[str]:
    """The variables of a rule that accept any text."""
    plain = {"UnicodeConverter", "PathConverter"}
    converters: dict[str, Any] = rule._converters
    return {name for name, value in converters.items() if type(value).__name__ in plain}


def _shape(rule: Rule) -> tuple[str, str]:
    return rule.host or rule.subdomain or "", _VARIABLE.sub("<>", rule.rule)


def _views(app: Flask, rules: Iterable[Rule]) -> Iterator[View]:
    found: dict[int, View] = {}
    for rule in rules:
        function = app.view_functions.get(str(rule.endpoint))
        if function is None:
            continue
        for methods, part in _parts(function, rule):
            chain = list(wrappers_of(part))
            codes = [code_of(wrapper) for wrapper in chain]
            code = codes[-1]
            if code is None:
                continue
            view = found.setdefault(id(code.node), View(code))
            view.methods |= methods
            view.rules.append(rule)
            view.chains.append(chain if part is function else [function, *chain])
            view.wrappers += [wrapper for wrapper in codes[:-1] if wrapper]
            view.is_alone = view.is_alone and part is function
    yield from found.values()


def _parts(
    function: Callable[..., Any], rule: Rule
) -> Iterator[tuple[set[str], Callable[..., Any]]]:
    """The functions of an endpoint, each with its methods at a rule."""
    methods = set(rule.methods or BODY_METHODS | {"GET", "HEAD"})
    parts = _by_method(function)
    if parts is None:
        yield methods, function
        return
    for method, part in parts.items():
        taken = {method, "HEAD"} if method == "GET" and "HEAD" not in parts else {method}
        if taken & methods:
            yield taken & methods, part


def _by_method(function: Callable[..., Any]) -> dict[str, Callable[..., Any]] | None:
    """The functions of a view with one function per method; ``None`` for others."""
    parts: dict[str, Callable[..., Any]] | None = getattr(function, "views_by_method", None)
    cls = getattr(function, "view_class", None)
    if parts is not None or cls is None:
        return parts
    names = {name for name in cls.methods or () if hasattr(cls, name.lower())}
    if names:
        return {name: getattr(cls, name.lower()) for name in names}
    return dict.fromkeys(("GET", *BODY_METHODS), cls.dispatch_request)


def _sources(program: Program) -> list[Source]:
    """The files of the program's views and of the application."""
    module = sys.modules.get(program.app.import_name)
    views = [*program.views, *program.sockets]
    paths = [getattr(module, "__file__", None), *(view.code.path for view in views)]
    found = {source.path: source for source in map(source_of, paths) if source}
    return list(found.values())


def _modules(program: Program) -> dict[str, tuple[Source, ModuleType]]:
    folder = os.path.join(os.path.realpath(program.app.root_path), "")
    known = {source.path for source in program.sources}
    found: dict[str, tuple[Source, ModuleType]] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = os.path.realpath(file)
        if path in known or path.startswith(folder):
            source = source_of(path)
            if source is not None:
                found.setdefault(path, (source, module))
    return dict(sorted(found.items()))
