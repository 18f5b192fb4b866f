"""One request of the ASGI gateway: calls the application, and sends its response as messages."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t
from contextvars import copy_context
from functools import lru_cache
from io import BufferedReader

from ..aio.bodies import AsyncBody
from ..aio.open_requests import OpenRequests
from ..aio.steps import in_thread
from ..context import OWN_VARIABLES
from ..http.stream_body import UNREAD_BODY
from ..http.unread import PolledBody
from ..lifecycle.deferred import Deferred, starts_on_loop
from ..websockets.handshake import has_switched
from .asgi_body import AsgiBody

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from .scope import Message, Receive, Send


class AsgiRequest:
    """One request: its environ, and the functions of the server."""

    # PERF: one is made for each request.
    __slots__ = (
        *("app", "environ", "finishes_alone", "has_started", "is_abandoned", "is_old"),
        *("is_sending", "receive", "send", "start", "task", "unread", "watch", "written"),
    )

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
        self.is_old = False  # see `OpenRequests`
        self.task: asyncio.Task[t.Any] | None = None
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
            "headers": [(name_of(name), value.encode("latin-1")) for name, value in fields],
        }
        return self.written.append

    async def run(self) -> None:
        """Handle the request. A view on the loop is cancelled when its client disconnects."""
        loop = asyncio.get_running_loop()
        self.task = asyncio.current_task(loop)
        requests = open_requests(loop)
        requests.add(self)
        requests.watch()
        try:
            await self.respond()
        except asyncio.CancelledError:
            if self.watch is None or not self.watch.has_cancelled:
                raise
            self.watch.note_cancelled()
        finally:
            requests.discard(self)
            if self.watch is not None:
                self.watch.stop()
        if self.watch is not None:
            await self.watch.absorb()

    def watch_client(self) -> None:
        """Cancel the task when the client disconnects."""
        if self.watch is None:
            self.watch = _Watch(t.cast("asyncio.Task[t.Any]", self.task), self)
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
            variables = environ[OWN_VARIABLES] = copy_context()
            body = variables.run(app, environ, self.start_response)
        else:
            self.finishes_alone = True  # a thread cannot be cancelled
            body = await in_thread(copy_context().run, app, environ, self.start_response)
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


class _OfLoop:
    """The open requests of the loop that was last in use; a process nearly always has one."""

    requests: OpenRequests[AsgiRequest] | None = None


def open_requests(loop: asyncio.AbstractEventLoop) -> OpenRequests[AsgiRequest]:
    """The open requests of a loop."""
    requests = _OfLoop.requests
    if requests is None or requests.loop is not loop:
        requests = _OfLoop.requests = OpenRequests(loop)
    return requests


@lru_cache(maxsize=256)
def name_of(name: str) -> bytes:
    """The name of a field in an ASGI message."""
    return name.lower().encode("latin-1")


@lru_cache(maxsize=64)
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
