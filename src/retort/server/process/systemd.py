"""Tell systemd how the server is: ready, reloading, stopping, still alive.

The protocol of sd_notify(3): lines of text, in one datagram, to the socket that NOTIFY_SOCKET
names. Without that variable nothing happens.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Notifier:
    """Speaks to the service manager, if there is one that listens.

    Takes its variables out of the environment: they are meant for this process, not for those
    that the program starts.
    """

    def __init__(self) -> None:
        self.address = os.environ.pop("NOTIFY_SOCKET", "")
        self.watchdog_seconds = _watchdog_seconds()
        self.alive_told_at = 0.0

    def tell(self, *lines: str) -> None:
        """Send the lines; a manager that does not hear them is no reason to end."""
        if not self.address:
            return
        # A leading @ stands for a zero byte: an address without a file, unix(7).
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto("\n".join(lines).encode(), address)

    def ready(self, status: str) -> None:
        self.tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        # With the time, so that the manager knows which of its requests is meant.
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self.tell("STOPPING=1")

    def next_beat(self) -> float | None:
        """Seconds until the manager has to be told that we live; ``None``: it does not ask."""
        if self.watchdog_seconds is None:
            return None
        return max(0.0, self.alive_told_at + self.watchdog_seconds / 3 - time.monotonic())

    def beat(self) -> None:
        """Say that we live, when it is time."""
        if self.next_beat() == 0.0:
            self.alive_told_at = time.monotonic()
            self.tell("WATCHDOG=1")


def _watchdog_seconds() -> float | None:
    """After which silence the manager ends us: sd_watchdog_enabled(3)."""
    microseconds = os.environ.pop("WATCHDOG_USEC", "")
    pid = os.environ.pop("WATCHDOG_PID", "") or str(os.getpid())
    if pid != str(os.getpid()) or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1_000_000
