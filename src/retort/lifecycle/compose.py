"""Compose plans from the registries of an application.

The plans of an application are composed at its first request, and again after a change of its
registries (`registries.py`) and after a class was monkeypatched (`class_guard.py`).
"""

from __future__ import annotations

import threading
import typing as t
from functools import partial
from inspect import iscoroutinefunction
from weakref import ref

from ..awaited import find_awaited
from ..class_guard import DISARMED, UNCHANGED, arm, guard_of
from ..context import RequestContext, is_app_context_standard
from ..declared import bound
from ..http import Request, Response
from ..http.request import can_be_made_later, split_blueprint_path
from ..http.response import is_standard, text_type, type_field
from ..http.stream_body import streams_body
from ..json.provider import DefaultJSONProvider, state_of_class, writer_of
from ..registries import is_recorded
from ..routing import Tables, UrlMap, options_of
from ..sessions import can_be_opened_later
from . import policies, run
from .deferred import passes_through
from .overrides import planned_methods, replaced_methods
from .plan import ANY_METHOD, Plan, Plans

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.routing import Rule

    from ..app import Flask
    from .plan import Hooks, Step
    from .run import Registry, Scopes


# Limits how often plans are composed again because of concurrent changes.
_MAX_TRIES = 100


class Composer:
    """Composes the plans of one application. `Changes` stores them while they are valid.

    :param standard: the unmodified planned methods of :class:`~retort.Flask`.
    """

    __slots__ = ("_classes", "_guard", "_lock", "_standard")

    def __init__(self, standard: tuple[t.Any, ...]) -> None:
        self._standard = standard
        self._lock = threading.RLock()
        self._classes: tuple[type, ...] = ()
        self._guard: t.Any = DISARMED

    def compose(self, app: Flask) -> Plans:
        """The plans for the current registrations and overrides."""
        changes = app.registry_changes
        plans = changes.plans
        # Without a guard each request calls this method, so check before the lock.
        if plans is not None and plans.watched is not None and plans.watched == _watched(app):
            return plans
        with self._lock:
            plans = changes.plans
            if plans is not None:
                if plans.guard.__flags__ & UNCHANGED:
                    return plans  # composed by another thread
                plans.guard = DISARMED  # other threads wait for the new plans
            for _ in range(_MAX_TRIES):
                self._arm(app)  # first, so that a concurrent monkeypatch disarms it
                is_guarded = self._guard.__flags__ & UNCHANGED
                watched = None if is_guarded else _watched(app)
                number = changes.number
                plans = _compose(app, replaced_methods(app, self._standard))
                plans.guard, plans.watched = self._guard, watched
                if not _are_recorded(app) or changes.keep(plans, number):
                    break
            return t.cast("Plans", plans)

    def _arm(self, app: Flask) -> None:
        classes = (
            *(type(app), RequestContext, Request, Response),
            *(type(app.session_interface), DefaultJSONProvider),
        )
        if classes != self._classes:
            self._classes, self._guard = classes, guard_of(*classes)
        else:
            arm(self._guard)


def _watched(app: Flask) -> tuple[t.Any, ...]:
    """The class attributes that plans depend on, which may be monkeypatched."""
    return (
        type(app),
        planned_methods(type(app)),
        can_be_opened_later(app.session_interface),
        can_be_made_later(app.request_class),
        is_standard(),
        Response.default_mimetype,
        state_of_class(),
        is_app_context_standard(),
    )


def _are_recorded(app: Flask) -> bool:
    """Whether each container records its changes; those of hooks and views need not."""
    return all(
        is_recorded(container, app.registry_changes)
        for container in (app.config, app.teardown_appcontext_funcs)
    ) and is_recorded(app.url_default_functions, app.registry_changes, levels=2)


# The functions that implement the planned methods.
_STEPS: dict[str, Step] = {
    "full_dispatch_request": run.respond,
    "preprocess_request": run.preprocess,
    "dispatch_request": run.call_view,
    "finalize_request": run.finalize,
    "make_response": run.convert,
    "process_response": run.process_response,
    "do_teardown_request": run.teardown_request,
    "do_teardown_appcontext": run.teardown_appcontext,
}


# If one of these is overridden, coroutine functions run as it calls them.
_RUN_SYNC = frozenset(
    {
        *("full_dispatch_request", "preprocess_request", "dispatch_request"),
        *("ensure_sync", "async_to_sync"),
    }
)


def _step(name: str, replaced: frozenset[str]) -> Step:
    return partial(run.call_method, name) if name in replaced else _STEPS[name]


