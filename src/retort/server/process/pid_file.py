"""The pid file: the process id of a server's main process, and a lock.

A process id in a file can be stale and belong to another program. The server therefore locks the
file while it runs; a file without a lock is stale. Child processes do not inherit the lock
(fcntl(2), F_SETLK).
"""

from __future__ import annotations

import contextlib
import os

try:
    import fcntl
except ImportError:  # Windows has no such locks, and no signal to reload
    fcntl = None  # type: ignore[assignment]


class PidFileError(Exception):
    """The file cannot be used; the message has the reason and the fix."""


class PidFile:
    """A file that is written and locked from `acquire` to `release`."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)  # the program may change the working directory
        self.fd: int | None = None

    def acquire(self) -> None:
        """Lock the file and write this process's id.

        :raises PidFileError: if another server holds the file, or it cannot be written.
        """
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise PidFileError(
                f"Cannot write the file {self.path!r} for the process id: {error.strerror}."
                " Name another one with --pid-file, in a folder that exists and that this"
                " user may write to."
            ) from None
        if not _lock(fd):
            holder = _pid_in(fd)
            os.close(fd)
            raise PidFileError(
                f"A server that uses {self.path!r} is already running: process {holder}. Stop it"
                f" (kill {holder}), load its program again (retort reload), or name another"
                " file with --pid-file."
            )
        if os.fstat(fd).st_size and _pid_in(fd) is None:
            os.close(fd)
            raise PidFileError(
                f"The file {self.path!r} contains something other than a process id, so it is"
                " not changed. Name another one with --pid-file, or remove it."
            )
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self.fd = fd

    def release(self) -> None:
        """Remove the file, unless it has been replaced."""
        if self.fd is None:
            return
        with contextlib.suppress(OSError):
            if os.path.samestat(os.stat(self.path), os.fstat(self.fd)):
                os.unlink(self.path)
        os.close(self.fd)
        self.fd = None


def running_server(path: str) -> int:
    """The process id of the running server that wrote the file.

    :raises PidFileError: if no such server runs.
    """
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        raise PidFileError(
            f"There is no file {path!r}: no server that was started with"
            f" --pid-file {path} is running. Start it with this option, or name its file."
        ) from None
    except OSError as error:
        raise PidFileError(
            f"Cannot open {path!r}: {error.strerror}. Run the command as the user of the server."
        ) from None
    try:
        is_free = _lock(fd)
        pid = _pid_in(fd)
    finally:
        os.close(fd)
    if is_free or pid is None:
        raise PidFileError(
            f"No server runs that uses {path!r}: the file is left over, or is another"
            " program's. Start the server with 'retort run' and this --pid-file."
        )
    return pid


def _lock(fd: int) -> bool:
    """Try to lock the file.

    :returns: whether this process has the lock now.
    """
    if fcntl is None:
        return True
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _pid_in(fd: int) -> int | None:
    # Do not open the file a second time: closing that descriptor releases the lock, fcntl(2).
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else None
