"""Set-up of an application before its first request: config, rules, blueprints, templates.

`app.py` adds the handling of requests. The decorators shared with blueprints are in
`scaffold.py`.
"""

from __future__ import annotations

import importlib.util
import inspect
import os
import sys
import typing as t
from datetime import timedelta

from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError
from werkzeug.routing import BuildError, Map, Rule
from werkzeug.utils import cached_property, redirect

from .config import Config, ConfigAttribute
from .context import _AppCtxGlobals
from .declared import check_route
from .errors import SetupError, SharedEndpointError
from .globals import current_request_context
from .helpers import get_debug_flag
from .http.forms import take_limits
from .http.media_types import make_media_types
from .http.methods import SAFE
from .http.redirect import (
    CODES_AFTER_UNSAFE,
    DEFAULT_CODE,
    MAX_CACHED_LENGTH,
    is_from_client,
    parts_of_redirect,
    wrong_code_after_unsafe,
)
from .http.request import split_blueprint_path
from .http.response import Response
from .json.provider import DefaultJSONProvider, JSONProvider
from .logging import create_logger
from .registries import RecordedList
from .routing import RouteOptions, UrlMap, options_of, take_on_disconnect
from .scaffold import Scaffold, endpoint_of_view, proposed_endpoint, setupmethod
from .serving_hooks import check_serving_function, check_serving_generator
from .templating import default_template_context_processor
from .tracebacks import where

if t.TYPE_CHECKING:
    import logging
    from collections.abc import Callable, ValuesView

    from werkzeug.wrappers import Response as BaseResponse

    from .blueprint import (
        Blueprint,
        T_template_filter,
        T_template_global,
        T_template_test,
    )
    from .scaffold import T_teardown
    from .templating import DispatchingJinjaLoader, Environment
    from .testing import FlaskClient, FlaskCliRunner
    from .typing import (
        RouteCallable,
        ServingCallable,
        ServingGenerator,
        ShellContextProcessorCallable,
        TeardownCallable,
        TemplateFilterCallable,
        TemplateGlobalCallable,
        TemplateTestCallable,
    )

T_shell_context_processor = t.TypeVar(
    "T_shell_context_processor", bound="ShellContextProcessorCallable"
)

T_serving = t.TypeVar("T_serving", bound="ServingCallable")
T_while_serving = t.TypeVar("T_while_serving", bound="ServingGenerator")

AUTOESCAPED = (".html", ".htm", ".xml", ".xhtml", ".svg")


def _as_timedelta(value: timedelta | int) -> timedelta:
    return value if isinstance(value, timedelta) else timedelta(seconds=value)


class _EnvironmentOnceNeeded:
    """Imports :class:`~retort.templating.Environment`, and with it Jinja, at first use."""

    def __get__(self, app: App | None, owner: type[App]) -> type[Environment]:
        from .templating import Environment

        return Environment


