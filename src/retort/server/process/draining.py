"""End connections without cutting anything off: what the server does before it stops.

A connection that is idle at the moment it is closed may have a request on its way: its
client sees a failure. So for a moment each response asks the client to close (RFC 9112
§9.6), and only what is still open after that is closed from our side. How the listening socket
stops accepting: `accepting.py`.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ..console import echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Draining:
    """Ask ``app``, and have each connection end with its answer."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start_last(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            # A new list: the application may use its own again.
            others = [pair for pair in headers if pair[0].lower() != "connection"]
            return start_response(status, [*others, ("Connection", "close")], exc_info)

        return self.app(environ, start_last)


_FIRST_REPORT_SECONDS = 1.0
_REPORT_SECONDS = 10.0


class StopReport:
    """Says from a thread what a process that is being stopped waits for, if it takes long.

    :param open_requests: counts the requests that are not answered yet.
    :param grace_seconds: how long they may take.
    :param who: the subject of the line: the worker, or the server.
    """

    def __init__(self, open_requests: Callable[[], int], grace_seconds: float, who: str) -> None:
        self.open_requests = open_requests
        self.grace_seconds = grace_seconds
        self.who = who

    def start(self) -> None:
        threading.Thread(target=self.run, name="retort stop report", daemon=True).start()

    def run(self) -> None:
        end_at = time.monotonic() + self.grace_seconds
        time.sleep(_FIRST_REPORT_SECONDS)
        while (seconds := end_at - time.monotonic()) > 0:
            if count := self.open_requests():
                echo(
                    f" * {self.who} is stopping: waiting for {requests(count)}, for"
                    f" {seconds:.0f} s at most (--grace)"
                )
            time.sleep(_REPORT_SECONDS)


def requests(count: int) -> str:
    """``1 open request``; an answer that is being streamed is one, too."""
    return "1 open request" if count == 1 else f"{count} open requests"
