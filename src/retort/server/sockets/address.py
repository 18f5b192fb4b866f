"""Open the address a server listens on: host and port, ``unix:/path`` or an inherited socket.

A socket from systemd takes precedence: the operator's unit names the address.
"""

from __future__ import annotations

import ipaddress
import socket

from ...http.cross_origin import is_loopback
from .listen import open_listener
from .socket_activation import adopt_inherited, fd_from_systemd
from .unix_socket import open_unix_listener

UNIX = "unix:"


def unix_path(host: str) -> str | None:
    """The path in a host such as ``unix:/run/shop.sock``; ``None`` for other hosts.

    Werkzeug's form ``unix:///run/shop.sock`` is accepted, too.
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
    """Open or adopt a listening socket.

    :param fd: the file descriptor of a socket that another program has opened.
    :param unix_mode: the permissions of a Unix socket's file.
    :raises CannotListen: if the address or the socket cannot be used.
    """
    inherited = fd_from_systemd() if fd is None else fd
    if inherited is not None:
        return adopt_inherited(inherited)
    path = unix_path(host)
    if path is not None:
        return open_unix_listener(path, unix_mode)
    return open_listener(host, port, change_port=change_port)


def actual_host(listener: socket.socket, configured: str) -> str:
    """The host a socket listens on: ``configured``, unless an inherited socket has another."""
    name = listener.getsockname()
    if listener.family == getattr(socket, "AF_UNIX", None):
        return f"{UNIX}{name}"
    is_name = not _is_ip_address(configured)
    is_name = is_name and is_loopback(configured) == is_loopback(name[0])
    return configured if is_name else str(name[0])


def actual_port(listener: socket.socket) -> int:
    """The port a socket listens on; 0 for a Unix socket."""
    name = listener.getsockname()
    return name[1] if isinstance(name, tuple) else 0


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
