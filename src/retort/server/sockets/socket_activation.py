"""A listening socket that another program opened for us and left as an open file.

With systemd, by its protocol of socket activation: LISTEN_FDS says how many there are, from
number 3 on, and LISTEN_PID for whom (sd_listen_fds(3)). With others, by the number itself.
"""

from __future__ import annotations

import os
import socket

from ..options import BACKLOG
from .listen import CannotListen, send_at_once

_FIRST_FD = 3

_adopted: set[int] = set()  # their inodes


def is_handed_over(listener: socket.socket) -> bool:
    """Whether another program has opened this socket, and may go on with it after our end."""
    return os.fstat(listener.fileno()).st_ino in _adopted


def fd_from_systemd() -> int | None:
    """The file number of the socket that systemd left to this process, if it did.

    Takes the variables out of the environment, so that no child believes they are for it.

    :raises CannotListen: if there are several.
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


def adopt_handed_over(fd: int) -> socket.socket:
    """The listening socket with this file number.

    :raises CannotListen: if there is none.
    """
    try:
        listener = socket.socket(fileno=fd)
    except OSError as error:
        raise CannotListen(
            f"The open file {fd} is no socket ({error.strerror}). --fd is for a listening socket"
            " that the program above this one has opened and left open."
        ) from None
    problem = _problem_of(listener)
    if problem is not None:
        listener.detach()  # not ours to close
        raise CannotListen(f"The socket {fd} {problem}")
    listener.set_inheritable(False)
    send_at_once(listener)
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