def _compose(app: Flask, replaced: frozenset[str]) -> Plans:
    plans = Plans()
    plans.changes = app.registry_changes
    plans.replaced = replaced
    plans.config = config = app.config
    if config.get("OPENAPI_URL") or config.get("OPENAPI_DOCS_URL"):
        from ..extensions.openapi import add_routes  # imports msgspec

        add_routes(app)
    plans.app_context = None
    if "app_context" in replaced or not is_app_context_standard():
        plans.app_context = app.app_context
    plans.full_dispatch = _step("full_dispatch_request", replaced)
    if app.is_in_setup and "full_dispatch_request" not in replaced:
        plans.full_dispatch = run.respond_first
    plans.finalize = _step("finalize_request", replaced)
    plans.convert = _step("make_response", replaced)
    plans.process_response = _step("process_response", replaced)
    plans.teardown_request = _step("do_teardown_request", replaced)
    plans.teardown_appcontext = _step("do_teardown_appcontext", replaced)
    plans.ends_app_context = "do_teardown_appcontext" in replaced or app.teardown_appcontext_funcs
    plans.makes_request_first = not can_be_made_later(app.request_class)
    plans.opens_session_first = True
    if can_be_opened_later(app.session_interface):
        # True as soon as the interface has instance attributes, such as an overridden method.
        plans.opens_session_first = getattr(app.session_interface, "__dict__", ())
    plans.tags_responses = bool(config.get("AUTOMATIC_ETAGS"))
    plans.describes_empty_responses = bool(config.get("DESCRIBE_EMPTY_RESPONSES"))
    plans.sends_security_fields = bool(config.get("SEND_SECURITY_HEADERS"))
    plans.streams_bodies = any(map(streams_body, app.view_functions.values()))
    plans.text_type = plans.json_type = plans.write_json = None
    if app.response_class is Response and is_standard():
        plans.text_type = text_type()
        plans.write_json = writer_of(app.json, app)
        plans.json_type = type_field(getattr(app.json, "mimetype", "application/json"))
    plans.tables, plans.url_map = Tables(None), None
    plans.builds_urls = False
    if (
        "create_url_adapter" not in replaced
        and type(app.url_map) is UrlMap
        and is_recorded(app.url_map, app.registry_changes)
        and not app.subdomain_matching
        and config.get("TRUSTED_HOSTS") is None
    ):
        plans.tables = app.url_map.tables or app.url_map.compile_tables()
        plans.url_map = app.url_map
        plans.builds_urls = not app.url_default_functions and replaced.isdisjoint(
            {"url_for", "inject_url_defaults"}
        )
    plans.may_defer = passes_through(app)
    plans.may_start_on_loop = False
    plans.by_method = _PlansByMethod(app, plans)
    plans.of_pages = {}
    return plans


class _PlansByMethod(dict[str, "_PlansByEndpoint"]):
    def __init__(self, app: Flask, plans: Plans) -> None:
        self.app = ref(app)  # weak: the application refers to the plans
        self.plans = ref(plans)

    def __missing__(self, method: str) -> _PlansByEndpoint:
        return self.setdefault(method, _PlansByEndpoint(self.app, self.plans, method))


class _PlansByEndpoint(dict["str | None", Plan]):
    """Composes the plan of an endpoint at its first use; ``None`` means no rule."""

    def __init__(self, app: ref[Flask], plans: ref[Plans], method: str) -> None:
        self.app = app
        self.plans = plans
        self.method = method

    def __missing__(self, endpoint: str | None) -> Plan:
        app, plans = t.cast("Flask", self.app()), t.cast("Plans", self.plans())
        for _ in range(_MAX_TRIES):
            number = plans.changes.number
            plan = _compose_plan(app, plans, self.method, endpoint)
            if plans.changes.number == number:
                break
        self[endpoint] = plan
        return plan


def _compose_plan(app: Flask, plans: Plans, method: str, endpoint: str | None) -> Plan:
    blueprint = (endpoint or "").rpartition(".")[0]
    scopes = (*(split_blueprint_path(blueprint) if blueprint else ()), None)
    replaced, config = plans.replaced, plans.config
    hooks = _Hooks(app, scopes, keeps_ensure_sync="ensure_sync" not in replaced)
    rules = _rules_of(app, endpoint)
    if any(options_of(rule).websocket is not None for rule in rules):
        return _compose_websocket_plan(app, plans, endpoint, hooks)
    async_view = hooks.async_view(endpoint, method) if replaced.isdisjoint(_RUN_SYNC) else None
    is_async = async_view is not None
    preprocessors = hooks.of(app.url_value_preprocessors, run.preprocess_live, is_inward=True)
    before = hooks.of(
        app.before_request_funcs, run.run_before_live, is_inward=True, is_synced=not is_async
    )
    after = hooks.of(app.after_request_funcs, run.run_after_live, is_inward=False)
    teardown = hooks.of(app.teardown_request_funcs, run.run_teardown_live, is_inward=False)
    before_view: list[Step] = []
    if policies.admits(method, config):
        before_view.append(policies.admit)
    if "preprocess_request" in replaced or preprocessors or before:
        before_view.append(_step("preprocess_request", replaced))
    has_check = policies.has_check(method, rules, config)
    finish = plans.finalize
    if (
        replaced.isdisjoint({"finalize_request", "make_response", "process_response"})
        and plans.text_type is not None
        and method not in {"HEAD", ANY_METHOD}
        and not after
        and not plans.tags_responses
    ):
        finish = run.finish_without_response
        if plans.sends_security_fields:
            finish = run.finish_with_security_fields
    dispatch = _step("dispatch_request", replaced)
    if has_check and dispatch is run.call_view:
        dispatch = run.check_and_call_view
    respond = plans.full_dispatch
    if is_async:
        plans.may_start_on_loop = (
            plans.may_defer and plans.app_context is None and not plans.makes_request_first
        )
        from .on_loop import start as respond  # imports asyncio
        from .task_errors import log_task_errors

        log_task_errors(app)
    return Plan(
        endpoint,
        respond=respond,
        is_async=is_async,
        streams_body=is_async and streams_body(app.view_functions.get(endpoint)),  # type: ignore[arg-type]
        run=run.run_steps if before_view else dispatch,
        before_view=tuple(before_view),
        dispatch=dispatch,
        check=policies.check_view if has_check else None,
        finish=finish,
        preprocessors=preprocessors,
        before=before,
        view=async_view or hooks.view(endpoint),
        after=after,
        teardown=teardown,
        has_teardown=bool(teardown) or "do_teardown_request" in replaced,
    )


