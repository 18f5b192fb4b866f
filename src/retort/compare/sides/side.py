"""One side: its data, its environment and its processes."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from ..options import CompareError
from ..results import SideInfo
from .folders import copy_folder, program_folder, search_path
from .observed import Observed, install_guard, observed
from .process import SideProcess
from .reset import reset
from .sources import python_and_path
from .specs import FLASK, variables_of
from .usage import Usage, usage_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..options import Options
    from .specs import SideSpec

LOAD_SECONDS = 120.0


class Side:
    """The program on one framework.

    :param root: an empty folder for the copies, logs and temporary files of this side.
    :param load_seconds: how long the program may take to load.
    """

    def __init__(
        self,
        spec: SideSpec,
        options: Options,
        root: Path,
        specs: Sequence[SideSpec],
        load_seconds: float = LOAD_SECONDS,
    ) -> None:
        self.spec = spec
        self.options = options
        self.root = root
        self.load_seconds = load_seconds
        self.notes: list[str] = []
        self.start_seconds = 0.0
        self.ready: dict[str, Any] = {}
        self._own = variables_of(spec.name, options.env, specs)
        self._processes: list[SideProcess] = []
        self._lock = threading.Lock()  # `stop` may be called while another thread starts
        self._is_stopped = False
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

        Copies that exist are used as they are.

        :raises CompareError: if the program cannot be started; the message has its output.
        """
        self._is_stopped = False
        source = program_folder(self.options.target)
        folders = self._copy(source)
        try:
            for number in range(self.spec.processes):
                self._start_one(source, folders[number % len(folders)], number)
        except CompareError:
            self.stop()
            raise

    def _copy(self, source: Path) -> list[Path]:
        count = self.spec.processes if self.spec.is_apart else 1
        folders = [self.root / f"program{number or ''}" for number in range(count)]
        for folder in folders:
            if not folder.exists():
                self.notes += copy_folder(source, folder)
                if self.options.reset is not None:
                    reset(self.options.reset, folder, self.environment(source, folder))
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

    def _start_one(self, source: Path, folder: Path, number: int) -> None:
        python, _ = python_and_path(self.spec, self.root)
        began = time.monotonic()
        with self._lock:
            if self._is_stopped:
                raise CompareError(f"{self.spec.name}: stopped while it was started.")
            process = SideProcess(
                python,
                folder,
                self.environment(source, folder),
                self.root / f"output{number or ''}.log",
                {
                    "framework": self.spec.framework,
                    "target": _in_copy(self.options.target, source, folder),
                    "serves": not self.options.in_process,
                    "load_seconds": self.load_seconds,
                },
                is_isolated=self.options.isolates,
            )
            self._processes.append(process)
        ready = process.wait_until_ready(self.load_seconds)
        if ready is None or "failed" in ready:
            text = (ready or {}).get("failed") or self._describe_failed(process)
            raise CompareError(f"{self.spec.name} ({self.info.label}): {text}")
        self.start_seconds = self.start_seconds or time.monotonic() - began
        self.ready = ready

    def _describe_failed(self, process: SideProcess) -> str:
        end = process.describe_end()
        if process.is_alive:
            where = process.describe_hang()
            return f"The program was not loaded after {self.load_seconds:g} seconds. {where}"
        return (
            f"The program ended while it was loaded. {end}\n"
            "It must not end its process, or go on in another one, when it is imported."
        )

    def restart(self) -> None:
        """End all processes and start them again, with the data as it is.

        The data is not made anew, because the other sides have kept theirs.

        :raises CompareError: if the program cannot be started again.
        """
        self.stop()
        self.start()

    def stop(self) -> None:
        """End all processes of the side, also those that another thread is starting."""
        with self._lock:
            self._is_stopped = True
            ended, self._processes = self._processes, []
        for process in ended:
            process.stop()

    @property
    def ports(self) -> list[int]:
        """The ports of all processes."""
        return [process.port for process in self._processes]

    def next_port(self) -> int:
        """The port for the next request: the processes take turns.

        :raises CompareError: if the side is not running.
        """
        return self._next().port

    def _next(self) -> SideProcess:
        if not self._processes:
            raise CompareError(f"{self.info.label} is not running.")
        return self._processes[next(self._turn) % len(self._processes)]

    def is_alive(self) -> bool:
        """Whether the side is running, and none of its processes has ended."""
        return bool(self._processes) and all(process.is_alive for process in self._processes)

    def describe_end(self) -> str:
        """How the process that has ended did so, and its last lines of output."""
        ended = [one for one in self._processes if not one.is_alive]
        return ended[0].describe_end() if ended else ""

    def mark(self) -> tuple[int, ...]:
        """The lengths of the outputs so far, for `output_since`."""
        return tuple(process.log.stat().st_size for process in self._processes)

    def output_since(self, mark: tuple[int, ...]) -> str:
        """What the processes have written since then to standard output and standard error."""
        return "".join(map(SideProcess.output_since, self._processes, mark))

    def view_of(self, method: str, target: str) -> str:
        """The place of the view, as in ``shop.py:12 (login)``; empty if there is none."""
        found = self._route(method, target)
        return f"{found['place']} ({found['endpoint']})" if found else ""

    def endpoint_of(self, method: str, target: str) -> str:
        """The endpoint of a request; empty if no rule matches."""
        found = self._route(method, target)
        return str(found["endpoint"]) if found else ""

    def _route(self, method: str, target: str) -> dict[str, str] | None:
        path = target.partition("?")[0]
        for process in self._processes[:1]:
            found: dict[str, str] | None = process.ask("route", method=method, path=path)
            return found
        return None

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

    def send(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Send a request by the test client in the process; ``None`` without a response in time.

        :raises CompareError: if the side is not running.
        """
        found: dict[str, Any] | None = self._next().ask("send", seconds, **request)
        return found


def _in_copy(target: str | None, source: Path, folder: Path) -> str | None:
    """The target with an absolute path in the copy instead of in the folder."""
    if target is None or not target.startswith(str(source) + os.sep):
        return target
    return str(folder) + target[len(str(source)) :]


def start_all(sides: Sequence[Side]) -> None:
    """Start sides at the same time; if one fails, none runs.

    :raises CompareError: if one cannot be started.
    """
    with ThreadPoolExecutor(len(sides)) as pool:
        try:
            started = [pool.submit(side.start) for side in sides]
            wait(started, return_when=FIRST_EXCEPTION)
            for one in started:
                if one.done():
                    one.result()
        except BaseException:  # also Ctrl-C: the pool waits for programs that still load
            for side in sides:
                side.stop()
            raise
