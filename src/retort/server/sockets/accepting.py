"""Stop accepting connections without losing one.

Closing a listening socket resets the connections in its accept queue. The main process therefore
makes the kernel drop new connections first (`drop_new_connections`). The workers then accept the
queued ones (`has_queued_connections`) and wait for the first request on each
(`connections.has_new_connections`). Only then is the socket closed.
"""

from __future__ import annotations

import array
import contextlib
import os
import select
import socket
import struct
import sys
from pathlib import Path

from .connections import open_files

# A packet filter program (socket(7)) that drops TCP segments with SYN and without ACK, which open
# a connection. Byte 13 of the TCP header has these flags. Each step: code, jumps, operand.
_DROP_NEW = [
    (0x30, 0, 0, 13),  # load the byte
    (0x54, 0, 0, 0x12),  # mask SYN and ACK
    (0x15, 0, 1, 0x02),  # is only SYN set?
    (0x06, 0, 0, 0),  # yes: keep 0 bytes of the segment
    (0x06, 0, 0, 0xFFFFFFFF),  # no: keep all bytes
]
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; SO_GET_FILTER has the same number


def drop_new_connections(listener: socket.socket) -> bool:
    """Make the kernel drop new connections to this socket, in all processes that share it.

    Clients retransmit a second later; by then the port is closed or the next server listens.

    :returns: whether connections are dropped now. Linux only, and TCP only: for a Unix socket the
        file is removed instead.
    """
    if not sys.platform.startswith("linux") or not isinstance(listener.getsockname(), tuple):
        return False
    steps = array.array("B", b"".join(struct.pack("=HBBI", *step) for step in _DROP_NEW))
    address, _ = steps.buffer_info()
    with contextlib.suppress(OSError):
        program = struct.pack("@HP", len(_DROP_NEW), address)  # struct sock_fprog
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        return True
    return False


def drops_new_connections(listener: socket.socket) -> bool:
    """Whether any process has called `drop_new_connections` for this socket."""
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, 8 * len(_DROP_NEW)))
    except OSError:
        return False


def has_queued_connections(listener: socket.socket) -> bool:
    """Whether the accept queue has connections."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))


def stop_accepting(inode: int) -> bool:
    """Stop accepting in this process; others that share the socket go on.

    :param inode: the socket's inode number, from `os.fstat`.
    :returns: whether this process has stopped accepting. Linux only.

    Granian cannot only stop accepting: its shutdown also closes accepted connections whose first
    request has not arrived. The socket is therefore removed from Granian's epoll(7) set.
    """
    is_done = False
    for file in open_files():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{file}") == "anon_inode:[eventpoll]":
                is_done = _forget_socket(file, inode) or is_done
    return is_done


def _forget_socket(epoll_fd: int, inode: int) -> bool:
    # proc(5): one line "tfd: 9 ..." for each registered file.
    lines = Path(f"/proc/self/fdinfo/{epoll_fd}").read_text().splitlines()
    watched = [int(line.split()[1]) for line in lines if line.startswith("tfd:")]
    is_found = False
    with select.epoll.fromfd(os.dup(epoll_fd)) as epoll:
        for fd in watched:
            if os.fstat(fd).st_ino == inode:
                epoll.unregister(fd)
                is_found = True
    return is_found
