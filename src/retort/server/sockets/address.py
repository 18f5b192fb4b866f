"""Where a server listens: a host and a port, a file (``unix:/path``), or what it was given.

What systemd hands over comes first: that is where the operator's unit says to listen.
"""

from __future__ import annotations

import ipaddress
import socket

from ...http.cross_origin import is_loopback
from .listen import open_listener
from .socket_activation import adopt_handed_over, fd_from_systemd
from .unix_socket import open_unix_listener

UNIX = "unix:"


def unix_path(host: str) -> str | None:
    """The file that a host such as ``unix:/run/shop.sock`` means; ``None`` for a real one.

    ``unix:///run/shop.sock``, as Werkzeug has it, is the same.
    """
    if not host.startswith(UNIX):
        return None
    path = host.removeprefix(UNIX)
    return path.removeprefix("//")


def open_address(
    host: str,
    port: int,
    *,
    change_port: str = "--port {port}",
    unix_mode: int = 0o666,
    fd: int | None = None,
) -> socket.socket:
    """A listening socket.

    :param fd: the file number of one that another program has opened.
    :param unix_mode: the permissions of a socket that is a file.
    :raises CannotListen: if it cannot be had; see there.
    """
    given = fd_from_systemd() if fd is None else fd
    if given is not None:
        return adopt_handed_over(given)
    path = unix_path(host)
    if path is not None:
        return open_unix_listener(path, unix_mode)
    return open_listener(host, port, change_port=change_port)


def actual_host(listener: socket.socket, asked: str) -> str:
    """Where a socket listens: ``asked``, unless it was handed over and listens elsewhere."""
    name = listener.getsockname()
    if listener.family == getattr(socket, "AF_UNIX", None):
        return f"{UNIX}{name}"
    is_name = not _is_number(asked) and is_loopback(asked) == is_loopback(name[0])
    return asked if is_name else str(name[0])


def actual_port(listener: socket.socket) -> int:
    """The port that a socket listens on; 0 if it is a file."""
    name = listener.getsockname()
    return name[1] if isinstance(name, tuple) else 0


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
