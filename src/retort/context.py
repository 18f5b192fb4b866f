"""Contexts: which application, request, session and ``g`` are the ones of this moment.

A context becomes current when it is pushed and stops when it is popped, which is also when
the teardown functions run. What is done for a request in between is the business of
`dispatch.py`.
"""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable, Iterator
from functools import lru_cache, wraps
from operator import attrgetter

from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from .errors import ContextError
from .globals import _cv_app, _cv_request
from .http.fallback import answer_without_rule
from .http.lazy import Lazy
from .routing import look_up
from .signals import appcontext_popped, appcontext_pushed

if t.TYPE_CHECKING:
    from contextvars import ContextVar, Token
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from typing_extensions import Self
    from werkzeug.routing import MapAdapter

    from .app import Flask
    from .http import Request
    from .routing import Match
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable

F = t.TypeVar("F", bound=Callable[..., t.Any])

V = t.TypeVar("V")
Along = t.TypeVar("Along")
Pushes = list[tuple["Token[V]", Along]]

# What a session interface opens and saves with; see `sessions.SessionInterface`.
session_methods: Callable[[type], tuple[t.Any, ...]] = attrgetter(
    "open_session", "save_session", "make_null_session", "is_null_session", "session_class"
)


def can_be_opened_later(interface: t.Any) -> bool:
    """Whether nobody can tell a session opened at its first use from one opened before all."""
    lazy_methods = getattr(interface, "lazy_methods", ())
    return bool(lazy_methods) and session_methods(type(interface)) == lazy_methods


# Stands for "not given" where None means something; for an exception: the one being handled.
_unset: t.Any = object()


class _AppCtxGlobals:
    """The namespace ``g``: attributes that live as long as the app context.

    Flask's "API" page, ``flask.g``.
    """

    def __getattr__(self, name: str) -> t.Any:
        raise AttributeError(
            f"g has no attribute {name!r}: it was not set in this app context."
            f" Read it with g.get({name!r}) where it may be missing."
        )

    def get(self, name: str, default: t.Any = None) -> t.Any:
        """The attribute ``name``, or ``default`` if it was not set."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: t.Any = _unset) -> t.Any:
        """Remove the attribute ``name`` and give its value, or ``default``.

        :raises KeyError: if it was not set and no default is given.
        """
        if default is _unset:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        """The attribute ``name``, set to ``default`` first if it was not set."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __setattr__(self, name: str, value: t.Any) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(name) from None

    def __repr__(self) -> str:
        context = _cv_app.get(None)
        if context is not None and context.g is self:
            return f"<flask.g of {context.app.name!r}>"
        return object.__repr__(self)


