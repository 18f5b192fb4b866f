"""What clients have yet to take of complete bodies, in memory; and who has to wait for that.

A body of bytes is in memory until its client has taken it. A client that opens many streams
and reads none would have the application make one body after another. So while a connection
has `CONNECTION_BYTES` to take, its further requests wait, without a thread. If all of them
have more than `WORKER_BYTES`, responses of which nothing is taken are given up.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .response_body import ReadyResponse

    Client = tuple[str, str]  # address and port
    Job = Callable[[], object]

CONNECTION_BYTES = 8 * 1024 * 1024
WORKER_BYTES = 128 * 1024 * 1024
# For so long nothing is taken of a response that is given up to make room.
_STALLED_SECONDS = 1.0


class Backlog:
    """The complete bodies that are on their way out of one worker.

    :param send_seconds: for how long a client may take nothing.
    """

    def __init__(self, send_seconds: float) -> None:
        self.send_seconds = send_seconds
        self.responses: set[ReadyResponse] = set()
        self.sizes: dict[Client, int] = {}
        self.waiting: dict[Client, deque[Job]] = {}
        self.total = 0
        self.lock = threading.Lock()

    def send(self, response: ReadyResponse) -> None:
        """Send a response and count it until it has ended."""
        with self.lock:
            self.responses.add(response)
            if response.size:
                self.total += response.size
                self.sizes[response.client] = self.sizes.get(response.client, 0) + response.size
        response.start()
        response.run()

    def shrink(self, client: Client, size: int) -> None:
        """Note that so many bytes of a response to ``client`` were sent."""
        jobs: deque[Job] = deque()
        with self.lock:
            self.total -= size
            left = self.sizes.get(client, 0) - size
            if left > 0:
                self.sizes[client] = left
            else:
                self.sizes.pop(client, None)
            if left <= CONNECTION_BYTES and client in self.waiting:
                jobs = self.waiting.pop(client)
        for job in jobs:
            job()

    def forget(self, response: ReadyResponse) -> bool:
        """Note the end of a response; whether it was counted until now."""
        with self.lock:
            if response not in self.responses:
                return False
            self.responses.discard(response)
        response.shrink(response.size)
        return True

    def has_to_wait(self, client: Client, job: Job) -> bool:
        """Keep ``job`` for later if the connection has too much to take already."""
        with self.lock:
            if self.sizes.get(client, 0) <= CONNECTION_BYTES:
                return False
            self.waiting.setdefault(client, deque()).append(job)
            return True

    def note_time(self, seconds: float) -> None:
        """Count time in which nothing was taken, and give up what takes too long."""
        patience = self.send_seconds if self.total <= WORKER_BYTES else _STALLED_SECONDS
        for response in self.responses.copy():
            response.note_time(seconds)
            if response.stalled_seconds >= patience:
                self.drop_waiting(response.client)
                response.give_up()

    def drop_waiting(self, client: Client) -> None:
        """Forget the requests of a connection that is closed."""
        with self.lock:
            self.waiting.pop(client, None)
