"""Close connections without losing a request, before the server stops.

If the server closes an idle connection while a request is in transit, the client sees a failure.
Each response therefore carries ``Connection: close`` for a short time (RFC 9112 §9.6), and the
server closes only the connections that remain open after that. How the listening socket stops
accepting: `accepting.py`.
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
    """Call ``app`` and add ``Connection: close`` to its response."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start_closing(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            # A copy: the application may reuse its list.
            others = [pair for pair in headers if pair[0].lower() != "connection"]
            return start_response(status, [*others, ("Connection", "close")], exc_info)

        return self.app(environ, start_closing)


_FIRST_REPORT_SECONDS = 1.0
_REPORT_SECONDS = 10.0


class StopReport:
    """Prints what a slow shutdown waits for; in a thread.

    :param waiting_for: returns what it waits for, as in ``2 open requests``.
    :param grace_seconds: the time limit.
    :param subject: the subject of the line: the worker or the server.
    """

    def __init__(
        self, waiting_for: Callable[[], list[str]], grace_seconds: float, subject: str
    ) -> None:
        self.waiting_for = waiting_for
        self.grace_seconds = grace_seconds
        self.subject = subject

    def start(self) -> None:
        threading.Thread(target=self.run, name="retort stop report", daemon=True).start()

    def run(self) -> None:
        ends_at = time.monotonic() + self.grace_seconds
        time.sleep(_FIRST_REPORT_SECONDS)
        while (seconds := ends_at - time.monotonic()) > 0:
            if parts := self.waiting_for():
                echo(
                    f" * {self.subject} is stopping: waiting for {joined(parts)}, for"
                    f" {seconds:.0f} s at most (--grace)"
                )
            time.sleep(_REPORT_SECONDS)


def requests(count: int) -> str:
    """``1 open request``. A response that is still being streamed counts, too."""
    return "1 open request" if count == 1 else f"{count} open requests"


def joined(parts: list[str]) -> str:
    """``a, b and c``."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last