def _compose_websocket_plan(app: Flask, plans: Plans, endpoint: str | None, hooks: _Hooks) -> Plan:
    from .websockets.request import start  # imports asyncio

    before = hooks.of(
        app.before_websocket_funcs, run.run_before_live, is_inward=True, is_synced=False
    )
    preprocessors = hooks.of(app.url_value_preprocessors, run.preprocess_live, is_inward=True)
    teardown = hooks.of(app.teardown_websocket_funcs, run.run_teardown_live, is_inward=False)
    return Plan(
        endpoint,
        respond=start,
        is_async=hooks.async_view(endpoint, "") is not None,
        run=run.call_view,
        before_view=(run.preprocess,) if preprocessors or before else (),
        dispatch=run.call_view,
        check=None,
        finish=plans.finalize,
        preprocessors=preprocessors,
        before=before,
        view=hooks.view(endpoint, is_synced=False),
        streams_body=False,
        after=hooks.of(app.after_websocket_funcs, run.run_after_live, is_inward=False),
        teardown=teardown,
        has_teardown=bool(teardown) or "do_teardown_request" in plans.replaced,
    )


def _rules_of(app: Flask, endpoint: str | None) -> list[Rule]:
    if endpoint is None:
        return []
    try:
        return list(app.url_map.iter_rules(endpoint))
    except KeyError:  # the endpoint is from another map
        return []


class _Hooks(t.NamedTuple):
    """Collects the functions of an endpoint from the registries of its application.

    :param scopes: the blueprints of the endpoint, the innermost first, and ``None``.
    """

    app: Flask
    scopes: Scopes
    keeps_ensure_sync: bool

    def of(
        self,
        registry: Registry,
        run_live: Callable[..., t.Any],
        *,
        is_inward: bool,
        is_synced: bool = True,
    ) -> Hooks:
        """The hooks in the order in which they run.

        :param run_live: runs the functions of a registry that does not record its changes.
        :param is_inward: application before blueprints, in the order of registration.
        :param is_synced: coroutine functions are called through `Flask.ensure_sync`.
        """
        scopes = self.scopes[::-1] if is_inward else self.scopes
        functions = tuple(run.functions_of(registry, scopes, is_inward=is_inward))
        changes = self.app.registry_changes
        is_live = not is_recorded(registry, changes) or not all(
            is_recorded(registry[scope], changes) for scope in scopes if scope in registry
        )
        if is_live:
            return (partial(run_live, self.app, registry, scopes),)
        if run_live is run.preprocess_live or not is_synced:
            return functions
        return tuple(map(self.synced, functions))

    def async_view(self, endpoint: str | None, method: str) -> Callable[..., t.Any] | None:
        """The coroutine function that is the view, or that the view calls for ``method``."""
        views = self.app.view_functions
        if not is_recorded(views, self.app.registry_changes):
            return None
        view = views.get(endpoint)  # type: ignore[arg-type]  # None is not an endpoint
        return bound(view) if iscoroutinefunction(view) else find_awaited(view, method)

    def view(self, endpoint: str | None, *, is_synced: bool = True) -> Callable[..., t.Any]:
        views = self.app.view_functions
        if not is_recorded(views, self.app.registry_changes):
            return partial(run.call_live_view, self.app, views, endpoint)
        view = views.get(endpoint)  # type: ignore[arg-type]  # None is not an endpoint
        if view is None:
            return partial(run.raise_without_view, endpoint)
        view = bound(view)
        return self.synced(view) if is_synced else view

    def synced(self, function: Callable[..., t.Any]) -> Callable[..., t.Any]:
        """Call ``function`` through `Flask.ensure_sync`, if that has an effect."""
        if self.keeps_ensure_sync and not iscoroutinefunction(function):
            return function
        return partial(run.call_synced, self.app, function)
