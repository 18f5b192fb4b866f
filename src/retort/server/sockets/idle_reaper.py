"""Close connections on which nothing happens, and those whose headers come too slowly.

Granian has one timer for both, and only in HTTP/1: none in HTTP/2, and none from the TLS handshake
to the first byte. Linux tells of every connection how long ago something came and went (tcp(7),
TCP_INFO). That, and which clients have a request under way, is enough. Elsewhere, and for Unix
sockets, Granian's timer is all there is.

A look at a connection takes some 10 us, so thousands of them are looked at in small portions.
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

from .connections import has_bytes_to_send, open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..options import Settings

# linux/tcp.h, struct tcp_info: tcpi_last_data_sent and tcpi_last_data_recv in milliseconds, which
# count from the beginning of the connection as long as there was nothing; tcpi_data_segs_in and
# tcpi_data_segs_out (Linux 4.6).
_INFO = struct.Struct("=44x I 4x I 96x 2I")

_LONGEST_PAUSE_SECONDS = 5.0
_PORTION = 100
_BETWEEN_PORTIONS_SECONDS = 0.01
# What was found is looked at again after so long, before anything is done.
_SURE_SECONDS = 0.25


class Look(NamedTuple):
    """One connection, as it is now.

    :param client: the port at the other end.
    :param sent: seconds since the last bytes went to the client.
    :param came: seconds since the last bytes came.
    :param is_first: whether something came and nothing was sent yet.
    :param at: when that was, by `time.monotonic`.
    """

    client: int
    sent: float
    came: float
    is_first: bool
    at: float

    @property
    def is_unanswered(self) -> bool:
        """Whether something came after the last bytes were sent."""
        return self.came < self.sent or self.is_first


class IdleReaper:
    """Looks at the connections to a listening socket again and again.

    :param clients: the ports of the clients that have a request under way.
    """

    def __init__(
        self,
        listener: socket.socket,
        settings: Settings,
        clients: Callable[[], set[int]],
    ) -> None:
        self.address = listener.getsockname()
        self.is_possible = sys.platform == "linux" and isinstance(self.address, tuple)
        self.idle_seconds = settings.idle_seconds
        self.header_seconds = settings.header_seconds
        self.is_http1 = settings.http_mode == "1"
        self.clients = clients
        self.unanswered: dict[int, float] = {}  # since when, by file
        self.stopped = threading.Event()

    def start(self) -> None:
        if self.is_possible:
            threading.Thread(target=self.walk, name="retort idle", daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()

    def walk(self) -> None:
        pause = min(self.idle_seconds, self.header_seconds) / 4
        while not self.stopped.wait(min(pause, _LONGEST_PAUSE_SECONDS)):
            found = self.overdue(self.all_files())
            if found and not self.stopped.wait(_SURE_SECONDS):
                for file, client in self.overdue(found).items():
                    self.close(file, client)

    def all_files(self) -> list[int]:
        files = list(open_files())
        for gone in self.unanswered.keys() - files:
            del self.unanswered[gone]
        return files

    def overdue(self, files: Iterable[int]) -> dict[int, int]:
        """Which of these are connections to close, with the ports of their clients."""
        looks = list(self.look_at(files))
        clients = self.clients()
        return {file: look.client for file, look in looks if self.is_overdue(file, look, clients)}

    def look_at(self, files: Iterable[int]) -> Iterator[tuple[int, Look]]:
        for number, file in enumerate(files, 1):
            look = look_at(file, self.address[1])
            if look is not None:
                yield file, look
            if number % _PORTION == 0 and self.stopped.wait(_BETWEEN_PORTIONS_SECONDS):
                return

    def is_overdue(self, file: int, look: Look, clients: set[int]) -> bool:
        if look.is_unanswered and look.client not in clients:
            self.note_unanswered(file, look)
        else:
            self.unanswered.pop(file, None)
        if look.client in clients:
            return False
        is_idle = min(look.came, look.sent) >= self.idle_seconds
        return (is_idle or self.is_slow(file, look)) and not is_sending(file)

    def note_unanswered(self, file: int, look: Look) -> None:
        """Note since when something is here that nobody has answered: a part of the headers."""
        since = self.unanswered.get(file)
        if since is None or look.at - look.sent > since:  # answered meanwhile, and now the next
            self.unanswered[file] = look.at

    def is_slow(self, file: int, look: Look) -> bool:
        """Whether the headers of a request take too long.

        HTTP/2 has frames that need no answer, so there something has to come still.
        """
        since = self.unanswered.get(file)
        if since is None or look.at - since < self.header_seconds:
            return False
        return self.is_http1 or look.came < self.header_seconds

    def close(self, file: int, client: int) -> None:
        """Let Granian see the end of the connection. What has just come is read before that."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:
            # Numbers of files are used again, so look at what the copy really is.
            look = look_at(connection.fileno(), self.address[1])
            if look is not None and look.client == client:
                connection.shutdown(socket.SHUT_RD)


def is_sending(file: int) -> bool:
    """Whether an answer is still on its way: its client has a time limit of its own."""
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(file)) as connection:
        return has_bytes_to_send(connection)
    return False


def look_at(file: int, port: int) -> Look | None:
    """How a connection to this port is; ``None``: the file is none."""
    try:
        # Its family is of no importance here, and told, it is not asked of the system.
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=file)
    except OSError:
        return None
    try:
        here = connection.getsockname()
        if not isinstance(here, tuple) or here[1] != port:
            return None
        client = connection.getpeername()[1]
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        sent, came, pieces_in, pieces_out = _INFO.unpack(info)
    except (OSError, struct.error):
        return None
    finally:
        connection.detach()
    is_first = pieces_in > 0 and pieces_out == 0
    return Look(client, sent / 1000, came / 1000, is_first, time.monotonic())
