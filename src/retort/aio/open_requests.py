"""The open requests of an event loop, of which those that take long watch their clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio

# Most requests are over before this time; only later ones watch for the client's disconnect.
WATCH_AFTER_SECONDS = 0.2


class OpenRequest(Protocol):
    """A request; ``is_old`` is false at first."""

    is_old: bool

    def watch_client(self) -> None:
        """Watch for the disconnect of the client; called repeatedly."""


T = TypeVar("T", bound=OpenRequest)


class OpenRequests(set[T]):
    """Requests, which are added and discarded in the thread of the loop.

    PERF: one timer for all, since starting and cancelling one for each request takes longer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.loop = loop
        self.is_watching = False

    def watch(self) -> None:
        """Call `OpenRequest.watch_client` of requests that stay open; once some were added."""
        if not self.is_watching:
            self.is_watching = True
            self.loop.call_later(WATCH_AFTER_SECONDS, self._watch_old)

    def _watch_old(self) -> None:
        """Watch the clients of the requests that were open at the last call already."""
        for request in self.copy():
            if request.is_old:
                request.watch_client()
            request.is_old = True
        self.is_watching = False
        if self:
            self.watch()
