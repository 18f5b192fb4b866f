"""A WebSocket without a network, for tests: one end for the application, one for a client.

The application's end is used on its event loop. The client's is used from any thread or event loop.
"""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import suppress

from .checks import (
    check_fields,
    check_message,
    check_ping,
    check_status,
    check_subprotocol,
    is_larger,
)
from .close_codes import check_close
from .errors import WebSocketDisconnect
from .limits import Limits
from .wire import Accepted, Refused, Wire

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .wire import Attempt


#: How long a method of the client waits by default.
TIMEOUT_SECONDS = 5.0

_DEFAULT_LIMITS = Limits()


def pair(
    limits: Limits = _DEFAULT_LIMITS, subprotocols: Sequence[str] = ()
) -> tuple[MemoryHandshake, MemoryClient]:
    """A handshake for the application, and the client that sent it.

    :param limits: apply if the application accepts without limits of its own.
    :param subprotocols: what the client offers.
    """
    wire = Wire(limits)
    return MemoryHandshake(wire, list(subprotocols)), MemoryClient(wire)


class MemoryHandshake:
    """A handshake of a `MemoryClient`."""

    sends_headers = True

    def __init__(self, wire: Wire, subprotocols: list[str]) -> None:
        self.subprotocols = subprotocols
        self._wire = wire

    async def accept(
        self,
        fields: Sequence[tuple[str, str]] = (),
        subprotocol: str | None = None,
        limits: Limits | None = None,
    ) -> MemoryConnection:
        """Accept the handshake; see `AsgiHandshake.accept`."""
        check_subprotocol(subprotocol, self.subprotocols)
        check_fields(fields, is_accepted=True)
        self._answer(Accepted(tuple(fields), subprotocol), limits)
        return MemoryConnection(self._wire, subprotocol)

    async def refuse(
        self, status: int = 403, fields: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        """Refuse the handshake with an HTTP response; see `AsgiHandshake.refuse`."""
        check_status(status)
        check_fields(fields, is_accepted=False)
        self._answer(Refused(status, tuple(fields), body), None)

    def _answer(self, answer: Accepted | Refused, limits: Limits | None) -> None:
        wire = self._wire
        loop = asyncio.get_running_loop()

        def attempt() -> None:
            if wire.answer is not None:
                raise RuntimeError(
                    "The WebSocket's handshake was answered before, with"
                    f" {_described(wire.answer)}. Answer it once."
                )
            wire.check_open()
            wire.answer = answer
            wire.loop = loop
            wire.limits = limits or wire.limits

        wire.do(attempt)


def _described(answer: Accepted | Refused) -> str:
    return "an acceptance" if isinstance(answer, Accepted) else f"the status {answer.status}"


class MemoryConnection:
    """The application's end. Implements `interface.Connection`."""

    def __init__(self, wire: Wire, subprotocol: str | None) -> None:
        self.subprotocol = subprotocol
        self._wire = wire
        self._is_received = False

    async def receive(self) -> str | bytes:
        """The next message. Cancelling the call loses none.

        :raises WebSocketDisconnect: if the WebSocket is closed and all messages were received.
        """
        wire = self._wire

        def attempt() -> str | bytes | None:
            message = wire.to_app.take()
            if message is None:
                wire.check_open()
            return message

        if self._is_received:
            raise RuntimeError(
                "receive() was called while another task waits in receive() of this WebSocket."
                " Receive in one task, and pass messages on with an asyncio.Queue."
            )
        self._is_received = True
        try:
            message: str | bytes = await wire.wait_async(attempt, None)
        finally:
            self._is_received = False
        return message

    async def send(self, message: str | bytes) -> None:
        """Send a message. Waits while the client does not receive, at most ``send_seconds``.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        """
        check_message(message)
        wire = self._wire

        def attempt() -> bool | None:
            wire.check_open()
            if not wire.to_client.has_room(wire.limits):
                return None
            wire.to_client.put(message)
            return True

        try:
            await wire.wait_async(attempt, wire.limits.send_seconds)
        except TimeoutError:
            self._finish(1006, was_clean=False)
            raise WebSocketDisconnect(1006, was_clean=False) from None

    async def ping(self, data: bytes = b"") -> None:
        """Return at once: the client answers pings.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        """
        check_ping(data)
        self._wire.do(self._wire.check_open)

    def notify_end(self, function: Callable[[], object]) -> None:
        """Call a function on the event loop when the WebSocket has ended; at once if it has."""
        wire = self._wire

        def attempt() -> None:
            wire.on_end = function
            if wire.end is not None:
                wire.note_end()

        wire.do(attempt)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket. Drops the messages that were not received.

        :raises ValueError: if a close frame cannot have this code or reason.
        """
        check_close(code, reason)
        self._finish(code, reason)

    def _finish(self, code: int, reason: str = "", *, was_clean: bool = True) -> None:
        wire = self._wire

        def attempt() -> None:
            if wire.end is None:
                wire.to_app.clear()
                wire.finish(code, reason, was_clean=was_clean)

        wire.do(attempt)


class MemoryClient:
    """The client's end.

    Each method that waits has an async twin, with an ``a`` before its name. Both raise
    `TimeoutError` at the end of ``timeout``, in seconds; ``None``: wait without a limit.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def closed(self) -> tuple[int, str] | None:
        """The close code and its reason, or ``None``. Messages may still wait."""
        end = self._wire.do(lambda: self._wire.end)
        return None if end is None else (end.code, end.reason)

    @property
    def accepted(self) -> Accepted | None:
        """The header fields and sub-protocol of the answer, if it accepts the handshake."""
        answer = self._wire.do(lambda: self._wire.answer)
        return answer if isinstance(answer, Accepted) else None

    @property
    def refused(self) -> Refused | None:
        """The response, if it refuses the handshake."""
        answer = self._wire.do(lambda: self._wire.answer)
        return answer if isinstance(answer, Refused) else None

    def answer(self, timeout: float | None = TIMEOUT_SECONDS) -> Accepted | Refused:
        """Wait for the answer to the handshake."""
        answer: Accepted | Refused = self._wait("answer", self._find_answer, timeout)
        return answer

    async def aanswer(self, timeout: float | None = TIMEOUT_SECONDS) -> Accepted | Refused:
        """See `answer`."""
        answer: Accepted | Refused = await self._wait_async("aanswer", self._find_answer, timeout)
        return answer

    def send(self, message: str | bytes, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """Send a message. Waits while the application neither accepts nor receives.

        A message above the limit is sent, and closes the WebSocket with 1009.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        :raises RuntimeError: if the handshake was refused.
        """
        self._wait("send", self._sending(message), timeout)

    async def asend(self, message: str | bytes, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """See `send`."""
        await self._wait_async("asend", self._sending(message), timeout)

    def receive(self, timeout: float | None = TIMEOUT_SECONDS) -> str | bytes:
        """The next message.

        :raises WebSocketDisconnect: if the WebSocket is closed and all messages were received.
        :raises RuntimeError: if the handshake was refused.
        """
        message: str | bytes = self._wait("receive", self._take, timeout)
        return message

    async def areceive(self, timeout: float | None = TIMEOUT_SECONDS) -> str | bytes:
        """See `receive`."""
        message: str | bytes = await self._wait_async("areceive", self._take, timeout)
        return message

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket, as a browser does when its page is left; does not wait.

        :param code: 1005: without a code.
        :raises ValueError: if a close frame cannot have this code or reason.
        """
        if (code, reason) != (1005, ""):
            check_close(code, reason)
        self._wire.do(lambda: self._finish(code, reason))

    def vanish(self) -> None:
        """Lose the connection, without a close frame: the application's end has code 1006."""
        self._wire.do(lambda: self._finish(1006, was_clean=False))

    def _finish(self, code: int, reason: str = "", *, was_clean: bool = True) -> None:
        wire = self._wire
        if wire.answer is None:  # the client leaves before there is a WebSocket
            wire.finish(1006, was_clean=False)
        elif isinstance(wire.answer, Accepted):
            wire.finish(code, reason, was_clean=was_clean)

    def _find_answer(self) -> Accepted | Refused | None:
        wire = self._wire
        if wire.answer is None:
            wire.check_open()
        return wire.answer

    def _is_accepted(self) -> bool:
        answer = self._find_answer()
        if isinstance(answer, Refused):
            raise RuntimeError(
                f"The handshake was refused with the status {answer.status}: there is no"
                " WebSocket. The attribute `refused` has the response."
            )
        return answer is not None

    def _sending(self, message: str | bytes) -> Callable[[], bool | None]:
        check_message(message)
        wire = self._wire

        def attempt() -> bool | None:
            if not self._is_accepted():
                return None
            wire.check_open()
            limit = wire.limits.message_bytes
            if is_larger(message, limit):
                wire.finish(1009, f"The message is larger than {limit} bytes.")
            elif wire.to_app.has_room(wire.limits):
                wire.to_app.put(message)
            else:
                return None
            return True

        return attempt

    def _take(self) -> str | bytes | None:
        wire = self._wire
        if not self._is_accepted():
            return None
        message = wire.to_client.take()
        if message is None:
            wire.check_open()
        return message

    def _wait(self, method: str, attempt: Attempt, timeout: float | None) -> t.Any:
        loop = None
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
        if loop is not None and loop is self._wire.loop:
            raise RuntimeError(
                f"{method}() of a WebSocket's client was called on the event loop of the"
                f" application, which it would block. Write: await client.a{method}(...)"
            )
        try:
            return self._wire.wait(attempt, timeout)
        except TimeoutError:
            raise self._timed_out(method, timeout, is_on_loop=loop is not None) from None

    async def _wait_async(self, method: str, attempt: Attempt, timeout: float | None) -> t.Any:
        try:
            return await self._wire.wait_async(attempt, timeout)
        except TimeoutError:
            raise self._timed_out(method, timeout, is_on_loop=False) from None

    def _timed_out(self, method: str, timeout: float | None, *, is_on_loop: bool) -> TimeoutError:
        if self.accepted is None:
            happened = "The application did not answer the handshake"
        elif method in ("send", "asend"):
            happened = "The application did not receive the messages sent before"
        else:
            happened = "The application sent no message"
        text = f"{method}(): {happened} within {timeout:g} s."
        if is_on_loop:
            text += (
                " This thread runs an event loop, which the call blocked. If the application runs"
                f" on it, write: await client.a{method}(...)"
            )
        return TimeoutError(text)
