"""Stop accepting connections without losing one.

A connection that the system has made, and that waits to be accepted, is reset when its listening
socket is closed. So the main process has the system make no more (`hold_off_new_connections`),
the workers accept those that wait (`has_waiting_connections`) and wait for the request of each
(`connections.has_new_connections`), and then the socket is closed.
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

# A program for the packet filter (socket(7)): drop what begins a connection, a TCP segment with SYN
# and without ACK; byte 13 of its header has these flags. Each step: code, jumps, number.
_DROP_NEW = [
    (0x30, 0, 0, 13),  # load the byte
    (0x54, 0, 0, 0x12),  # keep SYN and ACK of it
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # then keep 0 bytes of the segment
    (0x06, 0, 0, 0xFFFFFFFF),  # else all
]
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the same number reads the filter


def hold_off_new_connections(listener: socket.socket) -> bool:
    """Have the system leave new clients without an answer, for all processes that listen.

    They try again a second later, and are refused then, or find the next server.

    :returns: whether that is so now. Only Linux has a way, and only TCP needs one: a Unix socket's
        file is removed.
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


def are_held_off(listener: socket.socket) -> bool:
    """Whether `hold_off_new_connections` was called for this socket, in whichever process."""
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, 8 * len(_DROP_NEW)))
    except OSError:
        return False


def has_waiting_connections(listener: socket.socket) -> bool:
    """Whether there are connections that no process has accepted yet."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))


def stop_accepting(inode: int) -> bool:
    """Leave new connections to other processes that listen on the same socket.

    :param inode: the number of the socket, as `os.fstat` has it.
    :returns: whether that is so now. Only Linux has a way.

    Granian has no word for it: it stops to accept and closes connections in one step, also
    those it has just accepted, whose requests are still to come. So the socket is taken out of
    its sight: out of the set of files whose news it waits for (epoll(7)).
    """
    is_done = False
    for file in open_files():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{file}") == "anon_inode:[eventpoll]":
                is_done = _forget_socket(file, inode) or is_done
    return is_done


def _forget_socket(epoll_fd: int, inode: int) -> bool:
    # proc(5): a line "tfd: 9 ..." for each file that is waited for.
    lines = Path(f"/proc/self/fdinfo/{epoll_fd}").read_text().splitlines()
    watched = [int(line.split()[1]) for line in lines if line.startswith("tfd:")]
    is_found = False
    with select.epoll.fromfd(os.dup(epoll_fd)) as epoll:
        for fd in watched:
            if os.fstat(fd).st_ino == inode:
                epoll.unregister(fd)
                is_found = True
    return is_found
