"""The names in the modules of Flask, and where each of them is defined in Retort.

Data only: `finder.py` creates modules from it, `names.py` sets the module names of classes and
functions to those in Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FLASK_VERSION = "3.1.3"
"""The release of Flask that Retort replaces."""

# Modules of Flask that are a module of Retort: monkeypatching one patches the other.
WHOLE = {
    "flask.cli": "retort.cli",
    "flask.config": "retort.config",
    "flask.globals": "retort.globals",
    "flask.helpers": "retort.helpers",
    "flask.json": "retort.json",
    "flask.json.provider": "retort.json.provider",
    "flask.json.tag": "retort.json.tag",
    "flask.logging": "retort.logging",
    "flask.sessions": "retort.sessions",
    "flask.signals": "retort.signals",
    "flask.templating": "retort.templating",
    "flask.testing": "retort.testing",
    "flask.typing": "retort.typing",
    "flask.views": "retort.views",
}

# For each module of Flask: where its names are defined. "a=b" is b there, a in Flask.
COMPOSED: Mapping[str, Mapping[str, str]] = {
    "flask": {
        "retort.app": "Flask",
        "retort.blueprint": "Blueprint",
        "retort.config": "Config",
        "retort.context": (
            "after_this_request copy_current_request_context has_app_context has_request_context"
        ),
        "retort.globals": "current_app g request session",
        "retort.helpers": (
            "abort flash get_flashed_messages get_template_attribute make_response"
            " redirect send_file send_from_directory stream_with_context url_for"
        ),
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "retort.json": "jsonify",
        "retort.signals": (
            "appcontext_popped appcontext_pushed appcontext_tearing_down"
            " before_render_template got_request_exception message_flashed"
            " request_finished request_started request_tearing_down template_rendered"
        ),
        "retort.templating": (
            "render_template render_template_string stream_template stream_template_string"
        ),
    },
    "flask.app": {
        "retort.app": "Flask",
        "retort.setup": "App",
        "retort.context": "AppContext RequestContext",
        "retort.globals": "_cv_app _cv_request current_app g request request_ctx session",
        "retort.helpers": "get_debug_flag get_flashed_messages send_from_directory",
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "retort.sessions": "SecureCookieSessionInterface SessionInterface",
        "retort.signals": (
            "appcontext_tearing_down got_request_exception"
            " request_finished request_started request_tearing_down"
        ),
        "retort.templating": "Environment",
        "werkzeug.datastructures": "Headers ImmutableDict",
        "werkzeug.exceptions": "BadRequestKeyError HTTPException InternalServerError",
        "werkzeug.routing": ("BuildError MapAdapter RequestRedirect RoutingException Rule"),
        "werkzeug.serving": "is_running_from_reloader",
        "werkzeug.wrappers": "BaseResponse=Response",
        "werkzeug.wsgi": "get_host",
    },
    "flask.blueprints": {
        "retort.blueprint": "Blueprint BlueprintSetupState SansioBlueprint=Blueprint",
        "retort.cli": "AppGroup",
        "retort.globals": "current_app",
        "retort.helpers": "send_from_directory",
    },
    "flask.ctx": {
        "retort.context": (
            "AppContext RequestContext _AppCtxGlobals after_this_request"
            " copy_current_request_context has_app_context has_request_context"
        ),
        "retort.globals": "_cv_app _cv_request",
        "retort.signals": "appcontext_popped appcontext_pushed",
        "werkzeug.exceptions": "HTTPException",
    },
    "flask.debughelpers": {
        "retort.errors": (
            "DebugFilesKeyError=FileFieldError FormDataRoutingRedirect=RoutingRedirectError"
        ),
    },
    "flask.sansio": {},
    "flask.sansio.app": {
        "retort.blueprint": "T_template_filter T_template_global T_template_test",
        "retort.config": "Config ConfigAttribute",
        "retort.context": "_AppCtxGlobals",
        "retort.helpers": "get_debug_flag",
        "retort.json.provider": "DefaultJSONProvider JSONProvider",
        "retort.logging": "create_logger",
        "retort.scaffold": "Scaffold T_teardown _endpoint_from_view_func setupmethod",
        "retort.setup": "App T_shell_context_processor find_package",
        "retort.templating": "DispatchingJinjaLoader Environment",
        "werkzeug.exceptions": "Aborter BadRequest BadRequestKeyError",
        "werkzeug.routing": "BuildError Map Rule",
        "werkzeug.sansio.response": "Response",
        "werkzeug.utils": "cached_property",
    },
    "flask.sansio.blueprints": {
        "retort.blueprint": (
            "Blueprint BlueprintSetupState T_template_filter T_template_global T_template_test"
        ),
        "retort.scaffold": (
            "Scaffold T_after_request T_before_request T_error_handler T_teardown"
            " T_template_context_processor T_url_defaults T_url_value_preprocessor"
            " _endpoint_from_view_func setupmethod"
        ),
    },
    "flask.sansio.scaffold": {
        "retort.helpers": "get_root_path",
        "retort.scaffold": (
            "F Scaffold T_after_request T_before_request T_error_handler T_route T_teardown"
            " T_template_context_processor T_url_defaults T_url_value_preprocessor"
            " _endpoint_from_view_func setupmethod"
        ),
        "retort.setup": "find_package",
        "werkzeug.exceptions": "HTTPException default_exceptions",
        "werkzeug.utils": "cached_property",
    },
    "flask.wrappers": {
        "retort.globals": "current_app",
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "werkzeug.exceptions": "BadRequest HTTPException",
        "werkzeug.wrappers": "RequestBase=Request ResponseBase=Response",
    },
}

# Modules that `import flask` imports too. Tracing tools hook their import by name to patch them.
ALONG = (
    "flask.app",
    "flask.blueprints",
    "flask.config",
    "flask.ctx",
    "flask.globals",
    "flask.helpers",
    "flask.json",
    "flask.json.provider",
    "flask.json.tag",
    "flask.logging",
    "flask.sansio.app",
    "flask.sansio.blueprints",
    "flask.sansio.scaffold",
    "flask.sessions",
    "flask.signals",
    "flask.templating",
    "flask.typing",
    "flask.wrappers",
)

# Composed modules that are packages, as `import a.b` requires.
PACKAGES = frozenset({"flask", "flask.sansio"})

# For each module of Retort whose classes and functions are in a module of another name in Flask:
# that name. The first module for a name provides the `__file__` of the Flask module.
HOMES: Mapping[str, str] = {
    "retort.app": "flask.app",
    "retort.blueprint": "flask.sansio.blueprints",
    "retort.context": "flask.ctx",
    "retort.errors": "flask.debughelpers",
    "retort.setup": "flask.sansio.app",
    "retort.scaffold": "flask.sansio.scaffold",
    "retort.streaming": "flask.helpers",
    "retort.http.request": "flask.wrappers",
    "retort.http.response": "flask.wrappers",
}

# Names that Flask defines in another module than the rest.
HOMES_OF_NAMES: Mapping[str, Mapping[str, str]] = {
    "retort.blueprint": {
        "Blueprint": "flask.blueprints",
        "Blueprint.__init__": "flask.blueprints",
        "Blueprint.get_send_file_max_age": "flask.blueprints",
        "Blueprint.open_resource": "flask.blueprints",
        "Blueprint.send_static_file": "flask.blueprints",
    },
    "retort.setup": {"find_package": "flask.sansio.scaffold"},
}

# Modules that correspond to one module of Flask: functions they define later (the view of the
# static rule) and their warnings have its name.
SAME_SUBJECT = frozenset(
    {"retort.app", "retort.blueprint", "retort.context", "retort.setup", "retort.scaffold"}
)
