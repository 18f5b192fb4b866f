"""The override points of an application, in one table.

A program or an extension replaces one by a subclass, an attribute of the class, an attribute of
the application, or an entry of ``app.__dict__``, at any time. Each takes effect: with the next
request, or with the next step if a request replaces it itself. The documentation's table is made
from this one.

A *planned* method is left out of a request while it is not replaced: `compose.py` puts the function
that does its work into the plan. All others are called by name.
"""

from __future__ import annotations

import typing as t
from operator import attrgetter

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ..app import Flask


class OverridePoint(t.NamedTuple):
    """A name that can be replaced on an application, and when its replacement is used."""

    name: str
    use: str
    is_planned: bool = False


METHODS = (
    OverridePoint("__call__", "called by the server for each request"),
    OverridePoint("wsgi_app", "called by `__call__`; middleware takes its place"),
    OverridePoint("request_context", "makes the context of each request"),
    OverridePoint("app_context", "makes the application context that a request needs", True),
    OverridePoint("create_url_adapter", "matches requests, and builds URLs", True),
    OverridePoint("full_dispatch_request", "answers a request whose context is pushed", True),
    OverridePoint("preprocess_request", "runs what comes before the view", True),
    OverridePoint("dispatch_request", "calls the view", True),
    OverridePoint("ensure_sync", "wraps every view, hook and handler that is called", True),
    OverridePoint("async_to_sync", "wraps every one that is a coroutine function"),
    OverridePoint("finalize_request", "makes the response, from what the view returned", True),
    OverridePoint("make_response", "converts what the view returned", True),
    OverridePoint("process_response", "runs after hooks, saves the session", True),
    OverridePoint("do_teardown_request", "runs the teardown functions of a request", True),
    OverridePoint("do_teardown_appcontext", "runs those of an application context", True),
    OverridePoint("make_default_options_response", "answers OPTIONS where no view does"),
    OverridePoint("raise_routing_exception", "raises why no rule matched"),
    OverridePoint("handle_user_exception", "answers an exception of a view or hook"),
    OverridePoint("handle_http_exception", "answers an HTTP exception"),
    OverridePoint("trap_http_exception", "whether an HTTP exception is treated as any other"),
    OverridePoint("_find_error_handler", "looks an error handler up"),
    OverridePoint("handle_exception", "answers an exception that no handler took"),
    OverridePoint("log_exception", "logs an exception that no handler took"),
    OverridePoint("should_ignore_error", "whether teardown functions get an exception"),
    OverridePoint("redirect", "makes the response of `redirect()`"),
    OverridePoint("url_for", "builds URLs", True),
    OverridePoint("inject_url_defaults", "adds values to a URL that is built", True),
    OverridePoint("handle_url_build_error", "gives the URL that could not be built"),
    OverridePoint("update_template_context", "adds variables to each template"),
    OverridePoint("create_jinja_environment", "makes `jinja_env`, at its first use"),
    OverridePoint("create_global_jinja_loader", "makes the template loader"),
    OverridePoint("select_jinja_autoescape", "whether a template is escaped"),
    OverridePoint("get_send_file_max_age", "for how long a file may be cached"),
    OverridePoint("send_static_file", "the view of the static files"),
    OverridePoint("open_resource", "opens a file of the program"),
    OverridePoint("open_instance_resource", "opens a file of the instance folder"),
    OverridePoint("make_shell_context", "the names of `retort shell`"),
    OverridePoint("make_config", "makes `config`, in the constructor"),
    OverridePoint("make_aborter", "makes `aborter`, in the constructor"),
    OverridePoint("auto_find_instance_path", "finds the instance folder, in the constructor"),
)

# Read when plans are composed; setting one counts as a change.
ATTRIBUTES = (
    OverridePoint("request_class", "the class of requests"),
    OverridePoint("response_class", "the class of responses"),
    OverridePoint("session_interface", "opens and saves sessions"),
    OverridePoint("json", "reads and writes JSON"),
    OverridePoint("config", "the settings"),
    OverridePoint("url_map", "the rules"),
    OverridePoint("subdomain_matching", "whether rules have subdomains"),
    OverridePoint("view_functions", "the views"),
    OverridePoint("before_request_funcs", "hooks before the view"),
    OverridePoint("after_request_funcs", "hooks after the view"),
    OverridePoint("teardown_request_funcs", "hooks at the end of a request"),
    OverridePoint("teardown_appcontext_funcs", "hooks at the end of an application context"),
    OverridePoint("url_value_preprocessors", "functions that get the values of a URL"),
    OverridePoint("url_default_functions", "functions that add values to a URL that is built"),
)

PLANNED = tuple(point.name for point in METHODS if point.is_planned)

#: The planned methods of a class.
planned_methods: Callable[[type], tuple[t.Any, ...]] = attrgetter(*PLANNED)

#: Attributes of an application whose change makes plans invalid.
DECIDING = frozenset(
    {
        *(point.name for point in METHODS + ATTRIBUTES),
        *("__class__", "_got_first_request"),
    }
)


def replaced_methods(app: Flask, standard: tuple[t.Any, ...]) -> frozenset[str]:
    """The planned methods that are not those of :class:`~retort.Flask`.

    :param standard: ``planned_methods(Flask)`` as they were written.
    """
    own = app.__dict__
    now = planned_methods(type(app))
    return frozenset(
        name
        for name, method, written in zip(PLANNED, now, standard, strict=True)
        if method is not written or name in own
    )
