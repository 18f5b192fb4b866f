"""Requests that are handled on the event loop.

Their view is a coroutine function, or their body an asynchronous iterator.

The application returns a `Deferred` in the thread that received the request. `LoopRequests` awaits
it on the loop and sends the response: a body in memory at once, one that an asynchronous iterator
makes on the loop, and any other in a thread of the pool.

A request without a body to such a view goes to the loop before anything is made for it, if calling
the application there calls no function of the program (`LoopRequests.takes`).

A client that disconnects is noticed by a pending ``receive``. It is called for requests that take
longer than some time, since most are over before (`aio/open_requests.py`).
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import deque
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from werkzeug.exceptions import ServiceUnavailable

from ...aio.bodies import AsyncBody
from ...aio.loop import is_on_loop, process_loop
from ...aio.open_requests import OpenRequests
from ...aio.steps import ClientLeft, set_threads
from ...context import OWN_VARIABLES
from ...lifecycle.deferred import (
    CLIENT_GONE,
    Deferred,
    raising,
    returning,
    starts_on_loop,
)
from ...logging import escape_in_lines
from ...tracebacks import format_from_program
from .async_response import AsyncResponse
from .reply import Reply
from .request_body import LongBody
from .response_body import PIECE_BYTES, TOO_MUCH, ClientGone, log_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from ...app import Flask
    from .adapter import ProtocolAdapter

STOPPED = "The server is being stopped; try again."
_WITHOUT_BODY = ("GET", "HEAD")


class LoopRequests:
    """The requests of one server that are on the event loop.

    :param program: the application in all middleware; ``None``: `takes` chooses no request.
    """

    def __init__(self, adapter: ProtocolAdapter, program: Flask | None) -> None:
        self.adapter = adapter
        self.program = program
        self.loop = process_loop()
        set_threads(adapter.settings.threads)
        self.open: OpenRequests[LoopRequest] = OpenRequests(self.loop)
        self.arrived: deque[Callable[[], object]] = deque()
        self.is_scheduled = False
        self.is_stopped = False

    def takes(self, scope: dict[str, Any]) -> bool:
        """Whether `begin` may be called for a request."""
        raw_path: bytes = scope["raw_path"]
        return (
            self.program is not None
            and scope["method"] in _WITHOUT_BODY
            and b"%" not in raw_path
            and starts_on_loop(self.program, scope["method"], raw_path.decode("latin-1"))
        )

    def begin(self, watcher: Any) -> None:
        """Handle a request that `takes` has chosen; thread-safe."""
        self.call(LoopRequest(self, watcher).begin)

    def resume(
        self, watcher: Any, environ: WSGIEnvironment, reply: Reply, deferred: Deferred | KnownBody
    ) -> None:
        """Handle a request for which the application was called in a thread; thread-safe."""
        request = LoopRequest(self, watcher)
        request.environ, request.reply, request.deferred = environ, reply, deferred
        if isinstance(watcher, LongBody):
            request.end = watcher.keep_for_loop()
        if is_on_loop():
            request.begin()
        else:
            self.call(request.begin)

    def call(self, function: Callable[[], object]) -> None:
        """Call a function on the loop; thread-safe.

        Functions that arrive while the loop is busy wake it up once.
        """
        self.arrived.append(function)
        if not self.is_scheduled:
            self.is_scheduled = True
            self.loop.call_soon_threadsafe(self.call_arrived)

    def call_arrived(self) -> None:
        self.is_scheduled = False
        for _ in range(len(self.arrived)):
            try:
                self.arrived.popleft()()
            except BaseException:  # as in `ProtocolAdapter.handle`
                traceback.print_exc()
        if self.open:
            self.open.watch()

    def __len__(self) -> int:
        """The number of requests, including those that wait for the loop."""
        return len(self.open) + len(self.arrived)

    def stop(self) -> None:
        """Cancel all requests because the server stops; thread-safe."""
        self.is_stopped = True
        for request in self.open.copy():
            request.stop()


class KnownBody:
    """Stands in for a `Deferred`: the body that a synchronous view has returned."""

    finishes_alone = False

    def __init__(self, body: AsyncBody) -> None:
        self.body = body

    async def run(self) -> AsyncBody:
        return self.body


class LoopRequest:
    """One request on the event loop."""

    # PERF: one is made for each request.
    __slots__ = (
        *("adapter", "deferred", "end", "environ", "is_cancelled", "is_old"),
        *("is_sending", "is_stopped", "is_watched"),
        *("reply", "requests", "task", "watcher"),
    )

    environ: WSGIEnvironment
    reply: Reply

    def __init__(self, requests: LoopRequests, watcher: Any) -> None:
        self.requests = requests
        self.adapter = requests.adapter
        self.watcher = watcher
        self.deferred: Deferred | KnownBody | None = None  # until the application was called
        self.end: Callable[[], object] | None = None  # called at the end, in any thread
        self.task: asyncio.Task[None] | None = None
        self.is_old = False
        self.is_watched = False
        self.is_sending = False
        self.is_cancelled = False
        self.is_stopped = False

    def begin(self) -> None:
        """Begin; called on the loop."""
        self.requests.open.add(self)
        step = self.call_application if self.deferred is None else self.run
        self.task = self.requests.loop.create_task(step())
        if self.requests.is_stopped:
            self.stop()

    def watch_client(self) -> None:
        """Cancel the request when its client disconnects, unless the route opts out."""
        deferred = self.deferred
        if self.is_watched or self.is_sending or deferred is None or deferred.finishes_alone:
            return
        self.is_watched = True
        if isinstance(self.watcher, LongBody) and not self.watcher.has_ended:
            # The view reads the body, which fails when the client disconnects.
            self.is_watched = False
            return
        future = self.watcher.proto.receive()
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self.note_message)
        else:  # it has disconnected already
            self.cancel()

    def note_message(self, future: Any) -> None:
        """Called in a thread of Granian."""
        if future.cancelled():
            return
        if future.result()["type"] == "http.disconnect":
            deferred = self.deferred
            if (
                deferred is not None and not deferred.finishes_alone
            ):  # a WebSocket may have been accepted meanwhile
                self.cancel()
        else:  # the end of the request
            self.is_watched = False
            self.watch_client()

    def cancel(self) -> None:
        """Cancel the request; thread-safe. Without effect once it has ended."""
        task = self.task
        if task is not None:
            self.is_cancelled = True
            task.get_loop().call_soon_threadsafe(task.cancel)

    def stop(self) -> None:
        """Cancel the request because the server stops; thread-safe."""
        self.is_stopped = True
        loop = self.requests.loop
        # Later, since a task that is cancelled before its first step never begins.
        loop.call_soon_threadsafe(loop.call_soon, self.cancel)

    async def call_application(self) -> None:
        """Call the application, handle the request and send the response.

        PERF: what is made for a request is freed before the next one begins, unless its view waits.
        """
        try:
            self.adapter.begin_request(self.watcher, self.defer)
        except BaseException:  # as in `ProtocolAdapter.handle`
            traceback.print_exc()
        if self.deferred is not None:
            await self.run()
        else:  # it is handled elsewhere, or was responded to
            self.task = None
            self.finish()

    def defer(self, watcher: Any, environ: WSGIEnvironment) -> None:
        """Call the application; respond if it does not return a `Deferred`."""
        if self.adapter.backlog.sizes and self.adapter.defer_if_full(watcher, environ):
            return
        self.environ = environ
        self.reply = reply = Reply(environ["REQUEST_METHOD"])
        try:
            variables = environ[OWN_VARIABLES] = copy_context()
            body = variables.run(self.adapter.app, environ, reply)
        except BaseException as error:
            outcome = raising(error)
        else:
            if isinstance(body, Deferred):
                self.deferred = body
                return
            outcome = returning(body)
        self.adapter.respond(watcher, environ, partial(repeat, outcome), reply)

    async def run(self) -> None:
        """Handle the request and send the response."""
        try:
            body = await cast("Deferred", self.deferred).run()
            self.is_sending = True
            if isinstance(body, AsyncBody):
                await self.stream(body)
        except asyncio.CancelledError as error:
            if self.is_stopped:
                self.send(raising(ServiceUnavailable(STOPPED)))
            elif self.is_cancelled or isinstance(error, ClientLeft):
                self.note_gone()
            else:  # the program has cancelled it
                self.send(raising(error))
        except BaseException as error:
            self.send(raising(error))
        else:
            self.send_body(body)
        finally:
            self.task = None

    def send_body(self, body: Any) -> None:
        head = self.reply.head
        if type(body) is list and len(body) == 1 and head is not None and not self.reply.written:
            (whole,) = body
            if len(whole) == head.length and len(whole) <= PIECE_BYTES:
                self.adapter.send_short(self.watcher, self.environ, head, whole)
                self.finish()
                return
        if isinstance(body, AsyncBody):
            self.finish()
        elif type(body) is list:
            self.send(returning(body))
        else:  # it may block
            job = partial(self.send, returning(body))
            self.adapter.overflow.run(job, self.watcher)

    def send(self, outcome: Callable[[], Any]) -> None:
        """Send the response as if the application had returned or raised it now."""
        try:
            app = partial(repeat, outcome)
            self.adapter.respond(self.watcher, self.environ, app, self.reply)
        except BaseException:  # as in `ProtocolAdapter.handle`
            traceback.print_exc()
        finally:
            self.finish()

    async def stream(self, body: AsyncBody) -> None:
        """Send the pieces of a body, and close it.

        :raises BaseException: what the iterator raises before its first piece.
        """
        adapter = self.adapter
        try:
            if not adapter.backlog.has_room_for_stream():
                raise ServiceUnavailable(TOO_MUCH)
            first = await anext(body, b"")
            self.reply.is_sent = True
            head = self.reply.head
            if head is None:
                raise AssertionError("The application did not call start_response (PEP 3333).")
            if adapter.log is not None:
                adapter.log(self.environ, head.status)
            response = AsyncResponse(
                self.watcher,
                head,
                adapter.connections,
                backlog=adapter.backlog,
                note_gone=self.cancel,
            )
            await self.send_pieces(response, first, body)
        finally:
            await close(body)

    async def send_pieces(self, response: AsyncResponse, first: bytes, rest: AsyncBody) -> None:
        """Send the response; an exception aborts it, so that the client notices."""
        try:
            response.start()
            if await response.send(first):
                async for piece in rest:
                    if not await response.send(piece):
                        break
            response.end()
        except ClientGone:
            pass
        except asyncio.CancelledError:
            response.is_over = True
            if self.is_stopped:
                await response.abort_async()
        except BaseException as error:
            await response.abort_async()
            print_error(error)
        if response.problem is not None:
            log_problem(self.environ, response.problem)

    def note_gone(self) -> None:
        """The request was cancelled before it had a response."""
        if self.adapter.log is not None:
            self.adapter.log(self.environ, CLIENT_GONE)
        self.watcher.done()
        self.finish()

    def finish(self) -> None:
        self.requests.open.discard(self)
        if self.end is not None:
            self.end()


def repeat(outcome: Callable[[], Any], environ: WSGIEnvironment, reply: Reply) -> Any:
    """Stand in for an application that was called before, with the same ``start_response``."""
    return outcome()


async def close(body: AsyncBody) -> None:
    """Close a body; what it raises is only logged, since its response is over."""
    try:
        await body.aclose()
    except asyncio.CancelledError:
        pass
    except BaseException as error:
        print_error(error)


def print_error(error: BaseException) -> None:
    """Print the traceback of an error that has no response."""
    sys.stderr.write(escape_in_lines(format_from_program(error, error.__traceback__)))
