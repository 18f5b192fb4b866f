"""``retort routes --plan``: what runs for requests to one endpoint, in order.

The steps are read from the plan that `lifecycle/compose.py` composes, the functions from the
registries. A table has a row for each function, with the owner that registered it.
"""

from __future__ import annotations

import difflib
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..declared import bound
from ..http.cross_origin import is_exempt, read_origin_policy
from ..http.methods import WITHOUT_CONTENT
from ..http.request import split_blueprint_path
from ..http.response import Response
from ..lifecycle import policies
from ..lifecycle.plan import ANY_METHOD
from ..registries import is_recorded
from ..routing import options_of
from ..sessions import SecureCookieSessionInterface
from .places import is_ours, name_of, place_of
from .replaced import LIVE, replaced_attributes, replaced_methods
from .running import LOOP, THREAD, remarks, runs_coroutines_itself
from .table import table_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkzeug.routing import Rule

    from ..app import Flask
    from ..lifecycle.plan import Plan

_REPLACED_NOTE = "What a replaced method does otherwise runs where the replacement calls it."


class Step(NamedTuple):
    """A row of the table.

    :param runs_in: the event loop or a thread; empty: nothing runs. Shown if the plan has both.
    """

    name: str
    runs: str
    source: str
    place: str = ""
    runs_in: str = THREAD


def plan_lines(app: Flask, endpoint: str, method: str | None = None) -> list[str]:
    """The plans for an endpoint as lines of text; methods with equal plans share a table.

    :param method: show only the plan for this method.
    :raises click.UsageError: if there is no such endpoint, or it does not allow the method.
    """
    rules = _rules_of(app, endpoint)
    methods = _methods_of(rules)
    if method is not None:
        methods = [_known_method(endpoint, methods, method.upper())]
    composed = _Endpoint(app, endpoint, rules)
    by_steps: dict[tuple[Step, ...], list[str]] = {}
    for each in methods:
        by_steps.setdefault(tuple(composed.steps(each)), []).append(each)
    lines = [f"{endpoint}: {', '.join(rule.rule for rule in rules)}"]
    for steps, names in by_steps.items():
        title = ", ".join(names).replace(ANY_METHOD, "Any method")
        lines += _steps_section(title, steps)
        if not composed.is_websocket:
            plan = composed.plan(names[0])
            lines += remarks(app, composed.plans, plan, steps)
    handlers = list(composed.error_handlers())
    lines += _section("Error handlers", ("Error", "Handler", "Registered on", "Where"), handlers)
    replaced = [*replaced_methods(app), *replaced_attributes(app)]
    lines += _section("Replaced", ("Name", "Which", "By", "Where"), replaced)
    if replaced:
        lines += ["", _REPLACED_NOTE]
    return [line.rstrip() for line in lines]


def _steps_section(title: str, steps: Sequence[Step]) -> list[str]:
    if all(step.runs_in != LOOP for step in steps):
        return _section(title, ("Step", "Runs", "From", "Where"), [step[:4] for step in steps])
    rows = [(step.name, step.runs, step.runs_in, step.source, step.place) for step in steps]
    return _section(title, ("Step", "Runs", "In", "From", "Where"), rows)


