"""Find the socket of one of Granian's connections again and again, among thousands.

`connections.py` searches all open files, which takes 40 ms if there are 10,000. Most of these are
WebSockets that were found before. The system gives each new file the lowest free number, so the
others are between these, or just above: looking there takes a millisecond. All connections that are
found at it are noted, since in a burst they are next.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from .connections import address_of, as_socket, open_files

if TYPE_CHECKING:
    from collections.abc import Callable

# How far above the highest known number a new file may be without a look at all open files.
_AHEAD = 256


class SocketFinder:
    """Finds sockets by the addresses of their clients.

    :param own_files: returns files that are no connections of Granian's.
    :ivar full_searches: how often all open files were listed.
    """

    def __init__(self, own_files: Callable[[], set[int]]) -> None:
        self.own_files = own_files
        self.known: dict[str, int] = {}  # client -> file
        self.last = -1  # the file that was found last; Granian has closed it, so it is used again
        self.highest = 0
        self.full_searches = 0

    def find(self, client: str, port: int) -> tuple[socket.socket, int] | None:
        """A duplicate of the socket that connects ``client`` to our port, and the file it is of.

        :param client: an address as `address_of` makes it.
        :raises OSError: if the process has too many open files.
        """
        found = self.look_at(self.known.pop(client, -1), client, port)
        found = found or self.look_at(self.last, client, port)
        for search in (self.search_gaps, self.search_all):
            if found is None:
                search(port)
                found = self.look_at(self.known.pop(client, -1), client, port)
        if found is not None:
            self.last = found[1]
        return found

    @staticmethod
    def look_at(file: int, client: str, port: int) -> tuple[socket.socket, int] | None:
        return None if file < 0 else duplicate(file, client, port)

    def search_gaps(self, port: int) -> None:
        """Look at files between those of WebSockets, and just above."""
        own_files = self.own_files()
        end = max(self.highest, max(own_files, default=0)) + _AHEAD
        self.note(set(range(end)) - own_files, port)

    def search_all(self, port: int) -> None:
        """Look at all open files except those of WebSockets."""
        self.full_searches += 1
        self.note(set(open_files()) - self.own_files(), port)

    def note(self, files: set[int], port: int) -> None:
        self.known = {client: file for file in files if (client := client_of(file, port))}
        self.highest = max(self.known.values(), default=0)


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
