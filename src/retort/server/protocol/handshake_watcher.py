"""The request of a WebSocket handshake, in the place of Granian's watcher.

The adapter responds to a refused handshake as to any request. After an accepted one, what the
application still responds is dropped: the client has its response.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...websockets.handshake import HANDSHAKE, HANDSHAKE_ERROR, InvalidHandshake, is_upgrade

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class HandshakeWatcher:
    """Stands in for the watcher of a request, and for its ``proto``.

    :param watcher: Granian's.
    :param scope: that of the request.
    """

    __slots__ = ("__weakref__", "is_accepted", "scope", "watcher")

    def __init__(self, watcher: Any, scope: dict[str, Any]) -> None:
        self.watcher = watcher
        self.scope = scope
        self.is_accepted = False

    @property
    def proto(self) -> Any:
        return self if self.is_accepted else self.watcher.proto

    def send(self, message: dict[str, Any]) -> None:
        """Drop a message of the response."""

    def receive(self) -> dict[str, Any]:
        """What Granian reports after the end of a connection."""
        return {"type": "http.disconnect"}

    def done(self) -> None:
        """Break the response off."""
        if not self.is_accepted:
            self.watcher.done()


def offer_granian(watcher: Any, environ: WSGIEnvironment) -> Any:
    """Put the handshake of a request into its environ, where Granian serves WebSockets.

    :param watcher: a `HandshakeWatcher`, or the watcher of a request that Granian took for another.
    :param environ: of a request with an ``Upgrade`` field.
    :returns: the watcher to respond with.
    """
    if isinstance(watcher, HandshakeWatcher):
        environ[HANDSHAKE] = watcher
    elif is_upgrade(environ["HTTP_UPGRADE"]):
        environ[HANDSHAKE_ERROR] = InvalidHandshake(
            "The request is no WebSocket handshake: it needs the method GET, HTTP/1.1 and the"
            " header fields 'Connection: Upgrade' and 'Upgrade: websocket'."
        )
    return watcher
