"""What a request needs of its endpoint and its application, worked out once.

A :class:`Plan` has an endpoint's view and hooks. It is composed at the first request, and again
after each change of what is registered (`registries.py`). :class:`Steps` says for each step of a
request whether it can be taken directly, or has to go through a method that a subclass or an
extension has replaced. `dispatch.py` has the steps.
"""

from __future__ import annotations

import threading
import typing as t
from functools import partial
from inspect import iscoroutinefunction
from operator import attrgetter

from .context import RequestContext, can_be_opened_later, is_as_written
from .fast import IS_FAST
from .heirs import UNCHANGED, UNMARKED, heir_of, settle
from .http import Request, Response
from .http.request import can_be_made_later, split_blueprint_path
from .http.response import type_of_texts
from .json.provider import DefaultJSONProvider, answers_as_written
from .registries import PlainLists, is_recorded
from .routing import UrlMap

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from werkzeug.routing import Map

    from .app import Flask
    from .registries import Changes
    from .typing import AppOrBlueprintKey, RouteCallable


class Plan(t.NamedTuple):
    """What is called for a request to an endpoint, in this order.

    :param endpoint: ``None`` for a request without a rule.
    :param number: that of the last change before the plan was composed; ``None``: it is valid for
        one use, since changes of a dictionary are not recorded.
    :param plain_lists: lists that have to be as they were; ``None``: there are none.
    """

    endpoint: str | None
    number: int | None
    plain_lists: PlainLists | None
    preprocessors: Hooks
    before: Hooks
    view: Callable[..., t.Any] | None
    after: Hooks
    teardown: Hooks


Hooks = tuple["Callable[..., t.Any]", ...]


def compose(app: Flask, endpoint: str | None, *, keeps_ensure_sync: bool) -> Plan:
    """Compose the plan for an endpoint from what is registered now.

    :param keeps_ensure_sync: whether `Flask.ensure_sync` was not replaced.
    """
    number = app.registry_changes.number  # first: a change meanwhile makes the plan invalid
    plain_lists = PlainLists()
    blueprint = (endpoint or "").rpartition(".")[0]
    outward = (*(split_blueprint_path(blueprint) if blueprint else ()), None)
    registries = (
        *(app.url_value_preprocessors, app.before_request_funcs),
        *(app.after_request_funcs, app.teardown_request_funcs),
    )

    def hooks_of(
        registry: Mapping[str | None, list[t.Any]], *, is_inward: bool
    ) -> Iterator[Callable[..., t.Any]]:
        for scope in reversed(outward) if is_inward else outward:
            if (functions := registry.get(scope)) is not None:
                plain_lists.note(functions)
                yield from functions if is_inward else reversed(functions)

    def synced(function: Callable[..., t.Any]) -> Callable[..., t.Any]:
        if keeps_ensure_sync and not iscoroutinefunction(function):
            return function
        return partial(_call_synced, app, function)

    preprocessors, before, after, teardown = registries
    view = app.view_functions.get(endpoint)  # type: ignore[arg-type]  # None is no endpoint
    return Plan(
        endpoint,
        number if all(map(is_recorded, (*registries, app.view_functions))) else None,
        preprocessors=tuple(hooks_of(preprocessors, is_inward=True)),
        before=tuple(map(synced, hooks_of(before, is_inward=True))),
        view=None if view is None else synced(view),
        after=tuple(map(synced, hooks_of(after, is_inward=False))),
        teardown=tuple(map(synced, hooks_of(teardown, is_inward=False))),
        plain_lists=plain_lists if plain_lists.lists else None,
    )


def _call_synced(
    app: Flask, function: Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any
) -> t.Any:
    # For each call: what it returns may depend on the thread and its event loop.
    return app.ensure_sync(function)(*args, **kwargs)


# The methods of an application that a request goes through. Where one is as Flask
# documents it, the step is taken without the call.
STEPS = (
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
)
# Methods whose work is done in another way, or not at all, while nobody has replaced them.
_OF_REQUESTS = ("request_context", "app_context", "create_url_adapter", "ensure_sync")
_OF_PATHS = ("url_for", "inject_url_defaults")
SHORTCUTS = _OF_REQUESTS + _OF_PATHS
# What else of an application decides how its requests go.
CHOICES = (
    *("__class__", "request_class", "response_class", "session_interface"),
    "subdomain_matching",
)
# What an application keeps, and each request looks into.
KEPT = (
    *("_got_first_request", "config", "url_map", "view_functions"),
    *("url_value_preprocessors", "before_request_funcs", "after_request_funcs"),
    *("teardown_request_funcs", "teardown_appcontext_funcs", "url_default_functions"),
    "registry_changes",
)
# What a request goes through, whether there is something to do or not.
_ON_THE_WAY = {*STEPS, *_OF_REQUESTS}

methods_of: Callable[[type], tuple[t.Any, ...]] = attrgetter(*STEPS, *SHORTCUTS)