def _section(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    return ["", title, "", *table_lines(headings, rows)]


def _rules_of(app: Flask, endpoint: str) -> list[Rule]:
    endpoints = {str(rule.endpoint) for rule in app.url_map.iter_rules()}
    if endpoint in endpoints:
        return list(app.url_map.iter_rules(endpoint))
    near = difflib.get_close_matches(endpoint, sorted(endpoints), cutoff=0.5)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise click.UsageError(
        f"There is no endpoint {endpoint!r}.{hint} 'retort routes' lists all of them."
    )


def _methods_of(rules: list[Rule]) -> list[str]:
    if all(map(_is_websocket, rules)):
        return [_WEBSOCKET]
    if any(rule.methods is None for rule in rules):
        return [ANY_METHOD]
    methods = {method for rule in rules for method in rule.methods or ()}
    return sorted(methods, key=lambda method: (method in {"HEAD", "OPTIONS"}, method))


def _known_method(endpoint: str, methods: list[str], method: str) -> str:
    if method in methods:
        return method
    if methods == [ANY_METHOD]:
        return ANY_METHOD
    if methods == [_WEBSOCKET]:
        raise click.UsageError(f"The endpoint {endpoint!r} is a WebSocket: leave --method out.")
    raise click.UsageError(
        f"The endpoint {endpoint!r} does not take {method}, but {', '.join(methods)}."
    )


class _Endpoint:
    """Lists what runs for one endpoint."""

    def __init__(self, app: Flask, endpoint: str, rules: list[Rule]) -> None:
        self.app = app
        self.endpoint = endpoint
        self.rules = rules
        blueprint = endpoint.rpartition(".")[0]
        #: The blueprints, the innermost first, and ``None`` for the application.
        self.scopes = [*(split_blueprint_path(blueprint) if blueprint else ()), None]
        self.plans = app.current_plans()
        self.is_websocket = all(map(_is_websocket, rules))

    def plan(self, method: str) -> Plan:
        """The plan for a method."""
        rules = [rule for rule in self.rules if method in (rule.methods or {method})]
        return self.plans.find(rules[0], method)

    def steps(self, method: str) -> Iterator[Step]:
        """The steps for a method, in the order in which they run."""
        if self.is_websocket:
            yield from self._websocket_steps()
            return
        app = self.app
        rules = [rule for rule in self.rules if method in (rule.methods or {method})]
        plan = self.plan(method)
        on_loop = LOOP if plan.is_async else THREAD
        if self.plans.opens_session_first:
            yield self._session("opened before all else")
        if policies.admit in plan.before_view:
            runs_in = THREAD if app.config.get("METHOD_OVERRIDE") else on_loop
            for step in self._admission(method, rules):
                yield step._replace(runs_in=runs_in)
        yield from self._hooks("URL values", app.url_value_preprocessors, is_inward=True)
        yield from self._hooks("before", app.before_request_funcs, is_inward=True)
        if plan.check is not None:
            for step in self._checks(method, rules):
                yield step._replace(runs_in=on_loop)
        if method != "OPTIONS" or not all(map(_answers_options, rules)):
            yield from self._view(method)
        yield from self._finish(method, plan)
        yield from self._hooks("teardown", app.teardown_request_funcs, is_inward=False)
        yield from self._app_teardown()

    def _websocket_steps(self) -> Iterator[Step]:
        """The steps of a WebSocket; see `lifecycle/websockets/request.py`."""
        app = self.app
        for origins in {options_of(rule).websocket.origins for rule in self.rules}:  # type: ignore[union-attr]
            if origins is None and app.config.get("CROSS_ORIGIN_PROTECTION"):
                source = "config CROSS_ORIGIN_PROTECTION"
            elif origins is None:
                continue
            else:
                source = f"origins={origins if origins == '*' else sorted(origins)!r}"
            yield Step("check", "origin of the page", source, runs_in=LOOP)
        yield from self._hooks("URL values", app.url_value_preprocessors, is_inward=True)
        yield from self._hooks("before", app.before_websocket_funcs, is_inward=True)
        yield from self._view("GET")
        runs_in = THREAD if self.plans.opens_session_first else LOOP
        session = self._session("saved by accept")
        yield session._replace(runs_in=session.runs_in and runs_in)
        yield from self._hooks("after", app.after_websocket_funcs, is_inward=False)
        yield from self._hooks("teardown", app.teardown_websocket_funcs, is_inward=False)
        yield from self._app_teardown()

    def _app_teardown(self) -> Iterator[Step]:
        source = _with_note("application", is_live=not self._is_recorded(_APP_TEARDOWN))
        for function in reversed(self.app.teardown_appcontext_funcs):
            yield self._call("app teardown", function, source)

    def _is_recorded(self, name: str, levels: int = 1) -> bool:
        return is_recorded(getattr(self.app, name), self.app.registry_changes, levels=levels)

    def _admission(self, method: str, rules: list[Rule]) -> Iterator[Step]:
        config, view = self.app.config, self.app.view_functions.get(self.endpoint)
        if config.get("CROSS_ORIGIN_PROTECTION"):
            policy = read_origin_policy(config)
            source = "config CROSS_ORIGIN_PROTECTION"
            if is_exempt(view, method):
                source += "; exempt by @cross_origin_exempt"
            elif all(policy.takes_rule(method, rule, rule.rule) for rule in rules):
                source += "; exempt by CROSS_ORIGIN_EXEMPT_RULES"
            yield Step("check", "cross-origin protection", source)
        if config.get("METHOD_OVERRIDE") and method in {"POST", ANY_METHOD}:
            yield Step("check", "method override", "config METHOD_OVERRIDE")

    def _checks(self, method: str, rules: list[Rule]) -> Iterator[Step]:
        config = self.app.config
        if method in {"OPTIONS", ANY_METHOD} and any(map(_answers_options, rules)):
            source = "route option provide_automatic_options"
            if config.get("PROVIDE_AUTOMATIC_OPTIONS"):
                source = "config PROVIDE_AUTOMATIC_OPTIONS"
            yield Step("check", "automatic OPTIONS, in place of the view", source)
        if method in {"PUT", ANY_METHOD} and not config.get("ACCEPT_PARTIAL_PUT"):
            yield Step("check", "partial PUT is refused", "config ACCEPT_PARTIAL_PUT")
        for rule in rules:
            media_types = options_of(rule).media_types
            if media_types is None:
                continue
            consumes, produces = media_types
            if consumes is not None and method not in WITHOUT_CONTENT:
                yield Step("check", "media type of the content", f"accepts={[*consumes]}")
            elif method == "QUERY":
                yield Step("check", "content has a media type", "method QUERY")
            if produces is not None:
                yield Step("check", "media types that are accepted", f"produces={[*produces]}")

    def _hooks(self, name: str, registry: Any, *, is_inward: bool) -> Iterator[Step]:
        scopes = self.scopes[::-1] if is_inward else self.scopes
        changes = self.app.registry_changes
        for scope in scopes:
            functions = registry.get(scope, ())
            is_live = not (is_recorded(registry, changes) and is_recorded(functions, changes))
            source = _with_note(_owner(scope), is_live=is_live)
            for function in functions if is_inward else reversed(functions):
                yield self._call(name, function, source)

    def _call(self, name: str, function: Any, source: str) -> Step:
        is_async = iscoroutinefunction(function) and not runs_coroutines_itself(self.plans)
        runs_in = LOOP if is_async else THREAD
        return Step(name, name_of(function), source, place_of(function), runs_in)

    def _view(self, method: str) -> Iterator[Step]:
        view: Any = self.app.view_functions.get(self.endpoint)
        source = "" if self._is_recorded("view_functions") else f"plain dict, {LIVE}"
        if view is None:
            yield Step("view", "none: an error", source)
            return
        function = self._function(view, method)
        step = self._call("view", function, source)
        declared = getattr(bound(function), "declared_inputs", ())
        if declared:
            runs = ", ".join(f"{each.name} ({each.source})" for each in declared)
            yield Step("inputs", runs, "annotations", step.place, step.runs_in)
        yield step

    @staticmethod
    def _function(view: Any, method: str) -> Any:
        """The function that a view calls for a method."""
        views = getattr(view, "views_by_method", None)  # @login.post beside @app.get
        if views is not None:
            view = views.get(method) or views.get("GET", view)
        kind = getattr(view, "view_class", None)
        if kind is not None:
            names = (method.lower(), "get" if method == "HEAD" else "", "dispatch_request")
            view = next(getattr(kind, name) for name in names if hasattr(kind, name))
        return view

    def _finish(self, method: str, plan: Plan) -> Iterator[Step]:
        is_on_loop = plan.is_async and not plan.after and not self.plans.opens_session_first
        runs_in = LOOP if is_on_loop else THREAD
        if plan.finish is not self.plans.finalize:
            source = "no step would see one"
            yield Step("finish", "without a response", source, runs_in=runs_in)
        else:
            source = ", ".join(self._reasons_for_response(method, plan))
            yield Step("finish", "as a response", source, runs_in=runs_in)
        yield from self._hooks("after", self.app.after_request_funcs, is_inward=False)
        if self.plans.sends_security_fields:
            source = "config SEND_SECURITY_HEADERS"
            yield Step("after", "security header fields", source, runs_in=runs_in)
        yield self._session("saved if it was opened")
        if self.plans.tags_responses:
            yield Step("after", "entity tag", "config AUTOMATIC_ETAGS")

    def _reasons_for_response(self, method: str, plan: Plan) -> Iterator[str]:
        plans, app = self.plans, self.app
        for name in ("finalize_request", "make_response", "process_response"):
            if name in plans.replaced:
                yield f"{name} is replaced"
        if app.response_class is not Response:
            yield f"response_class is {name_of(app.response_class)}"
        elif plans.text_type is None:
            yield "Response was changed"
        if method in {"HEAD", ANY_METHOD}:
            yield "HEAD is answered without the body"
        if plan.after:
            yield "after hooks"
        if plans.tags_responses:
            yield "config AUTOMATIC_ETAGS"

    def _session(self, what: str) -> Step:
        interface = self.app.session_interface
        if isinstance(interface, SecureCookieSessionInterface) and not self.app.secret_key:
            return Step("session", "never saved", "config SECRET_KEY is not set", runs_in="")
        kind = type(interface)
        return Step("session", what, name_of(kind), "" if is_ours(kind) else place_of(kind))

    def error_handlers(self) -> Iterator[tuple[str, str, str, str]]:
        """The handlers that can be called, in the order in which they are looked up."""
        spec = self.app.error_handler_spec
        scopes = [scope for scope in self.scopes if scope in spec]
        codes = {code for scope in scopes for code in spec[scope]}
        for code in sorted(codes, key=lambda code: (code is None, code)):
            inner: set[type] = set()  # classes with a handler in an inner scope
            for scope in scopes:
                by_class = spec[scope].get(code, {})
                for kind, handler in by_class.items():
                    if inner.isdisjoint(kind.__mro__):
                        error = name_of(kind) if code is None else f"{code} {name_of(kind)}"
                        yield error, name_of(handler), _owner(scope), place_of(handler)
                inner.update(by_class)


_APP_TEARDOWN = "teardown_appcontext_funcs"
_WEBSOCKET = "WebSocket"  # in place of methods


def _is_websocket(rule: Rule) -> bool:
    return options_of(rule).websocket is not None


def _answers_options(rule: Rule) -> bool:
    return bool(getattr(rule, "provide_automatic_options", False))


def _owner(scope: str | None) -> str:
    return "application" if scope is None else f"blueprint {scope!r}"


def _with_note(owner: str, *, is_live: bool) -> str:
    return f"{owner} (plain container, {LIVE})" if is_live else owner
