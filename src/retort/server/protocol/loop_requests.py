"""Requests that are handled on the event loop.

Their view is a coroutine function, or their body an asynchronous iterator.

The application returns a `Deferred` in the thread that received the request. `LoopRequests` awaits
it on the loop and sends the response: a body in memory at once, one that an asynchronous iterator
makes on the loop, and any other in a thread of the pool.

A client that disconnects is noticed by a pending ``receive``. It is called for requests that take
longer than `WATCH_AFTER_SECONDS`, since most are over before.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.exceptions import ServiceUnavailable

from ...aio.bodies import AsyncBody
from ...aio.loop import process_loop
from ...logging import escape_in_lines
from ...tracebacks import format_from_program
from .async_response import AsyncResponse
from .request_body import LongBody
from .response_body import TOO_MUCH, ClientGone, log_problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from ...lifecycle.deferred import Deferred
    from .adapter import ProtocolAdapter, Reply

WATCH_AFTER_SECONDS = 0.2
# While a view reads its body, this is how often it is checked whether the body has ended.
_BODY_SECONDS = 0.5
# The status of a request whose client has disconnected, in logs only.
CLIENT_GONE = 499


class KnownBody:
    """Stands in for a `Deferred`: the body that a synchronous view has returned."""

    finishes_alone = False

    def __init__(self, body: AsyncBody) -> None:
        self.body = body

    async def run(self) -> AsyncBody:
        return self.body


class LoopRequest:
    """One request on the event loop.

    :param end: called at the end of the request, in any thread.
    """

    def __init__(
        self,
        adapter: ProtocolAdapter,
        watcher: Any,
        environ: WSGIEnvironment,
        reply: Reply,
        deferred: Deferred | KnownBody,
        end: Callable[[], object] | None,
    ) -> None:
        self.adapter = adapter
        self.watcher = watcher
        self.environ = environ
        self.reply = reply
        self.deferred = deferred
        self.end = end
        self.task: asyncio.Task[None] | None = None
        self.is_sending = False

    def start(self) -> None:
        """Begin; thread-safe."""
        self.adapter.on_loop.add(self)
        process_loop().call_soon_threadsafe(self.begin)

    def begin(self) -> None:
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self.run())
        loop.call_later(WATCH_AFTER_SECONDS, self.watch_client)

    def watch_client(self) -> None:
        """Cancel the request when its client disconnects, unless the route opts out."""
        if self.task is None or self.is_sending or self.deferred.finishes_alone:
            return
        if isinstance(self.watcher, LongBody) and not self.watcher.has_ended:
            # The view reads the body, which fails when the client disconnects.
            self.task.get_loop().call_later(_BODY_SECONDS, self.watch_client)
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
            self.cancel()
        else:  # the end of the request
            self.watch_client()

    def cancel(self) -> None:
        """Cancel the request; thread-safe. Without effect once it has ended."""
        task = self.task
        if task is not None:
            task.get_loop().call_soon_threadsafe(task.cancel)

    async def run(self) -> None:
        """Handle the request and send the response."""
        try:
            body = await self.deferred.run()
            self.is_sending = True
            if isinstance(body, AsyncBody):
                await self.stream(body)
        except asyncio.CancelledError:
            self.note_gone()
        except BaseException as error:
            self.send(partial(_raise, error))
        else:
            if isinstance(body, AsyncBody):
                self.finish()
            elif type(body) is list:
                self.send(partial(_identity, body))
            else:  # it may block
                job = partial(self.send, partial(_identity, body))
                self.adapter.overflow.run(job, self.watcher)
        finally:
            self.task = None

    def send(self, outcome: Callable[[], Any]) -> None:
        """Send the response as if the application had returned or raised it now."""
        try:
            self.adapter.respond(self.watcher, self.environ, partial(self.repeat, outcome))
        except BaseException:  # as in `ProtocolAdapter.handle`
            traceback.print_exc()
        finally:
            self.finish()

    def repeat(self, outcome: Callable[[], Any], environ: WSGIEnvironment, reply: Reply) -> Any:
        """Stand in for the application: its ``start_response`` was called before."""
        reply.head, reply.written = self.reply.head, self.reply.written
        return outcome()

    async def stream(self, body: AsyncBody) -> None:
        """Send the pieces of a body, and close it.

        :raises BaseException: what the iterator raises before its first piece.
        """
        adapter, head = self.adapter, self.reply.head
        try:
            if not adapter.backlog.has_room_for_stream():
                raise ServiceUnavailable(TOO_MUCH)
            first = await anext(body, b"")
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
        self.adapter.on_loop.discard(self)
        if self.end is not None:
            self.end()


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


def _raise(error: BaseException) -> NoReturn:
    raise error


def _identity(body: Any) -> Any:
    return body
