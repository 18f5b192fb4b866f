"""Contexts: the application, request, session and ``g`` of the code that runs.

A context is current from its push to its pop, which also runs the teardown functions. It only
holds state. How a request is matched is in `routing/match.py`, how a session is opened in
`sessions.py`, and what runs for a request in `lifecycle/`.
"""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import wraps
from inspect import iscoroutinefunction
from operator import attrgetter

from werkzeug.exceptions import HTTPException

from .class_guard import UNCHANGED
from .errors import ContextError
from .globals import current_app_context, current_request_context
from .http.fallback import respond_without_rule
from .http.websockets import explain_mismatch
from .routing import match_request
from .shared_request import SharedRequest
from .signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_tearing_down,
)

if t.TYPE_CHECKING:
    from collections.abc import Coroutine
    from contextvars import Context, ContextVar, Token
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from typing_extensions import Self
    from werkzeug.routing import MapAdapter, Rule

    from .app import Flask
    from .http import Request
    from .lifecycle.plan import Plan, Plans
    from .lifecycle.websockets.facade import WebSocket
    from .routing import Match
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable

F = t.TypeVar("F", bound=Callable[..., t.Any])
T = t.TypeVar("T")

# The state that `pop` restores: the token of the context variable, and the previous push. For a
# request context also the application context pushed with it, and the token of its own one.
AppPush = tuple["Token[t.Any]", "AppPush | None"]
RequestPush = tuple[
    "Token[t.Any]", "RequestPush | None", "AppContext | None", "Token[t.Any] | None"
]

# Default of parameters for which None is a value; for an exception: the one being handled.
UNSET: t.Any = object()


# Environ key of a function of the test client and the debugger, called with each context, which
# they push again after the request.
PRESERVE_CONTEXT = "werkzeug.debug.preserve_context"
_MOVED = "retort.moved"
# Environ key of the context variables in which only this request is handled: a gateway calls the
# application in them if it will return a `Deferred`. `RequestContext.move` removes the entry.
OWN_VARIABLES = "retort.own_variables"


def handled(error: BaseException | None) -> BaseException | None:
    """``error``, or the exception being handled if it is `UNSET`."""
    return sys.exc_info()[1] if error is UNSET else error


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

    def pop(self, name: str, default: t.Any = UNSET) -> t.Any:
        """Remove the attribute ``name`` and return its value, or ``default``.

        :raises KeyError: if it was not set and no default is given.
        """
        if default is UNSET:
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
        context = current_app_context.get(None)
        if context is not None and context.g is self:
            return f"<flask.g of {context.app.name!r}>"
        return object.__repr__(self)


