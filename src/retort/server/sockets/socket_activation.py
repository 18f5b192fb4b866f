"""Adopt a listening socket that another program opened and this process inherited.

systemd's socket activation passes the number of sockets in LISTEN_FDS, starting at file descriptor
3, and the process they are for in LISTEN_PID (sd_listen_fds(3)). For other programs, ``--fd`` gives
the file descriptor.
"""

from __future__ import annotations

import os
import socket

from ..options import BACKLOG
from .listen import CannotListen, set_no_delay

_FIRST_FD = 3

_adopted: set[int] = set()  # inodes


def is_inherited(listener: socket.socket) -> bool:
    """Whether another program opened this socket and may keep using it after this server ends."""
    return os.fstat(listener.fileno()).st_ino in _adopted


def fd_from_systemd() -> int | None:
    """The file descriptor of the socket that systemd passed to this process, if any.

    Removes the variables from the environment, so that no child process uses them.

    :raises CannotListen: if there are several sockets.
    """
    count = os.environ.pop("LISTEN_FDS", "")
    pid = os.environ.pop("LISTEN_PID", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal() or int(count) == 0:
        return None
    if int(count) > 1:
        raise CannotListen(
            f"systemd has handed over {count} sockets, and Retort listens on one. Keep one"
            " ListenStream= in the .socket unit; ListenStream=8000 is IPv4 and IPv6 at once."
        )
    return _FIRST_FD


def adopt_inherited(fd: int) -> socket.socket:
    """The listening socket with this file descriptor.

    :raises CannotListen: if it is not a listening stream socket.
    """
    try:
        listener = socket.socket(fileno=fd)
    except OSError as error:
        raise CannotListen(
            f"The open file {fd} is not a socket ({error.strerror}). --fd is for a listening socket"
            " that the program above this one has opened and left open."
        ) from None
    problem = _problem_of(listener)
    if problem is not None:
        listener.detach()  # leave it open
        raise CannotListen(f"The socket {fd} {problem}")
    listener.set_inheritable(False)
    set_no_delay(listener)
    _adopted.add(os.fstat(listener.fileno()).st_ino)
    return listener


def _problem_of(listener: socket.socket) -> str | None:
    families = (socket.AF_INET, socket.AF_INET6, getattr(socket, "AF_UNIX", None))
    if listener.family not in families or listener.type != socket.SOCK_STREAM:
        return "is none for connections: it has to be a TCP or a Unix stream socket."
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        return f"cannot listen ({error.strerror}). It has to be bound, and not connected."
    return None
