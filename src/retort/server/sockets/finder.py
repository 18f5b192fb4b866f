"""Find the socket of one of Granian's connections again and again, among thousands.

`connections.py` searches all open files, which takes 40 ms if there are 10,000. The system gives
each new file the lowest free number, and a WebSocket's file of Granian's is closed when its
connection is taken over. So the next connection mostly has the number of one that was found before,
and these are looked at first.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from .connections import address_of, as_socket, open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_RECENT = 128


class SocketFinder:
    """Finds sockets by the addresses of their clients.

    :param own_files: returns files that are no connections of Granian's.
    """

    def __init__(self, own_files: Callable[[], Collection[int]]) -> None:
        self.own_files = own_files
        self.recent: dict[int, None] = {}  # files that were found; the latest is the last
        self.known: dict[str, int] = {}  # client -> file, by the last search
        self.searches = 0

    def find(self, client: str, port: int) -> tuple[socket.socket, int] | None:
        """A duplicate of the socket that connects ``client`` to our port, and the file it is of.

        :param client: an address as `address_of` makes it.
        :raises OSError: if the process has too many open files.
        """
        found = self.find_known(client, port) or self.find_recent(client, port)
        if found is None:
            self.search(port)
            found = self.find_known(client, port)
        if found is not None:
            self.recent.pop(found[1], None)
            self.recent[found[1]] = None
            if len(self.recent) > _RECENT:
                del self.recent[next(iter(self.recent))]
        return found

    def find_known(self, client: str, port: int) -> tuple[socket.socket, int] | None:
        file = self.known.pop(client, None)
        return None if file is None else duplicate(file, client, port)

    def find_recent(self, client: str, port: int) -> tuple[socket.socket, int] | None:
        for file in reversed(self.recent):
            if client_of(file, port) == client:
                return duplicate(file, client, port)
        return None

    def search(self, port: int) -> None:
        """Look at all open files; connections that are there now are found without a search."""
        self.searches += 1
        own_files = self.own_files()
        files = [file for file in open_files() if file not in own_files]
        self.known = {client: file for file in files if (client := client_of(file, port))}


def duplicate(file: int, client: str, port: int) -> tuple[socket.socket, int] | None:
    """A duplicate of an open file, if it is the connection of this client."""
    if client_of(file, port) != client:
        return None
    own = socket.socket(fileno=os.dup(file))
    # The file may have been closed meanwhile, and its number reused.
    if client_of(own.fileno(), port) == client:
        return own, file
    own.close()
    return None


def client_of(file: int, port: int) -> str:
    """The address of the client if the file is a connection to this port of ours; else empty."""
    probe = as_socket(file)
    if probe is None:
        return ""
    try:
        here, there = probe.getsockname(), probe.getpeername()
    except OSError:
        return ""
    finally:
        probe.detach()
    if not isinstance(here, tuple) or here[1] != port:
        return ""
    host, _, _ = there[0].partition("%")  # without the interface of a link-local address
    return address_of((host, there[1]))
