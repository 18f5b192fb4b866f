"""The plans of an application: the steps of its requests. `compose.py` composes them."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.routing import Rule

    from ..registries import Changes
    from ..routing import Tables, UrlMap

# A step of a request: called with the application and the context of the request.
Step = t.Callable[..., t.Any]
# The key for methods that a rule does not name.
ANY_METHOD = "*"
Hooks = tuple["Callable[..., t.Any]", ...]


class Plan:
    """The steps for requests to one endpoint with one method. Steps without effect are omitted.

    :param endpoint: ``None`` for requests that no rule matched.
    :param respond: the function that handles the request, from the start signal to the response.
    :param run: the first step: ``dispatch``, or a function that runs the steps before it.
    :param before_view: steps before the view, in order; a return value other than ``None`` ends
        them.
    :param dispatch: calls the view, or returns a value in place of it.
    :param check: checks the request before the view, or returns a response in place of it.
    :param finish: makes the response, and runs the steps after the view.
    :param is_async: the view is a coroutine function, which is awaited on the event loop
        (`on_loop.py`); ``before`` then has the functions themselves, also coroutine functions.
    :param streams_body: the view reads the body while it arrives (`stream_body`).
    :param has_teardown: whether the teardown step has an effect besides sending signals.
    """

    # PERF: slots are read faster than the fields of a named tuple.
    __slots__ = (
        *("after", "before", "before_view", "check", "dispatch", "endpoint", "finish"),
        *(
            "has_teardown",
            "is_async",
            "preprocessors",
            "respond",
            "run",
            "streams_body",
            "teardown",
        ),
        "view",
    )

    def __init__(
        self,
        endpoint: str | None,
        *,
        respond: Step,
        is_async: bool,
        streams_body: bool,
        run: Step,
        before_view: tuple[Step, ...],
        dispatch: Step,
        check: Step | None,
        finish: Step,
        preprocessors: Hooks,
        before: Hooks,
        view: Callable[..., t.Any],
        after: Hooks,
        teardown: Hooks,
        has_teardown: bool,
    ) -> None:
        self.endpoint = endpoint
        self.respond = respond
        self.is_async = is_async
        self.streams_body = streams_body
        self.run = run
        self.before_view = before_view
        self.dispatch = dispatch
        self.check = check
        self.finish = finish
        self.preprocessors = preprocessors
        self.before = before
        self.view = view
        self.after = after
        self.teardown = teardown
        self.has_teardown = has_teardown


class Plans:
    """The plans of an application, and the values that all of them share.

    They are valid while ``changes`` refers to them and ``guard`` is armed.
    """

    # Slots, since they are read for each request.
    __slots__ = (
        *("__weakref__", "app_context", "builds_urls", "by_method", "changes", "config"),
        "describes_empty_responses",
        *("convert", "ends_app_context", "finalize", "full_dispatch", "guard"),
        *("json_type", "may_defer", "may_start_on_loop", "of_pages"),
        *("makes_request_first", "opens_session_first", "process_response"),
        *(
            "replaced",
            "sends_security_fields",
            "streams_bodies",
            "tables",
            "tags_responses",
            "teardown_appcontext",
            "teardown_request",
        ),
        *("text_type", "url_map", "watched", "write_json"),
    )

    changes: Changes
    #: Loses its flag when a class is monkeypatched; see `class_guard.py`.
    guard: t.Any
    #: The class attributes that are compared for each request, if there is no guard.
    watched: tuple[t.Any, ...] | None
    #: The planned methods that are overridden.
    replaced: frozenset[str]
    #: Composed at their first use. The endpoint ``None`` means no rule. Only methods of rules are
    #: keys, so that clients cannot add any.
    by_method: Mapping[str, Mapping[str | None, Plan]]

    #: The plans that `routing.find_plan` has found, by method and path. Only paths of rules without
    #: variables are keys.
    of_pages: dict[tuple[str, str], Plan]

    config: Mapping[str, t.Any]

    #: Makes the application context that a request needs; ``None``: its own context is one.
    app_context: Callable[[], t.Any] | None
    #: The tables in which the rule for a request is looked up. If they are empty, Werkzeug matches.
    tables: Tables
    #: The map with the compiled paths of endpoints; ``None``: Werkzeug builds.
    url_map: UrlMap | None
    #: Whether the URL of an endpoint is its path: no override or URL default function changes it.
    builds_urls: bool
    #: Whether the request object is created with its context, not at its first use.
    makes_request_first: bool
    #: True if the session is opened before the hooks: its interface is not lazy, or has instance
    #: attributes.
    opens_session_first: t.Any

    #: Whether the middleware of the application passes on a `Deferred`.
    may_defer: bool
    #: Whether `deferred.starts_on_loop` has to look for a coroutine function.
    may_start_on_loop: bool

    full_dispatch: Step
    finalize: Step
    convert: Step
    process_response: Step
    teardown_request: Step
    teardown_appcontext: Step
    #: Whether `teardown_appcontext` has an effect besides sending signals.
    ends_app_context: t.Any
    tags_responses: bool
    describes_empty_responses: bool
    sends_security_fields: bool
    #: Whether the application has a view that is marked by `stream_body`.
    streams_bodies: bool
    #: The ``Content-Type`` fields of text and JSON, if no response object is necessary.
    text_type: tuple[str, str] | None
    json_type: tuple[str, str] | None
    #: Serializes a dictionary or list; ``None``: `JSONProvider.response` is called.
    write_json: Callable[[t.Any], str] | None

    def find(self, rule: Rule | None, method: str) -> Plan:
        """The plan for requests to a rule by a method."""
        if rule is None or rule.methods is None or method not in rule.methods:
            method = ANY_METHOD
        return self.by_method[method][None if rule is None else rule.endpoint]
