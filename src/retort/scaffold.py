"""The set-up methods shared by applications and blueprints.

Everything registered here is kept in public dictionaries and lists, which record their changes
(`registries.py`): what is changed in them later counts. `setup.py` and `blueprint.py` say what an
application and a blueprint do with their records; `lifecycle/compose.py` reads them.
"""

from __future__ import annotations

import itertools
import keyword
import os
import re
import typing as t
from collections.abc import Callable, Container, Iterable
from datetime import timedelta
from functools import update_wrapper

from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.utils import cached_property

from .by_method import let_more_methods
from .globals import find_app
from .helpers import get_root_path, send_from_directory
from .http.websockets import check_route_options, make_websocket_options
from .registries import Changes, RecordedDict, handlers_by_scope, lists_by_scope

if t.TYPE_CHECKING:
    from jinja2 import BaseLoader

    from .app import Flask
    from .blueprint import Blueprint
    from .cli import AppGroup
    from .http import Response
    from .typing import (
        AfterRequestCallable,
        AfterWebSocketCallable,
        AppOrBlueprintKey,
        BeforeRequestCallable,
        ErrorHandlerCallable,
        RouteCallable,
        TeardownCallable,
        TemplateContextProcessorCallable,
        URLDefaultCallable,
        URLValuePreprocessorCallable,
        WebSocketCallable,
    )

F = t.TypeVar("F", bound=Callable[..., t.Any])
T_after_request = t.TypeVar("T_after_request", bound="AfterRequestCallable[t.Any]")
T_after_websocket = t.TypeVar("T_after_websocket", bound="AfterWebSocketCallable")
T_before_websocket = t.TypeVar("T_before_websocket", bound="BeforeRequestCallable")
T_websocket = t.TypeVar("T_websocket", bound="WebSocketCallable")
T_before_request = t.TypeVar("T_before_request", bound="BeforeRequestCallable")
T_error_handler = t.TypeVar("T_error_handler", bound="ErrorHandlerCallable")
T_route = t.TypeVar("T_route", bound="RouteCallable")
T_teardown = t.TypeVar("T_teardown", bound="TeardownCallable")
T_template_context_processor = t.TypeVar(
    "T_template_context_processor", bound="TemplateContextProcessorCallable"
)
T_url_defaults = t.TypeVar("T_url_defaults", bound="URLDefaultCallable")
T_url_value_preprocessor = t.TypeVar(
    "T_url_value_preprocessor", bound="URLValuePreprocessorCallable"
)

# By scope (None: the application; else a blueprint's name), status code and class.
HandlersByClass = dict[type[Exception], "ErrorHandlerCallable"]
ErrorHandlerSpec = dict["AppOrBlueprintKey", dict[int | None, HandlersByClass]]

NO_STATIC_FOLDER = (
    "{owner!r} has no static folder, so it cannot send {filename!r}. Set one:"
    " static_folder='static'."
)


