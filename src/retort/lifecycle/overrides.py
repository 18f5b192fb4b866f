"""The override points of an application, in one table.

A program or an extension overrides one with a subclass, an attribute of the class, an attribute of
the application, or an entry of ``app.__dict__``, at any time. It takes effect with the next
request, or with the next step if it is overridden during a request. `docs/override-points.md` has
the same tables, and the contract in full; `tests/test_docs.py` compares them.

A *planned* method is not called while it is not overridden: `compose.py` puts the function that
implements it into the plan. All others are called by name.
"""

from __future__ import annotations

import typing as t
from operator import attrgetter

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ..app import Flask


class OverridePoint(t.NamedTuple):
    """A name that can be overridden on an application, and when the override is used."""

    name: str
    use: str
    is_planned: bool = False


METHODS = (
    # A request
    OverridePoint("__call__", "called by the server for each request"),
    OverridePoint("wsgi_app", "called by `__call__`; middleware is put around it"),
    OverridePoint("asgi_app", "called by `asgi`; ASGI middleware is put around it"),
    OverridePoint("request_context", "makes the context of each request"),
    OverridePoint("app_context", "makes the application context that a request needs", True),
    OverridePoint("create_url_adapter", "matches requests, and builds URLs", True),
    OverridePoint("full_dispatch_request", "handles a request whose context is pushed", True),
    OverridePoint("preprocess_request", "runs URL value preprocessors and before hooks", True),
    OverridePoint("dispatch_request", "calls the view", True),
    OverridePoint("ensure_sync", "wraps each view, hook and handler before its call", True),
    OverridePoint("async_to_sync", "wraps each coroutine function before its call", True),
    OverridePoint(
        "finalize_request", "makes the response and runs what comes after the view", True
    ),
    OverridePoint("make_response", "converts the return value of the view", True),
    OverridePoint("process_response", "runs after hooks, saves the session", True),
    OverridePoint("do_teardown_request", "runs the teardown functions of a request", True),
    OverridePoint(
        "do_teardown_appcontext", "runs the teardown functions of an application context", True
    ),
    OverridePoint("make_default_options_response", "answers OPTIONS where no view does"),
    # Errors
    OverridePoint("raise_routing_exception", "raises the error of a request without a rule"),
    OverridePoint("handle_user_exception", "handles each exception of a view or hook"),
    OverridePoint("handle_http_exception", "handles an HTTP exception"),
    OverridePoint("trap_http_exception", "whether an HTTP exception is handled as any other"),
    OverridePoint("_find_error_handler", "looks an error handler up"),
    OverridePoint("handle_exception", "handles an exception without an error handler"),
    OverridePoint("log_exception", "logs an exception without an error handler"),
    OverridePoint("should_ignore_error", "whether teardown functions get no exception"),
    # What views and templates call
    OverridePoint("redirect", "makes the response of `redirect()`"),
    OverridePoint("url_for", "builds URLs", True),
    OverridePoint("inject_url_defaults", "adds values to a URL that is built", True),
    OverridePoint("handle_url_build_error", "returns the URL that could not be built"),
    OverridePoint("update_template_context", "adds variables to each template"),
    OverridePoint("create_jinja_environment", "makes `jinja_env`, at its first use"),
    OverridePoint("create_global_jinja_loader", "makes the template loader"),
    OverridePoint("select_jinja_autoescape", "whether a template is escaped"),
    OverridePoint("get_send_file_max_age", "for how long a file may be cached"),
    OverridePoint("send_static_file", "the view of the static files"),
    OverridePoint("open_resource", "opens a file of the program"),
    OverridePoint("open_instance_resource", "opens a file of the instance folder"),
    # Set-up
    OverridePoint("make_config", "makes `config`, in the constructor"),
    OverridePoint("make_aborter", "makes `aborter`, in the constructor"),
    OverridePoint("auto_find_instance_path", "finds the instance folder, in the constructor"),
    OverridePoint("add_url_rule", "called by `route`, `get`, `post`... and by blueprints"),
    OverridePoint("add_websocket", "called by `websocket`; calls `add_url_rule`"),
    OverridePoint("register_blueprint", "registers a blueprint"),
    OverridePoint("iter_blueprints", "the blueprints, in order; template folders are searched so"),
    OverridePoint("register_error_handler", "called by `errorhandler` and by blueprints"),
    OverridePoint("add_template_filter", "called by `template_filter`"),
    OverridePoint("add_template_test", "called by `template_test`"),
    OverridePoint("add_template_global", "called by `template_global`"),
    # Running and testing
    OverridePoint("run", "serves the application from a script"),
    OverridePoint("make_shell_context", "the names of `retort shell`"),
    OverridePoint("test_client", "makes a test client"),
    OverridePoint("test_cli_runner", "makes a runner for commands"),
    OverridePoint("test_request_context", "makes a request context for a made-up request"),
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
    OverridePoint("before_websocket_funcs", "hooks before the view of a WebSocket"),
    OverridePoint("after_websocket_funcs", "hooks after the view of a WebSocket"),
    OverridePoint("teardown_websocket_funcs", "hooks at the end of a WebSocket"),
    OverridePoint("teardown_appcontext_funcs", "hooks at the end of an application context"),
    OverridePoint("url_value_preprocessors", "functions that get the values of a URL"),
    OverridePoint("url_default_functions", "functions that add values to a URL that is built"),
)

