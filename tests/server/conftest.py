"""A program of a few lines, served in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

LIMIT_SECONDS = 60  # far above what anything here takes; only what hangs meets it


class Program:
    """A running program, its port and what it printed."""

    def __init__(self, process: subprocess.Popen, file: Path, log: Path) -> None:
        self.process = process
        self.file = file
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def port(self) -> int:
        """The port that the system chose and the server printed."""
        return int(self.wait_for_output(r"Open https?://\S+?:(\d+)")[1])

    def wait_for(self, condition):
        """The first true value of ``condition()``."""
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while not (value := condition()):
            if time.monotonic() > give_up_at:
                pytest.fail(f"Waited in vain. The program printed:\n{self.output}")
            time.sleep(0.02)
        return value

    def wait_for_output(self, pattern: str) -> re.Match:
        return self.wait_for(lambda: re.search(pattern, self.output))

    def wait_for_answer(self, text: str, path: str = "/") -> None:
        """Ask until the body of the answer has ``text`` in it."""

        def is_answered():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return text in self.get(path).text
            return False

        self.wait_for(is_answered)

    def get(self, path: str, **headers: str):
        return self.ask("GET", path, headers=headers)

    def ask(self, method, path, body=None, headers=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            response.text = response.read().decode()
            return response

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LIMIT_SECONDS)

    def send(self, *parts: bytes, half_close: bool = False) -> bytes:
        """Send the parts one by one; every byte that comes back until the server closes."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(0.05 if len(parts) > 1 else 0)  # so that each travels alone
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def type(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def rewrite(self, old: str, new: str) -> None:
        source = self.file.read_text()
        assert old in source
        self.file.write_text(source.replace(old, new))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; the exit status."""
        self.process.send_signal(number)
        return self.process.wait(LIMIT_SECONDS)

    def family(self) -> list[int]:
        """Process ids of all that belong to this program: they share a session."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and is_alive(folder, self.process.pid):
                    found.append(int(folder.name))
        return found


def is_alive(folder: Path, session: int) -> bool:
    """proc(5), /proc/pid/stat: after the name in brackets come state, parent, group, session."""
    state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
    return int(its_session) == session and state != "Z"


@pytest.fixture
def start(tmp_path):
    """Write a program and run it: ``start(source)``, or ``start(source, words=[...])``.

    ``words`` come after ``python``; ``{file}`` stands for the program. ``RUN`` in the source
    stands for the arguments that let the system choose a port.
    """
    started = []

    def start(source, *, words=("{file}",), name="program.py", env=None):
        file = tmp_path / name
        file.write_text(textwrap.dedent(source))
        log = tmp_path / f"log{len(started)}.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *(word.format(file=file) for word in words)],
                cwd=tmp_path,
                env={**os.environ, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(process, file, log)
        started.append(program)
        return program

    yield start
    for program in started:
        print(f"--- {program.file.name} printed:\n{program.output}")  # shown if the test failed
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait()
        program.process.stdin.close()