class AppContext:
    """Makes an application current: :data:`~retort.current_app` and :data:`~retort.g` work.

    Made by :meth:`Flask.app_context() <retort.Flask.app_context>`.
    Flask's "The Application Context".
    """

    # PERF: attributes read by each request are slots; they are faster than class attributes.
    __slots__ = ("__dict__", "__weakref__", "app", "made_url_adapter", "plans")

    _app_push: AppPush | None = None
    _g: _AppCtxGlobals | None = None

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.plans: Plans = app.current_plans()
        #: The adapter in a tuple; ``None`` until it is needed.
        self.made_url_adapter: tuple[MapAdapter | None] | None = None

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
        if self.made_url_adapter is None:
            self.made_url_adapter = (self._make_url_adapter(),)
        return self.made_url_adapter[0]

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self.made_url_adapter = (value,)

    def _make_url_adapter(self) -> MapAdapter | None:
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this context the current one."""
        self._app_push = (current_app_context.set(self), self._app_push)
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = UNSET) -> None:
        """Run the ``teardown_appcontext`` functions and make the previous context current.

        :param exc: their argument; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        push = self._app_push
        if push is None or current_app_context.get(None) is not self:
            raise _wrong_pop(self, current_app_context.get(None))
        token, earlier = push
        try:
            if earlier is None:
                self.app.current_plans().teardown_appcontext(self.app, self, handled(exc))
        finally:
            try:
                current_app_context.reset(token)
            except ValueError:
                _, earlier = _undo_earlier(current_app_context, push)
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

    It also serves as the app context, unless one of the same application is current already.
    Made by :meth:`Flask.request_context() <retort.Flask.request_context>`.
    Flask's "The Request Context".
    """

    __slots__ = (
        *("_request_push", "environ", "made_request", "match", "needs_response"),
        "plan",
    )

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self.environ = environ
        self.made_url_adapter = None
        # Includes the application context that is pushed and popped with this context.
        self._request_push: RequestPush | None = None
        #: The request object; ``None`` until it is needed.
        self.made_request = request
        #: The rule and its arguments, if they were found without the request object.
        self.match: Match | None = None
        #: Whether a response object is required: by a session, or by `after_functions`.
        self.needs_response = False
        if session is not None:
            self.session = session

    #: The session; ``None`` until it is needed.
    opened_session: SessionMixin | None = None

    #: What programs use of a WebSocket; ``None`` for other requests.
    websocket: WebSocket | None = None

    #: The functions of :func:`~retort.after_this_request`, if there are any.
    after_functions: list[AfterRequestCallable[t.Any]] | None = None

    #: The messages that :func:`~retort.get_flashed_messages` took out of the session.
    flashes: list[tuple[str, str]] | None = None

    @property
    def is_moved(self) -> bool:
        """Whether it was moved to a copy of the context variables; see `move`."""
        return _MOVED in self.environ

    # Set if the context is or has a copy. The second ends its share in the request.
    _shared: SharedRequest | None = None
    _leave_request: Callable[[], object] | None = None

    @property
    def request(self) -> Request:
        """The request object."""
        request = self.made_request
        if request is None:
            app = self.app
            request = self.made_request = app.request_class(self.environ)
            request.json_module = app.json
            request.app_settings = app.config
            if self.match is not None:
                request.url_rule, request.view_args = self.match
        return request

    @request.setter
    def request(self, request: Request) -> None:
        self.made_request = request

    @property
    def _after_request_functions(self) -> list[AfterRequestCallable[t.Any]]:
        """Flask's name for :attr:`after_functions`, which extensions append to."""
        if self.after_functions is None:
            self._after_request_functions = []
        return t.cast("list[AfterRequestCallable[t.Any]]", self.after_functions)

    @_after_request_functions.setter
    def _after_request_functions(self, functions: list[AfterRequestCallable[t.Any]]) -> None:
        self.after_functions = functions
        self.needs_response = True

    def add_after_function(self, f: AfterRequestCallable[t.Any]) -> None:
        """Call ``f`` with the response of this request, before all after hooks."""
        self._after_request_functions.append(f)

    def _make_url_adapter(self) -> MapAdapter | None:
        """The adapter for this request, or ``None`` if its host or URL is invalid."""
        try:
            return self.app.create_url_adapter(self.request)
        except HTTPException as error:
            self.request.routing_exception = error
            return None

    @property
    def session(self) -> SessionMixin:
        """The session of this request. Reading it marks it as accessed."""
        session = self.opened_session
        if session is None:
            session = self.open_session()
        session.accessed = True
        return session

    @session.setter
    def session(self, session: SessionMixin) -> None:
        self.opened_session = session
        self.needs_response = True

    @property
    def _session(self) -> SessionMixin:
        """Flask's name for the session; reading it does not mark it as accessed."""
        return self.open_session()

    @_session.setter
    def _session(self, session: SessionMixin) -> None:
        self.session = session

    def open_session(self) -> SessionMixin:
        """Open the session if necessary; unlike :attr:`session` this does not mark it accessed."""
        if self.opened_session is None:
            interface = self.app.session_interface
            session = interface.open_session(self.app, self.request)
            if session is None:
                session = interface.make_null_session(self.app)
            self.opened_session = session
            self.needs_response = True
        return self.opened_session

    # Registered functions may change while a request runs.

    def renew_plans(self) -> None:
        """Use new plans after a change of the registries or classes during this request."""
        self.plans = self.app.current_plans()
        self.find_plan()

    def find_plan(self) -> Plan:
        """Set and return the plan for the matched rule and the method."""
        request = self.made_request
        rule: Rule | None = None
        method = ""
        if request is not None:
            rule, method = request.url_rule, request.method
        elif self.match is not None:
            rule, method = self.match[0], self.environ["REQUEST_METHOD"]
        if not hasattr(self, "plans"):  # not pushed
            self.plans = self.app.current_plans()
        self.plan = self.plans.find(rule, method)
        return self.plan

    #: The plan of the request, composed for its endpoint and method; set by matching.
    plan: Plan
    match_request = match_request

    def match_by_werkzeug(self) -> bool:
        """Find the rule with Werkzeug's matcher, which decides 404, 405 and redirects.

        :returns: ``False``, since the plan of the context is not set.
        """
        request, adapter = self.request, self.url_adapter
        if adapter is None:
            return False  # routing_exception is set
        request.routing_exception = respond_without_rule(request, self.app.url_map)
        if request.routing_exception is None:
            try:
                request.url_rule, request.view_args = adapter.match(  # type: ignore[assignment]
                    return_rule=True
                )
            except HTTPException as error:
                request.routing_exception = explain_mismatch(error, adapter)
        return False

    # Push and pop

    def push(self) -> None:
        """Make this request the current one, open its session and match it to a rule."""
        plans = self.app.registry_changes.plans
        if plans is None or not plans.guard.__flags__ & UNCHANGED:
            plans = self.app.current_plans()
        self.plans = plans
        around = current_app_context.get(None)
        own = own_token = None
        if around is None or around.app is not self.app:
            if plans.app_context is None:
                own_token = current_app_context.set(self)
                if appcontext_pushed.receivers:
                    appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
            else:
                own = plans.app_context()
                own.push()
        if plans.makes_request_first:
            _ = self.request
        self._request_push = (current_request_context.set(self), self._request_push, own, own_token)
        if plans.opens_session_first:
            self.open_session()
        request = self.made_request
        if (
            request is not None and (request.url_rule or request.routing_exception)
        ) or not self.match_request():
            self.find_plan()

    def pop(self, exc: BaseException | None = UNSET) -> None:
        """Run the teardown functions and make the previous context current.

        :param exc: their argument; by default the exception being handled.
        :raises ContextError: if this context is not the current one.
        """
        push = self._request_push
        if push is None or current_request_context.get(None) is not self:
            if self.is_moved:
                return
            raise _wrong_pop(self, current_request_context.get(None))
        token, earlier, own, own_token = push
        try:
            if earlier is None and (self.plan.has_teardown or request_tearing_down.receivers):
                exc = handled(exc)
                self.plans.teardown_request(self.app, self, exc)
        finally:
            try:
                if earlier is None and self.made_request is not None:
                    self.environ["werkzeug.request"] = None  # breaks a reference cycle
                    if self._leave_request is None:
                        self.made_request.close()
                    else:
                        self._leave_request()
            finally:
                try:
                    current_request_context.reset(token)
                except ValueError:
                    (_, _, own, own_token), earlier = _undo_earlier(current_request_context, push)
                self._request_push = earlier
                if own_token is not None:
                    if (
                        self.plans.ends_app_context
                        or appcontext_tearing_down.receivers
                        or appcontext_popped.receivers
                        or current_app_context.get(None) is not self
                    ):
                        self._pop_own(own_token, exc)
                    else:
                        current_app_context.reset(own_token)
                elif own is not None:
                    own.pop(exc)

    def move(self) -> Context:
        """Let the request be handled, and this context popped, in context variables of its own.

        These are the current ones, if they are its own (`OWN_VARIABLES`). Otherwise this context
        becomes current in a copy, and is no longer current here. Until `arrive` is called, `pop`
        has no effect.
        """
        variables: Context | None = self.environ.pop(OWN_VARIABLES, None)
        if variables is None:
            variables = self._move_to_copy()
        # PERF: an attribute would make a dictionary
        self.environ[_MOVED], self._request_push = self._request_push, None
        return variables

    def arrive(self) -> None:
        """The first step of a request that was moved."""
        self._request_push = self.environ[_MOVED]

    def _move_to_copy(self) -> Context:
        token, _, own, own_token = t.cast("RequestPush", self._request_push)
        current_request_context.reset(token)
        if own is not None:
            current_app_context.reset(t.cast("AppPush", own._app_push)[0])
        elif own_token is not None:
            current_app_context.reset(own_token)
        variables = copy_context()  # now, so that `pop` in it restores what was current before
        variables.run(self._enter_copy, own, has_own_token=own_token is not None)
        return variables

    def _enter_copy(self, own: AppContext | None, *, has_own_token: bool) -> None:
        own_token = current_app_context.set(self) if has_own_token else None
        if own is not None:
            own._app_push = (current_app_context.set(own), None)
        self._request_push = (current_request_context.set(self), None, own, own_token)

    def _pop_own(self, token: Token[t.Any], exc: BaseException | None) -> None:
        """Pop this context as the application context."""
        if current_app_context.get(None) is not self:
            raise _wrong_pop(self, current_app_context.get(None))
        try:
            if self.plans.ends_app_context or appcontext_tearing_down.receivers:
                self.plans.teardown_appcontext(self.app, self, handled(exc))
        finally:
            current_app_context.reset(token)
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    @property
    def is_shared(self) -> bool:
        """Whether copies have the same request."""
        return self._shared is not None

    def copy(self) -> RequestContext:
        """A context with the same request and session, to push in another thread or greenlet.

        Uploads stay open until this context and its copies have been popped or deleted.
        """
        copy = type(self)(
            self.app,
            environ=self.environ,
            request=self.request,
            session=self.open_session(),
        )
        copy.websocket = self.websocket
        if self._shared is None:
            self._share(SharedRequest(self.request))
        copy._share(t.cast("SharedRequest", self._shared))
        return copy

    def _share(self, shared: SharedRequest) -> None:
        self._shared = shared
        self._leave_request = shared.join(self)

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"


