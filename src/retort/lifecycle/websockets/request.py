"""Handle the handshake of a WebSocket, and run its view on the event loop.

The steps are those of a request (`lifecycle/on_loop.py`), with the hooks of WebSockets. A handshake
that is not accepted gets an HTTP response. After an accepted one, the response is the status 101
without a body: the server has sent it when the handshake was accepted.
"""

from __future__ import annotations

import asyncio
import sys
import typing as t
from functools import partial

from werkzeug import exceptions

from ...aio.steps import ClientLeft, InContext, in_own_thread, step_in_thread
from ...http.websockets import error_of_handshake
from ...routing import options_of
from ...signals import got_request_exception, request_started
from ...websockets.errors import TooManyWebSockets
from ...websockets.handshake import (
    HANDSHAKE,
    HANDSHAKE_ERROR,
    InvalidHandshake,
    read_handshake,
)
from .. import run
from ..deferred import SWITCHED
from ..on_loop import LoopRequest, call_with_error, run_before_view
from .facade import WebSocket
from .options import read_limits
from .origins import refuse_other_origins
from .session import warn_of_lost_changes
from .upgrade import Upgrade, is_disconnect

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ...app import Flask
    from ...context import RequestContext
    from ...routing import WebSocketOptions
    from ...websockets.interface import Handshake
    from ..plan import Hooks

# Environ key of the test client's function, called with an unhandled exception of the view.
ON_WEBSOCKET_ERROR = "retort.on_websocket_error"

_GOING_AWAY = 1001
_INTERNAL_ERROR = 1011


def start(app: Flask, context: RequestContext) -> t.Any:
    """Move a handshake to the event loop; refuse it at once if it cannot become a WebSocket."""
    if app.is_in_setup:
        app.end_setup()
    handshake: Handshake | None = context.environ.get(HANDSHAKE)
    if handshake is None:
        rv = app.handle_user_exception(why_impossible(app, context))
        return context.plan.finish(app, context, rv)
    options = t.cast("WebSocketOptions", options_of(context.request.url_rule).websocket)
    limits = read_limits(app.config, options)
    upgrade = Upgrade(context, handshake, options, limits)
    context.websocket = WebSocket(context, upgrade)
    request = WebSocketRequest(app, context, upgrade)
    request.variables = context.move()
    return request


def why_impossible(app: Flask, context: RequestContext) -> exceptions.HTTPException:
    """The error of a handshake that the server has not offered as a WebSocket."""
    environ = context.environ
    error: InvalidHandshake | None = environ.get(HANDSHAKE_ERROR)
    if error is None:
        try:
            read_handshake(
                environ["REQUEST_METHOD"],
                environ.get("HTTP_CONNECTION", ""),
                environ.get("HTTP_UPGRADE", ""),
                environ.get("HTTP_SEC_WEBSOCKET_VERSION"),
                environ.get("HTTP_SEC_WEBSOCKET_KEY"),
            )
        except InvalidHandshake as invalid:
            error = invalid
    if error is not None:
        return error_of_handshake(error.status, error.message)
    remedy = (
        "This server has no WebSockets for routes of @app.websocket. Serve the program with"
        " `retort run`, or its attribute `asgi` with uvicorn or Hypercorn."
    )
    app.logger.error("The WebSocket %r cannot be accepted. %s", context.request.path, remedy)
    return exceptions.NotImplemented(
        remedy if app.debug else "This server does not support WebSockets."
    )


