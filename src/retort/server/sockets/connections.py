"""The sockets under Granian's connections, which it does not show: found among our open files.

One is found to break a response off: `response_body.py`. Elsewhere than on Linux and macOS, and
for Unix sockets, none is found. The state of all is read before the server stops: `draining.py`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Connections:
    """Finds the sockets of connections by the address of the client."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def find(self, client: str) -> socket.socket | None:
        """A second handle to the socket that is connected to ``client``, if it can be found.

        Costs some milliseconds with thousands of connections.
        """
        found = self.borrow(client)
        if found is None and client and not client.startswith("/"):
            self.known = {peer: file for file in open_files() if (peer := peer_of(file))}
            found = self.borrow(client)
        return found

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


# struct tcp_info of linux/tcp.h, up to tcpi_bytes_received.
_TCP_INFO = struct.Struct("=128xQ")


def has_new_connections(address: object) -> bool:
    """Whether a connection was accepted whose first request has not been read yet. Linux only.

    :param address: what the server listens on, as ``getsockname()`` has it.
    """
    return any(_is_new(connection) for connection in _connections_to(address))


def _is_new(connection: socket.socket) -> bool:
    import fcntl
    import termios

    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        (received,) = _TCP_INFO.unpack(info)
        answer = fcntl.ioctl(connection.fileno(), termios.FIONREAD, struct.pack("=i", 0))
    except (OSError, struct.error):  # a Unix socket, or an old system
        return False
    (unread,) = struct.unpack("=i", answer)
    return bool(received == 0 or unread)


def is_sending(address: object) -> bool:
    """Whether a client has yet to take something of an answer. Only Linux tells.

    :param address: what the server listens on, as ``getsockname()`` has it.
    """
    return any(has_bytes_to_send(connection) for connection in _connections_to(address))


def _connections_to(address: object) -> Iterator[socket.socket]:
    """The connections of this process to its own server: not those to a database, say."""
    for file in open_files() if sys.platform == "linux" else ():
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(file).st_mode):
                continue
            with socket.socket(fileno=os.dup(file)) as connection:
                if _is_ours(connection, address):
                    yield connection


def _is_ours(connection: socket.socket, address: object) -> bool:
    if connection.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    here = connection.getsockname()
    if isinstance(here, tuple) and isinstance(address, tuple):
        return bool(here[1] == address[1])  # the port; the host may be any
    return bool(here) and here == address


def has_bytes_to_send(connection: socket.socket) -> bool:
    """Whether the other side has yet to take something: tcp(7), SIOCOUTQ."""
    import fcntl
    import termios

    answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("=i", 0))
    return bool(struct.unpack("=i", answer)[0])
