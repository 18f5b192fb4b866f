"""End connections without cutting anything off: what the server does before it stops.

A connection that is idle at the moment it is closed may have a request on its way: its
client sees a failure. So for a moment each answer asks the client to close (RFC 9112
§9.6), and only what is still open after that is closed from our side.

A connection that the system has made, and that waits to be accepted, is reset when its listening
socket is closed. So the main process has the system make no more (`hold_off_new_connections`),
the workers accept those that wait (`has_waiting_connections`) and wait for the request of each
(`has_new_connections`), and then the socket is closed.
"""

from __future__ import annotations

import array
import contextlib
import os
import select
import socket
import stat
import struct
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .announce import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class LastAnswers:
    """Ask ``app``, and have each connection end with its answer."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start_last(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            # A new list: the application may use its own again.
            others = [pair for pair in headers if pair[0].lower() != "connection"]
            return start_response(status, [*others, ("Connection", "close")], exc_info)

        return self.app(environ, start_last)


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


_FIRST_REPORT_SECONDS = 1.0
_REPORT_SECONDS = 10.0


class StopReport:
    """Says from a thread what a process that is being stopped waits for, if it takes long.

    :param open_requests: counts the requests that are not answered yet.
    :param grace_seconds: how long they may take.
    :param who: the subject of the line: the worker, or the server.
    """

    def __init__(self, open_requests: Callable[[], int], grace_seconds: float, who: str) -> None:
        self.open_requests = open_requests
        self.grace_seconds = grace_seconds
        self.who = who

    def start(self) -> None:
        threading.Thread(target=self.run, name="retort stop report", daemon=True).start()

    def run(self) -> None:
        end_at = time.monotonic() + self.grace_seconds
        time.sleep(_FIRST_REPORT_SECONDS)
        while (seconds := end_at - time.monotonic()) > 0:
            if count := self.open_requests():
                say(
                    f" * {self.who} is stopping: waiting for {requests(count)}, for"
                    f" {seconds:.0f} s at most (--grace)"
                )
            time.sleep(_REPORT_SECONDS)


def requests(count: int) -> str:
    """``1 open request``; an answer that is being streamed is one, too."""
    return "1 open request" if count == 1 else f"{count} open requests"


def stop_accepting(inode: int) -> bool:
    """Leave new connections to other processes that listen on the same socket.

    :param inode: the number of the socket, as `os.fstat` has it.
    :returns: whether that is so now. Only Linux has a way.

    Granian has no word for it: it stops to accept and closes connections in one step, also
    those it has just accepted, whose requests are still to come. So the socket is taken out of
    its sight: out of the set of files whose news it waits for (epoll(7)).
    """
    is_done = False
    for name in _numbers_of_open_files():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{name}") == "anon_inode:[eventpoll]":
                is_done = _forget_socket(int(name), inode) or is_done
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


def is_sending(address: object) -> bool:
    """Whether a client has yet to take something of an answer. Only Linux tells.

    :param address: what the server listens on, as ``getsockname()`` has it.
    """
    return any(has_bytes_to_send(connection) for connection in _connections_to(address))


def _numbers_of_open_files() -> list[str]:
    """Of this process; none are known elsewhere than on Linux."""
    try:
        return os.listdir("/proc/self/fd")
    except OSError:
        return []


def _connections_to(address: object) -> Iterator[socket.socket]:
    """The connections of this process to its own server: not those to a database, say."""
    for name in _numbers_of_open_files():
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as connection:
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
