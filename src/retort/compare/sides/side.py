"""One side: its data, its environment and its processes."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from ..options import CompareError
from ..results import SideInfo
from .folders import copy_folder, program_folder, search_path
from .observed import Observed, install_guard, observed
from .process import SideProcess
from .sources import python_and_path
from .specs import FLASK, variables_of
from .usage import Usage, usage_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..options import Options
    from .specs import SideSpec

LOAD_SECONDS = 120.0
_RESET_SECONDS = 600.0


class Side:
    """The program on one framework.

    :param root: an empty folder for the copies, logs and temporary files of this side.
    """

    def __init__(
        self, spec: SideSpec, options: Options, root: Path, specs: Sequence[SideSpec]
    ) -> None:
        self.spec = spec
        self.options = options
        self.root = root
        self.notes: list[str] = []
        self.start_seconds = 0.0
        self.ready: dict[str, Any] = {}
        self._own = variables_of(spec.name, options.env, specs)
        self._processes: list[SideProcess] = []
        self._turn = itertools.count()

    @property
    def info(self) -> SideInfo:
        """What the report says of this side."""
        label = self.ready.get("framework", self.spec.framework.capitalize())
        if self.spec.processes > 1:
            label += f", {self.spec.processes} processes"
        if self.spec.source is not None:
            label += f" from {self.spec.source}"
        python, location = self.ready.get("python", ""), self.ready.get("location", "")
        return SideInfo(self.spec.name, label, python, location)

    @property
    def session_cookie(self) -> str:
        """The name of the session cookie."""
        return str(self.ready.get("session_cookie", "session"))

    @property
    def rules(self) -> list[str]:
        """The rules without variables that accept GET."""
        return list(self.ready.get("rules", ()))

    @property
    def post_rules(self) -> list[str]:
        """The rules without variables that accept POST."""
        return list(self.ready.get("post_rules", ()))

    def start(self) -> None:
        """Copy the folder, make the data, and start the processes.

        :raises CompareError: if the program cannot be started; the message has its output.
        """
        source = program_folder(self.options.target)
        folders = self._copy(source)
        for number in range(self.spec.processes):
            self._start_one(source, folders[number % len(folders)])

    def _copy(self, source: Path) -> list[Path]:
        count = self.spec.processes if self.spec.is_apart else 1
        folders = [self.root / f"program{number or ''}" for number in range(count)]
        for folder in folders:
            if not folder.exists():
                self.notes += copy_folder(source, folder)
                self._reset(source, folder)
        return folders

    def test_run(self) -> tuple[str, Path, dict[str, str]]:
        """The interpreter, a fresh copy of the folder, and the environment for the test suite."""
        source = program_folder(self.options.target)
        folder = self.root / "suite"
        copy_folder(source, folder)
        environment = self.environment(source, folder)
        del environment["FLASK_RUN_FROM_CLI"]
        return python_and_path(self.spec, self.root)[0], folder, environment

    def environment(self, source: Path, folder: Path) -> dict[str, str]:
        """The environment of the side's processes."""
        home, temporary = self.root / "home", self.root / "tmp"
        for one in (home, temporary):
            one.mkdir(exist_ok=True)
        _, path = python_and_path(self.spec, self.root)
        guard, variables = install_guard(self.root, allows_network=self.options.allow_network)
        entries = [guard, *path, *search_path(source, folder, sys.path)]
        inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        entries += [os.path.abspath(entry) for entry in inherited if entry]
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("XDG_")},
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join(dict.fromkeys(entries)),
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "FLASK_RUN_FROM_CLI": "true",  # app.run() in the program does nothing
            "RETORT_AS_FLASK": "0" if self.spec.framework == FLASK else "1",
            **variables,
            **self._own,
        }

    def _reset(self, source: Path, folder: Path) -> None:
        if self.options.reset is None:
            return
        done = subprocess.run(
            self.options.reset,
            shell=True,
            cwd=folder,
            env=self.environment(source, folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_RESET_SECONDS,
            check=False,
        )
        if done.returncode:
            raise CompareError(
                f"--reset {shlex.quote(self.options.reset)} ended with status {done.returncode}:\n"
                f"{done.stdout}{done.stderr}"
            )

    def _start_one(self, source: Path, folder: Path) -> None:
        python, _ = python_and_path(self.spec, self.root)
        began = time.monotonic()
        process = SideProcess(
            python,
            folder,
            self.environment(source, folder),
            self.root / f"output{len(self._processes) or ''}.log",
            {
                "framework": self.spec.framework,
                "target": _in_copy(self.options.target, source, folder),
                "serves": not self.options.in_process,
            },
        )
        ready = process.wait_until_ready(LOAD_SECONDS)
        if ready is None or "failed" in ready:
            text = (ready or {}).get("failed") or process.describe_end()
            process.stop()
            raise CompareError(f"{self.info.label}: {text}")
        self.start_seconds = self.start_seconds or time.monotonic() - began
        self.ready = ready
        self._processes.append(process)

    def restart(self) -> None:
        """Start again processes that have ended, with the data as it is.

        :raises CompareError: if the program cannot be started again.
        """
        self.stop()
        self.start()

    def stop(self) -> None:
        """End all processes of the side."""
        while self._processes:
            self._processes.pop().stop()

    @property
    def ports(self) -> list[int]:
        """The ports of all processes."""
        return [process.port for process in self._processes]

    def next_port(self) -> int:
        """The port for the next request: the processes take turns."""
        return self._processes[next(self._turn) % len(self._processes)].port

    def is_alive(self) -> bool:
        """Whether no process has ended."""
        return all(process.is_alive for process in self._processes)

    def describe_end(self) -> str:
        """How the process that has ended did so, and its last lines of output."""
        ended = [one for one in self._processes if not one.is_alive]
        return ended[0].describe_end() if ended else ""

    def mark(self) -> tuple[int, ...]:
        """The lengths of the outputs so far, for `output_since`."""
        return tuple(process.log.stat().st_size for process in self._processes)

    def output_since(self, mark: tuple[int, ...]) -> str:
        """What the processes have written since then to standard output and standard error."""
        outputs = [process.log.read_bytes() for process in self._processes]
        return b"".join(map(_after, outputs, mark)).decode(errors="replace")

    def view_of(self, method: str, target: str) -> str:
        """The place of the view, as in ``shop.py:12 (login)``; empty if there is none."""
        found = self._route(method, target)
        return f"{found['place']} ({found['endpoint']})" if found else ""

    def endpoint_of(self, method: str, target: str) -> str:
        """The endpoint of a request; empty if no rule matches."""
        found = self._route(method, target)
        return str(found["endpoint"]) if found else ""

    def _route(self, method: str, target: str) -> dict[str, str] | None:
        found: dict[str, str] | None = self._processes[0].ask(
            "route", method=method, path=target.partition("?")[0]
        )
        return found

    def usage(self) -> Usage:
        """The processor time and the memory of all processes."""
        used = [
            usage_of(process.pid, tuple(process.ask("usage") or (0.0, 0)))
            for process in self._processes
        ]
        return Usage(sum(one.cpu_seconds for one in used), sum(one.memory_bytes for one in used))

    def observed(self) -> Observed:
        """What the processes have done outside of the side; also after their end."""
        return observed(self.root)

    def send(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Send a request by the test client in the process."""
        answer: dict[str, Any] | None = self._processes[
            next(self._turn) % len(self._processes)
        ].ask("send", **request)
        return answer


def _after(output: bytes, mark: int) -> bytes:
    return output[mark:]


def _in_copy(target: str | None, source: Path, folder: Path) -> str | None:
    """The target with an absolute path in the copy instead of in the folder."""
    if target is None or not target.startswith(str(source) + os.sep):
        return target
    return str(folder) + target[len(str(source)) :]
