"""Flask and Retort: the public object.

Its methods are the steps a program or an extension may override, with Flask 3.1's names and
signatures. They delegate: set-up is in `setup.py`, the steps of a request in `lifecycle/`, and
the server interface in `gateways/`.
"""

from __future__ import annotations

import os
import typing as t
from functools import cache
from inspect import CO_COROUTINE, iscoroutinefunction
from types import FunctionType
from weakref import ref

from werkzeug.datastructures import ImmutableDict
from werkzeug.utils import cached_property
from werkzeug.wsgi import get_host

from .class_guard import UNCHANGED
from .context import UNSET, AppContext, RequestContext, handled, request_context
from .gateways.wsgi import wsgi_app
from .globals import current_app_context, current_request_context, g, request, request_ctx, session
from .helpers import get_debug_flag, get_flashed_messages, get_load_dotenv
from .http import Request, Response
from .lifecycle import errors, policies, run
from .lifecycle.background import BackgroundTasks
from .lifecycle.compose import Composer
from .lifecycle.overrides import DECIDING, planned_methods
from .logging import escape_controls
from .registries import InstanceDict
from .routing import build_url
from .scaffold import configured_max_age, open_below, send_from_static_folder
from .sessions import SecureCookieSessionInterface, SessionInterface
from .setup import App

if t.TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import MapAdapter

    from .gateways.scope import Receive, Scope, Send
    from .lifecycle.plan import Plans
    from .lifecycle.serving import Serving
    from .templating import Environment
    from .testing import FlaskClient, FlaskCliRunner, TestApp
    from .typing import ErrorHandlerCallable, ResponseReturnValue

ExcInfo = tuple[type, BaseException, "TracebackType"] | tuple[None, None, None]


