"""The test client: Werkzeug's, with support for the app's sessions and contexts.

To make ``request`` and ``g`` available after a request, the client sets the callback
``environ["werkzeug.debug.preserve_context"]``, which the gateway calls with each context before it
pops it.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from copy import copy
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import werkzeug.test
from werkzeug.wrappers import Request as WerkzeugRequest

from .builder import EnvironBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.test import TestResponse

    from ..app import Flask
    from ..context import AppContext
    from ..http.response import Response
    from ..sessions import SessionMixin
    from .websockets import WebSocketSession

_PRESERVE = "werkzeug.debug.preserve_context"


class FlaskClient(werkzeug.test.Client):
    """Sends requests to an app and keeps its cookies.

    :param args: as for :class:`werkzeug.test.Client`.
    :param kwargs: as for :class:`werkzeug.test.Client`.

    In ``with client:``, the contexts of the last request are kept until the next request or the
    end of the block::

        with app.test_client() as client:
            client.get("/?name=Ada")
            assert request.args["name"] == "Ada"
    """

    application: Flask

    environ_base: dict[str, Any]
    """The initial items of every request's environ, such as ``REMOTE_ADDR``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self.environ_base = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{version('werkzeug')}",
        }
        self._new_contexts: list[AppContext] = []
        self._kept_contexts = ExitStack()

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Send a request; ``get``, ``post`` and the others call this method.

        :param args: a path and further arguments of :class:`EnvironBuilder`; or a
            builder, a WSGI environ or a request to send.
        :param buffered: read the whole body before returning, and close it.
        :param follow_redirects: follow redirects within the app.
        :param kwargs: arguments of :class:`EnvironBuilder`.
        :returns: the app's response, with the attributes of
            :class:`werkzeug.test.TestResponse`.
        """
        request = self._request_to_send(args, kwargs)
        self._kept_contexts.close()
        try:
            response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        except BaseException:
            self._new_contexts.clear()
            raise
        response.json_module = self.application.json  # type: ignore[assignment]
        self._keep_contexts()
        return response

    def websocket(
        self, *args: Any, subprotocols: Sequence[str] = (), **kwargs: Any
    ) -> WebSocketSession:
        """Open a WebSocket, with ``with`` or ``async with``.

        :param args: a path and further arguments of :class:`EnvironBuilder`.
        :param subprotocols: those that the client offers.
        :param kwargs: arguments of :class:`EnvironBuilder`, such as ``headers``.
        :raises WebSocketRefused: at the start of the block, if the response is not a WebSocket.

        ::

            with client.websocket("/echo") as ws:
                ws.send("hello")
                assert ws.receive() == "hello"
        """
        from .websockets import WebSocketSession, handshake_fields  # imports asyncio

        request = self._request_from_builder_args(args, kwargs)
        self._kept_contexts.close()
        self._new_contexts.clear()
        if self._cookies is not None:
            self._add_cookies_to_wsgi(request.environ)
        for name, value in handshake_fields(subprotocols):
            request.environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        request.environ.pop(_PRESERVE, None)

        def take_fields(fields: Iterable[tuple[str, str]]) -> None:
            if self._cookies is not None:
                cookies = [value for name, value in fields if name.lower() == "set-cookie"]
                host = request.host.partition(":")[0]
                self._update_cookies_from_response(host, request.path, cookies)

        return WebSocketSession(self.application, request, subprotocols, take_fields)

    def _request_to_send(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> WerkzeugRequest:
        first = args[0] if args else None
        if isinstance(first, werkzeug.test.EnvironBuilder):
            builder = copy(first)
            builder.environ_base = self._copy_environ(dict(builder.environ_base or {}))
            return _request_of(builder)
        if isinstance(first, dict):
            base = self._copy_environ({})
            return _request_of(
                EnvironBuilder.from_environ(first, app=self.application, environ_base=base)
            )
        if isinstance(first, WerkzeugRequest):
            request = copy(first)
            request.environ = self._copy_environ(request.environ)
            return request
        return self._request_from_builder_args(args, kwargs)

    def _request_from_builder_args(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> WerkzeugRequest:
        base = self._copy_environ(kwargs.get("environ_base") or {})
        arguments = {**kwargs, "environ_base": base}
        return _request_of(EnvironBuilder(self.application, *args, **arguments))

    def _copy_environ(self, other: WSGIEnvironment) -> WSGIEnvironment:
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            environ[_PRESERVE] = self._new_contexts.append
        return environ

    def _keep_contexts(self) -> None:
        for context in self._new_contexts:
            self._kept_contexts.enter_context(context)
        self._new_contexts.clear()

    def __enter__(self) -> FlaskClient:
        if self.preserve_context:
            raise RuntimeError(
                "This client is already in a `with` block. Create another with"
                " app.test_client() for the block inside."
            )
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._kept_contexts.close()

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the client's session to read or change it; it is saved at the end of the block.

        :param args: arguments of ``app.test_request_context``, if the session interface uses
            them.
        :param kwargs: the same.
        :raises TypeError: if the client does not keep cookies.
        :raises RuntimeError: if the app cannot open a session.

        ::

            with client.session_transaction() as session:
                session["user_id"] = 7
        """
        if self._cookies is None:
            raise TypeError(
                "Cookies are disabled in this client, so it has no session. Create it with"
                " app.test_client(use_cookies=True)."
            )
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            session = app.session_interface.open_session(app, context.request)
        if session is None:
            raise RuntimeError(
                f"Session backend did not open a session: {type(app.session_interface).__name__}"
                ".open_session() returned None. Cookie sessions need a key to sign them:"
                " app.config['SECRET_KEY'] = 'any text, in a test'."
            )
        yield session
        if app.session_interface.is_null_session(session):
            return
        response = app.response_class()
        with context:
            app.session_interface.save_session(app, session, response)
        self._take_cookies(context.request, response)

    def _take_cookies(self, request: WerkzeugRequest, response: Response) -> None:
        host = request.host.partition(":")[0]
        cookies = response.headers.getlist("Set-Cookie")
        self._update_cookies_from_response(host, request.path, cookies)


def _request_of(builder: werkzeug.test.EnvironBuilder) -> WerkzeugRequest:
    try:
        return builder.get_request()
    finally:
        builder.close()
