"""A small server for the monitoring pages on a port of their own.

It runs in a thread of its own, so that it responds while all other threads are busy. All workers
share its socket, and any of them may respond. It is meant for a few clients with one request every
few seconds; `serving.py` serves the site itself.
"""

from __future__ import annotations

import threading
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    import socket

    from _typeshed.wsgi import WSGIApplication

_TIMEOUT_SECONDS = 10


class _Handler(WSGIRequestHandler):
    timeout = _TIMEOUT_SECONDS  # for each read from a client

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        """Log nothing: monitoring repeats these requests every few seconds."""

    def address_string(self) -> str:
        return str(self.client_address[0])  # without a DNS query


class OpsServer(ThreadingMixIn, WSGIServer):
    """Serves ``pages`` on an open socket."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, pages: WSGIApplication) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__((host, port), _Handler, bind_and_activate=False)
        self.socket.close()
        # Several processes accept on this socket; those that are too late must not block.
        self.socket = listener.dup()
        self.socket.setblocking(False)
        self.server_name, self.server_port = host, port
        self.setup_environ()
        self.set_app(pages)

    def start(self) -> None:
        """Serve in a thread, until the process ends."""
        threading.Thread(target=self.serve_forever, name="retort operations", daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors of single connections, such as a disconnect."""
