"""What clients have yet to take of responses, in memory; and which requests wait for that.

A body of bytes is in memory until its client has taken it. A client that opens many streams
and reads none would have the application make one body after another. So while a connection
has `CONNECTION_BYTES` to take, its further requests wait, without a thread. While all connections
have more than `WORKER_BYTES`, responses of which nothing is taken are given up. At
`MAX_WORKER_BYTES`, a long body that the application has made is dropped and 503 is sent.

Of a body that is made piece by piece, the piece that waits for the client counts, and what Granian
holds. While such pieces have `STREAM_BYTES`, a response that is one more of them is 503.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .response_body import ReadyResponse, Response, StreamedResponse

    Client = tuple[str, str]  # address and port
    Job = Callable[[], object]

CONNECTION_BYTES = 8 * 1024 * 1024
WORKER_BYTES = 128 * 1024 * 1024
MAX_WORKER_BYTES = 512 * 1024 * 1024
STREAM_BYTES = 100 * 1024 * 1024
# For so long nothing is taken of a response that is given up to make room.
_STALLED_SECONDS = 1.0


class Backlog:
    """The responses of one worker that wait for their clients.

    :param send_seconds: for how long a client may take nothing.
    """

    def __init__(self, send_seconds: float) -> None:
        self.send_seconds = send_seconds
        self.responses: set[Response] = set()
        self.sizes: dict[Client, int] = {}
        self.waiting: dict[Client, deque[Job]] = {}
        self.resuming: set[Client] = set()
        self.total = 0
        self.in_streams = 0
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

    def has_room(self, size: int) -> bool:
        """Whether a complete body of this size may be kept; alone, it may have any size."""
        return not self.total or self.total + size <= MAX_WORKER_BYTES

    def has_room_for_stream(self) -> bool:
        """Whether one more response may be made piece by piece."""
        return self.in_streams < STREAM_BYTES

    def hold(self, response: StreamedResponse, size: int) -> None:
        """Count a response whose thread waits for the client, until `release`."""
        if response.size:
            return
        with self.lock:
            response.size = size
            self.responses.add(response)
            self.total += size
            self.in_streams += size
            self.sizes[response.client] = self.sizes.get(response.client, 0) + size

    def release(self, response: StreamedResponse) -> None:
        """Count the response no more, if it was counted."""
        if not response.size:
            return
        size, response.size = response.size, 0
        with self.lock:
            self.responses.discard(response)
            self.in_streams -= size
        self.shrink(response.client, size)

    def shrink(self, client: Client, size: int) -> None:
        """Note that so many bytes of a response to ``client`` were sent."""
        with self.lock:
            self.total -= size
            left = self.sizes.get(client, 0) - size
            if left > 0:
                self.sizes[client] = left
            else:
                self.sizes.pop(client, None)
        self.resume(client)

    def resume(self, client: Client) -> None:
        """Answer the next request that waits, if its connection has room.

        One by one, until `note_resumed`: together they would make all their bodies at once.
        """
        with self.lock:
            jobs = self.waiting.get(client)
            has_room = self.sizes.get(client, 0) <= CONNECTION_BYTES
            if jobs is None or not has_room or client in self.resuming:
                return
            job = jobs.popleft()
            if not jobs:
                del self.waiting[client]
            self.resuming.add(client)
        job()

    def note_resumed(self, client: Client) -> None:
        """Note that the application has answered a request that had waited."""
        with self.lock:
            self.resuming.discard(client)
        self.resume(client)

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