class WebSocketRequest(LoopRequest):
    """A handshake on the event loop, and the WebSocket that it becomes."""

    __slots__ = ("upgrade",)

    def __init__(self, app: Flask, context: RequestContext, upgrade: Upgrade) -> None:
        super().__init__(app, context)
        self.upgrade = upgrade
        upgrade.note_accepting = self.note_accepting

    def note_accepting(self, is_accepting: bool) -> None:
        """Leave it to the view, not to the server, to detect that the client has left.

        For the server, a connection that becomes a WebSocket ends.
        """
        self.finishes_alone = is_accepting

    async def handle(self) -> t.Any:
        """Handle the request; see `LoopRequest.handle`."""
        app = self.app
        error: BaseException | None = None
        closing: asyncio.Future[None] | None = None
        try:
            try:
                response = await self.respond()
            except Exception as unhandled:
                error = unhandled
                if self.upgrade.connection is None:
                    response = await self.step(call_with_error, app.handle_exception, unhandled)
                else:
                    closing = self.start_closing(_INTERNAL_ERROR)
                    response = await self.step(call_with_error, self.report, unhandled)
            except BaseException:
                error = sys.exc_info()[1]
                closing = self.start_closing(_GOING_AWAY)
                raise
            if self.upgrade.connection is not None:
                closing = closing or self.start_closing()
                self.start_response(SWITCHED, [])
                return []
            return self.send(response)
        finally:
            try:
                await self.pop_context(error)
            finally:
                if closing is not None:
                    await closing

    async def respond(self) -> t.Any:
        """Run the hooks and the view.

        :returns: the response to a handshake that was not accepted; else ``None``.
        """
        app, context, upgrade = self.app, self.context, self.upgrade
        context.arrive()
        try:
            if request_started.receivers:
                send = partial(request_started.send, app, _async_wrapper=app.ensure_sync)
                await self.step(send)
            upgrade.begin(is_cancellable=context.plan.is_async)
            try:
                rv = await self.run_before_view()
                if rv is None:
                    rv = await self.call_view()
            except BaseException as error:
                self.take_end(error)
                rv = None
            finally:
                await upgrade.end()
            self.check_in_time()
        except Exception as error:
            if upgrade.connection is not None:
                raise
            if is_disconnect(error):  # the client has left during the handshake
                raise ClientLeft from error
            rv = await self.step(call_with_error, app.handle_user_exception, self.translated(error))
        if upgrade.connection is not None:
            if context.plan.after:
                await self.step(call_each_with_none, context.plan.after)
            self.variables.run(warn_of_lost_changes, context, upgrade.view_name)
            return None
        if rv is None:
            raise TypeError(
                f"The WebSocket view {upgrade.view_name} returned None and has not accepted the"
                " handshake. Accept it with `await websocket.accept()`, or refuse it with"
                " abort(403) or a response as the return value."
            )
        return await self.step(context.plan.finish, app, context, rv)

    def take_end(self, error: BaseException) -> None:
        """Return if the view has ended only because the connection has; else raise the error."""
        upgrade = self.upgrade
        if isinstance(error, asyncio.CancelledError) and upgrade.is_cancelled:
            uncancel = getattr(upgrade.task, "uncancel", None)  # new in Python 3.11
            if uncancel is not None:
                uncancel()
            return
        was_answered = upgrade.connection is not None or upgrade.is_late
        if not (was_answered and is_disconnect(error)):
            raise error

    def check_in_time(self) -> None:
        upgrade = self.upgrade
        if upgrade.is_late and upgrade.connection is None:
            self.app.logger.error("%s The view is %s.", upgrade.over, upgrade.view_name)
            raise exceptions.ServiceUnavailable

    async def run_before_view(self) -> t.Any:
        """Run the steps before the view until one returns a value."""
        self.variables.run(refuse_other_origins, self.app, self.context)
        return await run_before_view(self.app, self.context, self.variables)

    def call_view(self) -> Awaitable[t.Any]:
        """Call the view, or the step in its place.

        No coroutine waits here for the view: thousands of WebSockets may be open.
        """
        app, context, variables = self.app, self.context, self.variables
        if not context.plan.is_async:
            return self.call_in_thread()
        rv = variables.run(run.call_view, app, context)
        return InContext(variables, rv) if asyncio.iscoroutine(rv) else _value(rv)

    async def call_in_thread(self) -> t.Any:
        variables = self.variables
        rv = await in_own_thread(variables.run, run.call_view, self.app, self.context)
        return await InContext(variables, rv) if asyncio.iscoroutine(rv) else rv

    async def step(self, function: Callable[..., t.Any], *args: t.Any) -> t.Any:
        return await step_in_thread(self.variables, function, *args)

    def translated(self, error: Exception) -> Exception:
        """The HTTP error for one of the connection."""
        if not isinstance(error, TooManyWebSockets):
            return error
        self.app.logger.error("A WebSocket was refused with 503. %s", error)
        return exceptions.ServiceUnavailable()

    def report(self, error: Exception) -> None:
        """Log an exception after the handshake; the client gets the close code 1011."""
        app = self.app
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        if propagate is None:
            propagate = app.testing
        on_error = self.environ.get(ON_WEBSOCKET_ERROR)
        if propagate and on_error is not None:
            on_error(error)
        else:
            app.log_exception(sys.exc_info())

    def start_closing(self, code: int = 1000) -> asyncio.Future[None] | None:
        """Begin to close the connection, if there is one."""
        connection = self.upgrade.connection
        if connection is None:
            return None
        return asyncio.ensure_future(connection.close(code))


async def _value(rv: t.Any) -> t.Any:
    return rv


def call_each_with_none(hooks: Hooks) -> None:
    """Call the hooks after a WebSocket that was accepted: it has no response."""
    for hook in hooks:
        hook(None)
