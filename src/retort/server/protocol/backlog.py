"""Limit the unsent response bytes in memory, per connection and per worker.

A body of bytes stays in memory until its client has received it. A client that opens many HTTP/2
streams and reads none could make the application produce one body after another. Therefore:

- A connection with more than `CONNECTION_BYTES` unsent has its further requests deferred, without a
  thread.
- While the worker has more than `WORKER_BYTES` unsent, stalled responses are closed early.
- Beyond `MAX_WORKER_BYTES`, a new long body is discarded and 503 is sent.

A streamed body counts with the piece that waits for the client and the pieces in Granian's buffer.
While these pieces have `STREAM_BYTES` or more, a new stream gets 503.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .async_response import AsyncResponse
    from .response_body import ReadyResponse, Response, StreamedResponse

    Client = tuple[str, str]  # address and port
    Job = Callable[[], object]

CONNECTION_BYTES = 8 * 1024 * 1024
WORKER_BYTES = 128 * 1024 * 1024
MAX_WORKER_BYTES = 512 * 1024 * 1024
STREAM_BYTES = 100 * 1024 * 1024
# While the worker is over its limit, responses without progress for this time are closed.
_STALLED_SECONDS = 1.0


class Backlog:
    """The unsent responses of one worker.

    :param send_seconds: how long a client may receive nothing.
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
        """Send a response, and count it until it ends."""
        with self.lock:
            self._add(response)
        response.start()
        response.run()

    def _add(self, response: Response) -> None:
        self.responses.add(response)
        if response.size:
            self.total += response.size
            self.sizes[response.client] = self.sizes.get(response.client, 0) + response.size

    def has_room(self, size: int) -> bool:
        """Whether a body of this size fits; the only body of a worker may have any size."""
        return not self.total or self.total + size <= MAX_WORKER_BYTES

    def has_room_for_stream(self) -> bool:
        """Whether one more response may be streamed."""
        return self.in_streams < STREAM_BYTES

    def hold(self, response: StreamedResponse | AsyncResponse, size: int) -> None:
        """Count a streamed response while its thread waits for the client, until `release`."""
        if response.size:
            return
        with self.lock:
            response.size = size
            self._add(response)
            self.in_streams += size

    def release(self, response: StreamedResponse | AsyncResponse) -> None:
        """Stop counting a streamed response."""
        if not response.size:
            return
        size, response.size = response.size, 0
        with self.lock:
            self.responses.discard(response)
            self.in_streams -= size
        self.note_sent(response.client, size)

    def note_sent(self, client: Client, size: int) -> None:
        """Record that bytes of a response to ``client`` were sent."""
        with self.lock:
            self.total -= size
            left = self.sizes.get(client, 0) - size
            if left > 0:
                self.sizes[client] = left
            else:
                self.sizes.pop(client, None)
        self.resume(client)

    def resume(self, client: Client) -> None:
        """Run the next deferred request of a connection, if the connection has room.

        The one after it waits for `note_resumed`, so that not all bodies are made at once.
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
        """Record that the application has answered a deferred request."""
        with self.lock:
            self.resuming.discard(client)
        self.resume(client)

    def remove(self, response: ReadyResponse) -> bool:
        """Remove a response that has ended.

        :returns: whether it was present.
        """
        with self.lock:
            if response not in self.responses:
                return False
            self.responses.discard(response)
        response.note_sent(response.size)
        return True

    def defer_if_full(self, client: Client, job: Job) -> bool:
        """Defer ``job`` if the connection has too many unsent bytes.

        :returns: whether it was deferred.
        """
        with self.lock:
            if self.sizes.get(client, 0) <= CONNECTION_BYTES:
                return False
            self.waiting.setdefault(client, deque()).append(job)
            return True

    def note_time(self, seconds: float) -> None:
        """Add time without progress to each response, and close those that are over the limit."""
        limit_seconds = self.send_seconds if self.total <= WORKER_BYTES else _STALLED_SECONDS
        for response in self.responses.copy():
            response.note_time(seconds)
            if response.stalled_seconds >= limit_seconds:
                self.drop_waiting(response.client)
                response.close_stalled()

    def drop_waiting(self, client: Client) -> None:
        """Discard the deferred requests of a connection that is closed."""
        with self.lock:
            self.waiting.pop(client, None)