class Flask(App):
    """A WSGI application with routes, hooks and templates.

    :param import_name: name of the module it is made in: ``__name__``. Templates, static
        files and the instance folder are searched beside it.
    :param static_url_path: URL prefix of the static files; the folder's name by default.
    :param static_folder: folder of the static files, relative to the root path.
    :param static_host: host of the static rule; requires ``host_matching``.
    :param host_matching: whether rules have a ``host``.
    :param subdomain_matching: whether rules may have a ``subdomain``.
    :param template_folder: folder of the templates, relative to the root path.
    :param instance_path: absolute path of the folder for files of this installation.
    :param instance_relative_config: whether config files are relative to that folder.
    :param root_path: base of relative paths; derived from ``import_name`` if not given.

    Flask's "API" page, "Application Object".
    """

    #: The class of the request object.
    request_class: type[Request] = Request
    #: The class of response objects.
    response_class: type[Response] = Response
    #: Opens and saves sessions.
    session_interface: SessionInterface = SecureCookieSessionInterface()

    #: The time in which the application serves; ``None`` before and after.
    serving: Serving | None = None

    _composer: Composer

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
            static_url_path,
            static_folder,
            static_host,
            host_matching,
            subdomain_matching,
            template_folder,
            instance_path,
            instance_relative_config,
            root_path,
        )
        self._composer = Composer(_STANDARD)
        # Records entries that a program writes into it as changes.
        self.__dict__ = InstanceDict(self.registry_changes, DECIDING, self.__dict__)
        if not self.has_static_folder:
            return
        if bool(static_host) != host_matching:
            raise AssertionError(
                "Invalid static_host/host_matching combination: with host_matching=True the"
                " static files need static_host='...' (or static_folder=None), and without"
                " it static_host has no meaning."
            )
        # Held weakly, so that an application without other references is freed at once. The
        # view is made here because programs identify it as `flask.app.<lambda>`, as in Flask.
        this = ref(self)
        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            endpoint="static",
            host=static_host,
            view_func=lambda **values: t.cast("Flask", this()).send_static_file(**values),
        )

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in DECIDING and "registry_changes" in self.__dict__:
            self.registry_changes.note()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in DECIDING:
            self.registry_changes.note()

    def current_plans(self) -> Plans:
        """The plans for requests, composed from the current registrations and overrides."""
        plans = self.registry_changes.plans
        if plans is None or not plans.guard.__flags__ & UNCHANGED:
            plans = self._composer.compose(self)
        return plans

    # Templates and files

    def create_jinja_environment(self) -> Environment:
        """Make :attr:`jinja_env`, with Flask's functions and proxies as globals."""
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        environment = self.jinja_environment(self, **options)
        environment.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            # A context processor adds these too, but imported templates have only globals.
            request=request,
            session=session,
            g=g,
        )
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def update_template_context(self, context: dict[str, t.Any]) -> None:
        """Add the values of the context processors to ``context``; existing values stay."""
        processors = self.template_context_processors
        scopes: list[str | None] = [None]
        current = current_request_context.get(None)
        if current is not None and (len(processors) > 1 or None not in processors):
            scopes += reversed(current.request.blueprints)
        given = context.copy()
        for scope in scopes:
            for processor in processors.get(scope, ()):
                context.update(self.ensure_sync(processor)())
        context.update(given)

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """How many seconds a browser may cache a file; ``None``: it revalidates each time.

        By default the config ``SEND_FILE_MAX_AGE_DEFAULT``. Override it to decide by name.
        """
        return configured_max_age()

    def send_static_file(self, filename: str) -> Response:
        """The response for a file of the static folder; the view of the static rule.

        :raises werkzeug.exceptions.NotFound: if there is no such file.
        :raises RuntimeError: if there is no static folder.
        """
        return send_from_static_folder(self, filename)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> t.IO[t.Any]:
        """Open a file below :attr:`root_path` for reading.

        :param resource: its path, relative to the root path.
        :param mode: ``"r"``, ``"rt"`` or ``"rb"``.
        :param encoding: of text; ignored with ``"rb"``.
        :raises ValueError: if the mode is for writing.
        """
        return open_below(self.root_path, resource, mode, encoding)

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.Any]:
        """Open a file below :attr:`instance_path`, for reading or writing."""
        path = os.path.join(self.instance_path, resource)
        if "b" in mode:
            return open(path, mode)
        return open(path, mode, encoding=encoding)

    # Running and testing; these import modules above this one

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve the application from inside a script, until it is stopped.

        :param host: address to listen on: that of ``SERVER_NAME`` or 127.0.0.1 by default.
        :param port: that of ``SERVER_NAME`` or 5000 by default; 0: the system chooses.
        :param debug: switches debug mode on or off.
        :param load_dotenv: whether to read ``.env`` and ``.flaskenv`` first.
        :param options: see :func:`retort.server.script.run`; those of
            :func:`werkzeug.serving.run_simple` are accepted.

        Under ``retort run`` the call is ignored: the application is served already.
        """
        from . import cli
        from .server import script as server

        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            server.note_ignored_run()
            return
        if get_load_dotenv(load_dotenv):
            cli.load_dotenv()
            if "FLASK_DEBUG" in os.environ:
                self.debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)
        named_host, _, named_port = (self.config["SERVER_NAME"] or "").partition(":")
        if port is None:
            port = int(named_port or 5000)
        server.run(self, host or named_host or "127.0.0.1", port, debug=self.debug, **options)
        self._got_first_request = False  # set-up methods can be called again

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> FlaskClient:
        """A client that sends requests without a server. Flask's "Testing Flask Applications".

        :param use_cookies: whether it stores cookies between requests.
        """
        from .testing import FlaskClient

        client_class = self.test_client_class or FlaskClient
        return client_class(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_app(self) -> TestApp:
        """The application as if a server had started it, for tests.

        ``with app.test_app():`` and ``async with app.test_app():`` run the functions of
        :meth:`before_serving`, :meth:`while_serving` and :meth:`after_serving`, and wait for the
        background tasks at the end of the block. :meth:`test_client` alone does not.
        """
        from .testing import TestApp

        return TestApp(self)

    def test_cli_runner(self, **kwargs: t.Any) -> FlaskCliRunner:
        """A runner for the application's commands. Flask's "Testing Flask Applications"."""
        from .testing import FlaskCliRunner

        runner_class = self.test_cli_runner_class or FlaskCliRunner
        return runner_class(self, **kwargs)

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> RequestContext:
        """A request context for a made-up request.

        The arguments are those of :class:`~retort.testing.EnvironBuilder`.
        """
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def make_shell_context(self) -> dict[str, t.Any]:
        """The names in ``retort shell``: ``app``, ``g``, and those of the context processors."""
        names = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            names.update(processor())
        return names

    # Contexts

    def app_context(self) -> AppContext:
        """A context that makes this application the current one.

        ``with app.app_context(): ...`` Flask's "The Application Context".
        """
        return AppContext(self)

    request_context = request_context

    # URLs

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """The adapter that matches and builds URLs, for a request or outside of one.

        :returns: ``None`` outside of a request if no ``SERVER_NAME`` is configured.
        :raises werkzeug.exceptions.SecurityError: if the host is not in ``TRUSTED_HOSTS``.
        """
        server_name: str | None = self.config["SERVER_NAME"]
        if request is not None:
            return self._adapter_for(request, server_name)
        if server_name is None:
            return None
        return self.url_map.bind(
            server_name,
            script_name=self.config["APPLICATION_ROOT"],
            url_scheme=self.config["PREFERRED_URL_SCHEME"],
        )

    def _adapter_for(self, request: Request, server_name: str | None) -> MapAdapter:
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        request.host = get_host(request.environ, request.trusted_hosts)
        subdomain: str | None = None
        if self.url_map.host_matching:
            server_name = None
        elif not self.subdomain_matching:
            # Every host is accepted; rules for other subdomains never match.
            subdomain = self.url_map.default_subdomain or ""
        return self.url_map.bind_to_environ(
            request.environ, server_name=server_name, subdomain=subdomain
        )

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: t.Any,
    ) -> str:
        """The URL of an endpoint; :func:`~retort.url_for` describes the parameters.

        :raises werkzeug.routing.BuildError: if no rule fits these values.
        :raises RuntimeError: outside of a request, without ``SERVER_NAME``.
        :raises ValueError: if a scheme is given for a URL without one.
        """
        return build_url(
            self,
            endpoint,
            values,
            anchor=_anchor,
            method=_method,
            scheme=_scheme,
            external=_external,
        )

    def end_setup(self) -> None:
        """Disable set-up methods, since requests are handled from now on."""
        super().end_setup()
        has_functions = self.before_serving_funcs or self.while_serving_gens
        if has_functions and self.serving is None and not self.testing:
            self.logger.warning("%s", _NOT_STARTED)

    # The steps of a request

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a WSGI call (PEP 3333) with :attr:`wsgi_app` and its middleware."""
        return self.wsgi_app(environ, start_response)

    __call__.may_defer = True  # type: ignore[attr-defined]  # see `lifecycle/deferred.py`
    wsgi_app = wsgi_app

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle an ASGI call (ASGI 3): HTTP, WebSockets and lifespan.

        To add middleware: ``app.asgi_app = Middleware(app.asgi_app)``. The middleware of
        :attr:`wsgi_app` is called, too, inside of it.

        :raises ValueError: for another type of scope.
        """
        await _asgi_gateway()(self, scope, receive, send)

    @property
    def asgi(self) -> Callable[[Scope, Receive, Send], Coroutine[t.Any, t.Any, None]]:
        """The application for an ASGI server: ``uvicorn module:app.asgi``.

        It calls :attr:`asgi_app` with the middleware around it.
        """
        return _Asgi(self)

    def full_dispatch_request(self) -> Response:
        """Run hooks, view and error handlers for the current request; return the response."""
        if self.is_in_setup:
            self.end_setup()
        context = _current_context()
        context.needs_response = True
        return t.cast("Response", run.respond(self, context))

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Run the URL value preprocessors and ``before_request`` functions.

        :returns: the first return value that is not ``None``, or ``None``.
        """
        return t.cast("ResponseReturnValue | None", run.preprocess(self, _current_context()))

    def dispatch_request(self) -> ResponseReturnValue:
        """Call the view of the current request.

        :raises werkzeug.exceptions.HTTPException: if no rule matched.
        """
        answer: ResponseReturnValue = run.call_view(self, _current_context())
        return answer

    def raise_routing_exception(self, request: Request) -> t.NoReturn:
        """Raise the routing exception of a request that no rule matched.

        :raises RoutingRedirectError: in debug mode, if a redirect would lose a form's data.
        """
        errors.raise_routing_exception(self, request)

    def make_default_options_response(self) -> Response:
        """The response to OPTIONS: ``Allow`` with the URL's methods (RFC 9110 section 9.3.7)."""
        return policies.answer_options(self, _current_context())

    def finalize_request(
        self,
        rv: ResponseReturnValue | HTTPException,
        from_error_handler: bool = False,
    ) -> Response:
        """Convert the return value of a view or handler to a response, and run the after hooks.

        :param from_error_handler: whether the response is for an unhandled error; then an
            error in the hooks is logged, not raised.
        """
        return run.finalize(self, _current_context(), rv, from_error_handler)

    def make_response(self, rv: ResponseReturnValue) -> Response:
        """Convert the return value of a view to a response. Flask's "About Responses".

        :raises TypeError: if it has none of the accepted forms.
        """
        return run.convert(self, current_request_context.get(None), rv)

    def process_response(self, response: Response) -> Response:
        """Run the after hooks and save the session.

        :returns: the response to send.
        """
        return run.process_response(self, _current_context(), response)

    def do_teardown_request(self, exc: BaseException | None = UNSET) -> None:
        """Run the ``teardown_request`` functions; called when a request context ends.

        :param exc: their argument; by default the exception being handled.
        """
        run.teardown_request(self, _current_context(), handled(exc))

    def do_teardown_appcontext(self, exc: BaseException | None = UNSET) -> None:
        """Run the ``teardown_appcontext`` functions; called when an app context ends.

        :param exc: their argument; by default the exception being handled.
        """
        run.teardown_appcontext(self, current_app_context.get(None), handled(exc))

    # Errors

    def _find_error_handler(
        self, e: Exception, blueprints: list[str]
    ) -> ErrorHandlerCallable | None:
        """The handler for ``e``: by its code first, then by class; innermost blueprint first."""
        return errors.find_handler(self, e, blueprints)

    def handle_user_exception(self, e: Exception) -> HTTPException | ResponseReturnValue:
        """Handle an exception of a view or hook; an HTTP exception without a handler is returned.

        :raises Exception: the same exception, if no error handler matches.
        """
        return errors.handle_user_exception(self, e)

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ResponseReturnValue:
        """Handle an HTTP exception: return the value of its handler, or the exception."""
        return errors.handle_http_exception(self, e)

    def handle_exception(self, e: Exception) -> Response:
        """Log an unhandled exception and return the 500 response for it.

        :raises Exception: the same exception, in debug mode and under test: see
            ``PROPAGATE_EXCEPTIONS``.
        """
        return errors.handle_exception(self, e)

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Log an unhandled exception with the method and path of the request."""
        current = _current_context().request
        path, method = escape_controls(current.path), escape_controls(current.method)
        self.logger.error("Exception on %s [%s]", path, method, exc_info=exc_info)

    # Serving and background tasks

    async def startup(self) -> None:
        """Run the functions before serving; for servers that cannot do so themselves.

        `retort run`, :meth:`run` and ASGI servers with lifespan call them. Quart's ``startup``.

        :raises ServingError: if one of them fails.
        """
        from .gateways.lifespan import start  # imports asyncio

        await start(self)

    async def shutdown(self) -> None:
        """Wait for the background tasks, and run the functions after serving.

        The counterpart of :meth:`startup`. Quart's ``shutdown``.

        :raises ServingError: if one of them fails; all others run nevertheless.
        """
        from .gateways.lifespan import stop  # imports asyncio

        await stop(self)

    @cached_property
    def background_tasks(self) -> BackgroundTasks:
        """The tasks of :meth:`add_background_task`; ``len()`` of it is the number of open ones."""
        return BackgroundTasks(self)

    def add_background_task(self, f: Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> None:
        """Call ``f`` with these arguments, without waiting for it.

        A coroutine function runs on the event loop, any other function in a thread. Each call has
        an application context of its own, and no request. Exceptions are logged. When the
        application stops serving, tasks get the rest of the grace time; then they are cancelled.
        It may be called anywhere. Quart's ``add_background_task``.

        :raises TypeError: if ``f`` is no function, or a generator function.
        """
        self.background_tasks.add(f, args, kwargs)

    # Coroutine functions

    def ensure_sync(self, func: Callable[..., t.Any]) -> Callable[..., t.Any]:
        """``func`` itself; for a coroutine function a wrapper that waits for its result.

        Override it to run coroutines in another way.
        """
        if _is_plainly_sync(func) or not iscoroutinefunction(func):
            return func
        return self.async_to_sync(func)

    def async_to_sync(
        self, func: Callable[..., Coroutine[t.Any, t.Any, t.Any]]
    ) -> Callable[..., t.Any]:
        """A function that runs the coroutine function ``func`` on the event loop of the process.

        It waits for the result, so it cannot be called on that loop: await ``func`` there.
        """
        from .aio.loop import make_sync

        return make_sync(func)

    def ensure_async(
        self, func: Callable[..., t.Any]
    ) -> Callable[..., Coroutine[t.Any, t.Any, t.Any]]:
        """``func`` itself; for a synchronous function a coroutine function that calls it.

        It runs in a thread, in a copy of the context variables: ``request`` and ``g`` are those of
        the caller. Quart's ``ensure_async``.
        """
        if iscoroutinefunction(func):
            return func
        from .aio.steps import make_async

        return make_async(func)


_NOT_STARTED = (
    "The first request has arrived, and the functions of before_serving and while_serving have not"
    " been called: the server has not started this application. `retort run`, app.run() and ASGI"
    " servers with lifespan call them. For other servers there is app.startup(), and for tests"
    " app.test_app()."
)


@cache
def _asgi_gateway() -> Callable[..., Coroutine[t.Any, t.Any, None]]:
    from .gateways.asgi import handle  # imports asyncio

    return handle


class _Asgi:
    """Calls the ``asgi_app`` of an application. Servers look for a coroutine ``__call__``."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app.asgi_app(scope, receive, send)


