"""The end of the program in a process that serves, within the grace time.

When the open requests are finished, or the grace time is nearly over:

1. Requests on the event loop are cancelled: their teardown functions run, and clients that have no
   response yet get 503.
2. Background tasks get the rest of the grace time. Then they are cancelled.
3. The functions after serving run.
4. The event loop is stopped, with all tasks that are left on it.

A synchronous function cannot be cancelled. If one of the program is still running when the grace
time is over, the process ends without it.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from ...aio.watching import has_started
from ...app import Flask
from ...lifecycle.background import CANCEL_SECONDS, shown_names
from ...lifecycle.serving import Serving, closing_seconds, counted
from ..console import echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..protocol.adapter import ProtocolAdapter

# The main process kills a worker shortly after the grace time.
_MARGIN_SECONDS = 0.1
_POLL_SECONDS = 0.01


def start_serving(app: object) -> Serving | None:
    """Run the functions before serving of a program.

    :returns: ``None`` for a program of another framework.
    :raises ServingError: if one of them fails.
    """
    program = getattr(app, "app", app)  # inside the debugger
    if not isinstance(program, Flask):
        return None
    serving = Serving(program)
    serving.start()
    return serving


class Closing:
    """The end of one program; see the module's docstring.

    :param adapter: counts the open requests; ``None``: none of them are waited for.
    :param serving: the started application, if there is one.
    :param give_up: called when the grace time is over, and a synchronous function still runs.
    :ivar cancelled: what was cancelled, as in ``2 open requests``; empty: nothing.
    """

    def __init__(
        self,
        adapter: ProtocolAdapter | None,
        serving: Serving | None,
        grace_seconds: float,
        give_up: Callable[[], object],
    ) -> None:
        self.adapter = adapter
        self.serving = serving
        self.grace_seconds = grace_seconds
        self.give_up = give_up
        self.cancelled: list[str] = []
        self._began_at: float | None = None

    def begin(self) -> None:
        """Begin the grace time; only the first call does."""
        if self._began_at is None:
            self._began_at = time.monotonic()

    def seconds_left(self) -> float:
        """The rest of the grace time."""
        if self._began_at is None:
            return self.grace_seconds
        ends_at = self._began_at + self.grace_seconds - _MARGIN_SECONDS
        return max(0.0, ends_at - time.monotonic())

    def must_cancel(self) -> bool:
        """Whether the rest of the grace time is needed for the end of the program."""
        adapter, serving = self.adapter, self.serving
        has_work = (serving is not None and serving.has_work_at_stop) or (
            adapter is not None and (adapter.count_on_loop() or adapter.websockets.connections)
        )
        return bool(has_work) and self.seconds_left() <= closing_seconds(self.grace_seconds)

    def waiting_for(self) -> list[str]:
        """What the end waits for: background tasks, and a function after serving."""
        if self.serving is None:
            return []
        names = self.serving.app.background_tasks.names()
        found = [described_tasks(names)] if names else []
        return found + ([self.serving.current] if self.serving.current else [])

    def count_tasks(self) -> int:
        """The number of background tasks."""
        return 0 if self.serving is None else len(self.serving.app.background_tasks)

    def cancel_requests(self) -> None:
        """Cancel the requests on the event loop, and wait for their end."""
        adapter = self.adapter
        count = 0 if adapter is None else adapter.count_on_loop()
        if adapter is None or not count:
            return
        self.cancelled.append(counted(count, "open request"))
        adapter.cancel_on_loop()
        wait_while(lambda: bool(adapter.count_on_loop()), CANCEL_SECONDS)

    def end_program(self) -> None:
        """End what the program has started: steps 2 to 4."""
        watchdog = threading.Timer(self.seconds_left(), self._report_and_give_up)
        watchdog.daemon = True
        watchdog.start()
        try:
            if self.serving is not None:
                kept = closing_seconds(self.grace_seconds)
                self.serving.stop(self.seconds_left(), kept)
                if self.serving.cancelled:
                    self.cancelled.append(described_tasks(self.serving.cancelled))
            if has_started():
                self._stop_loop()
        finally:
            watchdog.cancel()

    def _stop_loop(self) -> None:
        from ...aio.loop import stop_loop  # imports asyncio

        stop_loop(max(_POLL_SECONDS, self.seconds_left() / 2))

    def _report_and_give_up(self) -> None:
        if self.serving is not None and self.serving.current is not None:
            echo(
                f"At the end of the grace time (--grace), {self.serving.current} is still running:"
                " the process ends without it.",
                fg="yellow",
            )
            self.give_up()


def described_tasks(names: list[str]) -> str:
    """``2 background tasks (send_mail, resize)``."""
    return f"{counted(len(names), 'background task')} ({shown_names(names)})"


def wait_while(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until the condition is false, for at most this time."""
    give_up_at = time.monotonic() + seconds
    while condition() and time.monotonic() < give_up_at:
        time.sleep(_POLL_SECONDS)