def setupmethod(f: F) -> F:
    """Mark a method of :class:`Scaffold` that has no effect after set-up has ended.

    :raises SetupError: from the method, if it is called too late.
    """

    def in_setup(self: Scaffold, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._check_setup_finished(f.__name__)
        return f(self, *args, **kwargs)

    return t.cast("F", update_wrapper(in_setup, f))


def _endpoint_from_view_func(view_func: RouteCallable | None) -> str:
    """The default endpoint of a view: the function's name."""
    if view_func is None:
        raise AssertionError(
            "A rule needs an endpoint: pass endpoint=, or a view whose name is the endpoint."
        )
    return view_func.__name__


endpoint_of_view = _endpoint_from_view_func  # the latter is Flask's name


def proposed_endpoint(rule: str, endpoint: str, taken: Container[str]) -> str:
    """A free endpoint for a rule: its last word, or ``endpoint`` with a number.

    >>> proposed_endpoint("/shop/about-us/<int:page>", "index", {"index"})
    'about_us'
    """
    words = [word for word in rule.split("/") if word and "<" not in word]
    name = re.sub(r"\W+", "_", words[-1]).strip("_").lower() if words else ""
    if name.isidentifier() and not keyword.iskeyword(name) and name not in taken:
        return name
    numbered = (f"{endpoint}_{number}" for number in itertools.count(2))
    return next(each for each in numbered if each not in taken)


def configured_max_age() -> int | None:
    """The config ``SEND_FILE_MAX_AGE_DEFAULT`` of the current application, in seconds."""
    value: timedelta | int | None = find_app().config["SEND_FILE_MAX_AGE_DEFAULT"]
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    return value


def send_from_static_folder(owner: Flask | Blueprint, filename: str) -> Response:
    """The response for a file of the static folder of ``owner``.

    :raises werkzeug.exceptions.NotFound: if there is no such file.
    :raises RuntimeError: if there is no static folder.
    """
    folder = owner.static_folder
    if folder is None:
        raise RuntimeError(NO_STATIC_FOLDER.format(owner=owner, filename=filename))
    # Read from `owner`, which may override it.
    max_age = owner.get_send_file_max_age(filename)
    return send_from_directory(folder, filename, max_age=max_age)


def open_below(root_path: str, resource: str, mode: str, encoding: str | None) -> t.IO[t.Any]:
    """Open ``resource`` below ``root_path``, for reading only."""
    if mode not in {"r", "rt", "rb"}:
        raise ValueError(
            f"Resources can only be opened for reading: 'r', 'rt' or 'rb', not {mode!r}."
        )
    path = os.path.join(root_path, resource)
    if mode == "rb":
        return open(path, mode)
    return open(path, mode, encoding=encoding)


def exception_class_and_code(
    exc_class_or_code: type[Exception] | int,
) -> tuple[type[Exception], int | None]:
    """The class to register a handler for, and its status code if it has one."""
    if isinstance(exc_class_or_code, int):
        if exc_class_or_code not in default_exceptions:
            raise ValueError(
                f"{exc_class_or_code} is not a recognized HTTP error code. Use a subclass"
                " of HTTPException with this code, and register the handler for it."
            )
        return default_exceptions[exc_class_or_code], exc_class_or_code
    wanted = "Error handlers are registered for exception classes or HTTP error codes."
    if isinstance(exc_class_or_code, Exception):
        name = type(exc_class_or_code).__name__
        raise TypeError(
            f"{exc_class_or_code!r} is an instance, not a class. {wanted} Did you mean {name}?"
        )
    if not issubclass(exc_class_or_code, Exception):
        raise ValueError(f"{exc_class_or_code.__name__!r} is not a subclass of Exception. {wanted}")
    if issubclass(exc_class_or_code, HTTPException):
        return exc_class_or_code, exc_class_or_code.code
    return exc_class_or_code, None


class Scaffold:
    """Base class of :class:`~retort.Flask` and :class:`~retort.Blueprint`.

    :param import_name: name of the module where the object is made: ``__name__``.
    :param static_folder: folder of files to serve, relative to the root path.
    :param static_url_path: URL prefix of these files.
    :param template_folder: folder of templates, relative to the root path.
    :param root_path: base of relative paths; found by ``import_name`` if not given.

    Flask's "API" page.
    """

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path

        #: Records changes of the containers below.
        self.registry_changes = changes = Changes()
        #: Views by endpoint. Replace an entry to wrap a view.
        self.view_functions: dict[str, RouteCallable] = RecordedDict(changes)
        #: Error handlers by scope, status code (or None) and class.
        self.error_handler_spec: ErrorHandlerSpec = handlers_by_scope(changes)
        #: Functions by scope: None for all requests, else a blueprint's name.
        self.before_request_funcs: dict[AppOrBlueprintKey, list[BeforeRequestCallable]] = (
            lists_by_scope(changes)
        )
        self.after_request_funcs: dict[AppOrBlueprintKey, list[AfterRequestCallable[t.Any]]] = (
            lists_by_scope(changes)
        )
        self.teardown_request_funcs: dict[AppOrBlueprintKey, list[TeardownCallable]] = (
            lists_by_scope(changes)
        )
        #: The same for WebSockets.
        self.before_websocket_funcs: dict[AppOrBlueprintKey, list[BeforeRequestCallable]] = (
            lists_by_scope(changes)
        )
        self.after_websocket_funcs: dict[AppOrBlueprintKey, list[AfterWebSocketCallable]] = (
            lists_by_scope(changes)
        )
        self.teardown_websocket_funcs: dict[AppOrBlueprintKey, list[TeardownCallable]] = (
            lists_by_scope(changes)
        )
        self.template_context_processors: dict[
            AppOrBlueprintKey, list[TemplateContextProcessorCallable]
        ] = lists_by_scope(changes)
        self.url_value_preprocessors: dict[
            AppOrBlueprintKey, list[URLValuePreprocessorCallable]
        ] = lists_by_scope(changes)
        self.url_default_functions: dict[AppOrBlueprintKey, list[URLDefaultCallable]] = (
            lists_by_scope(changes)
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        """Raise an error if it is too late to call the method named ``f_name``."""
        raise NotImplementedError

    @cached_property
    def cli(self) -> AppGroup:
        """The Click group for commands of this application or blueprint."""
        from .cli import AppGroup  # an import from a higher floor, see ARCHITECTURE.md

        return AppGroup(name=self.name)

    # Files beside the program

    @property
    def static_folder(self) -> str | None:
        """Absolute path of the static folder, or ``None``."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set; the folder may not exist."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """URL prefix of the static files; default: the name of their folder."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return "/" + os.path.basename(self.static_folder)

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The loader for the template folder; ``None`` without a folder."""
        if self.template_folder is None:
            return None
        from jinja2 import FileSystemLoader  # imported here: many programs have no template

        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    # Routes

    def _method_route(
        self, method: str, rule: str, options: dict[str, t.Any]
    ) -> Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError(
                f"@{method.lower()}({rule!r}) is for the method {method} only. Use the"
                f" 'route' decorator to name several: @route({rule!r}, methods=[...])."
            )

        def register(view: T_route) -> T_route:
            registered = self.route(rule, methods=[method], **options)(view)
            return let_more_methods(self, registered, rule, method, options)

        return register

    @setupmethod
    def get(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for GET only (and HEAD, which GET implies)."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for POST only."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for PUT only."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for DELETE only."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for PATCH only."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def head(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for HEAD only; takes precedence over the HEAD that GET implies."""
        return self._method_route("HEAD", rule, options)

    @setupmethod
    def options(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for OPTIONS only; replaces the automatic response."""
        return self._method_route("OPTIONS", rule, options)

    @setupmethod
    def query(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """:meth:`route` for QUERY only: a safe request with content (RFC 10008).

        :param options: ``accepts=[...]`` lists the accepted media types.
        """
        return self._method_route("QUERY", rule, options)

    @setupmethod
    def route(self, rule: str, **options: t.Any) -> Callable[[T_route], T_route]:
        """Register a view for a URL rule; a decorator.

        :param rule: the path, with variables in angle brackets: ``/user/<int:id>``.
        :param options: ``methods`` (GET alone if not given), ``endpoint`` (the function's
            name if not given), ``defaults``, ``strict_slashes``, ``subdomain``, ``host``,
            ``provide_automatic_options``, ``accepts`` and ``produces`` (lists of media types of the
            request and response content), the limits ``max_content_length``,
            ``max_form_memory_size`` (bytes) and ``max_form_parts`` for request bodies,
            ``on_disconnect="finish"`` (a coroutine function is not cancelled when its client
            disconnects; default: ``"cancel"``), and the
            other options of :class:`~werkzeug.routing.Rule`.

        Flask's "API" page, "URL Route Registrations".
        """

        def register(view: T_route) -> T_route:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, view, **options)
            return view

        return register

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Add a rule without a decorator; see :meth:`route` for the options.

        :param endpoint: the name of the rule for :func:`~retort.url_for`.
        :param view_func: the view; it may also be set with :meth:`endpoint`.
        :param provide_automatic_options: whether OPTIONS is handled without the view;
            ``None``: yes, unless the view handles OPTIONS itself.
        """
        raise NotImplementedError

    # WebSockets

    @setupmethod
    def websocket(
        self,
        rule: str,
        *,
        endpoint: str | None = None,
        origins: Iterable[str] | None = None,
        subprotocols: Iterable[str] | None = None,
        max_message: int | None = None,
        **options: t.Any,
    ) -> Callable[[T_websocket], T_websocket]:
        """Register a view for the WebSockets of a URL rule; a decorator.

        :param rule: as for :meth:`route`. An HTTP route may have the same rule.
        :param endpoint: the function's name if not given.
        :param origins: the origins of other sites whose pages may connect, each exactly
            ``scheme://host`` or ``scheme://host:port``, or ``"*"`` for all. The own site, and
            clients that send no ``Origin``, may connect always. If not given, the config
            ``CROSS_ORIGIN_PROTECTION`` applies.
        :param subprotocols: those that the program supports. The first one that the client offers
            is accepted, unless the view chooses one.
        :param max_message: the size limit of a received message in bytes, in place of the config
            ``WEBSOCKET_MAX_MESSAGE``.
        :param options: ``defaults``, ``strict_slashes``, ``subdomain``, ``host`` and the other
            options of :class:`~werkzeug.routing.Rule`.

        A coroutine function runs on the event loop, any other function in a thread of its own. Both
        use :data:`~retort.websocket`.
        """

        def register(view: T_websocket) -> T_websocket:
            self.add_websocket(
                rule,
                endpoint,
                view,
                origins=origins,
                subprotocols=subprotocols,
                max_message=max_message,
                **options,
            )
            return view

        return register

    @setupmethod
    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: WebSocketCallable | None = None,
        *,
        origins: Iterable[str] | None = None,
        subprotocols: Iterable[str] | None = None,
        max_message: int | None = None,
        **options: t.Any,
    ) -> None:
        """:meth:`websocket` without a decorator.

        :raises TypeError: if an option has no meaning for a WebSocket.
        :raises ValueError: if an origin can never match.
        """
        check_route_options(rule, options)
        self.add_url_rule(
            rule,
            endpoint,
            t.cast("RouteCallable", view_func),
            methods=["GET"],
            provide_automatic_options=False,
            websocket=True,
            websocket_options=make_websocket_options(rule, origins, subprotocols, max_message),
            **options,
        )

    def replace_view(self, endpoint: str, view: RouteCallable) -> None:
        """Set the view of ``endpoint``."""
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Set the view of an endpoint whose rule was added without one; a decorator."""

        def register(view: F) -> F:
            self.view_functions[endpoint] = view
            return view

        return register

    # Hooks

    @setupmethod
    def before_request(self, f: T_before_request) -> T_before_request:
        """Call ``f`` before each request; its return value, if not ``None``, is the response."""
        self.before_request_funcs[None].append(f)
        return f

    @setupmethod
    def after_request(self, f: T_after_request) -> T_after_request:
        """Call ``f`` with each response; it returns the response to send."""
        self.after_request_funcs[None].append(f)
        return f

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Call ``f`` at the end of each request, with the unhandled exception or ``None``."""
        self.teardown_request_funcs[None].append(f)
        return f

    @setupmethod
    def before_websocket(self, f: T_before_websocket) -> T_before_websocket:
        """Call ``f`` before each WebSocket's view; a return value other than ``None`` refuses it.

        The value is the HTTP response to the handshake, unless ``f`` has accepted it. The hooks of
        requests are not called for WebSockets.
        """
        self.before_websocket_funcs[None].append(f)
        return f

    @setupmethod
    def after_websocket(self, f: T_after_websocket) -> T_after_websocket:
        """Call ``f`` after each WebSocket's view.

        It is called with ``None``, or for a refused handshake with the response, and then returns
        the response to send.
        """
        self.after_websocket_funcs[None].append(f)
        return f

    @setupmethod
    def teardown_websocket(self, f: T_teardown) -> T_teardown:
        """Call ``f`` at the end of each WebSocket, with the unhandled exception or ``None``."""
        self.teardown_websocket_funcs[None].append(f)
        return f

    @setupmethod
    def context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Add the dict that ``f`` returns to the context of each template."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call ``f`` with endpoint and view arguments before the hooks; it may modify them."""
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call ``f`` with endpoint and values when a URL is built; it may modify the values."""
        self.url_default_functions[None].append(f)
        return f

    # Error handlers

    @setupmethod
    def errorhandler(
        self, code_or_exception: type[Exception] | int
    ) -> Callable[[T_error_handler], T_error_handler]:
        """Register a handler for an exception class or a status code; a decorator.

        Flask's "Handling Application Errors".
        """

        def register(handler: T_error_handler) -> T_error_handler:
            self.register_error_handler(code_or_exception, handler)
            return handler

        return register

    @setupmethod
    def register_error_handler(
        self, code_or_exception: type[Exception] | int, f: ErrorHandlerCallable
    ) -> None:
        """:meth:`errorhandler` without a decorator.

        :raises ValueError: if the code is unknown or the class is not an exception class.
        :raises TypeError: if it is an exception instance.
        """
        exc_class, code = exception_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    _get_exc_class_and_code = staticmethod(exception_class_and_code)