class AppContext:
    """Makes an application current: :data:`~retort.current_app` and :data:`~retort.g` work.

    Made by :meth:`Flask.app_context() <retort.Flask.app_context>`.
    Flask's "The Application Context".
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        #: How the steps of a request, and the end of a context, are taken.
        self.steps = app._current_steps()
        self._app_pushes: Pushes[AppContext, None] = []

    if t.TYPE_CHECKING:
        g: _AppCtxGlobals
        url_adapter: MapAdapter | None
    else:
        g = Lazy(lambda context: context.app.app_ctx_globals_class(), "The namespace ``g``.")
        url_adapter = Lazy(
            lambda context: context._make_url_adapter(), "Matches and builds URLs, or ``None``."
        )

    def _make_url_adapter(self) -> MapAdapter | None:
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this context the current one."""
        self._app_pushes.append((_cv_app.set(self), None))
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = _unset) -> None:
        """Run the ``teardown_appcontext`` functions and make the context before this one current.

        :param exc: what they are told; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        if _cv_app.get(None) is not self:
            raise _wrong_pop(self, _cv_app.get(None))
        try:
            if len(self._app_pushes) == 1:
                if exc is _unset:
                    exc = sys.exc_info()[1]
                self.steps.do_teardown_appcontext(self.app, self, exc)
        finally:
            _undo(_cv_app, self._app_pushes)
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


class RequestContext(AppContext):
    """Makes a request current: :data:`~retort.request` and :data:`~retort.session` work.

    It is the app context too, unless one of the same application is current already.
    Made by :meth:`Flask.request_context() <retort.Flask.request_context>`.
    Flask's "The Request Context".
    """

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self.environ = environ
        self._app_pushes = []
        # Each with the app context that was pushed along, to be popped along.
        self._request_pushes: Pushes[RequestContext, AppContext | None] = []
        self.steps = app._current_steps()
        self._given_session = session
        # The rule and arguments that were found before anybody asked for the request object.
        self._match: Match | None = None
        if request is not None:
            self.request = request
        elif not self.steps.makes_request_later:
            self.request = self._make_request()

    #: The messages that :func:`~retort.get_flashed_messages` took out of the session.
    flashes: list[tuple[str, str]] | None = None

    if t.TYPE_CHECKING:
        request: Request
        _after_request_functions: list[AfterRequestCallable[t.Any]]
    else:
        request = Lazy(lambda context: context._make_request(), "The request object.")
        _after_request_functions = Lazy(
            lambda context: [], "What :func:`~retort.after_this_request` was given."
        )

    def _make_request(self) -> Request:
        request = self.app.request_class(self.environ)
        request.json_module = self.app.json
        if self._match is not None:
            request.url_rule, request.view_args = self._match
        return request

    def _make_url_adapter(self) -> MapAdapter | None:
        """The adapter for this request, or ``None``: its URL cannot be served at all."""
        try:
            return self.app.create_url_adapter(self.request)
        except HTTPException as error:
            self.request.routing_exception = error
            return None

    # The session

    @property
    def session(self) -> SessionMixin:
        """The session of this request, which counts as accessed from now on."""
        session = self._session
        session.accessed = True
        return session

    @session.setter
    def session(self, session: SessionMixin) -> None:
        self._session = session

    @property
    def _session(self) -> SessionMixin:
        """The session, opened if it was not; unlike :attr:`session` this is no access."""
        session = self._given_session
        if session is None:
            session = self._given_session = self._open_session()
        return session

    @_session.setter
    def _session(self, session: SessionMixin) -> None:
        self._given_session = session

    def _open_session(self) -> SessionMixin:
        interface = self.app.session_interface
        session = interface.open_session(self.app, self.request)
        if session is None:
            session = interface.make_null_session(self.app)
        return session

    def may_have_changed_session(self) -> bool:
        """Whether there may be a session to save: one that was opened, or came as a cookie."""
        if self._given_session is not None or self.steps.opens_session_first:
            return True
        cookies = self.environ.get("HTTP_COOKIE")
        if cookies is None:
            return False
        interface = self.app.session_interface
        name = interface.get_cookie_name(self.app)
        return name in cookies and not interface.leaves_alone(cookies, name)

    # Matching

    def match_request(self) -> None:
        """Find the rule for the request; what is wrong with it is kept, to be raised later.

        Sets :attr:`Request.url_rule` and :attr:`Request.view_args`, or
        :attr:`Request.routing_exception`.
        """
        own, environ = self.__dict__, self.environ
        path = environ.get("PATH_INFO")
        match: Match | None = None
        if (
            path
            and self.steps.looks_up
            and self.app.config["TRUSTED_HOSTS"] is None
            and "HTTP_UPGRADE" not in environ  # it may be for a WebSocket rule
            and _is_plain_host(environ.get("HTTP_HOST"))
            and "url_adapter" not in own  # somebody may have put it there
        ):
            url_map: t.Any = self.app.url_map
            if "request" not in own and path.isascii() and path[0] == "/" != path[1:2]:
                match = look_up(url_map, path, environ.get("REQUEST_METHOD", "GET"))
            elif self.request.trusted_hosts is None:
                match = look_up(url_map, self.request.path, self.request.method)
        if match is None:
            self._ask_werkzeug()
            return
        self._match = match
        if "request" in own:
            self.request.url_rule, self.request.view_args = match

    def _ask_werkzeug(self) -> None:
        request, adapter = self.request, self.url_adapter
        if adapter is None:
            return  # routing_exception says why
        request.routing_exception = answer_without_rule(request, self.app.url_map)
        if request.routing_exception is not None:
            return
        try:
            request.url_rule, request.view_args = adapter.match(  # type: ignore[assignment]
                return_rule=True
            )
        except HTTPException as error:
            request.routing_exception = error

    def may_build_paths(self, app: Flask) -> bool:
        """Whether the URL of an endpoint is the path that its rule builds, and no more."""
        return (
            self._match is not None  # so no host and no subdomain has a say
            and self.app is app
            and self.steps.looks_up
            and app.config["TRUSTED_HOSTS"] is None
            and not self.environ.get("SCRIPT_NAME")
            and "url_adapter" not in self.__dict__
        )

    # Becoming current

    def push(self) -> None:
        """Make this request the current one, open its session and match it to a rule."""
        app = self.app
        around = _cv_app.get(None)
        own: AppContext | None = None
        if around is None or around.app is not app:
            if self.steps.keeps_app_context:
                own = self
                AppContext.push(self)
            else:
                own = app.app_context()
                own.push()
        self._request_pushes.append((_cv_request.set(self), own))
        if self._given_session is None and self.steps.opens_session_first:
            self._given_session = self._open_session()
        if self._match is None and (
            "request" not in self.__dict__
            or (self.request.url_rule is None and self.request.routing_exception is None)
        ):
            self.match_request()

    def pop(self, exc: BaseException | None = _unset) -> None:
        """Run the teardown functions and make the context before this one current.

        :param exc: what they are told; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        if _cv_request.get(None) is not self:
            raise _wrong_pop(self, _cv_request.get(None))
        is_last = len(self._request_pushes) == 1
        if exc is _unset:
            exc = sys.exc_info()[1]
        try:
            if is_last:
                self.steps.do_teardown_request(self.app, self, exc)
        finally:
            if is_last and "request" in self.__dict__:
                self._let_request_go()
            own = _undo(_cv_request, self._request_pushes)
            if own is self:
                AppContext.pop(self, exc)
            elif own is not None:
                own.pop(exc)

    def _let_request_go(self) -> None:
        try:
            self.request.close()
        finally:
            # The environ knows the request, which knows the environ.
            self.request.environ["werkzeug.request"] = None

    def copy(self) -> RequestContext:
        """A context with the same request and session, to push in another thread or greenlet."""
        return type(self)(
            self.app,
            environ=self.environ,
            request=self.request,
            session=self._session,
        )

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"


