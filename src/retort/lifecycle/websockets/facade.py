"""What programs use of a WebSocket: the object behind ``retort.websocket``."""

from __future__ import annotations

import typing as t

from ...aio.running import is_loop_running
from ...websockets.errors import WebSocketDisconnect
from .upgrade import run_on_loop

if t.TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import (
        Authorization,
        Headers,
        ImmutableMultiDict,
        LanguageAccept,
        MultiDict,
        UserAgent,
    )
    from werkzeug.routing import Rule

    from ...context import RequestContext
    from ...sessions import SessionMixin
    from .upgrade import HeadersArgument, Upgrade

_SCHEMES = {"http": "ws", "https": "wss"}

# Attributes of a request that read its body.
_OF_BODIES = frozenset(
    {
        *("content_encoding", "content_length", "content_md5", "content_type", "data", "files"),
        *("form", "get_data", "get_json", "is_json", "json", "mimetype", "mimetype_params"),
        *("stream", "values", "want_form_data_parsed"),
    }
)


class WebSocket:
    """The WebSocket of the current view: its handshake, as a request without a body, and messages.

    In coroutines the methods are awaited. In a ``def`` view, and in other threads, the same methods
    block and return the result.
    """

    __slots__ = ("_context", "_upgrade")

    def __init__(self, context: RequestContext, upgrade: Upgrade) -> None:
        self._context = context
        self._upgrade = upgrade

    # The handshake

    @property
    def args(self) -> MultiDict[str, str]:
        """The query of the URL."""
        return self._context.request.args

    @property
    def headers(self) -> Headers:
        """The header fields of the handshake."""
        return self._context.request.headers

    @property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies."""
        return self._context.request.cookies

    @property
    def session(self) -> SessionMixin:
        """The session. Changes are saved by `accept`, later ones are lost."""
        return self._context.session

    @property
    def view_args(self) -> dict[str, t.Any] | None:
        """The variables of the rule."""
        return self._context.request.view_args

    @property
    def url_rule(self) -> Rule | None:
        """The rule that matched."""
        return self._context.request.url_rule

    @property
    def endpoint(self) -> str | None:
        """The endpoint of the rule."""
        return self._context.request.endpoint

    @property
    def blueprint(self) -> str | None:
        """The name of the blueprint, if the route is of one."""
        return self._context.request.blueprint

    @property
    def blueprints(self) -> list[str]:
        """The names of the blueprint and those around it, the innermost first."""
        return self._context.request.blueprints

    @property
    def scheme(self) -> str:
        """``"ws"``, or ``"wss"`` over TLS."""
        scheme = self._context.request.scheme
        return _SCHEMES.get(scheme, scheme)

    @property
    def is_secure(self) -> bool:
        """Whether the client has connected over TLS."""
        return self.scheme == "wss"

    @property
    def host(self) -> str:
        """The host, with its port if it is not the default one."""
        return self._context.request.host

    @property
    def path(self) -> str:
        """The path of the URL."""
        return self._context.request.path

    @property
    def full_path(self) -> str:
        """The path with the query."""
        return self._context.request.full_path

    @property
    def root_path(self) -> str:
        """The prefix below which the program is mounted."""
        return self._context.request.root_path

    @property
    def query_string(self) -> bytes:
        """The query, as it was sent."""
        return self._context.request.query_string

    @property
    def url(self) -> str:
        """The URL, with the scheme ``ws`` or ``wss``."""
        return self._with_scheme(self._context.request.url)

    @property
    def base_url(self) -> str:
        """The URL without the query."""
        return self._with_scheme(self._context.request.base_url)

    @property
    def root_url(self) -> str:
        """The URL of the program."""
        return self._with_scheme(self._context.request.root_url)

    @property
    def host_url(self) -> str:
        """The URL of the host."""
        return self._with_scheme(self._context.request.host_url)

    def _with_scheme(self, url: str) -> str:
        return f"{self.scheme}:{url.partition(':')[2]}"

    @property
    def origin(self) -> str | None:
        """The origin of the page that has opened the WebSocket; only browsers send it."""
        return self._context.request.origin

    @property
    def remote_addr(self) -> str | None:
        """The address of the client."""
        return self._context.request.remote_addr

    @property
    def access_route(self) -> list[str]:
        """The addresses of the client and of the proxies that have forwarded the handshake."""
        return list(self._context.request.access_route)

    @property
    def authorization(self) -> Authorization | None:
        """The credentials of the field ``Authorization``."""
        return self._context.request.authorization

    @property
    def user_agent(self) -> UserAgent:
        """The client's name, as it says."""
        return self._context.request.user_agent

    @property
    def accept_languages(self) -> LanguageAccept:
        """The languages that the client prefers."""
        return self._context.request.accept_languages

    @property
    def environ(self) -> WSGIEnvironment:
        """The WSGI environ of the handshake."""
        return self._context.environ

    @property
    def requested_subprotocols(self) -> list[str]:
        """The sub-protocols that the client offers, in its order."""
        return list(self._upgrade.handshake.subprotocols)

    @property
    def subprotocol(self) -> str | None:
        """The accepted sub-protocol; ``None``: there is none, or the handshake is not accepted."""
        connection = self._upgrade.connection
        return None if connection is None else connection.subprotocol

    @property
    def is_accepted(self) -> bool:
        """Whether the handshake was accepted."""
        return self._upgrade.connection is not None

    def __getattr__(self, name: str) -> t.NoReturn:
        if name in _OF_BODIES:
            raise AttributeError(
                f"websocket.{name} does not exist: a WebSocket has no body. Read messages with"
                " receive() or receive_json()."
            )
        raise AttributeError(f"A WebSocket has no attribute {name!r}.")

    # Messages

    if t.TYPE_CHECKING:  # the types for coroutines
        # fmt: off
        async def accept(
            self, headers: HeadersArgument = None, subprotocol: str | None = None
        ) -> None: ...
        async def receive(self) -> str | bytes: ...
        async def receive_json(self) -> t.Any: ...
        async def send(self, data: str | bytes) -> None: ...
        async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None: ...
        async def close(self, code: int = 1000, reason: str = "") -> None: ...
        async def ping(self, data: bytes = b"") -> None: ...
        # fmt: on
    else:

        def accept(self, headers=None, subprotocol=None):
            """Accept the handshake, and save the session.

            :param headers: header fields for the response, as a dictionary or pairs.
            :param subprotocol: one of `requested_subprotocols`. By default the first one of the
                route's ``subprotocols`` that the client offers.
            :raises ValueError: if the client has not offered it, or a field cannot be sent.
            :raises RuntimeError: if the handshake was accepted before, or the session was changed
                and the server cannot send its cookie.
            :raises WebSocketDisconnect: if the client has left.

            The first `receive` or `send` accepts, too.
            """
            return run_on_loop(self._upgrade, self._upgrade.accept, headers, subprotocol)

        def receive(self):
            """The next message: text as ``str``, binary as ``bytes``.

            :raises WebSocketDisconnect: if the WebSocket is closed and all messages were received.
            """
            return run_on_loop(self._upgrade, self._upgrade.receive)

        def receive_json(self):
            """The next message as JSON.

            :raises ValueError: if it is not JSON.
            :raises WebSocketDisconnect: as `receive`.
            """
            return run_on_loop(self._upgrade, self._receive_json)

        def send(self, data):
            """Send text or bytes. Waits while the client does not read.

            :raises WebSocketDisconnect: if the WebSocket is closed.
            :raises TypeError: if the data is neither ``str`` nor ``bytes``.
            """
            return run_on_loop(self._upgrade, self._upgrade.send, data)

        def send_json(self, *args, **kwargs):
            """Send a value as JSON; the arguments are those of :func:`~retort.json.jsonify`.

            :raises WebSocketDisconnect: if the WebSocket is closed.
            """
            return self.send(self._dumps(args, kwargs))

        def close(self, code=1000, reason=""):
            """Close the WebSocket; the end of the view does so with the code 1000.

            :param code: 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999: RFC 6455 section 7.4.
            :param reason: at most 123 bytes in UTF-8.
            :raises ValueError: if code or reason cannot be sent.
            :raises RuntimeError: before `accept`. Return a response, or call ``abort``.
            """
            return run_on_loop(self._upgrade, self._upgrade.close, code, reason)

        def ping(self, data=b""):
            """Send a ping, and wait for its pong. The server sends pings of its own.

            :param data: at most 125 bytes.
            :raises WebSocketDisconnect: if the WebSocket is closed before.
            :raises NotImplementedError: on other ASGI servers, whose interface has no pings.
            """
            return run_on_loop(self._upgrade, self._upgrade.ping, data)

    async def _receive_json(self) -> t.Any:
        return self._context.app.json.loads(await self._upgrade.receive())

    def _dumps(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> str:
        if args and kwargs:
            raise TypeError(
                "send_json() takes positional or keyword arguments, not both, as jsonify() does."
            )
        value = kwargs if not args else args[0] if len(args) == 1 else args
        return self._context.app.json.dumps(value)

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """The messages, until the WebSocket is closed."""
        return _Messages(self._upgrade)

    def __iter__(self) -> Iterator[str | bytes]:
        """The messages, until the WebSocket is closed; in a ``def`` view.

        :raises TypeError: in a coroutine, which has to write ``async for``.
        """
        if is_loop_running():
            raise TypeError(
                "A coroutine cannot iterate over a WebSocket by `for`. Write `async for message in"
                " websocket`."
            )
        while True:
            try:
                message: t.Any = self.receive()
            except WebSocketDisconnect:
                if not self.is_accepted:  # the client has left during the handshake
                    raise
                return
            yield message

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url!r}>"


class _Messages:
    """An asynchronous iterator of messages."""

    __slots__ = ("_upgrade",)

    def __init__(self, upgrade: Upgrade) -> None:
        self._upgrade = upgrade

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        return self

    def __anext__(self) -> Awaitable[str | bytes]:
        return t.cast(
            "Awaitable[str | bytes]", run_on_loop(self._upgrade, self._upgrade.receive_next)
        )
