"""Contexts: which application, request, session and ``g`` are the ones of this moment.

A context becomes current when it is pushed and stops when it is popped, which is also when
the teardown functions run. What is done for a request in between is the business of
`dispatch.py`.
"""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable, Iterator
from functools import wraps
from operator import attrgetter

from werkzeug.exceptions import HTTPException
from werkzeug.sansio.utils import host_is_trusted

from .bounded import BoundedCache
from .errors import ContextError
from .fast import IS_FAST
from .globals import _cv_app, _cv_request
from .http.fallback import answer_without_rule
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
    from .plan import Steps
    from .routing import Match
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable

F = t.TypeVar("F", bound=Callable[..., t.Any])

Along = t.TypeVar("Along")
# What undoes a push, what was pushed along with it, and the push before it.
Push = tuple["Token[t.Any]", Along, t.Optional["Push[Along]"]]

# What a session interface opens and saves with; see `sessions.SessionInterface`.
session_methods: Callable[[type], tuple[t.Any, ...]] = attrgetter(
    "open_session", "save_session", "make_null_session", "is_null_session", "session_class"
)


def can_be_opened_later(interface: t.Any) -> bool:
    """Whether nobody can tell a session opened at its first use from one opened before all."""
    lazy_methods = getattr(interface, "lazy_methods", ())
    return bool(lazy_methods) and session_methods(type(interface)) == lazy_methods


_new: t.Any = object.__new__

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

    # PERF: whether something has been made is asked several times in each request; a slot
    # tells, where an instance's dictionary would have to be made first.
    __slots__ = ("__dict__", "__weakref__", "_app_push", "_g", "_url_adapter", "app", "steps")

    def __init__(self, app: Flask) -> None:
        self.app = app
        #: How the steps of a request, and the end of a context, are taken.
        self.steps = app._current_steps()
        self._app_push: Push[None] | None = None
        self._g: _AppCtxGlobals | None = None
        self._url_adapter: MapAdapter | None = _unset

    @property
    def g(self) -> _AppCtxGlobals:
        """The namespace ``g``."""
        if self._g is None:
            self._g = self.app.app_ctx_globals_class()
        return self._g

    @g.setter
    def g(self, value: _AppCtxGlobals) -> None:
        self._g = value

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Matches and builds URLs, or ``None``."""
        if self._url_adapter is _unset:
            self._url_adapter = self._make_url_adapter()
        return self._url_adapter

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self._url_adapter = value

    def _make_url_adapter(self) -> MapAdapter | None:
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this context the current one."""
        self._app_push = (_cv_app.set(self), None, self._app_push)
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = _unset) -> None:
        """Run the ``teardown_appcontext`` functions and make the context before this one current.

        :param exc: what they are told; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        push = self._app_push
        if push is None or _cv_app.get(None) is not self:
            raise _wrong_pop(self, _cv_app.get(None))
        token, _, earlier = push
        try:
            if earlier is None:
                if exc is _unset:
                    exc = sys.exc_info()[1]
                self.steps.do_teardown_appcontext(self.app, self, exc)
        finally:
            try:
                _cv_app.reset(token)
            except ValueError:
                earlier, _ = _undo_earlier(_cv_app, push)
            self._app_push = earlier
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

    __slots__ = ("_after", "_given_session", "_match", "_request", "_request_push", "environ")

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self.environ = environ
        self.steps = app._current_steps()
        self._app_push = self._g = None
        self._url_adapter = _unset
        # With the app context that was pushed along, to be popped along.
        self._request_push: Push[AppContext | None] | None = None
        self._request = request
        self._given_session = session
        # The rule and arguments that were found before anybody asked for the request object.
        self._match: Match | None = None
        self._after: list[AfterRequestCallable[t.Any]] | None = None
        if request is None and not self.steps.makes_request_later:
            self._request = self._make_request()

    @classmethod
    def begin(cls, app: Flask, steps: Steps, environ: WSGIEnvironment) -> Self:
        """What ``cls(app, environ)`` makes while ``steps.are_as_written``."""
        context: Self = _new(cls)
        context.app = app
        context.environ = environ
        context.steps = steps
        context._app_push = context._request_push = context._g = context._request = None
        context._given_session = context._match = context._after = None
        context._url_adapter = _unset
        return context

    #: The messages that :func:`~retort.get_flashed_messages` took out of the session.
    flashes: list[tuple[str, str]] | None = None

    @property
    def request(self) -> Request:
        """The request object."""
        if self._request is None:
            self._request = self._make_request()
        return self._request

    @request.setter
    def request(self, request: Request) -> None:
        self._request = request

    @property
    def _after_request_functions(self) -> list[AfterRequestCallable[t.Any]]:
        """What :func:`~retort.after_this_request` was given."""
        if self._after is None:
            self._after = []
        return self._after

    @_after_request_functions.setter
    def _after_request_functions(self, functions: list[AfterRequestCallable[t.Any]]) -> None:
        self._after = functions

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
        session = self._given_session
        if session is None:
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

    def may_have_unopened_session(self) -> bool:
        """Whether there may be a session to save though none was opened: it came as a cookie."""
        cookies = self.environ["HTTP_COOKIE"]
        interface = self.app.session_interface
        name = interface.get_cookie_name(self.app)
        return name in cookies and not interface.leaves_alone(cookies, name)

    # Matching

    def match_request(self) -> None:
        """Find the rule for the request; what is wrong with it is kept, to be raised later.

        Sets :attr:`Request.url_rule` and :attr:`Request.view_args`, or
        :attr:`Request.routing_exception`.
        """
        environ, steps = self.environ, self.steps
        match: Match | None = None
        if (
            steps.looks_up
            and self._url_adapter is _unset  # nobody has put one there
            and steps.config["TRUSTED_HOSTS"] is None
            and "HTTP_UPGRADE" not in environ  # it may be for a WebSocket rule
            and (environ.get("HTTP_HOST") in _plain_hosts or _is_plain_host(environ))
        ):
            path = environ.get("PATH_INFO", "")
            if self._request is None and path.isascii():  # or it would have to be decoded
                url_map: t.Any = steps.url_map
                match = look_up(url_map, path, environ.get("REQUEST_METHOD", "GET"))
            else:
                match = self._look_up_made_request()
        self.take_match(match)

    def take_match(self, match: Match | None) -> None:
        """Go on with what the tables gave; where they know nothing, with what Werkzeug gives."""
        if match is None:
            self._ask_werkzeug()
            return
        self._match = match
        if self._request is not None:  # for instance because a converter has asked for it
            self._request.url_rule, self._request.view_args = match

    def _look_up_made_request(self) -> Match | None:
        request, url_map = self.request, t.cast("t.Any", self.app.url_map)
        if request.trusted_hosts is not None:
            return None
        return look_up(url_map, request.path, request.method)

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
            and self.steps.config["TRUSTED_HOSTS"] is None
            and not self.environ.get("SCRIPT_NAME")
            and self._url_adapter is _unset
        )

    # Becoming current

    def push(self) -> None:
        """Make this request the current one, open its session and match it to a rule."""
        steps = self.steps
        around = _cv_app.get(None)
        own: AppContext | None = None
        if around is None or around.app is not self.app:
            if steps.keeps_app_context:
                own = self
                AppContext.push(self)
            else:
                own = self.app.app_context()
                own.push()
        self._request_push = (_cv_request.set(self), own, self._request_push)
        if self._given_session is None and steps.opens_session_first:
            self._given_session = self._open_session()
        made = self._request
        if self._match is None and (
            made is None or (made.url_rule is None and made.routing_exception is None)
        ):
            self.match_request()

    def pop(self, exc: BaseException | None = _unset) -> None:
        """Run the teardown functions and make the context before this one current.

        :param exc: what they are told; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        push = self._request_push
        if push is None or _cv_request.get(None) is not self:
            raise _wrong_pop(self, _cv_request.get(None))
        token, own, earlier = push
        if exc is _unset:
            exc = sys.exc_info()[1]
        try:
            if earlier is None:
                self.steps.do_teardown_request(self.app, self, exc)
        finally:
            if earlier is None and self._request is not None:
                self._let_request_go()
            try:
                _cv_request.reset(token)
            except ValueError:
                earlier, own = _undo_earlier(_cv_request, push)
            self._request_push = earlier
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


