"""A small server for `health.Pages` on a port of its own, in a thread beside the site's.

It has its own thread so that it answers while all others are busy. Every worker
listens on the same socket, and any of them answers. For the few machines that ask once in some
seconds; the site itself is served by `serving.py`.
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

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
        """Say nothing: these requests come every few seconds, for ever."""

    def address_string(self) -> str:
        return str(self.client_address[0])  # without asking DNS


class OpsServer(ThreadingMixIn, WSGIServer):
    """Serve ``pages`` on a socket that is open already."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, pages: WSGIApplication) -> None:
        host, port = listener.getsockname()[:2]
        super().__init__((host, port), _Handler, bind_and_activate=False)
        self.socket.close()
        # Several processes wait for one client, and those that come late must not block.
        self.socket = listener.dup()
        self.socket.setblocking(False)
        self.server_name, self.server_port = host, port
        self.setup_environ()
        self.set_app(pages)

    def start(self) -> None:
        """Serve in a thread, until the process ends."""
        threading.Thread(target=self.serve_forever, name="retort operations", daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is nobody's error."""
