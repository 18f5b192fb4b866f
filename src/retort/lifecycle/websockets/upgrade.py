"""The handshake of a request, and the WebSocket connection that it becomes.

| State | Event | Next state |
| --- | --- | --- |
| waiting | `accept` | accepted |
| waiting | the end of the view, or of the time for it | refused: an HTTP response follows |
| accepted | the end of the view | closed |
| accepted | the client has left | accepted: `receive` and `send` raise an exception |

When the client has left, `receive` and `send` raise an exception in the view. A view that never
receives is cancelled.
"""

from __future__ import annotations

import asyncio
import typing as t

from werkzeug.datastructures import Headers

from ...tracebacks import where
from ...websockets.errors import WebSocketDisconnect
from ...websockets.handshake import RAW_SOCKET
from .options import choose_subprotocol
from .session import fields_of_session

if t.TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence

    from ...context import RequestContext
    from ...routing import WebSocketOptions
    from ...websockets.interface import Connection, Handshake
    from ...websockets.limits import Limits

    HeadersArgument = Mapping[str, str] | Iterable[tuple[str, str]] | None

# After the client has left, a view that never receives is cancelled; as HTTP views are.
_CANCEL_AFTER_SECONDS = 0.5


class Upgrade:
    """A handshake, and its connection as soon as it is accepted.

    Its coroutines run on `loop`.

    :ivar task: the task that runs the view.
    :ivar note_accepting: called when `accept` begins, and with false if it fails.
    :ivar is_cancelled: it was cancelled here.
    :ivar is_late: the time for `accept` is over.
    :ivar over: why the handshake cannot be accepted any more.
    """

    __slots__ = (
        "_accepting",
        "connection",
        "context",
        "handshake",
        "has_received",
        "is_cancellable",
        "is_cancelled",
        "is_late",
        "limits",
        "loop",
        "note_accepting",
        "options",
        "over",
        "task",
        "timer",
    )

    def __init__(
        self,
        context: RequestContext,
        handshake: Handshake,
        options: WebSocketOptions,
        limits: Limits,
    ) -> None:
        self.context = context
        self.handshake = handshake
        self.options = options
        self.limits = limits
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[t.Any] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.connection: Connection | None = None
        self.has_received = False
        self.is_cancellable = False
        self.is_cancelled = False
        self.is_late = False
        self.note_accepting: Callable[[bool], object] = bool
        self.over: str | None = None
        self._accepting: asyncio.Lock | None = None

    @property
    def view_name(self) -> str:
        """The name of the view with its place, for messages."""
        return where(self.context.plan.view)

    def begin(self, *, is_cancellable: bool) -> None:
        """Start the time for `accept`; called in the task that runs the view.

        :param is_cancellable: whether the view is a coroutine.
        """
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task()
        self.is_cancellable = is_cancellable
        self.timer = self.loop.call_later(self.limits.accept_seconds, self.note_late)

    async def end(self) -> None:
        """The view has ended."""
        self.is_cancellable = False
        self._stop_timer()
        self.over = self.over or "The view has ended."
        if self._accepting is not None:
            async with self._accepting:  # a task of the view may be in `accept`
                pass

    # What views call

    async def accept(self, headers: HeadersArgument, subprotocol: str | None) -> None:
        """Accept the handshake.

        :param headers: header fields for the response.
        """
        if self.connection is not None:
            raise RuntimeError(
                "accept() was called, but the handshake was accepted before: by accept(), or by the"
                " first receive() or send(). Call accept() once, before these."
            )
        await self._accept_once(headers, subprotocol)

    async def receive(self) -> str | bytes:
        """The next message; accepts the handshake if necessary."""
        self.has_received = True
        connection = self.connection or await self._accept_once()
        try:
            return await connection.receive()
        except WebSocketDisconnect:
            self._note_disconnect()
            raise

    # PERF: with `receive` in it, a waiting view would hold one more coroutine.
    async def receive_next(self) -> str | bytes:
        """As `receive`, for ``async for``.

        :raises StopAsyncIteration: if the connection is closed.
        """
        self.has_received = True
        connection = self.connection or await self._accept_once()
        try:
            return await connection.receive()
        except WebSocketDisconnect:
            self._note_disconnect()
            raise StopAsyncIteration from None

    async def send(self, message: str | bytes) -> None:
        """Send a message; accepts the handshake if necessary."""
        connection = self.connection or await self._accept_once()
        await connection.send(message)

    async def ping(self, data: bytes) -> None:
        """Send a ping and wait for its pong; accepts the handshake if necessary."""
        connection = self.connection or await self._accept_once()
        await connection.ping(data)

    async def close(self, code: int, reason: str) -> None:
        """Close the connection.

        :raises RuntimeError: before the handshake is accepted.
        """
        if self.connection is None:
            raise RuntimeError(
                "close() was called before accept(). Refuse a handshake with an HTTP response:"
                " abort(403), or a response as the return value of the view."
            )
        await self.connection.close(code, reason)

    async def _accept_once(
        self, headers: HeadersArgument = None, subprotocol: str | None = None
    ) -> Connection:
        """Accept the handshake, unless another task of the view has done it meanwhile."""
        self._accepting = self._accepting or asyncio.Lock()
        async with self._accepting:
            if self.connection is None:
                self.connection = await self._accept(headers, subprotocol)
                self.connection.notify_end(self.note_end)
                self._drop_handshake()
        return self.connection

    def _drop_handshake(self) -> None:
        """Drop what is not needed any more: thousands of WebSockets may be open.

        ``url_for`` makes the URL adapter again.
        """
        self._accepting = None
        self.note_accepting = bool
        self.context.made_url_adapter = None
        self.context.environ.pop(RAW_SOCKET, None)

    async def _accept(self, headers: HeadersArgument, subprotocol: str | None) -> Connection:
        if self.over is not None:
            raise WebSocketDisconnect(1006, self.over, was_clean=False)
        handshake = self.handshake
        fields = list(Headers(headers)) if headers is not None else []
        fields += await fields_of_session(self.context, handshake)
        if subprotocol is None:
            subprotocol = choose_subprotocol(self.options.subprotocols, handshake.subprotocols)
        self._stop_timer()
        self.note_accepting(True)
        try:
            return await handshake.accept(fields, subprotocol, self.limits)
        except BaseException:
            self.note_accepting(False)
            raise

    def _stop_timer(self) -> None:
        timer, self.timer = self.timer, None
        if timer is not None:
            timer.cancel()

    # What ends a view

    def note_late(self) -> None:
        """The time for `accept` is over."""
        self.timer = None
        if self.connection is None:
            self.is_late = True
            self.over = (
                "The handshake was not accepted within"
                f" {self.limits.accept_seconds:g} seconds (WEBSOCKET_ACCEPT_TIMEOUT)."
            )
            self._cancel_view()

    def note_end(self) -> None:
        """The connection has ended."""
        if not self.has_received:
            self._call_later(_CANCEL_AFTER_SECONDS, self._cancel_unaware)

    def _cancel_unaware(self) -> None:
        if not self.has_received:
            self._cancel_view()

    def _note_disconnect(self) -> None:
        """A task has got the exception; the view's own may wait for something else."""
        if asyncio.current_task() is not self.task:
            self._call_later(self.limits.close_seconds, self._cancel_view)

    def _call_later(self, seconds: float, function: Callable[[], object]) -> None:
        if self.is_cancellable and self.loop is not None:
            self._stop_timer()
            self.timer = self.loop.call_later(seconds, function)

    def _cancel_view(self) -> None:
        if self.is_cancellable and self.task is not None:
            self.is_cancellable = False
            self.is_cancelled = True
            self.task.cancel()


def is_disconnect(error: BaseException) -> bool:
    """Whether an exception says only that the client has left; also in a group of exceptions."""
    inner: Sequence[BaseException] = getattr(error, "exceptions", ())
    if isinstance(error, Exception) and inner:
        return all(map(is_disconnect, inner))
    return isinstance(error, WebSocketDisconnect)


def run_on_loop(
    upgrade: Upgrade, call: Callable[..., Coroutine[t.Any, t.Any, t.Any]], *args: t.Any
) -> t.Any:
    """Run a coroutine of an upgrade on its loop.

    :returns: the coroutine, on that loop; an awaitable, on another one; in a thread without a loop
        the result.
    """
    loop = t.cast("asyncio.AbstractEventLoop", upgrade.loop)
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run_coroutine_threadsafe(call(*args), loop).result()
    if running is loop:
        return call(*args)
    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(*args), loop))
