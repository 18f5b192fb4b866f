"""The event streams that this process sends now, for its limits and its end."""

from __future__ import annotations

import threading
from typing import Protocol


class Stream(Protocol):
    """A stream that can be ended."""

    def end(self) -> None:
        """End the stream after what it has produced; thread-safe."""


class OpenStreams:
    """A set of streams; thread-safe.

    :ivar threads: the number of threads in which synchronous sources run. A source that blocks
        keeps its thread for some time after its stream has ended.
    """

    def __init__(self) -> None:
        self.threads = 0
        self._streams: set[Stream] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._streams)

    def add(self, stream: Stream) -> None:
        self._streams.add(stream)

    def discard(self, stream: Stream) -> None:
        self._streams.discard(stream)

    def count_threads(self, difference: int) -> None:
        with self._lock:
            self.threads += difference

    def end_all(self) -> None:
        """End all streams, because their server stops."""
        for stream in self._streams.copy():
            stream.end()


open_streams = OpenStreams()
