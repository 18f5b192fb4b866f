"""How many responses are made piece by piece at once: each of them holds a thread."""

from __future__ import annotations

import threading
from collections import Counter

# Of one worker. A thread that waits for its client holds some 100 KB, and the pieces 320 KB.
MAX_STREAMS = 1024
# For one address, so that one client leaves some to others; not where all come from a proxy.
MAX_STREAMS_OF_ADDRESS = 256


class StreamLimit:
    """Counts streams, in all and by the address of the client.

    :param is_behind_proxy: whether addresses are those of proxies, which have many clients.
    """

    def __init__(self, *, is_behind_proxy: bool) -> None:
        self.is_behind_proxy = is_behind_proxy
        self.by_address: Counter[str] = Counter()
        self.lock = threading.Lock()

    def enter(self, address: str) -> bool:
        """Count one more stream; whether it may begin.

        :param address: of the client; empty for a Unix socket.
        """
        with self.lock:
            if self.by_address.total() >= MAX_STREAMS:
                return False
            is_one_client = bool(address) and not self.is_behind_proxy
            if is_one_client and self.by_address[address] >= MAX_STREAMS_OF_ADDRESS:
                return False
            self.by_address[address] += 1
            return True

    def leave(self, address: str) -> None:
        """Count one less."""
        with self.lock:
            self.by_address[address] -= 1
            if self.by_address[address] <= 0:
                del self.by_address[address]
