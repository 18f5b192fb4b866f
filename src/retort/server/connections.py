"""The sockets under Granian's connections, which it does not show: found among our open files.

Used to break a response off: `sending.py`. Elsewhere than on Linux and macOS, and for Unix
sockets, none is found.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A connection that was not found may be looked for again after so long.
_LOOK_SECONDS = 0.02


class Connections:
    """Finds the sockets of connections by the address of the client."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.looked_at = 0.0

    def find(self, client: str, *, at_once: bool = False) -> socket.socket | None:
        """A second handle to the socket that is connected to ``client``, if it can be found.

        :param at_once: look even if others have just looked, before this connection was there.
        """
        found = self.borrow(client)
        if found is None and client and not client.startswith("/"):
            self.look_around(at_once=at_once)
            found = self.borrow(client)
        return found

    def look_around(self, *, at_once: bool = False) -> None:
        """Learn which files are whose connections: some milliseconds for thousands of them."""
        now = time.monotonic()
        if at_once or now - self.looked_at > _LOOK_SECONDS:
            self.looked_at = now
            self.known = {peer: file for file in open_files() if (peer := peer_of(file))}

    def borrow(self, client: str) -> socket.socket | None:
        file = self.known.get(client)
        if file is None:
            return None
        try:
            own = socket.socket(fileno=os.dup(file))
        except OSError:  # closed meanwhile
            return None
        # Numbers of files are used again, so look at what the copy really is.
        if peer_of(own.fileno()) == client:
            return own
        own.close()
        return None


def address_of(client: tuple[str, str]) -> str:
    """``("127.0.0.1", "80")`` -> ``"127.0.0.1:80"``; an IPv6 address gets brackets.

    :param client: as in the scope; the address is empty for a Unix socket, and so is the result.
    """
    host, port = client
    if not host:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_files() -> Iterator[int]:
    """The numbers of this process's open files, where the system lists them."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"):
            yield int(name)


def peer_of(file: int) -> str | None:
    """``"127.0.0.1:80"`` or ``"[::1]:80"``: who is at the other end, as Granian writes it."""
    try:
        # Its family is of no importance here, and told, it is not asked of the system.
        probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, fileno=file)
    except OSError:
        return None
    try:
        address = probe.getpeername()
    except OSError:
        return None
    finally:
        probe.detach()
    if not isinstance(address, tuple):
        return None
    host, port = address[0], address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