# Read where they are used, so plans do not depend on them.
READ_WHEN_USED = (
    # At each use
    OverridePoint("error_handler_spec", "error handlers; at each exception"),
    OverridePoint("template_context_processors", "at each template"),
    OverridePoint("url_build_error_handlers", "at each URL that could not be built"),
    OverridePoint("aborter", "at each `abort()`"),
    OverridePoint("app_ctx_globals_class", "the class of `g`; at its first use in a context"),
    OverridePoint("jinja_env", "made at its first use; at each template"),
    OverridePoint("jinja_loader", "loads the templates of the application's folder"),
    OverridePoint("logger", "made at its first use; at each record"),
    OverridePoint("name", "the name of the logger, and in messages"),
    OverridePoint("blueprints", "by name; where a template is searched"),
    OverridePoint("root_path", "where relative folders start"),
    OverridePoint("template_folder", "when `jinja_loader` is made"),
    OverridePoint("instance_path", "by `open_instance_resource`"),
    OverridePoint("static_folder", "at each static file"),
    OverridePoint("static_url_path", "the URL prefix of static files, in the constructor"),
    OverridePoint("has_static_folder", "whether there are static files, in the constructor"),
    OverridePoint("shell_context_processors", "by `make_shell_context`"),
    OverridePoint("before_serving_funcs", "before the application serves"),
    OverridePoint("while_serving_gens", "before and after the application serves"),
    OverridePoint("after_serving_funcs", "after the application has served"),
    OverridePoint("background_tasks", "made at its first use; by `add_background_task`"),
    OverridePoint("cli", "the commands of the program"),
    OverridePoint("extensions", "state of extensions; Retort does not read it"),
    # Stored in the configuration
    OverridePoint("debug", "the config `DEBUG`"),
    OverridePoint("testing", "the config `TESTING`"),
    OverridePoint("secret_key", "the config `SECRET_KEY`"),
    OverridePoint("permanent_session_lifetime", "the config `PERMANENT_SESSION_LIFETIME`"),
    # Classes and options, set on a subclass or before their use
    OverridePoint("aborter_class", "the class of `aborter`, in the constructor"),
    OverridePoint("config_class", "the class of `config`, in the constructor"),
    OverridePoint("default_config", "the first content of `config`, in the constructor"),
    OverridePoint("json_provider_class", "the class of `json`, in the constructor"),
    OverridePoint("url_map_class", "the class of `url_map`, in the constructor"),
    OverridePoint("url_rule_class", "the class of a rule, when it is added"),
    OverridePoint("jinja_environment", "the class of `jinja_env`, when it is made"),
    OverridePoint("jinja_options", "options of `jinja_env`, when it is made"),
    OverridePoint("asgi", "the application for an ASGI server; calls `asgi_app`"),
    OverridePoint("test_client_class", "by `test_client`"),
    OverridePoint("test_cli_runner_class", "by `test_cli_runner`"),
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

    :param standard: the unmodified ``planned_methods(Flask)``.
    """
    own = app.__dict__
    now = planned_methods(type(app))
    return frozenset(
        name
        for name, method, written in zip(PLANNED, now, standard, strict=True)
        if method is not written or name in own
    )
