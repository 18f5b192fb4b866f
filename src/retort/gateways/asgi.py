"""The ASGI gateway (ASGI 3): a scope becomes an environ, and a WSGI response becomes messages.

A request is handled by ``wsgi_app`` and its middleware, as under WSGI. Its body is read first,
unless its view is marked by `stream_body`. A view that is a coroutine function runs on the loop of
the server, any other in a thread.
"""

from __future__ import annotations

import asyncio
import sys
import typing as t
from contextvars import copy_context
from functools import partial
from io import BufferedReader, BytesIO
from urllib.parse import unquote_to_bytes

from ..aio.bodies import AsyncBody
from ..aio.loop import adopt_loop
from ..aio.steps import in_thread
from ..http.spool import MEMORY_BYTES, make_spool, put
from ..http.stream_body import UNREAD_BODY
from ..http.unread import PolledBody
from ..lifecycle.deferred import MAY_DEFER, Deferred, starts_on_loop
from ..lifecycle.early import may_stream_body
from .asgi_body import AsgiBody
from .lifespan import handle_lifespan

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

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
    environ = make_environ(scope)
    request = AsgiRequest(app, environ, receive, send)
    if may_have_body(environ) and may_stream_body(app, environ):
        await request.run_unread()
        return
    try:
        body_file = await read_body(environ, receive, app.config["MAX_CONTENT_LENGTH"])
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
        self.written: list[bytes] = []
        self.finishes_alone = False
        self.unread: AsgiBody | None = None
        self.is_sending = False

    def start_response(
        self, status: str, fields: list[tuple[str, str]], exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        """PEP 3333's ``start_response``: keeps the status and fields until the body is known."""
        code, _, _ = status.partition(" ")
        self.start = {
            "type": "http.response.start",
            "status": int(code),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields
            ],
        }
        return self.written.append

    async def run(self) -> None:
        """Handle the request. A view on the loop is cancelled when its client disconnects."""
        loop = asyncio.get_running_loop()
        task = t.cast("asyncio.Task[t.Any]", asyncio.current_task())
        watch = _Watch(task, self)
        timer = loop.call_later(_WATCH_AFTER_SECONDS, watch.start)
        try:
            await self.respond()
        except asyncio.CancelledError:
            if not watch.has_cancelled:
                raise
        finally:
            timer.cancel()
            watch.stop()

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
            body = await in_thread(call)
        if isinstance(body, Deferred):
            self.finishes_alone = body.finishes_alone
            body = await body.run()
        else:
            self.finishes_alone = True  # a thread cannot be cancelled
        await self.send_body(body)

    async def send_body(self, body: t.Any) -> None:
        """Send the response, and close its body."""
        self.finishes_alone = not isinstance(body, AsyncBody)
        self.is_sending = True
        try:
            if type(body) is list:
                await self.send_start()
                await self.send_piece(b"".join([*self.written, *body]), more=False)
                return
            async for piece in iterate(body):
                await self.send_start()
                for written in self.take_written():
                    await self.send_piece(written)
                await self.send_piece(piece)
            await self.send_start()
            await self.send_piece(b"".join(self.take_written()), more=False)
        finally:
            await close(body)

    async def send_start(self) -> None:
        """Send the status and fields, once."""
        if self.start is None:
            raise AssertionError("The application did not call start_response (PEP 3333).")
        if self.start:
            message, self.start = self.start, {}
            await self.send(message)

    def take_written(self) -> list[bytes]:
        """The pieces that were passed to the ``write`` function of PEP 3333."""
        written, self.written = self.written.copy(), []
        return written

    async def send_piece(self, piece: bytes, *, more: bool = True) -> None:
        await self.send({"type": "http.response.body", "body": piece, "more_body": more})


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
        if not self.request.finishes_alone and not self.task.done():
            self.has_cancelled = True
            self.task.cancel()

    def stop(self) -> None:
        if self.listener is not None:
            self.listener.cancel()


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


async def read_body(
    environ: WSGIEnvironment, receive: Receive, max_bytes: int | None
) -> t.IO[bytes] | None:
    """Read the request body into the environ: in memory, and on disk if it is long.

    Of a body that is longer than ``max_bytes``, one byte more than that is kept, so that the
    request raises the error when it reads the body.

    :returns: the file to close; ``None``: the body is in memory.
    :raises ClientDisconnected: if the client disconnects meanwhile.
    """
    if not may_have_body(environ):
        return None
    if max_bytes is not None and int(environ.get("CONTENT_LENGTH") or 0) > max_bytes:
        return None  # reading it raises the error at once
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        environ["wsgi.input"] = BytesIO(message.get("body", b""))
        environ["CONTENT_LENGTH"] = str(len(message.get("body", b"")))
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
            if not message.get("more_body") or (max_bytes is not None and size > max_bytes):
                break
            message = await receive()
    except BaseException:
        file.close()
        raise
    put(environ, file)
    return file


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


_PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def make_environ(scope: Scope) -> WSGIEnvironment:
    """The environ of PEP 3333 for an ASGI scope, with an empty input."""
    root = scope.get("root_path", "").rstrip("/")
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"].encode() if raw_path is None else unquote_to_bytes(raw_path)
    target = (raw_path if raw_path is not None else path).decode("latin-1")
    root_bytes = root.encode()
    if root and (path == root_bytes or path.startswith(root_bytes + b"/")):
        path = path[len(root_bytes) :]
    query = scope.get("query_string", b"").decode("latin-1")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": root_bytes.decode("latin-1"),
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": f"{target}?{query}" if query else target,
        "RAW_URI": f"{target}?{query}" if query else target,
        "SERVER_PROTOCOL": _PROTOCOLS.get(scope.get("http_version", "1.1"), "HTTP/1.1"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": _scheme_of(scope),
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
        MAY_DEFER: True,
    }
    server = scope.get("server") or ("localhost", None)
    environ["SERVER_NAME"] = server[0]
    environ["SERVER_PORT"] = str(
        server[1] or (443 if environ["wsgi.url_scheme"] == "https" else 80)
    )
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    for name, value in _fields_of(scope["headers"]):
        if name not in environ:
            environ[name] = value
        elif name == "HTTP_COOKIE":  # RFC 9113 section 8.2.3
            environ[name] += f"; {value}"
        elif name != "CONTENT_TYPE":  # not a list (RFC 9110 section 5.3), so the first one is used
            environ[name] += f",{value}"
    return environ


def _scheme_of(scope: Scope) -> str:
    scheme: str = scope.get("scheme", "http")
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _fields_of(fields: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    """The names in the environ and the values of header fields.

    A name with an underscore would be mistaken for one with a hyphen, so the field is dropped.
    """
    for raw_name, value in fields:
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        yield name, value.decode("latin-1")


async def handle(app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
    """Handle an ASGI call.

    :raises ValueError: for another type of scope than HTTP and lifespan.
    """
    kind = scope["type"]
    if kind == "http":
        await handle_http(app, scope, receive, send)
    elif kind == "lifespan":
        await handle_lifespan(app, receive, send)
    else:
        raise ValueError(f"Retort cannot handle an ASGI scope of the type {kind!r}.")
