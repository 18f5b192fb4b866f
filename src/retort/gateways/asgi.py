"""The ASGI gateway (ASGI 3): a WSGI response becomes messages. `scope.py` makes the environ.

A request is handled by ``wsgi_app`` and its middleware, as under WSGI. Its body is read first,
unless its view is marked by `stream_body`. A view that is a coroutine function runs on the loop of
the server, any other in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from io import BufferedReader, BytesIO

from werkzeug.exceptions import BadRequest

from ..aio.bodies import AsyncBody
from ..aio.loop import adopt_loop
from ..aio.steps import ClientLeft, in_own_thread, in_thread
from ..http.body import announced_length
from ..http.spool import MEMORY_BYTES, make_spool, put
from ..http.stream_body import UNREAD_BODY
from ..http.unread import PolledBody
from ..lifecycle.deferred import Deferred, starts_on_loop
from ..lifecycle.early import may_stream_body
from ..routing import options_of
from ..websockets.asgi import AsgiHandshake
from ..websockets.errors import WebSocketDisconnect
from ..websockets.handshake import HANDSHAKE, has_switched
from .asgi_body import AsgiBody
from .lifespan import handle_lifespan
from .scope import make_environ

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask

    Scope = t.MutableMapping[str, t.Any]
    Message = t.MutableMapping[str, t.Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

# Most requests are over before this time; only later ones watch for the client's disconnect.
_WATCH_AFTER_SECONDS = 0.2


class ClientDisconnected(Exception):
    """The client disconnected before its request was complete."""


async def handle_http(app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle one HTTP request."""
    adopt_loop(asyncio.get_running_loop())
    environ = make_environ(app, scope)
    request = AsgiRequest(app, environ, receive, send)
    if may_have_body(environ) and may_stream_body(app, environ):
        await request.run_unread()
        return
    try:
        body_file = await read_body(app, environ, receive)
    except ClientDisconnected:
        return
    try:
        await request.run()
    finally:
        if body_file is not None:
            body_file.close()


