"""End connections without cutting anything off: what a worker does before it stops.

A connection that is idle at the moment it is closed may have a request on its way: its
client sees a failure. So for a moment each answer asks the client to close (RFC 9112
§9.6), and only what is still open after that is closed from our side.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
import struct
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
