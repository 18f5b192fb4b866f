"""Open a Unix socket, for a proxy on the same machine: unix(7).

Connecting requires write permission on the socket's file. The file is created with its final
permissions and removed when the server ends. A file left behind by a killed server is replaced; one
that another server listens on is not.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat

from ..options import BACKLOG
from .listen import CannotListen

# sun_path has 108 bytes; the last one is the terminating null byte.
_MAX_PATH_BYTES = 107


def open_unix_listener(path: str, mode: int = 0o666) -> socket.socket:
    """Open a listening socket at ``path``.

    :param mode: the permissions of the file.
    :raises CannotListen: if the file cannot be created or must not be replaced.
    """
    path = os.path.abspath(path)
    if not hasattr(socket, "AF_UNIX"):
        raise CannotListen("There are no Unix sockets here. Listen on a --port.")
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise CannotListen(
            f"The path {path!r} is too long for a socket: at most {_MAX_PATH_BYTES} bytes."
            " Choose a shorter one, such as one in /run."
        )
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        _bind(listener, path, mode)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(_explain(error, path)) from None
    except CannotListen:
        listener.close()
        raise
    return listener


def _bind(listener: socket.socket, path: str, mode: int) -> None:
    mask = os.umask(0o777 & ~mode)
    try:
        listener.bind(path)
    finally:
        os.umask(mask)


def _remove_stale(path: str) -> None:
    """Remove a socket file that no process listens on.

    :raises CannotListen: if it is in use, or not a socket.
    """
    try:
        is_socket = stat.S_ISSOCK(os.lstat(path).st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise CannotListen(
            f"{path!r} exists, and is not a socket, so it is left as it is. Choose another"
            " path with --unix, or remove it."
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(5)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except TimeoutError:  # the accept queue is full, so it is in use
            pass
    raise CannotListen(
        f"Another server listens on {path!r}. Stop it, or choose another path with --unix."
    )


def _explain(error: OSError, path: str) -> str:
    folder = os.path.dirname(path)
    if isinstance(error, FileNotFoundError):
        return f"There is no folder {folder!r} for the socket. Create it: mkdir -p {folder}"
    if isinstance(error, PermissionError):
        return (
            f"This user may not make or use {path!r}: {error.strerror}. Choose a folder with"
            " --unix that the user of the server may write to."
        )
    return f"Cannot listen on {path!r}: {error.strerror or error}."


class SocketFile:
    """Removes the file of a Unix socket at the end; does nothing for other sockets."""

    def __init__(self, listener: socket.socket) -> None:
        self.path: str | None = None
        if listener.family == getattr(socket, "AF_UNIX", None):
            name = listener.getsockname()
            if isinstance(name, str) and name:
                self.path = name
                self.identity = os.stat(name)

    def __enter__(self) -> SocketFile:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the file, unless another server has replaced it."""
        if self.path is None:
            return
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(self.path), self.identity):
                os.unlink(self.path)


def is_unix(listener: socket.socket) -> bool:
    """Whether this is a Unix socket."""
    return listener.family == getattr(socket, "AF_UNIX", None)