class AsgiRequest:
    """One request: its environ, and the functions of the server."""

    def __init__(self, app: Flask, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        self.app = app
        self.environ = environ
        self.receive = receive
        self.send = send
        self.start: Message | None = None  # the first message of the response
        self.has_started = False  # it was sent
        self.written: list[bytes] = []
        self.finishes_alone = False
        self.unread: AsgiBody | None = None
        self.is_sending = False
        self.is_abandoned = False  # its client has disconnected
        self.watch: _Watch | None = None

    def start_response(
        self, status: str, fields: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """PEP 3333's ``start_response``: keeps the status and fields until the body is known."""
        if has_switched(self.environ):  # the client has its response: the accepted handshake
            return self.written.append
        if self.has_started and exc_info is not None and exc_info[1] is not None:
            raise exc_info[1]
        if exc_info is None and self.start is not None:
            raise AssertionError(
                "start_response was called a second time without exc_info (PEP 3333)."
            )
        self.start = {
            "type": "http.response.start",
            "status": code_of(status),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields
            ],
        }
        return self.written.append

    async def run(self) -> None:
        """Handle the request. A view on the loop is cancelled when its client disconnects."""
        loop = asyncio.get_running_loop()
        task = t.cast("asyncio.Task[t.Any]", asyncio.current_task())
        timer = loop.call_later(_WATCH_AFTER_SECONDS, self.watch_client, task)
        try:
            await self.respond()
        except asyncio.CancelledError:
            if self.watch is None or not self.watch.has_cancelled:
                raise
            self.watch.note_cancelled()
        finally:
            timer.cancel()
            if self.watch is not None:
                self.watch.stop()
        if self.watch is not None:
            await self.watch.absorb()

    def watch_client(self, task: asyncio.Task[t.Any]) -> None:
        """Cancel the task when the client disconnects."""
        self.watch = _Watch(task, self)
        self.watch.start()

    async def run_unread(self) -> None:
        """Handle a request whose body is read while it arrives."""
        self.unread = AsgiBody(self.receive)
        self.environ[UNREAD_BODY] = self.unread
        self.environ["wsgi.input"] = BufferedReader(PolledBody(self.unread))
        try:
            await self.run()
        finally:
            self.unread.stop()

    async def respond(self) -> None:
        app, environ = self.app, self.environ
        if starts_on_loop(app, environ["REQUEST_METHOD"], environ["PATH_INFO"]):
            body = app(environ, self.start_response)
        else:
            call = partial(copy_context().run, app, environ, self.start_response)
            self.finishes_alone = True  # a thread cannot be cancelled
            body = await in_thread(call)
        if isinstance(body, Deferred):
            self.finishes_alone = body.finishes_alone
            body = await body.run()
        if type(body) is list and self.start is not None and not self.written:
            self.finishes_alone = self.has_started = True
            await self.send(self.start)
            await self.send_piece(body[0] if len(body) == 1 else b"".join(body), more=False)
        else:
            await self.send_body(body)

    async def send_body(self, body: t.Any) -> None:
        """Send the response, and close its body."""
        self.finishes_alone = not isinstance(body, AsyncBody)
        self.is_sending = True
        try:
            if self.is_abandoned and isinstance(body, AsyncBody):
                return
            if type(body) is list:
                await self.send_start()
                await self.send_piece(b"".join([*self.written, *body]), more=False)
                return
            async for piece in iterate(body):
                await self.send_start()
                for written in self.take_written():
                    await self.send_piece(written)
                await self.send_piece(piece)
                if self.is_abandoned:
                    break
            await self.send_start()
            await self.send_piece(b"".join(self.take_written()), more=False)
        finally:
            await close(body)

    async def send_start(self) -> None:
        """Send the status and fields, once."""
        if self.start is None:
            raise AssertionError("The application did not call start_response (PEP 3333).")
        if not self.has_started:
            self.has_started = True
            await self.send(self.start)

    def take_written(self) -> list[bytes]:
        """The pieces that were passed to the ``write`` function of PEP 3333."""
        written = self.written.copy()
        self.written.clear()
        return written

    def send_piece(self, piece: bytes, *, more: bool = True) -> Awaitable[None]:
        """Send a piece of the body; a coroutine function."""
        return self.send({"type": "http.response.body", "body": piece, "more_body": more})


def code_of(status: str) -> int:
    """The number of a status line.

    :raises ValueError: if it is not that of a final response; some servers end at others.
    """
    code = status.partition(" ")[0]
    if len(code) == 3 and code.isascii() and code.isdigit() and code >= "200":
        return int(code)
    raise ValueError(
        f"The status {status!r} cannot be sent. A status is a number from 200 to 999, with its"
        " phrase: '200 OK'."
    )


class _Watch:
    """Cancels a request when its client disconnects."""

    def __init__(self, task: asyncio.Task[t.Any], request: AsgiRequest) -> None:
        self.task = task
        self.request = request
        self.has_cancelled = False
        self.listener: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.listener = asyncio.get_running_loop().create_task(self.listen())

    async def listen(self) -> None:
        request = self.request
        if request.unread is not None:
            await request.unread.wait_for_disconnect(lambda: request.is_sending)
        else:
            while (await request.receive())["type"] != "http.disconnect":
                pass
        request.is_abandoned = True
        if not self.request.finishes_alone and not self.task.done():
            self.has_cancelled = True
            self.task.cancel()

    def note_cancelled(self) -> None:
        """The cancellation has had its effect; the server's task goes on."""
        self.has_cancelled = False
        if hasattr(self.task, "uncancel"):  # since Python 3.11
            self.task.uncancel()

    async def absorb(self) -> None:
        """Let a cancellation that came too late have no effect on the server's task."""
        if self.has_cancelled:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
            self.note_cancelled()

    def stop(self) -> None:
        if self.listener is not None:
            self.listener.cancel()


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


async def iterate(body: Iterable[bytes]) -> t.AsyncIterator[bytes]:
    """The pieces of a body; an iterator that may block is advanced in threads."""
    if isinstance(body, AsyncBody):
        async for piece in body:
            yield piece
        return
    pieces = iter(body)
    while (next_piece := await in_thread(next, pieces, None)) is not None:
        yield next_piece


async def close(body: t.Any) -> None:
    """Call the body's ``close``, which PEP 3333 requires in every case."""
    if isinstance(body, AsyncBody):
        await body.aclose()
    elif hasattr(body, "close"):
        await in_thread(body.close)


async def read_body(app: Flask, environ: WSGIEnvironment, receive: Receive) -> t.IO[bytes] | None:
    """Read the request body into the environ: in memory, and on disk if it is long.

    A body over all limits is not read further, so that the request raises the error when it reads
    the body.

    :returns: the file to close; ``None``: the body is in memory.
    :raises ClientDisconnected: if the client disconnects meanwhile.
    """
    if not may_have_body(environ):
        return None
    try:
        announced = announced_length(environ)
    except BadRequest:
        return None  # reading it raises the error
    if announced is not None and is_too_long(app, announced):
        return None  # reading it raises the error at once
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        environ["wsgi.input"] = BytesIO(message.get("body", b""))
        environ["CONTENT_LENGTH"] = str(len(message.get("body", b"")))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return None
    file = make_spool()
    size = 0
    try:
        while True:
            if message["type"] != "http.request":
                raise ClientDisconnected
            piece = message.get("body", b"")
            size += len(piece)
            await store(file, piece, is_on_disk=size > MEMORY_BYTES)
            if not message.get("more_body") or is_too_long(app, size):
                break
            message = await receive()
    except BaseException:
        file.close()
        raise
    put(environ, file)
    return file


def is_too_long(app: Flask, size: int) -> bool:
    """Whether a body of this size is over the limits of the application and of all routes."""
    limit: int | None = app.config["MAX_CONTENT_LENGTH"]
    if limit is None or size <= limit:
        return False
    of_routes = (options_of(rule).limits for rule in app.url_map.iter_rules())
    return all(
        limits["max_content_length"] is not None and size > limits["max_content_length"]
        for limits in of_routes
        if "max_content_length" in limits
    )


async def store(file: t.IO[bytes], piece: bytes, *, is_on_disk: bool) -> None:
    """Write a piece; to a disk, in a thread."""
    if is_on_disk:
        await in_thread(file.write, piece)
    else:
        file.write(piece)


def may_have_body(environ: WSGIEnvironment) -> bool:
    """Whether messages with a body may follow: RFC 9112 section 6.3, RFC 9113 section 8.1."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    return "HTTP_TRANSFER_ENCODING" in environ or (
        environ["SERVER_PROTOCOL"] in ("HTTP/2", "HTTP/3")
        and environ["REQUEST_METHOD"] not in ("GET", "HEAD")
    )


async def handle(app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle an ASGI call.

    :raises ValueError: for another type of scope than HTTP, WebSocket and lifespan.
    """
    kind = scope["type"]
    if kind == "http":
        await handle_http(app, scope, receive, send)
    elif kind == "websocket":
        await handle_websocket(app, scope, receive, send)
    elif kind == "lifespan":
        await handle_lifespan(app, receive, send)
    else:
        raise ValueError(f"Retort cannot handle an ASGI scope of the type {kind!r}.")
