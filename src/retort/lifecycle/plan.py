"""What is known of an application's requests before they come. `compose.py` makes it."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.routing import Rule

    from ..registries import Changes
    from ..routing import Tables, UrlMap

# Takes a step of a request: the application and the context of the request are its arguments.
Step = t.Callable[..., t.Any]
# Stands for methods that a rule does not name.
ANY_METHOD = "*"
Hooks = tuple["Callable[..., t.Any]", ...]


class Plan:
    """What runs for requests to one endpoint by one method, and nothing that has nothing to do.

    :param endpoint: ``None`` stands for requests for which no rule was found.
    :param run: the first step: ``dispatch``, or what takes the steps before it.
    :param before_view: steps before the view, in order; the first that returns something ends them.
    :param dispatch: calls the view, or returns what takes its place.
    :param check: checks the request before the view, or answers in place of it.
    :param finish: makes the response, and runs what comes after the view.
    :param has_teardown: whether the teardown step has something to do, receivers of signals aside.
    """

    # PERF: slots are read faster than the fields of a named tuple.
    __slots__ = (
        *("after", "before", "before_view", "check", "dispatch", "endpoint", "finish"),
        *("has_teardown", "preprocessors", "run", "teardown", "view"),
    )

    def __init__(
        self,
        endpoint: str | None,
        *,
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
    """The plans of an application, and what is the same in all of them.

    They are valid while ``changes`` keeps them, and ``guard`` is armed.
    """

    # Read for each request, so in slots; the instance of an application has too many attributes.
    __slots__ = (
        *("__weakref__", "app_context", "builds_urls", "by_method", "changes", "config"),
        "describes_empty_responses",
        *("convert", "ends_app_context", "finalize", "full_dispatch", "guard", "json_type"),
        *("makes_request_first", "opens_session_first", "process_response"),
        *(
            "replaced",
            "sends_security_fields",
            "tables",
            "tags_responses",
            "teardown_appcontext",
            "teardown_request",
        ),
        *("text_type", "url_map", "watched", "write_json"),
    )

    changes: Changes
    #: Loses its flag when a class is patched; see `class_guard.py`.
    guard: t.Any
    #: What was found on the classes, which is compared for each request, if they have no guard.
    watched: tuple[t.Any, ...] | None
    #: The planned methods that are replaced.
    replaced: frozenset[str]
    #: Composed at their first use. The endpoint ``None`` stands for no rule, and the methods are
    #: those of rules, so that clients cannot add any.
    by_method: Mapping[str, Mapping[str | None, Plan]]

    config: Mapping[str, t.Any]

    #: Makes the application context that a request needs; ``None``: its own context is one.
    app_context: Callable[[], t.Any] | None
    #: The tables in which the rule for a request is looked up. If they are empty, Werkzeug matches.
    tables: Tables
    #: The map that knows how the paths of endpoints are written; ``None``: Werkzeug builds.
    url_map: UrlMap | None
    #: Whether a path is the URL of its endpoint: no method and no function has a say in it.
    builds_urls: bool
    #: Whether the request object is made with its context, not at its first use.
    makes_request_first: bool
    #: True if the session is opened before all else: its interface is not a lazy one, or has
    #: attributes of its own.
    opens_session_first: t.Any

    full_dispatch: Step
    finalize: Step
    convert: Step
    process_response: Step
    teardown_request: Step
    teardown_appcontext: Step
    #: Whether `teardown_appcontext` has something to do, but for receivers of signals.
    ends_app_context: t.Any
    tags_responses: bool
    describes_empty_responses: bool
    sends_security_fields: bool
    #: The ``Content-Type`` fields of texts and of JSON, if responses may be left out.
    text_type: tuple[str, str] | None
    json_type: tuple[str, str] | None
    #: Writes the text of a dictionary or list; ``None``: `JSONProvider.response` answers with it.
    write_json: Callable[[t.Any], str] | None

    def find(self, rule: Rule | None, method: str) -> Plan:
        """The plan for requests to a rule by a method."""
        if rule is None or rule.methods is None or method not in rule.methods:
            method = ANY_METHOD
        return self.by_method[method][None if rule is None else rule.endpoint]