class Steps:
    """How each step of a request is taken for one application.

    Each takes the application, the request's context, and the arguments of the method.
    It is one object for the life of the application, so that a request under way hears too
    of a method that is replaced.

    :param app: the application.
    :param standard: the methods as they were written.
    :param direct: for each of :data:`STEPS` the function that does its work.
    """

    full_dispatch_request: Callable[..., t.Any]
    preprocess_request: Callable[..., t.Any]
    dispatch_request: Callable[..., t.Any]
    finalize_request: Callable[..., t.Any]
    make_response: Callable[..., t.Any]
    process_response: Callable[..., t.Any]
    do_teardown_request: Callable[..., t.Any]
    do_teardown_appcontext: Callable[..., t.Any]

    # PERF: the application itself has so many attributes that to read one takes longer.
    _got_first_request: bool
    config: dict[str, t.Any]
    url_map: Map
    view_functions: dict[str, RouteCallable]
    url_value_preprocessors: dict[AppOrBlueprintKey, list[t.Any]]
    before_request_funcs: dict[AppOrBlueprintKey, list[t.Any]]
    after_request_funcs: dict[AppOrBlueprintKey, list[t.Any]]
    teardown_request_funcs: dict[AppOrBlueprintKey, list[t.Any]]
    teardown_appcontext_funcs: list[t.Any]
    url_default_functions: dict[AppOrBlueprintKey, list[t.Any]]
    registry_changes: Changes

    def __init__(
        self,
        app: Flask,
        standard: tuple[t.Any, ...],
        direct: Mapping[str, Callable[..., t.Any]],
    ) -> None:
        self._standard = standard
        self._direct = direct
        #: By endpoint; ``None`` is that of a request without a rule.
        self.plans: dict[str | None, Plan] = {}
        #: Loses its mark when a class that matters here is patched; see `heirs.py`.
        self.heir: t.Any = UNMARKED
        self._lock = threading.RLock()
        self.refresh(app)

    def check(self, app: Flask) -> None:
        """Look whether a class was patched, after the heir has lost its mark."""
        if not UNCHANGED and self._seen == _watched(app):
            return  # PERF: each request comes here where there are no marks, so without the lock
        with self._lock:
            heir, self.heir = self.heir, UNMARKED  # other threads wait for the result
            settle(heir)  # first: what is patched while we look counts the next time
            if self._seen != _watched(app):
                self.refresh(app)
            else:
                self.heir = heir

    def refresh(self, app: Flask) -> None:
        """Look again which methods have been replaced."""
        with self._lock:
            self.heir = UNMARKED
            heir = heir_of(
                *(type(app), Request, Response, type(app.session_interface)),
                *(RequestContext, DefaultJSONProvider),
            )
            self._look(app)
            self.heir = heir

    def _look(self, app: Flask) -> None:
        seen = _watched(app)
        methods = zip(STEPS + SHORTCUTS, seen[0], self._standard, strict=True)
        kept = {name for name, now, then in methods if now is then and name not in app.__dict__}
        if not IS_FAST:
            kept.clear()
        for name in STEPS:
            step = self._direct[name] if name in kept else partial(_by_method, name)
            setattr(self, name, step)
        for name in KEPT:
            setattr(self, name, getattr(app, name))
        #: Whether these methods are as they were written.
        self.keeps_app_context = "app_context" in kept
        self.keeps_url_adapter = "create_url_adapter" in kept
        self.keeps_ensure_sync = "ensure_sync" in kept
        #: Whether the tables of the URL map have a say: it is one of ours, and for one domain.
        self.looks_up = (
            self.keeps_url_adapter and type(app.url_map) is UrlMap and not app.subdomain_matching
        )
        #: Whether a path is built where `url_for` is asked for one.
        self.builds_paths = self.looks_up and kept.issuperset(_OF_PATHS)
        _, interface, opens_later, makes_later, text_type, is_standard = seen
        #: Whether nobody can tell a request made at its first use from one made before all else.
        self.makes_request_later = IS_FAST and makes_later
        #: True, or true as soon as something is replaced on the session interface itself: then
        #: somebody can tell a session opened at its first use from one opened before all else.
        self.opens_session_first: t.Any = (
            getattr(interface, "__dict__", ()) if IS_FAST and opens_later else True
        )
        #: The ``Content-Type`` field of texts, if nobody has a say in what becomes of one.
        self.text_type: tuple[str, str] | None = None
        if app.response_class is Response:
            self.text_type = text_type
        #: Whether all is as it was written that decides how a request goes.
        self.are_as_written = (
            kept >= _ON_THE_WAY
            and self.looks_up
            and self.makes_request_later
            and self.text_type is not None
            and is_standard
        )
        app.registry_changes.note()  # plans depend on `keeps_ensure_sync`
        self._seen = seen  # last: `check` may compare it in another thread


def _watched(app: Flask) -> tuple[t.Any, ...]:
    """What the steps depend on and what is found on classes, where it may be patched."""
    return (
        methods_of(type(app)),
        app.session_interface,
        can_be_opened_later(app.session_interface),
        can_be_made_later(app.request_class),
        type_of_texts(),
        is_as_written() and answers_as_written(),
    )


def _by_method(name: str, app: Flask, context: t.Any, *args: t.Any) -> t.Any:
    """Take a step through the application's method, which reads the current context."""
    return getattr(app, name)(*args)
