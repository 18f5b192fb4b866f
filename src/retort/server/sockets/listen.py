"""Open the TCP port a server listens on, or explain why it cannot be opened.

The first process opens the socket and its children inherit it. The port is therefore reserved
before anything else starts, and clients wait in the accept queue while a worker is replaced. Unix
sockets: `unix_socket.py`; sockets opened by another program: `socket_activation.py`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import sys
import textwrap
from pathlib import Path

from ..options import BACKLOG


class CannotListen(Exception):
    """The address cannot be used; the message has the reason and the fix."""


def open_listener(host: str, port: int, *, change_port: str = "--port {port}") -> socket.socket:
    """Open a listening socket on ``host`` and ``port``.

    :param port: 0 lets the system choose a free one.
    :param change_port: what the user types for another port, with ``{port}`` in it.
    :raises CannotListen: if the address is in use, forbidden or not local.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        _allow_quick_restart(listener)
        set_no_delay(listener)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotListen(_explain(error, host, port, change_port)) from None
    return listener


def set_no_delay(listener: socket.socket) -> None:
    """Disable Nagle's algorithm, which would delay short pieces of a response by 40 ms.

    Connections inherit the option from the listening socket: tcp(7). Unix sockets have no such
    option.
    """
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def set_user_timeout(listener: socket.socket, seconds: float) -> None:
    """Make the kernel close connections whose clients acknowledge no sent data for so long.

    Accepted sockets inherit the option from the listening socket: tcp(7), TCP_USER_TIMEOUT.
    """
    # Unix sockets have no such option and need none.
    with contextlib.suppress(AttributeError, OSError):
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def adopt_listener(fileno: int) -> socket.socket:
    """The listening socket inherited from the parent process."""
    listener = socket.socket(fileno=fileno)
    listener.set_inheritable(False)
    return listener


def _allow_quick_restart(listener: socket.socket) -> None:
    if sys.platform == "win32":
        # On Windows, SO_REUSEADDR would let two programs share the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _explain(error: Exception, host: str, port: int, change_port: str) -> str:
    if isinstance(error, OverflowError):
        return f"Port {port} does not exist: ports go from 0 to 65535 (0 lets the system choose)."
    if isinstance(error, socket.gaierror):
        return f"The host name {host!r} cannot be resolved. Use 127.0.0.1 for this machine only."
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return _port_in_use(host, port, change_port)
    if code == errno.EACCES:
        other = change_port.format(port=8000)
        return f"Port {port} is reserved for the system. Use one from 1024 on: {other}."
    if code == errno.EADDRNOTAVAIL:
        return (
            f"{host!r} is not an address of this machine. Use 127.0.0.1 for this machine only,"
            " or 0.0.0.0 to let others in."
        )
    return f"Cannot listen on {host!r}, port {port}: {error}."


def _port_in_use(host: str, port: int, change_port: str) -> str:
    holder = process_listening_on(port)
    by = f" by process {holder[0]} ({holder[1]})" if holder else ""
    stop = f"Stop it (kill {holder[0]})" if holder else "Stop the program that uses it"
    other = change_port.format(port=_next_free_port(host, port))
    text = f"Port {port} on {host} is in use{by}. {stop}, or choose another port: {other}."
    if sys.platform == "darwin" and port == 5000 and not holder:
        text += " On macOS it may be AirPlay: System Settings, General, AirDrop & Handoff."
    return text


def _next_free_port(host: str, port: int) -> int:
    """The next unused port. It is only a suggestion, so a race is harmless."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port + 1, min(port + 100, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                _allow_quick_restart(probe)
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return 0


def process_listening_on(port: int) -> tuple[int, str] | None:
    """Id and command of the process that listens on ``port``, from Linux's ``/proc``."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds_socket(process, inodes):
            return int(process.name), _command_of(process)
    return None


def _listening_inodes(port: int) -> set[str]:
    """Inodes of the sockets in state LISTEN (0A) on ``port``: proc(5), /proc/net/tcp."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(fields[9])
    return found


def _holds_socket(process: Path, inodes: set[str]) -> bool:
    wanted = {f"socket:[{inode}]" for inode in inodes}
    try:
        return any(os.readlink(entry) in wanted for entry in (process / "fd").iterdir())
    except OSError:  # no permission, or the process has ended
        return False


def _command_of(process: Path) -> str:
    try:
        arguments = (process / "cmdline").read_text(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return "unknown command"
    arguments[0] = os.path.basename(arguments[0])
    return textwrap.shorten(" ".join(arguments), 160)
