"""Find the sockets of Granian's connections among the open files: Granian does not expose them.

`response_body.py` uses a socket to close the connection of a stalled client. `worker_main.py` and
`serving.py` read the state of all of them before the server stops. Lookup needs Linux or macOS, and
a TCP connection.
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
    """Finds a connection's socket by the client's address."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def find(self, client: str) -> socket.socket | None:
        """A duplicate of the socket connected to ``client``, or ``None``.

        A cache miss scans the open files: some milliseconds with thousands of connections.
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
        # File descriptors are reused, so check the duplicate.
        if peer_of(own.fileno()) == client:
            return own
        own.close()
        return None


def address_of(client: tuple[str, str | int]) -> str:
    """``("127.0.0.1", "80")`` -> ``"127.0.0.1:80"``; IPv6 addresses get brackets.

    :param client: as in the scope, or from ``getpeername()``. For a Unix socket the host is empty,
        and so is the result.
    """
    host, port = client
    if not host:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def open_files() -> Iterator[int]:
    """The open file descriptors of this process, where the system lists them."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd"):
            yield int(name)


def as_socket(file: int) -> socket.socket | None:
    """An open file as a socket object, or ``None``. The caller must ``detach`` it."""
    try:
        # An explicit family saves the system call that detects it. That of IPv6 has room for the
        # addresses of others.
        return socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 0, fileno=file)
    except OSError:
        return None


def peer_of(file: int) -> str | None:
    """The peer's address in Granian's form: ``"127.0.0.1:80"`` or ``"[::1]:80"``."""
    probe = as_socket(file)
    if probe is None:
        return None
    try:
        address = probe.getpeername()
    except OSError:
        return None
    finally:
        probe.detach()
    return address_of(address[:2]) if isinstance(address, tuple) else None


# struct tcp_info of linux/tcp.h, up to tcpi_bytes_received.
_TCP_INFO = struct.Struct("=128xQ")


def has_new_connections(address: object) -> bool:
    """Whether the first request of any accepted connection is still unread. Linux only.

    :param address: the server's own address, from ``getsockname()``.
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
    """Whether any connection has unsent or unacknowledged bytes. Linux only.

    :param address: the server's own address, from ``getsockname()``.
    """
    return any(has_bytes_to_send(connection) for connection in _connections_to(address))


def _connections_to(address: object) -> Iterator[socket.socket]:
    """The accepted connections of this server, without others such as database connections."""
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
        return bool(here[1] == address[1])  # the port; the server may listen on all hosts
    return bool(here) and here == address


def has_bytes_to_send(connection: socket.socket) -> bool:
    """Whether the send queue has bytes that the peer has not acknowledged: tcp(7), SIOCOUTQ."""
    import fcntl
    import termios

    answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("=i", 0))
    return bool(struct.unpack("=i", answer)[0])