@lru_cache(maxsize=256)
def _is_plain_host(host: str | None) -> bool:
    """Whether Werkzeug can make an adapter for ``host``, whatever it makes of it."""
    if not host_is_trusted(host):
        return False
    try:
        t.cast("str", host).encode("idna")
    except UnicodeError:
        return False
    return True


def _undo(variable: ContextVar[V], pushes: Pushes[V, Along]) -> Along:
    """Undo the latest push that was made here."""
    token, along = pushes[-1]
    try:
        variable.reset(token)
    except ValueError:  # made in another contextvars.Context
        return _undo_earlier(variable, pushes)
    del pushes[-1]
    return along


def _undo_earlier(variable: ContextVar[V], pushes: Pushes[V, Along]) -> Along:
    """The same, while a streamed body has pushed in a place of its own."""
    for index in reversed(range(len(pushes) - 1)):
        token, along = pushes[index]
        try:
            variable.reset(token)
        except ValueError:
            continue
        del pushes[index]
        return along
    raise ContextError("The context was pushed in another thread or task than it is popped in.")


def _wrong_pop(popped: AppContext, current: AppContext | None) -> ContextError:
    return ContextError(
        f"{popped!r} was popped, but {current!r} is the current context. Contexts are"
        " popped in the reverse order of pushing, in the thread that pushed them;"
        " 'with context:' sees to that."
    )


def after_this_request(
    f: AfterRequestCallable[t.Any],
) -> AfterRequestCallable[t.Any]:
    """Call ``f`` with the response of the current request; it returns the response to send.

    :raises RuntimeError: outside of a request.

    Flask's "API" page, ``flask.after_this_request``.
    """
    context = _current_request_context("after_this_request")
    context._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Let ``f`` see the current request and session when it is called elsewhere.

    Each call of the returned function, for instance in a thread or greenlet, pushes a
    context of its own with the same request and session; ``g`` is a new one.

    :raises RuntimeError: outside of a request.

    Flask's "API" page, ``flask.copy_current_request_context``.
    """
    context = _current_request_context("copy_current_request_context").copy()

    @wraps(f)
    def in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        # A copy for each call: calls may overlap, and each pops what it pushed.
        with context.copy():
            return context.app.ensure_sync(f)(*args, **kwargs)

    return t.cast("F", in_context)


def _current_request_context(wanted_by: str) -> RequestContext:
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            f"{wanted_by}() was called outside of a request. It concerns the current"
            " request: call it in a view, or in a function that a view calls."
        )
    return context


def has_request_context() -> bool:
    """Whether :data:`~retort.request` and :data:`~retort.session` can be used now."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Whether :data:`~retort.current_app` and :data:`~retort.g` can be used now."""
    return _cv_app.get(None) is not None
