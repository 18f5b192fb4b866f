"""The limits of a WebSocket."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of a WebSocket, in bytes and seconds.

    :param message_bytes: the size of a received message, all fragments together (1009).
    :param queue: how many received messages wait for the view; then reading stops.
    :param ping_seconds: the interval of pings; 0: no pings.
    :param pong_seconds: how long the answer to a ping may take.
    :param accept_seconds: how long the view may take to accept a handshake.
    :param close_seconds: how long the client may take to answer a close frame.
    :param send_seconds: how long the client may read nothing of what is sent.
    :param connections: how many WebSockets one process holds (503).
    """

    message_bytes: int = 1 << 20
    queue: int = 16
    ping_seconds: float = 20.0
    pong_seconds: float = 20.0
    accept_seconds: float = 10.0
    close_seconds: float = 5.0
    send_seconds: float = 60.0
    connections: int = 10_000
