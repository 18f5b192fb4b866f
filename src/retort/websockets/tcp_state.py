"""What the system knows of a TCP connection: which sent bytes the client's system has received."""

from __future__ import annotations

import socket
import struct

_TCP_INFO = struct.Struct("=120xQ")  # linux/tcp.h, struct tcp_info, up to tcpi_bytes_acked


def acknowledged_bytes(connection: socket.socket) -> int | None:
    """How many bytes the client has acknowledged since the connection began.

    :returns: ``None`` where the system does not say it: not on Linux, or a closed socket.
    """
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
        (acknowledged,) = _TCP_INFO.unpack(info)
    except (AttributeError, OSError, struct.error):
        return None
    return int(acknowledged)


def unacknowledged_bytes(connection: socket.socket) -> int:
    """How many bytes are in the send queue, or unacknowledged: tcp(7), SIOCOUTQ. Else 0."""
    try:
        import fcntl
        import termios

        answer = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, struct.pack("=i", 0))
    except (ImportError, OSError, ValueError):
        return 0
    return int(struct.unpack("=i", answer)[0])
