"""Notify systemd of the server's state: ready, reloading, stopping, alive.

The protocol is sd_notify(3): lines of text in one datagram to the socket that NOTIFY_SOCKET names.
Without that variable, nothing is sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Notifier:
    """Sends notifications to the service manager, if there is one.

    Removes the manager's variables from the environment, so that child processes of the program do
    not use them.
    """

    def __init__(self) -> None:
        self.address = os.environ.pop("NOTIFY_SOCKET", "")
        self.watchdog_seconds = _watchdog_seconds()
        self.beat_at = 0.0

    def notify(self, *lines: str) -> None:
        """Send the lines; errors are ignored."""
        if not self.address:
            return
        # A leading @ stands for a null byte: the abstract namespace, unix(7).
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto("\n".join(lines).encode(), address)

    def ready(self, status: str) -> None:
        self.notify("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        # The time lets the manager match this message with its reload request.
        self.notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self.notify("STOPPING=1")

    def next_beat(self) -> float | None:
        """Seconds until the next watchdog message is due; ``None``: the watchdog is off."""
        if self.watchdog_seconds is None:
            return None
        return max(0.0, self.beat_at + self.watchdog_seconds / 3 - time.monotonic())

    def beat(self) -> None:
        """Send a watchdog message if one is due."""
        if self.next_beat() == 0.0:
            self.beat_at = time.monotonic()
            self.notify("WATCHDOG=1")


def _watchdog_seconds() -> float | None:
    """The manager's watchdog timeout, if it is on: sd_watchdog_enabled(3)."""
    microseconds = os.environ.pop("WATCHDOG_USEC", "")
    pid = os.environ.pop("WATCHDOG_PID", "") or str(os.getpid())
    if pid != str(os.getpid()) or not microseconds.isdecimal() or int(microseconds) == 0:
        return None
    return int(microseconds) / 1_000_000