_own_methods_of = attrgetter("push", "pop")
_OWN_METHODS = _own_methods_of(AppContext)


def request_context(self: Flask, environ: WSGIEnvironment) -> RequestContext:
    """A context for the request that a WSGI environ describes."""
    return RequestContext(self, environ)


# It is a method, and profilers and tracing tools show it as one.
request_context.__module__ = "retort.app"
request_context.__qualname__ = "Flask.request_context"


def is_app_context_standard() -> bool:
    """Whether `push` and `pop` of the application context are unmodified."""
    return _own_methods_of(AppContext) == _OWN_METHODS


def preserve(context: RequestContext) -> None:
    """Pass the current contexts to `PRESERVE_CONTEXT`, in the order in which they are pushed again.

    ``context`` is the request's. It is not passed from where it was moved.
    """
    if context._request_push is None and context.is_moved:
        return
    keep = context.environ[PRESERVE_CONTEXT]
    around = current_app_context.get(None)
    if around is not None and around is not context:
        keep(around)
    keep(context)


def _undo_earlier(variable: ContextVar[t.Any], push: t.Any) -> tuple[t.Any, t.Any]:
    """Undo the latest push before ``push`` that was made in this :class:`contextvars.Context`.

    A streamed body has a context of its own, in which tokens of other contexts are invalid.

    :returns: the push that was undone, and the remaining pushes.
    :raises ContextError: if there is none.
    """
    token, earlier, *along = push
    if earlier is None:
        raise ContextError(
            "The context was pushed in another thread or task than it is popped in."
        ) from None
    try:
        variable.reset(earlier[0])
    except ValueError:
        undone, left = _undo_earlier(variable, earlier)
    else:
        undone, left = earlier, earlier[1]
    return undone, (token, left, *along)


