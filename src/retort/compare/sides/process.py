"""One process of a side: its start, its control channel, and its end.

The process runs `retort/cli/compare_side.py`. It inherits a listening socket and one end of a
socket pair. It ends when the other end is closed, so it never outlives the command.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...server.sockets.listen import set_no_delay
from .isolation import isolated

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "RETORT_COMPARE_SIDE"
PROGRAM = Path(__file__).parents[2] / "cli" / "compare_side.py"
_STOP_SECONDS = 5.0
_REPLY_SECONDS = 5.0
_POLL_SECONDS = 0.2
_LAST_LINES = 15
_LAST_BYTES = 16_000


class SideProcess:
    """A started process.

    :param python: the interpreter.
    :param folder: its working directory.
    :param log: the file for its standard output and standard error.
    :param spec: what `compare_side.py` has to do.
    :param is_isolated: run it in a network namespace of its own.
    """

    def __init__(
        self,
        python: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        spec: Mapping[str, Any],
        *,
        is_isolated: bool = False,
    ) -> None:
        self.log = log
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        set_no_delay(self.listener)
        self.port: int = self.listener.getsockname()[1]
        self._control, theirs = socket.socketpair()
        fds = (self.listener.fileno(), theirs.fileno())
        text = json.dumps({**spec, "listener": fds[0], "control": fds[1]})
        command = [python, str(PROGRAM)]
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                isolated(command) if is_isolated else command,
                cwd=folder,
                env={**environment, VARIABLE: text},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=fds,
                start_new_session=True,  # Ctrl-C goes to the command alone
            )
        self._received = b""
        self._asked = 0

    def wait_until_ready(self, seconds: float) -> dict[str, Any] | None:
        """What the process reports of the program; ``None`` if it has ended or takes too long."""
        return self._read(seconds)

    def ask(self, what: str, seconds: float = _REPLY_SECONDS, **values: Any) -> Any:
        """The value that the process returns for a request of the control channel.

        ``None`` if it has ended or does not reply in time; a late reply is dropped.
        """
        self._asked += 1
        request = {"what": what, "id": self._asked, **values}
        try:
            self._control.sendall(json.dumps(request).encode() + b"\n")
            reply = self._read(seconds)
            while reply is not None and reply.get("id") != self._asked:
                reply = self._read(seconds)
        except OSError:
            return None
        return None if reply is None else reply.get("value")

    def _read(self, seconds: float) -> dict[str, Any] | None:
        """The next line; ``None`` at the end of the process or of the time.

        The end of the channel is not enough: children of the program may have inherited it.
        """
        give_up_at = time.monotonic() + seconds
        while b"\n" not in self._received:
            if select.select([self._control], [], [], _POLL_SECONDS)[0]:
                received = self._control.recv(65_536)
                if not received:
                    return None
                self._received += received
            elif not self.is_alive or time.monotonic() > give_up_at:
                return None
        line, _, self._received = self._received.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def describe_end(self) -> str:
        """How the process ended, with its last lines of output; or that it still runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_POLL_SECONDS)  # its sockets are closed a moment before
        status = self._process.poll()
        lines = self._last_output().splitlines()[-_LAST_LINES:]
        output = "".join(f"\n    {line}" for line in lines)
        return f"{_end(status)}.{' It printed:' if output else ' It printed nothing.'}{output}"

    def describe_hang(self) -> str:
        """Where the main thread was when most of the time to load was over; else the output."""
        _, found, stack = self._last_output().rpartition("(most recent call first):\n")
        if not found:
            return self.describe_end()
        lines = [f"\n{line}" for line in stack.splitlines() if "<frozen " not in line]
        return f"It was here (most recent call first):{''.join(lines[:_LAST_LINES])}"

    def _last_output(self) -> str:
        return self.output_since(max(0, self.log.stat().st_size - _LAST_BYTES))

    def output_since(self, mark: int) -> str:
        """What the process has written after this number of bytes."""
        with self.log.open("rb") as log:
            log.seek(mark)
            return log.read().decode(errors="replace")

    def stop(self) -> None:
        """End the process and the processes that it has started."""
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._control.close()


def _end(status: int | None) -> str:
    if status is None:
        return "The process has not ended"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"The process was ended by {signal.Signals(-status).name}"
        return f"The process was ended by signal {-status}"
    return f"The process ended with status {status}"
