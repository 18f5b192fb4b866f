"""WebSockets of the test client: opened without a server, over memory.

The application runs in a thread, and its views on the event loop of the process, as always.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from ..aio.loop import wait_for
from ..lifecycle.websockets.request import ON_WEBSOCKET_ERROR
from ..websockets.errors import WebSocketDisconnect
from ..websockets.handshake import HANDSHAKE
from ..websockets.memory import TIMEOUT_SECONDS, pair
from ..websockets.wire import Accepted, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Request as WerkzeugRequest

    from ..app import Flask
    from ..websockets.memory import MemoryClient

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455 section 1.3

# How long the end of a `with` block waits for the end of the view.
_END_SECONDS = 10.0


class WebSocketRefused(Exception):
    """The handshake got an HTTP response.

    :ivar response: the response, as of the other methods of the client.
    """

    def __init__(self, response: TestResponse) -> None:
        super().__init__(response)
        self.response = response

    def __str__(self) -> str:
        return (
            f"The WebSocket handshake got the response {self.response.status}:"
            f" {self.response.get_data(as_text=True)[:500]}"
        )


def handshake_fields(subprotocols: Sequence[str]) -> list[tuple[str, str]]:
    """The header fields of a handshake."""
    fields = [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", _KEY),
    ]
    if subprotocols:
        fields.append(("Sec-WebSocket-Protocol", ", ".join(subprotocols)))
    return fields


class WebSocketSession:
    """A WebSocket that is to be opened: ``with client.websocket(path) as ws``.

    :param take_fields: called with the header fields of the response.
    """

    def __init__(
        self,
        app: Flask,
        request: WerkzeugRequest,
        subprotocols: Sequence[str],
        take_fields: Callable[[Sequence[tuple[str, str]]], object],
    ) -> None:
        self.app = app
        self.request = request
        self.take_fields = take_fields
        self.handshake, self.client = pair(subprotocols=subprotocols)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._serve, name="retort test", daemon=True)

    # What the thread does

    def _serve(self) -> None:
        """Call the application, and answer the handshake with what it responds."""
        environ: WSGIEnvironment = self.request.environ
        environ[HANDSHAKE] = self.handshake
        environ[ON_WEBSOCKET_ERROR] = self._keep_error
        head: list[Any] = []

        def start_response(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
            head[:] = status, fields
            return head.append

        try:
            body = self.app(environ, start_response)
            try:
                pieces = [*body]
            finally:
                getattr(body, "close", lambda: None)()
            if self.client.accepted is None:
                status, fields, *written = head
                answer = self.handshake.refuse(
                    int(status[:3]), fields, b"".join([*written, *pieces])
                )
                wait_for(answer)
        except BaseException as error:
            self._keep_error(error)
            self.client.vanish()

    def _keep_error(self, error: BaseException) -> None:
        if not isinstance(error, WebSocketDisconnect):
            self.error = error

    # The outcome of the handshake

    def take_answer(self, answer: Accepted | Refused) -> None:
        """Note the answer to the handshake.

        :raises WebSocketRefused: if it is an HTTP response.
        """
        self.take_fields(answer.fields)
        if isinstance(answer, Refused):
            self.thread.join(_END_SECONDS)
            fields = Headers(answer.fields)
            response = TestResponse([answer.body], f"{answer.status}", fields, self.request)
            response.json_module = self.app.json  # type: ignore[assignment]
            raise WebSocketRefused(response)

    def translated(self, error: BaseException) -> BaseException:
        """The exception of the view, if that is why the WebSocket has ended; once."""
        if not isinstance(error, WebSocketDisconnect):
            return error
        if error.code in (1006, 1011):
            self.thread.join(_END_SECONDS)  # the view may not have ended yet
        view_error, self.error = self.error, None
        return view_error or error

    def finish(self, error: BaseException | None) -> None:
        """Close the WebSocket and wait for the view.

        :param error: what the block has raised.
        :raises BaseException: what the view has raised, unless the block has raised something.
        """
        self.client.close()
        self.thread.join(_END_SECONDS)
        if error is not None:
            return
        if self.error is not None:
            raise self.error
        if self.thread.is_alive():
            raise TimeoutError(
                f"The view of the WebSocket {self.request.path!r} has not ended within"
                f" {_END_SECONDS:g} seconds after the client had closed it. It ends when receive()"
                " or send() raises WebSocketDisconnect."
            )

    def __enter__(self) -> WebSocketClient:
        self.thread.start()
        try:
            self.take_answer(self.client.answer())
        except WebSocketDisconnect as error:
            raise self.translated(error) from None
        return WebSocketClient(self)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.finish(exc_value)

    async def __aenter__(self) -> AsyncWebSocketClient:
        self.thread.start()
        try:
            answer = await self.client.aanswer()
            await asyncio.to_thread(self.take_answer, answer)
        except WebSocketDisconnect as error:
            raise (await asyncio.to_thread(self.translated, error)) from None
        return AsyncWebSocketClient(self)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.finish, exc_value)


class _Client:
    def __init__(self, session: WebSocketSession) -> None:
        self._session = session
        self._client: MemoryClient = session.client

    @property
    def closed(self) -> tuple[int, str] | None:
        """The close code and the reason; ``None`` while the WebSocket is open."""
        return self._client.closed

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol that the application has accepted."""
        accepted = self._client.accepted
        return None if accepted is None else accepted.subprotocol

    @property
    def headers(self) -> Headers:
        """The header fields that the application has added to the response."""
        accepted = self._client.accepted
        return Headers(() if accepted is None else accepted.fields)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the WebSocket."""
        self._client.close(code, reason)

    def vanish(self) -> None:
        """Lose the connection: the view gets the close code 1006."""
        self._client.vanish()

    def _dumps(self, value: Any) -> str:
        return self._session.app.json.dumps(value)

    def _loads(self, message: str | bytes) -> Any:
        return self._session.app.json.loads(message)


class WebSocketClient(_Client):
    """The client's end of a WebSocket of the test client, for threads.

    If the view has raised an exception, the methods raise it too.
    """

    def send(self, data: str | bytes, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """Send text or bytes.

        :raises WebSocketDisconnect: if the WebSocket is closed.
        :raises TimeoutError: if the view has not received earlier messages in this time.
        """
        try:
            self._client.send(data, timeout)
        except WebSocketDisconnect as error:
            raise self._session.translated(error) from None

    def send_json(self, value: Any, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """Send a value as JSON."""
        self.send(self._dumps(value), timeout)

    def receive(self, timeout: float | None = TIMEOUT_SECONDS) -> str | bytes:
        """The next message.

        :param timeout: in seconds.
        :raises WebSocketDisconnect: if the WebSocket is closed and all messages were received.
        :raises TimeoutError: if there is none in this time.
        """
        try:
            return self._client.receive(timeout)
        except WebSocketDisconnect as error:
            raise self._session.translated(error) from None

    def receive_json(self, timeout: float | None = TIMEOUT_SECONDS) -> Any:
        """The next message, as JSON."""
        return self._loads(self.receive(timeout))

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the WebSocket is closed."""
        while True:
            try:
                message = self.receive()
            except WebSocketDisconnect:
                return
            yield message