class App(Scaffold):
    """The set-up part of :class:`~retort.Flask`; it handles no requests.

    Flask's "API" page, "Application Object", describes the parameters.
    """

    #: The class of :attr:`aborter`.
    aborter_class = Aborter
    #: The class of :attr:`jinja_env`.
    jinja_environment = t.cast("type[Environment]", _EnvironmentOnceNeeded())
    #: The class of :data:`~retort.g`.
    app_ctx_globals_class = _AppCtxGlobals
    #: The class of :attr:`config`.
    config_class = Config
    #: The class of :attr:`json`.
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    #: Options for :attr:`jinja_env`, set before it is made.
    jinja_options: dict[str, t.Any] = {}
    #: The class of a URL rule.
    url_rule_class = Rule
    #: The class of :attr:`url_map`.
    url_map_class: type[Map] = UrlMap
    #: The class of :meth:`Flask.test_client`; ``None``: :class:`~retort.testing.FlaskClient`.
    test_client_class: type[FlaskClient] | None = None
    #: The class of :meth:`Flask.test_cli_runner`;
    #: ``None``: :class:`~retort.testing.FlaskCliRunner`.
    test_cli_runner_class: type[FlaskCliRunner] | None = None

    #: Whether the program is under test: the config ``TESTING``.
    testing = ConfigAttribute[bool]("TESTING")
    #: The key that signs the session: the config ``SECRET_KEY``.
    secret_key = ConfigAttribute[str | bytes | None]("SECRET_KEY")
    #: The lifetime of a permanent session: the config ``PERMANENT_SESSION_LIFETIME``.
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME", get_converter=_as_timedelta
    )

    #: The initial config of an application.
    default_config: t.Mapping[str, t.Any] = ImmutableDict(
        {
            "ACCEPT_PARTIAL_PUT": True,
            "ALLOW_PUBLIC_DEBUG": True,
            "APPLICATION_ROOT": "/",
            "AUTOMATIC_ETAGS": False,
            "BACKGROUND_TASK_SHUTDOWN_TIMEOUT": 5.0,
            "CROSS_ORIGIN_EXEMPT_RULES": (),
            "CROSS_ORIGIN_PROTECTION": False,
            "CROSS_ORIGIN_TRUSTED_ORIGINS": (),
            "CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE": False,
            "DEBUG": None,
            "DESCRIBE_EMPTY_RESPONSES": True,
            "EVENT_STREAM_MAX_CONNECTIONS": 10_000,
            "EVENT_STREAM_MAX_THREADS": 1024,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "FORM_FROM_GET_BODY": True,
            "INPUT_MESSAGES": None,
            "LIMIT_URLENCODED_FORMS": False,
            "FRAME_ANCESTORS": "'self'",
            "MAX_CONTENT_LENGTH": None,
            "MAX_COOKIE_SIZE": 4093,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "METHOD_OVERRIDE": False,
            "OPENAPI_DOCS_URL": None,
            "OPENAPI_FILE": None,
            "OPENAPI_INFO": None,
            "OPENAPI_URL": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "PREFERRED_URL_SCHEME": "http",
            "PROPAGATE_EXCEPTIONS": None,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
            "READY_CHECKS": (),
            "REDIRECT_AFTER_UNSAFE": 302,
            "REFERRER_POLICY": "strict-origin-when-cross-origin",
            "REFUSE_INVALID_COOKIES": False,
            "REFUSE_LARGE_COOKIES": False,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "SEND_SECURITY_HEADERS": False,
            "SERVER_BODY_RATE": None,
            "SERVER_BODY_TIMEOUT": None,
            "SERVER_BODY_WINDOW": None,
            "SERVER_HEADER_TIMEOUT": None,
            "SERVER_KEEP_ALIVE": None,
            "SERVER_LIMIT_BODY": None,
            "SERVER_LIMIT_HEADERS": None,
            "SERVER_LIMIT_TARGET": None,
            "SERVER_NAME": None,
            "SERVER_SEND_TIMEOUT": None,
            "SERVER_UPLOAD_TIMEOUT": None,
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "STRICT_TRANSPORT_SECURITY": "max-age=31536000",
            "TEMPLATES_AUTO_RELOAD": None,
            "TESTING": False,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "TRUSTED_HOSTS": None,
            "USE_X_SENDFILE": False,
            "WEBSOCKET_ACCEPT_TIMEOUT": 10,
            "WEBSOCKET_CLOSE_TIMEOUT": 5,
            "WEBSOCKET_MAX_CONNECTIONS": 10_000,
            "WEBSOCKET_MAX_MESSAGE": 1024 * 1024,
            "WEBSOCKET_PING_INTERVAL": 20,
            "WEBSOCKET_PING_TIMEOUT": 20,
            "WEBSOCKET_QUEUE": 16,
            "WEBSOCKET_SEND_TIMEOUT": 60,
            "X_CONTENT_TYPE_OPTIONS": "nosniff",
        }
    )

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(
            import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        self.template_context_processors[None].append(default_template_context_processor)
        if instance_path is None:
            instance_path = self.auto_find_instance_path()
        elif not os.path.isabs(instance_path):
            raise ValueError(
                f"The instance path must be absolute: {instance_path!r} is not. Write"
                " os.path.abspath(...) around it."
            )
        #: Absolute path of the folder for files of this installation.
        self.instance_path = instance_path
        #: The settings.
        self.config = self.make_config(instance_relative_config)
        if isinstance(self.config, Config):  # `make_config` may return another class
            self.config.changes = self.registry_changes
        #: Raises HTTP exceptions for :func:`~retort.abort`.
        self.aborter = self.make_aborter()
        #: Reads and writes JSON.
        self.json: JSONProvider = self.json_provider_class(self)
        #: Called with error, endpoint and values when no URL can be built; see
        #: :meth:`handle_url_build_error`.
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, t.Any]], str]] = []
        #: Called when an app context ends; see :meth:`teardown_appcontext`.
        self.teardown_appcontext_funcs: list[TeardownCallable] = RecordedList(self.registry_changes)
        #: Called before the application serves; see :meth:`before_serving`.
        self.before_serving_funcs: list[ServingCallable] = []
        #: Called when the application no longer serves; see :meth:`after_serving`.
        self.after_serving_funcs: list[ServingCallable] = []
        #: Generator functions around the time in which it serves; see :meth:`while_serving`.
        self.while_serving_gens: list[ServingGenerator] = []
        #: Called for the names of ``retort shell``; see :meth:`shell_context_processor`.
        self.shell_context_processors: list[ShellContextProcessorCallable] = []
        #: Registered blueprints by full name.
        self.blueprints: dict[str, Blueprint] = {}
        #: State of extensions, by their name.
        self.extensions: dict[str, t.Any] = {}
        #: All URL rules.
        self.url_map = self.url_map_class(host_matching=host_matching)
        if isinstance(self.url_map, UrlMap):  # `url_map_class` may be another class
            self.url_map.changes = self.registry_changes
        #: Whether rules may have subdomains; it needs the config ``SERVER_NAME``.
        self.subdomain_matching = subdomain_matching
        self._got_first_request = False

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise SetupError(
                f"The setup method {f_name!r} of {self.name!r} was called after the"
                " application has handled its first request, so it can no longer be"
                " called: it would not apply to earlier requests. Complete the set-up,"
                " including imports of modules with views, before the application runs."
            )

    @property
    def is_in_setup(self) -> bool:
        """Whether no request was handled yet, so that set-up methods can be called."""
        return not self._got_first_request

    def end_setup(self) -> None:
        """Disable set-up methods, since requests are handled from now on."""
        self._got_first_request = True

    # Name, instance path and logger

    @cached_property
    def name(self) -> str:
        """The import name, or the file's name if the program is run as a script."""
        if self.import_name != "__main__":
            return self.import_name
        file: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if file is None:
            return "__main__"
        return os.path.splitext(os.path.basename(file))[0]

    def auto_find_instance_path(self) -> str:
        """The folder ``instance`` beside the program, or ``var/NAME-instance`` if installed."""
        prefix, folder = find_package(self.import_name)
        if prefix is None:
            return os.path.join(folder, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    @cached_property
    def logger(self) -> logging.Logger:
        """A standard logger, named like the application. Flask's "Logging"."""
        return create_logger(self)

    # Settings

    def make_config(self, instance_relative: bool = False) -> Config:
        """The initial config; called once, by the constructor."""
        root = self.instance_path if instance_relative else self.root_path
        defaults = {**self.default_config, "DEBUG": get_debug_flag()}
        return self.config_class(root, defaults)

    def make_aborter(self) -> Aborter:
        """Make :attr:`aborter` for :func:`~retort.abort`; override it to add exceptions."""
        return self.aborter_class()

    @property
    def debug(self) -> bool:
        """Whether debug mode is on: the config ``DEBUG``."""
        debug: bool = self.config["DEBUG"]
        return debug

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if "jinja_env" in self.__dict__ and self.config["TEMPLATES_AUTO_RELOAD"] is None:
            self.jinja_env.auto_reload = value

    # Templates

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment, made at first use."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Make :attr:`jinja_env`; override it to change its content."""
        raise NotImplementedError

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """The loader for the template folders of the application and its blueprints."""
        from .templating import DispatchingJinjaLoader  # imports Jinja, so not earlier

        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Whether values in a template are escaped: in a markup file, or without a file name."""
        return filename is None or filename.endswith(AUTOESCAPED)

    @setupmethod
    def template_filter(
        self, name: str | None = None
    ) -> Callable[[T_template_filter], T_template_filter]:
        """Decorate a template filter; its name is the function's if not given."""

        def register(f: T_template_filter) -> T_template_filter:
            self.add_template_filter(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_filter(self, f: TemplateFilterCallable, name: str | None = None) -> None:
        """:meth:`template_filter` without a decorator."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(
        self, name: str | None = None
    ) -> Callable[[T_template_test], T_template_test]:
        """Decorate a template test; its name is the function's if not given."""

        def register(f: T_template_test) -> T_template_test:
            self.add_template_test(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_test(self, f: TemplateTestCallable, name: str | None = None) -> None:
        """:meth:`template_test` without a decorator."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(
        self, name: str | None = None
    ) -> Callable[[T_template_global], T_template_global]:
        """Decorate a function for all templates; its name is the function's if not given."""

        def register(f: T_template_global) -> T_template_global:
            self.add_template_global(f, name=name)
            return f

        return register

    @setupmethod
    def add_template_global(self, f: TemplateGlobalCallable, name: str | None = None) -> None:
        """:meth:`template_global` without a decorator."""
        self.jinja_env.globals[name or f.__name__] = f

    # Blueprints, rules and hooks

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Apply the recorded registrations of ``blueprint`` to this application.

        :param options: ``url_prefix``, ``subdomain``, ``url_defaults``, ``name``,
            ``cli_group``: they override the blueprint's own.
        :raises ValueError: if its name is taken.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """All blueprints, in the order of registration."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule, and the view for its endpoint.

        See :meth:`Scaffold.add_url_rule`. Flask's "API" page, "URL Route Registrations".

        :raises SetupError: if the endpoint has another view already.
        :raises TypeError: if ``methods`` is a string.
        """
        if endpoint is None:
            endpoint = endpoint_of_view(view_func)
        methods = _methods(rule, options.pop("methods", None), view_func)
        names_head = "HEAD" in methods
        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = (
                "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            )
            if provide_automatic_options:
                methods.add("OPTIONS")
        methods.update(getattr(view_func, "required_methods", ()))
        view_class = getattr(view_func, "view_class", None)
        methods.discard("CONNECT")  # for proxies only: RFC 9110 section 9.3.6
        media_types = make_media_types(
            options.pop("accepts", getattr(view_class, "accepts", None)),
            options.pop("produces", getattr(view_class, "produces", None)),
            methods,
        )
        limits = take_limits(rule, options)
        websocket = options.pop("websocket_options", None)
        finishes_alone = take_on_disconnect(rule, options)
        self._check_endpoint_is_free(rule, endpoint, view_func)
        self._check_kind(rule, endpoint, is_websocket=websocket is not None)
        url_rule: t.Any = self.url_rule_class(rule, methods=methods, endpoint=endpoint, **options)
        if websocket is not None:
            url_rule.methods.discard("HEAD")  # Werkzeug adds it to GET
        url_rule.provide_automatic_options = provide_automatic_options
        url_rule.route_options = RouteOptions(
            media_types, limits, names_head, finishes_alone, websocket
        )
        self.url_map.add(url_rule)
        if view_func is not None:
            check_route(rule, url_rule.arguments, view_func, methods)
            self.view_functions[endpoint] = view_func

    def replace_view(self, endpoint: str, view: RouteCallable) -> None:
        self.view_functions[endpoint] = view

    def _check_endpoint_is_free(
        self, rule: str, endpoint: str, view_func: RouteCallable | None
    ) -> None:
        first = self.view_functions.get(endpoint)
        if view_func is None or first is None or first == view_func:
            return
        name = endpoint.rpartition(".")[2]
        names = {each.rpartition(".")[2] for each in self.view_functions}
        known = getattr(inspect.unwrap(view_func), "__globals__", {})
        proposed = proposed_endpoint(rule, name, names | known.keys())
        raise SharedEndpointError(
            f"Two views have the endpoint {endpoint!r}: {where(first)} and {where(view_func)}."
            " The second would be overwriting an existing endpoint function. Rename it, for"
            f" instance to {proposed}(), or write endpoint={proposed!r} at its route. If both"
            " are one function with a decorator, use functools.wraps in the decorator.",
            endpoint,
            first,
            view_func,
            proposed,
        )

    def _check_kind(self, rule: str, endpoint: str, *, is_websocket: bool) -> None:
        """Check that the endpoint has no rule of the other kind."""
        if endpoint not in self.view_functions:
            return
        for other in self.url_map.iter_rules():
            if other.endpoint == endpoint and is_websocket == (options_of(other).websocket is None):
                own, others = ("WebSocket", "HTTP") if is_websocket else ("HTTP", "WebSocket")
                raise SetupError(
                    f"The endpoint {endpoint!r} has the {others} route {other.rule!r}, so it cannot"
                    f" have the {own} route {rule!r}. Write a function for each, or give the"
                    f" second route another endpoint: endpoint='{endpoint}_{own.lower()}'."
                )

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Call ``f`` when an app context ends, with the unhandled exception or ``None``.

        An app context ends after each request, each command, and each
        ``with app.app_context():``.
        """
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell_context_processor) -> T_shell_context_processor:
        """Add the dict that ``f`` returns to the names of ``retort shell``."""
        self.shell_context_processors.append(f)
        return f

    # Before and after serving

    @setupmethod
    def before_serving(self, f: T_serving) -> T_serving:
        """Call ``f`` in each worker process before the first request; a decorator.

        It may be a coroutine function, which runs on the event loop of the process. An exception
        prevents the start. Quart's ``before_serving``.

        :raises TypeError: if ``f`` is a generator function or no function.
        """
        check_serving_function("before_serving", f)
        self.before_serving_funcs.append(f)
        return f

    @setupmethod
    def after_serving(self, f: T_serving) -> T_serving:
        """Call ``f`` in each worker process after its last request; a decorator.

        It is called when the background tasks have ended. Quart's ``after_serving``.

        :raises TypeError: if ``f`` is a generator function or no function.
        """
        check_serving_function("after_serving", f)
        self.after_serving_funcs.append(f)
        return f

    @setupmethod
    def while_serving(self, f: T_while_serving) -> T_while_serving:
        """Run a generator function up to its ``yield`` before serving, and its rest afterwards.

        A decorator. ``f`` has one ``yield``; it may be an asynchronous generator function, all of
        which runs in one task of the event loop. Quart's ``while_serving``.

        :raises TypeError: if ``f`` is no generator function.
        """
        check_serving_generator(f)
        self.while_serving_gens.append(f)
        return f

    # Errors

    def trap_http_exception(self, e: Exception) -> bool:
        """Whether an HTTP exception is raised like any other, not converted to a response.

        Set by the configs ``TRAP_HTTP_EXCEPTIONS`` and ``TRAP_BAD_REQUEST_ERRORS``.
        """
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap_bad_requests = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap_bad_requests is None:
            # In debug mode the traceback shows which line read the missing form field.
            return isinstance(e, BadRequestKeyError) and self.debug
        return bool(trap_bad_requests) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Whether teardown functions get ``None`` in place of an exception: by default never."""
        return False

    # URLs

    def redirect(self, location: str, code: int = DEFAULT_CODE) -> BaseResponse:
        """A response that sends the browser to ``location``; :func:`~retort.redirect` calls it.

        :raises werkzeug.exceptions.BadRequest: if it has a line break that the client sent.
        :raises ValueError: if the config ``REDIRECT_AFTER_UNSAFE`` is neither 302 nor 303.
        """
        context = current_request_context.get(None)
        if code is DEFAULT_CODE:
            is_safe = context is None or context.environ["REQUEST_METHOD"] in SAFE
            code = 302 if is_safe else self.config.get("REDIRECT_AFTER_UNSAFE", 302)
            if code not in CODES_AFTER_UNSAFE:
                raise wrong_code_after_unsafe(code)
        if (
            context is not None
            and context.plans.text_type is not None
            and type(location) is str
            and len(location) <= MAX_CACHED_LENGTH
        ):
            parts = parts_of_redirect(location, code)
            if parts is not None:
                return Response.of_parts(*parts)
        try:
            return redirect(location, code=code, Response=self.response_class)  # type: ignore[attr-defined]
        except ValueError:
            if context is None or not is_from_client(str(location), context.request):
                raise
            raise BadRequest("The redirect location contains a line break.") from None

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Call the :meth:`url_defaults` functions, which add to ``values`` in place."""
        if not self.url_default_functions:
            return
        scopes: list[str | None] = [None]
        if "." in endpoint:
            scopes += reversed(split_blueprint_path(endpoint.rpartition(".")[0]))
        for scope in scopes:
            for f in self.url_default_functions.get(scope, ()):
                f(endpoint, values)

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, t.Any]
    ) -> str:
        """Call the :attr:`url_build_error_handlers` until one returns a URL.

        :raises werkzeug.routing.BuildError: if none of them returns one.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as newer:
                error = newer
            else:
                if url is not None:
                    return url
        # Raised within the except block of `build_url`, which keeps the traceback of url_for.
        raise error


def _methods(rule: str, given: t.Any, view_func: RouteCallable | None) -> set[str]:
    if given is None:
        given = getattr(view_func, "methods", None) or ("GET",)
    if isinstance(given, str):
        raise TypeError(
            f"Allowed methods must be a list of strings, for example:"
            f" @app.route({rule!r}, methods=[{given!r}])"
        )
    return {method.upper() for method in given}


def find_package(import_name: str) -> tuple[str | None, str]:
    """The prefix a module is installed in, or ``None``, and the folder of its package."""
    folder = _package_folder(import_name)
    if _is_below(folder, sys.prefix):
        return sys.prefix, folder
    lib = os.path.dirname(os.path.dirname(folder))
    if os.path.basename(folder) == "site-packages" and os.path.basename(lib) == "lib":
        return os.path.dirname(lib), folder  # prefix/lib/pythonX.Y/site-packages
    return None, folder


def _is_below(folder: str, prefix: str) -> bool:
    inner, outer = os.path.normcase(folder), os.path.normcase(prefix)
    return inner == outer or inner.startswith(os.path.join(outer, ""))


def _package_folder(import_name: str) -> str:
    """The folder that holds the top-level package or module of ``import_name``."""
    top = import_name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):  # __main__ has no spec, or an unusable one
        spec = None
    if spec is None:
        return _main_folder(top)
    if spec.submodule_search_locations:
        return os.path.dirname(os.path.abspath(spec.submodule_search_locations[0]))
    if spec.origin is None:
        return os.getcwd()
    return os.path.dirname(os.path.abspath(spec.origin))


def _main_folder(name: str) -> str:
    file = getattr(sys.modules.get(name), "__file__", None)
    return os.getcwd() if file is None else os.path.dirname(os.path.abspath(file))
