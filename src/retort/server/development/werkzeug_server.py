"""Programs with libraries that use the server's socket, such as flask-sock.

They get it over plain TCP (`protocol/raw_socket.py`). Over TLS and Unix sockets it stays with
Granian. There, such a program is served by Werkzeug's development server in development, as with
Flask; in production, the start lines name what does not work.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import werkzeug.serving

from ...logging import UNLOGGED
from ...routing import options_of
from ..operations.middleware import add_middleware, make_metrics
from ..process.closing import Closing
from ..process.serving import end_process
from ..process.signals import WakeupPipe

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping

    from _typeshed.wsgi import WSGIApplication
    from werkzeug.routing import Rule

    from ...lifecycle.serving import Serving
    from ..options import Settings


def socket_user(app: object) -> str | None:
    """The feature of the program that uses the server's socket; ``None`` if there is none.

    Detects rules with ``websocket=True`` (flask-sock), and Flask-SocketIO in threading mode unless
    its ``transports`` exclude WebSockets.
    """
    if _has_websocket_rules(app):
        return "WebSocket routes"
    if _has_socketio(app):
        return "Flask-SocketIO"
    return None


def _has_websocket_rules(app: object) -> bool:
    return any(
        rule.websocket and options_of(rule).websocket is None  # not those of @app.websocket
        for rule in _rules_of(app)
    )


def _rules_of(app: object) -> Iterable[Rule]:
    url_map = getattr(app, "url_map", None)
    return () if url_map is None else url_map.iter_rules()


def _has_socketio(app: object) -> bool:
    extension = getattr(app, "extensions", {}).get("socketio")
    server = getattr(getattr(extension, "server", None), "eio", None)
    # In the other modes, its own `run` uses a server of eventlet or gevent.
    return getattr(server, "async_mode", None) == "threading" and "websocket" in getattr(
        server, "transports", ["websocket"]
    )


def websocket_warnings(
    app: object, *, workers: int, threads: int, is_plain_tcp: bool
) -> Iterator[str]:
    """Lines on the limits of WebSockets, and of features that use the server's socket."""
    if not is_plain_tcp:
        yield from websocket_lines(app)
    user = socket_user(app)
    if user is None:
        return
    if not is_plain_tcp:
        yield (
            f" * {user}: WebSockets fail over TLS and Unix sockets, where this server has no socket"
            " to hand over. Let a proxy such as nginx end TLS in front of the server."
        )
    elif user == "Flask-SocketIO" and workers > 1:
        yield (
            f" * Flask-SocketIO fails with {workers} workers: the requests of a client have to"
            " reach one process. Use --workers 1."
        )
    else:
        yield (
            f" * {user}: each open WebSocket holds one of the {threads} threads of a worker."
            " Set their number with --threads."
        )


def websocket_lines(app: object) -> Iterator[str]:
    """A line on what routes of ``@app.websocket`` lack over TLS and Unix sockets."""
    if any(options_of(rule).websocket is not None for rule in _rules_of(app)):
        yield (
            " * WebSockets: by Granian, over TLS and Unix sockets. The server sends no pings, and"
            " accept() no header fields and no cookie of a changed session."
        )


class WerkzeugWorker:
    """Werkzeug's development server with the interface of `Worker`; views can use the socket.

    It has no client limits and no request validation, as with Flask.
    """

    def __init__(
        self,
        app: WSGIApplication,
        listener: socket.socket,
        settings: Settings,
        *,
        serving: Serving | None = None,
    ) -> None:
        self.closing = Closing(None, serving, settings.grace_seconds, lambda: end_process(0))
        self.is_shutting_down = threading.Event()
        self.wakeup = WakeupPipe()
        self._is_stopped = False
        served = add_middleware(
            app,
            settings.operations,
            program=getattr(app, "app", app),  # inside the debugger
            is_shutting_down=self.is_shutting_down.is_set,
            ops_listener=settings.ops_listener,
            metrics=make_metrics(settings.operations),
        )
        tls = settings.tls
        self._server = werkzeug.serving.make_server(
            *_host_and_port(listener),
            served,
            threaded=settings.threads > 1,
            ssl_context=None if tls is None else (tls.cert, tls.key),
            request_handler=_handler_class(settings),
            fd=listener.fileno(),
        )

    def start(self) -> None:
        """Start serving; returns at once."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop accepting; thread-safe."""
        self._is_stopped = True
        self.wakeup.wake()

    def report_stop(self) -> None:
        """Print nothing: this server does not wait for open requests."""

    def report_cancelled(self, subject: str) -> None:
        """Print nothing: background tasks are in the program's log."""

    def wait(self) -> bool:
        """Wait until stopped, and end the program. Open WebSockets end with the process.

        :returns: whether all background tasks have ended.
        """
        while not self._is_stopped:
            self.wakeup.wait()
        self._server.shutdown()
        self.closing.begin()
        self.closing.end_program()
        return not self.closing.count_tasks()


class _RequestHandler(werkzeug.serving.WSGIRequestHandler):
    """Logs requests, except those that are marked as `UNLOGGED`."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request with its status."""
        environ: Mapping[str, Any] = getattr(self, "environ", {})  # none for invalid requests
        if not environ.get(UNLOGGED):
            super().log_request(code, size)


class _WithoutRequestLines(_RequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def _handler_class(settings: Settings) -> type[_RequestHandler]:
    """The handler of requests; without request lines where the access log is on the terminal."""
    return _WithoutRequestLines if settings.operations.access_log == "-" else _RequestHandler


def _host_and_port(listener: socket.socket) -> tuple[str, int]:
    address: Any = listener.getsockname()
    if isinstance(address, str):
        return f"unix://{address}", 0
    return address[0], address[1]