def _wrong_pop(popped: AppContext, current: AppContext | None) -> ContextError:
    return ContextError(
        f"{popped!r} was popped, but {current!r} is the current context. Contexts are"
        " popped in the reverse order of pushing, in the thread that pushed them;"
        " use 'with context:'."
    )


def after_this_request(
    f: AfterRequestCallable[t.Any],
) -> AfterRequestCallable[t.Any]:
    """Call ``f`` with the response of the current request; it returns the response to send.

    :raises RuntimeError: outside of a request.

    Flask's "API" page, ``flask.after_this_request``.
    """
    context = _current_request_context("after_this_request")
    context.add_after_function(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Wrap ``f`` to run in a copy of the current request context in a thread, task or greenlet.

    Each call of the returned function pushes a new context with the same request and
    session; ``g`` is a new one where no context is current, as in a new thread. If ``f`` is a
    coroutine function, calls on the event loop return a coroutine, as in
    ``asyncio.create_task(f())``; other calls wait for its result. The uploads of the request stay
    open until the request has ended and no such function is left. In Flask, the first context
    that ends closes them.

    :raises RuntimeError: outside of a request.

    Flask's "API" page, ``flask.copy_current_request_context``.
    """
    context = _current_request_context("copy_current_request_context").copy()
    is_async = iscoroutinefunction(f)

    @wraps(f)
    def in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        if is_async:
            from .aio.loop import is_on_loop  # imports asyncio

            if is_on_loop():
                return _run_in_copy(context.copy(), f(*args, **kwargs))
        # A copy for each call: calls may run concurrently, and each pops its own context.
        with context.copy():
            return context.app.ensure_sync(f)(*args, **kwargs)

    return t.cast("F", in_context)


def copy_current_websocket_context(f: F) -> F:
    """Wrap ``f`` to use the WebSocket, the session and ``g`` of the current view elsewhere.

    For functions and coroutine functions that another thread or task calls. A task that the view
    itself starts needs it not. After the view has ended, the WebSocket is closed.

    :raises RuntimeError: outside of a WebSocket.
    """
    if not has_websocket_context():
        raise RuntimeError(
            "copy_current_websocket_context() was called outside of a WebSocket. Call it in the"
            " view of a WebSocket, or in a function that such a view calls."
        )
    around, context = current_app_context.get(), current_request_context.get()

    @wraps(f)
    def in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with _made_current(around, context):
            return f(*args, **kwargs)

    @wraps(f)
    async def await_in_context(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with _made_current(around, context):
            return await f(*args, **kwargs)

    return t.cast("F", await_in_context if iscoroutinefunction(f) else in_context)


@contextmanager
def _made_current(around: AppContext, context: RequestContext) -> Iterator[None]:
    """Make contexts current that are pushed elsewhere."""
    app_token = current_app_context.set(around)
    request_token = current_request_context.set(context)
    try:
        yield
    finally:
        current_request_context.reset(request_token)
        current_app_context.reset(app_token)


async def _run_in_copy(context: RequestContext, coroutine: Coroutine[t.Any, t.Any, T]) -> T:
    """Run a coroutine in a context that is pushed and popped in threads, as that may block."""
    from .aio.steps import InContext, step_in_thread  # imports asyncio

    variables = copy_context()
    await step_in_thread(variables, context.push)
    error: BaseException | None = None
    try:
        return await InContext(variables, coroutine)
    except BaseException as raised:
        error = raised
        raise
    finally:
        await step_in_thread(variables, context.pop, error)


def _current_request_context(wanted_by: str) -> RequestContext:
    context = current_request_context.get(None)
    if context is None:
        raise RuntimeError(
            f"{wanted_by}() was called outside of a request. It needs the current"
            " request: call it in a view, or in a function that a view calls."
        )
    return context


def has_request_context() -> bool:
    """Whether :data:`~retort.request` and :data:`~retort.session` can be used now."""
    return current_request_context.get(None) is not None


def has_websocket_context() -> bool:
    """Whether :data:`~retort.websocket` can be used now."""
    context = current_request_context.get(None)
    return context is not None and context.websocket is not None


def has_app_context() -> bool:
    """Whether :data:`~retort.current_app` and :data:`~retort.g` can be used now."""
    return current_app_context.get(None) is not None
