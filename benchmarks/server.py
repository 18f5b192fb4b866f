"""Start a server pinned to one core, know what its processes use, and end it by its own pid."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import psutil

from . import exchange
from .workloads import Request

if TYPE_CHECKING:
    from pathlib import Path

    from .rows import Row

START_SECONDS = 60
END_SECONDS = 5


class DoesNotServe(Exception):
    """A server that did not start, or is gone."""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def cores() -> tuple[int, int]:
    """The core for servers and the core for the load; the same if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def pinned(core: int, command: list[str]) -> list[str]:
    taskset = shutil.which("taskset")
    return [taskset, "--cpu-list", str(core), *command] if taskset else command


class Server:
    """One row's program, served."""

    def __init__(self, row: Row, folder: Path, environ: dict[str, str], log: Path) -> None:
        self.row, self.folder, self.environ, self.log = row, folder, environ, log
        self.process: psutil.Popen | None = None
        self.port = 0

    def start(self) -> None:
        """:raises DoesNotServe: if it does not answer in time; the message ends its log."""
        self.port = free_port()
        with self.log.open("ab") as log:
            self.process = psutil.Popen(
                pinned(cores()[0], self.row.command_on(self.port)),
                cwd=self.folder,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        assert self.process is not None
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                with exchange.connected(self.port) as connection:
                    exchange.ask(connection, Request("/hello"))
                return
            time.sleep(0.05)
        self.end()
        raise DoesNotServe("does not start: " + self.last_words())

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else "it says nothing"

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def processes(self) -> list[psutil.Process]:
        if self.process is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return [self.process, *self.process.children(recursive=True)]
        return []

    def cpu_seconds(self) -> float:
        """Processor time of all its processes and their threads, in steps of 1/100 s."""
        total = 0.0
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def resident_bytes(self) -> int:
        """Memory of its largest process: the worker."""
        return max((process.memory_info().rss for process in self.processes()), default=0)

    def end(self) -> None:
        """Ask, wait, and kill what is left; only what this object started."""
        family = self.processes()
        if self.is_alive:
            assert self.process is not None
            self.process.terminate()
        _, left = psutil.wait_procs(family, timeout=END_SECONDS)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=END_SECONDS)
        self.process = None
