"""The proxies for the current context: ``request``, ``session``, ``current_app``, ``g``...

Two context variables hold the current contexts; the proxies read from them. `context.py`
defines the contexts, and pushes and pops them.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from werkzeug.local import LocalProxy

from . import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .app import Flask
    from .context import AppContext, RequestContext, _AppCtxGlobals
    from .http.request import Request
    from .lifecycle.websockets.facade import WebSocket
    from .sessions import SessionMixin

_NO_APP = """\
Working outside of application context.

`current_app` and `g` belong to an application context. One is active while a
request is handled, and while a command of the application runs. Elsewhere, push one:

    with app.app_context():
        ...  # current_app and g can be used here

In a thread you started, wrap the function with `copy_current_request_context`
or enter `app.app_context()` inside it."""

_NO_REQUEST = """\
Working outside of request context.

`request` and `session` exist only while a request is being handled. Read them
inside a view, or in a function that a view calls, not when a module is imported.
In a test, make a request to read from:

    with app.test_request_context("/path?key=value"):
        ...  # request and session can be used here

In a thread you started, wrap the function with `copy_current_request_context`."""

current_app_context: ContextVar[AppContext] = ContextVar("retort.app_ctx")
current_request_context: ContextVar[RequestContext] = ContextVar("retort.request_ctx")
_cv_app, _cv_request = current_app_context, current_request_context  # Flask's names, for extensions


def _current_settings() -> Mapping[str, Any]:
    context = _cv_app.get(None)
    return settings.WITHOUT_APP if context is None else context.app.config


settings.current = _current_settings
settings.request_context = partial(_cv_request.get, None)


# PERF: views read these often. Werkzeug's proxy first looks the attribute up on itself, which
# fails, and then makes five calls; here, public names go straight to the current object. Names that
# sort before "a" are private, special, or upper case, which is rare.
_own = object.__getattribute__


class _RequestProxy(LocalProxy[Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        context = _cv_request.get(None)
        if context is None or name < "a":
            return _own(self, name)
        # Unlike in the other proxies, without a call of the context's property.
        return getattr(context.made_request or context.request, name)

    def __bool__(self) -> bool:
        context = _cv_request.get(None)
        return context is not None and bool(context.request)


def _proxy_for(variable: ContextVar[Any], name: str) -> type[LocalProxy[Any]]:
    """A proxy for one attribute of the current context."""
    find = attrgetter(name)

    class Proxy(LocalProxy[Any]):
        __slots__ = ()

        def __getattribute__(self, name: str) -> Any:
            context = variable.get(None)
            if context is None or name < "a":
                return _own(self, name)
            return getattr(find(context), name)

        def __bool__(self) -> bool:
            context = variable.get(None)
            return context is not None and bool(find(context))

    return Proxy


class _SessionProxy(_proxy_for(_cv_request, "session")):  # type: ignore[misc]
    __slots__ = ()

    def __getitem__(self, key: str) -> Any:
        return _current_session()[key]

    def __setitem__(self, key: str, value: Any) -> None:
        _current_session()[key] = value

    def __contains__(self, key: object) -> bool:
        return key in _current_session()


def _current_session() -> Any:
    context = _cv_request.get(None)
    if context is None:
        return session._get_current_object()  # type: ignore[attr-defined]
    return context.session


_NO_WEBSOCKET = """\
Working outside of a WebSocket.

`websocket` exists only in the views of @app.websocket, their hooks, and functions
and tasks that these call or start. In a test, open a WebSocket with the client:

    with app.test_client().websocket("/path") as ws:
        ws.send("text")

In a thread you started, wrap the function with `copy_current_websocket_context`."""


def _current_websocket() -> Any:
    context = _cv_request.get(None)
    if context is None or context.websocket is None:
        raise RuntimeError(_NO_WEBSOCKET)
    return context.websocket


class _WebSocketProxy(LocalProxy[Any]):
    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if name < "a":
            return _own(self, name)
        return getattr(_current_websocket(), name)


_AppProxy = _proxy_for(_cv_app, "app")


class _GlobalsProxy(_proxy_for(_cv_app, "g")):  # type: ignore[misc]
    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_current_globals(), name, value)

    def __contains__(self, name: object) -> bool:
        return name in _current_globals()


def _current_globals() -> Any:
    context = _cv_app.get(None)
    return g._get_current_object() if context is None else context.g


def _find_app() -> Flask:
    """The current application; without one the proxy, which raises an error when it is used.

    PERF: each attribute access through the proxy makes two more calls.
    """
    context = _cv_app.get(None)
    return current_app if context is None else context.app


find_app = _find_app

for _kind in (_RequestProxy, _SessionProxy, _AppProxy, _GlobalsProxy, _WebSocketProxy):
    _kind.__name__ = _kind.__qualname__ = "LocalProxy"  # shown outside of a context
    _kind.__doc__ = LocalProxy.__dict__["__doc__"]  # reads that of the current object

app_ctx: AppContext = LocalProxy(  # type: ignore[assignment]
    _cv_app, unbound_message=_NO_APP
)
current_app: Flask = _AppProxy(  # type: ignore[assignment]
    _cv_app, "app", unbound_message=_NO_APP
)
g: _AppCtxGlobals = _GlobalsProxy(_cv_app, "g", unbound_message=_NO_APP)
request_ctx: RequestContext = LocalProxy(  # type: ignore[assignment]
    _cv_request, unbound_message=_NO_REQUEST
)
request: Request = _RequestProxy(  # type: ignore[assignment]
    _cv_request, "request", unbound_message=_NO_REQUEST
)
session: SessionMixin = _SessionProxy(_cv_request, "session", unbound_message=_NO_REQUEST)
websocket: WebSocket = _WebSocketProxy(_current_websocket)  # type: ignore[assignment]