def _current_context() -> RequestContext:
    """The context of the current request, for the methods that perform its steps.

    :raises RuntimeError: outside of a request.
    """
    context = current_request_context.get(None)
    if context is None:  # the proxy raises an error with instructions
        context = t.cast("RequestContext", request_ctx._get_current_object())  # type: ignore[attr-defined]
    if context.plans is not context.app.current_plans():  # a class was monkeypatched
        context.renew_plans()
    return context


def _is_plainly_sync(func: Callable[..., t.Any]) -> bool:
    """Fast check for ordinary functions, for which `iscoroutinefunction` is slow."""
    return (
        type(func) is FunctionType
        and not func.__code__.co_flags & CO_COROUTINE
        and not func.__dict__  # may contain a mark as a coroutine function
    )


_STANDARD = planned_methods(Flask)


class Retort(Flask):
    """:class:`Flask` with modern defaults; there is no other difference.

    Each default is a config key that a :class:`Flask` can set, too. See
    "Configuration" in the documentation for all of them and their reasons.
    """

    default_config = ImmutableDict(
        {
            **App.default_config,
            # RFC 6265bis section 4.1.2.7: not sent with forms of other sites.
            "SESSION_COOKIE_SAMESITE": "Lax",
            # Not sent over plain HTTP by a site that has TLS.
            "SESSION_COOKIE_SECURE": "auto",
            # Browsers silently drop invalid and oversized cookies.
            "REFUSE_INVALID_COOKIES": True,
            "REFUSE_LARGE_COOKIES": True,
            # Refuses forms from pages of other sites; CSRF tokens are not needed.
            "CROSS_ORIGIN_PROTECTION": True,
            # Against MIME sniffing, clickjacking, and URLs in the Referer sent to other sites.
            "SEND_SECURITY_HEADERS": True,
            # The request that follows a form is a GET: RFC 9110 section 15.4.4.
            "REDIRECT_AFTER_UNSAFE": 303,
            # A partial PUT would replace the whole resource: RFC 9110 section 14.5.
            "ACCEPT_PARTIAL_PUT": False,
            # Debug mode is for the developer's machine only.
            "ALLOW_PUBLIC_DEBUG": False,
            # A 204 has no content, so no Content-Type: RFC 9110 section 15.3.5.
            "DESCRIBE_EMPTY_RESPONSES": False,
            # In bytes. A program that takes larger uploads sets it.
            "MAX_CONTENT_LENGTH": 16 * 1024 * 1024,
            # The limits of forms apply to both encodings.
            "LIMIT_URLENCODED_FORMS": True,
            # Content of a GET has no meaning: RFC 9110 section 9.3.1.
            "FORM_FROM_GET_BODY": False,
        }
    )


__all__ = ["Flask", "Retort"]
