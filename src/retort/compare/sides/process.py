"""One process of a side: its start, its control channel, and its end.

The process runs `retort/cli/compare_side.py`. It inherits a listening socket and one end of a
socket pair. It ends when the other end is closed, so it never outlives the command.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...server.sockets.listen import set_no_delay

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "RETORT_COMPARE_SIDE"
PROGRAM = Path(__file__).parents[2] / "cli" / "compare_side.py"
_STOP_SECONDS = 5.0
_LAST_LINES = 15


class SideProcess:
    """A started process.

    :param python: the interpreter.
    :param folder: its working directory.
    :param log: the file for its standard output and standard error.
    :param spec: what `compare_side.py` has to do.
    """

    def __init__(
        self,
        python: str,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        spec: Mapping[str, Any],
    ) -> None:
        self.log = log
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        set_no_delay(self.listener)
        self.port: int = self.listener.getsockname()[1]
        self._control, theirs = socket.socketpair()
        fds = (self.listener.fileno(), theirs.fileno())
        text = json.dumps({**spec, "listener": fds[0], "control": fds[1]})
        with theirs, log.open("ab") as output:
            self._process = subprocess.Popen(
                [python, str(PROGRAM)],
                cwd=folder,
                env={**environment, VARIABLE: text},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=fds,
                start_new_session=True,  # Ctrl-C goes to the command alone
            )
        self._answers = self._control.makefile("rb")

    def wait_until_ready(self, seconds: float) -> dict[str, Any] | None:
        """What the process reports of the program; ``None`` if it has ended or takes too long."""
        self._control.settimeout(seconds)
        try:
            return self._read()
        except TimeoutError:
            return None
        finally:
            with contextlib.suppress(OSError):
                self._control.settimeout(_STOP_SECONDS)

    def ask(self, what: str, **values: Any) -> Any:
        """The value that the process returns for a request of the control channel.

        ``None`` if it has ended or does not reply.
        """
        try:
            self._control.sendall(json.dumps({"what": what, **values}).encode() + b"\n")
            reply = self._read()
        except OSError:  # also a time limit
            return None
        return None if reply is None else reply.get("value")

    def _read(self) -> dict[str, Any] | None:
        line = self._answers.readline()
        return json.loads(line) if line.endswith(b"\n") else None

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
        status = self._process.poll()
        lines = self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        output = "".join(f"\n    {line}" for line in lines)
        return f"{_end(status)}.{' It printed:' if output else ' It printed nothing.'}{output}"

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
        self._answers.close()
        self._control.close()


def _end(status: int | None) -> str:
    if status is None:
        return "The process did not finish loading in time"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"The process was ended by {signal.Signals(-status).name}"
        return f"The process was ended by signal {-status}"
    return f"The process ended with status {status}"
