"""The ASGI gateway (ASGI 3): a WSGI response becomes messages. `scope.py` makes the environ.

A request is handled by ``wsgi_app`` and its middleware, as under WSGI. Its body is read first,
unless its view is marked by `stream_body`. A view that is a coroutine function runs on the loop of
the server, any other in a thread.
"""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import suppress
from contextvars import copy_context
from functools import partial

from ..aio.loop import adopt_loop
from ..aio.steps import ClientLeft, in_own_thread
from ..lifecycle.deferred import Deferred
from ..lifecycle.early import may_stream_body
from ..websockets.asgi import AsgiHandshake
from ..websockets.errors import WebSocketDisconnect
from ..websockets.handshake import HANDSHAKE
from .asgi_request import AsgiRequest, close, iterate
from .lifespan import handle_lifespan
from .read_body import ClientDisconnected, may_have_body, read_body
from .scope import make_environ

if t.TYPE_CHECKING:
    from collections.abc import Coroutine

    from ..app import Flask
    from .scope import Receive, Scope, Send


def handle(app: Flask, scope: Scope, receive: Receive, send: Send) -> Coroutine[t.Any, t.Any, None]:
    """Handle an ASGI call; a coroutine function.

    :raises ValueError: for another type of scope than HTTP, WebSocket and lifespan.
    """
    kind = scope["type"]
    if kind == "http":
        return handle_http(app, scope, receive, send)
    if kind == "websocket":
        return handle_websocket(app, scope, receive, send)
    if kind == "lifespan":
        return handle_lifespan(app, receive, send)
    raise ValueError(f"Retort cannot handle an ASGI scope of the type {kind!r}.")


def handle_http(
    app: Flask, scope: Scope, receive: Receive, send: Send
) -> Coroutine[t.Any, t.Any, None]:
    """Handle one HTTP request; a coroutine function."""
    adopt_loop(asyncio.get_running_loop())
    environ = make_environ(app, scope)
    request = AsgiRequest(app, environ, receive, send)
    if not may_have_body(environ):
        return request.run()
    if may_stream_body(app, environ):
        return request.run_unread()
    return run_with_body(request)


async def run_with_body(request: AsgiRequest) -> None:
    """Handle a request after its body was read."""
    try:
        body_file = await read_body(request.app, request.environ, request.receive)
    except ClientDisconnected:
        return
    try:
        await request.run()
    finally:
        if body_file is not None:
            body_file.close()


async def handle_websocket(app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle one WebSocket, from its handshake on."""
    adopt_loop(asyncio.get_running_loop())
    environ = make_environ(app, scope)
    # The fields of a handshake of HTTP/1.1, by which rules are matched: HTTP/2 has others.
    environ["HTTP_UPGRADE"], environ["HTTP_CONNECTION"] = "websocket", "Upgrade"
    environ[HANDSHAKE] = handshake = AsgiHandshake(scope, receive, send)
    request = AsgiRequest(app, environ, receive, send)
    call = partial(copy_context().run, app, environ, request.start_response)
    body = await in_own_thread(call)  # foreign middleware waits there for the end
    if isinstance(body, Deferred):
        try:
            body = await body.run()
        except ClientLeft:
            return
    try:
        pieces = [piece async for piece in iterate(body)]
    finally:
        await close(body)
    if handshake.is_accepted:
        return
    if request.start is None:
        raise AssertionError("The application did not call start_response (PEP 3333).")
    fields = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.start["headers"]
    ]
    with suppress(WebSocketDisconnect):
        await handshake.refuse(
            request.start["status"], fields, b"".join([*request.take_written(), *pieces])
        )
