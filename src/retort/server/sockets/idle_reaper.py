"""Close idle connections and connections whose headers arrive too slowly.

Granian has one timer for both, and only in HTTP/1: none in HTTP/2, and none from the TLS handshake
to the first byte. The reaper reads the time of the last byte in each direction from TCP_INFO
(tcp(7)) and compares it with the set of clients that have an open request. On other systems and for
Unix sockets, only Granian's timer applies.

One connection takes about 10 us to check, so thousands of them are checked in small batches.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from .connections import as_socket, has_bytes_to_send, open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..options import Settings

# linux/tcp.h, struct tcp_info: tcpi_last_data_sent and tcpi_last_data_recv in milliseconds, counted
# from the start of the connection until the first byte; tcpi_data_segs_in and tcpi_data_segs_out
# (Linux 4.6).
_INFO = struct.Struct("=44x I 4x I 96x 2I")

_MAX_INTERVAL_SECONDS = 5.0
_BATCH = 100
_BATCH_PAUSE_SECONDS = 0.01
# Overdue connections are checked a second time after this delay before they are closed.
_RECHECK_SECONDS = 0.25


class ConnectionState(NamedTuple):
    """The state of one connection.

    :param client: the client's port.
    :param sent: seconds since the last bytes were sent.
    :param received: seconds since the last bytes were received.
    :param is_first: whether bytes were received and none was sent yet.
    :param read_at: when the state was read, by `time.monotonic`.
    """

    client: int
    sent: float
    received: float
    is_first: bool
    read_at: float

    @property
    def is_unanswered(self) -> bool:
        """Whether bytes were received after the last ones were sent."""
        return self.received < self.sent or self.is_first


class IdleReaper:
    """Checks the connections of a listening socket periodically.

    :param clients: returns the ports of the clients that have an open request.
    :param own_files: returns files that are WebSockets, which have limits of their own.
    """

    def __init__(
        self,
        listener: socket.socket,
        settings: Settings,
        clients: Callable[[], set[int]],
        *,
        own_files: Callable[[], set[int]] = set,
    ) -> None:
        self.address = listener.getsockname()
        self.is_supported = sys.platform == "linux" and isinstance(self.address, tuple)
        self.idle_seconds = settings.idle_seconds
        self.header_seconds = settings.header_seconds
        self.is_http1 = settings.http_mode == "1"
        self.clients = clients
        self.own_files = own_files
        self.unanswered: dict[int, float] = {}  # file descriptor -> unanswered since
        self.stopped = threading.Event()

    def start(self) -> None:
        if self.is_supported:
            threading.Thread(target=self.run, name="retort idle", daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()

    def run(self) -> None:
        interval = min(self.idle_seconds, self.header_seconds) / 4
        while not self.stopped.wait(min(interval, _MAX_INTERVAL_SECONDS)):
            found = self.overdue(self.all_files())
            if found and not self.stopped.wait(_RECHECK_SECONDS):
                for file, client in self.overdue(found).items():
                    self.close(file, client)

    def all_files(self) -> list[int]:
        own_files = self.own_files()
        files = [file for file in open_files() if file not in own_files]
        for gone in self.unanswered.keys() - files:
            del self.unanswered[gone]
        return files

    def overdue(self, files: Iterable[int]) -> dict[int, int]:
        """The connections to close, as file descriptor -> client port."""
        states = list(self.read_states(files))
        clients = self.clients()
        return {
            file: state.client for file, state in states if self.is_overdue(file, state, clients)
        }

    def read_states(self, files: Iterable[int]) -> Iterator[tuple[int, ConnectionState]]:
        for number, file in enumerate(files, 1):
            state = read_state(file, self.address[1])
            if state is not None:
                yield file, state
            if number % _BATCH == 0 and self.stopped.wait(_BATCH_PAUSE_SECONDS):
                return

    def is_overdue(self, file: int, state: ConnectionState, clients: set[int]) -> bool:
        if state.is_unanswered and state.client not in clients:
            self.note_unanswered(file, state)
        else:
            self.unanswered.pop(file, None)
        if state.client in clients:
            return False
        is_idle = min(state.received, state.sent) >= self.idle_seconds
        return (is_idle or self.is_slow(file, state)) and not is_sending(file)

    def note_unanswered(self, file: int, state: ConnectionState) -> None:
        """Record since when received bytes are unanswered: they are incomplete headers."""
        since = self.unanswered.get(file)
        # Bytes sent since then mean that these belong to the next request.
        if since is None or state.read_at - state.sent > since:
            self.unanswered[file] = state.read_at

    def is_slow(self, file: int, state: ConnectionState) -> bool:
        """Whether the headers of a request take too long.

        HTTP/2 has frames that need no response, so there a connection counts as slow only while
        bytes still arrive.
        """
        since = self.unanswered.get(file)
        if since is None or state.read_at - since < self.header_seconds:
            return False
        return self.is_http1 or state.received < self.header_seconds

    def close(self, file: int, client: int) -> None:
        """Make Granian see the end of the connection, after the bytes already received."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:
            # File descriptors are reused, so check the duplicate.
            state = read_state(connection.fileno(), self.address[1])
            if state is not None and state.client == client:
                connection.shutdown(socket.SHUT_RD)


def is_sending(file: int) -> bool:
    """Whether a response is still being sent; a slow client has a time limit of its own."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:
        return has_bytes_to_send(connection)
    return False


def read_state(file: int, port: int) -> ConnectionState | None:
    """The state of a connection to this port; ``None`` if the file is not one."""
    connection = as_socket(file)
    if connection is None:
        return None
    try:
        here = connection.getsockname()
        if not isinstance(here, tuple) or here[1] != port:
            return None
        client = connection.getpeername()[1]
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        sent, received, segments_in, segments_out = _INFO.unpack(info)
    except (OSError, struct.error):
        return None
    finally:
        connection.detach()
    is_first = segments_in > 0 and segments_out == 0
    return ConnectionState(client, sent / 1000, received / 1000, is_first, time.monotonic())