_methods_of: Callable[[type], tuple[t.Any, ...]] = attrgetter(
    *("__init__", "__new__", "push", "pop", "match_request", "request", "session"),
)


def _methods() -> tuple[t.Any, ...]:
    return _methods_of(RequestContext), AppContext.push, AppContext.pop


_AS_WRITTEN = _methods()


def is_as_written() -> bool:
    """Whether nobody has a say in how requests become current."""
    return IS_FAST and _methods() == _AS_WRITTEN


# Hosts that were asked for and of which the next function said yes.
_plain_hosts: BoundedCache[str, bool] = BoundedCache(256)  # clients choose the names


def _is_plain_host(environ: WSGIEnvironment) -> bool:
    """Whether Werkzeug can make an adapter for the host, whatever it makes of it."""
    host = environ.get("HTTP_HOST")
    if not host_is_trusted(host):
        return False
    try:
        t.cast("str", host).encode("idna")
    except UnicodeError:
        return False
    _plain_hosts.keep(t.cast("str", host), True)
    return True


def _undo_earlier(
    variable: ContextVar[t.Any], push: Push[Along]
) -> tuple[Push[Along] | None, Along]:
    """Undo the latest push of those before ``push`` that was made here.

    A streamed body has a :class:`contextvars.Context` of its own, in which tokens from
    elsewhere are of no use.

    :returns: the pushes that are left, and what was pushed along with that one.
    :raises ContextError: if there is none.
    """
    token, along, earlier = push
    if earlier is None:
        raise ContextError(
            "The context was pushed in another thread or task than it is popped in."
        ) from None
    try:
        variable.reset(earlier[0])
    except ValueError:
        left, along_here = _undo_earlier(variable, earlier)
    else:
        _, along_here, left = earlier
    return (token, along, left), along_here


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
