"""Limit the number of concurrent streamed responses, each of which occupies a thread."""

from __future__ import annotations

import threading
from collections import Counter

# Per worker. A thread that waits for its client takes about 100 KB, and its pieces 320 KB.
MAX_STREAMS = 1024
# Per client address, so that one client cannot take all. Not applied behind a proxy, whose address
# all clients share.
MAX_STREAMS_OF_ADDRESS = 256


class StreamLimit:
    """Counts streams in total and per client address.

    :param is_behind_proxy: whether client addresses are those of proxies.
    """

    def __init__(self, *, is_behind_proxy: bool) -> None:
        self.is_behind_proxy = is_behind_proxy
        self.by_address: Counter[str] = Counter()
        self.lock = threading.Lock()

    def acquire(self, address: str) -> bool:
        """Count a new stream, if the limits allow it.

        :param address: the client's address; empty for a Unix socket.
        :returns: whether the stream may start.
        """
        with self.lock:
            if self.by_address.total() >= MAX_STREAMS:
                return False
            is_one_client = bool(address) and not self.is_behind_proxy
            if is_one_client and self.by_address[address] >= MAX_STREAMS_OF_ADDRESS:
                return False
            self.by_address[address] += 1
            return True

    def release(self, address: str) -> None:
        """Count a stream's end."""
        with self.lock:
            self.by_address[address] -= 1
            if self.by_address[address] <= 0:
                del self.by_address[address]