class AsyncWebSocketClient(_Client):
    """`WebSocketClient` for coroutines."""

    async def send(self, data: str | bytes, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """See `WebSocketClient.send`."""
        try:
            await self._client.asend(data, timeout)
        except WebSocketDisconnect as error:
            raise (await asyncio.to_thread(self._session.translated, error)) from None

    async def send_json(self, value: Any, timeout: float | None = TIMEOUT_SECONDS) -> None:
        """See `WebSocketClient.send_json`."""
        await self.send(self._dumps(value), timeout)

    async def receive(self, timeout: float | None = TIMEOUT_SECONDS) -> str | bytes:
        """See `WebSocketClient.receive`."""
        try:
            return await self._client.areceive(timeout)
        except WebSocketDisconnect as error:
            raise (await asyncio.to_thread(self._session.translated, error)) from None

    async def receive_json(self, timeout: float | None = TIMEOUT_SECONDS) -> Any:
        """See `WebSocketClient.receive_json`."""
        return self._loads(await self.receive(timeout))

    async def close(self, code: int = 1000, reason: str = "") -> None:  # type: ignore[override]
        """Close the WebSocket."""
        self._client.close(code, reason)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages, until the WebSocket is closed."""
        while True:
            try:
                message = await self.receive()
            except WebSocketDisconnect:
                return
            yield message
