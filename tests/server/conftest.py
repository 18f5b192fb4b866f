"""A program of a few lines, served in a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

LIMIT_SECONDS = 60  # far above what anything here takes; only what hangs meets it

# For so long a replaced worker leaves its connections open: `worker_main.REPLACED_SECONDS`.
KEPT_OPEN_SECONDS = 1.0


class Program:
    """A running program, its port and what it printed."""

    def __init__(self, process: subprocess.Popen, file: Path, log: Path, save) -> None:
        self.process = process
        self.file = file
        self.log = log
        self.save = save

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def port(self) -> int:
        """The port that the system chose and the server printed."""
        return int(self.wait_for_output(r"Open https?://\S+?:(\d+)\s")[1])

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
        """Send requests until the body of the response contains ``text``."""

        def is_answered():
            with contextlib.suppress(OSError, http.client.HTTPException):
                return text in self.get(path).text
            return False

        self.wait_for(is_answered)

    def get(self, path: str, **headers: str):
        return self.ask("GET", path, headers=headers)

    def ask(self, method, path, body=None, headers=(), *, port=None):
        """Send a request to the site, or to another port."""
        port = port or self.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
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
            with contextlib.suppress(ConnectionError):  # it may answer before it has read all
                for part in parts:
                    connection.sendall(part)
                    time.sleep(0.05 if len(parts) > 1 else 0)  # so that each travels alone
            if half_close:
                with contextlib.suppress(OSError):  # the server may have ended it already
                    connection.shutdown(socket.SHUT_WR)
            return self.received(connection)

    @staticmethod
    def received(connection: socket.socket) -> bytes:
        """What comes until the server ends the connection, by whichever way."""
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            while piece := connection.recv(65536):
                received += piece
        return bytes(received)

    def type(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def rewrite(self, old: str, new: str) -> None:
        source = self.file.read_text()
        assert old in source
        self.save(self.file, source.replace(old, new))

    def wait(self) -> int:
        """The exit status, as soon as it has ended by itself."""
        return self.process.wait(LIMIT_SECONDS)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send the signal; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    @property
    def workers(self) -> list[int]:
        """Process ids of all but the first."""
        return [pid for pid in self.family() if pid != self.process.pid]

    def answering(self) -> set[int]:
        """Process ids of the workers that take one of several requests for /pid at once."""
        seen = []

        def ask():
            with contextlib.suppress(OSError, http.client.HTTPException):
                seen.append(int(self.get("/pid").text))

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return set(seen) & set(self.workers)

    def serving(self, count: int, instead_of=frozenset()) -> set[int]:
        """`answering`, as soon as there are so many, and none of those others."""

        def enough():
            seen = self.answering()
            return seen if len(seen) >= count and seen.isdisjoint(instead_of) else None

        return self.wait_for(enough)

    def family(self) -> list[int]:
        """Process ids of all that belong to this program: they share a session."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if (
                    folder.name.isdigit()
                    and is_alive(folder, self.process.pid)
                    and not is_resource_tracker(folder)
                ):
                    found.append(int(folder.name))
        return found


def is_alive(folder: Path, session: int) -> bool:
    """proc(5), /proc/pid/stat: after the name in brackets come state, parent, group, session."""
    state, _, _, its_session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
    return int(its_session) == session and state != "Z"


def is_resource_tracker(folder: Path) -> bool:
    """Whether it is multiprocessing's, which ends by itself when the process ends.

    Werkzeug's debugger has a value that processes share; from Python 3.14 on that brings one.
    """
    return b"multiprocessing.resource_tracker" in (folder / "cmdline").read_bytes()


class Load:
    """Clients that send requests continuously, in threads; half of them reuse their connection.

    ``failures`` has the errors; ``answers`` counts each response text.
    """

    def __init__(self, program: Program, path: str, clients: int) -> None:
        self.program = program
        self.path = path
        self.port = program.port
        self.failures: list[str] = []
        self.answers: Counter[str] = Counter()
        self.answered_at: list[float] = []
        self.is_over = threading.Event()
        self.threads = [
            threading.Thread(target=self.ask_on, args=(number % 2 == 0,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join(LIMIT_SECONDS)

    def ask_on(self, keeps_connection: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_SECONDS)
        last_asked_at = 0.0
        while not self.is_over.is_set():
            asked_at = time.monotonic()
            if connection.sock is None:
                last_asked_at = asked_at
            # Where this process has to wait for a processor, we may come too late: our own fault.
            held_up = asked_at - last_asked_at
            try:
                connection.request("GET", self.path)  # opens the connection, if it is not
                held_up = time.monotonic() - last_asked_at
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                if held_up < KEPT_OPEN_SECONDS:
                    self.failures.append(repr(error))
                connection.close()
                time.sleep(0.005)
                continue
            last_asked_at = asked_at
            self.note(answer.status, text)
            if not keeps_connection:
                connection.close()
        connection.close()

    def note(self, status: int, text: str) -> None:
        if status != 200:
            self.failures.append(f"status {status}")
            return
        self.answers[text] += 1
        self.answered_at.append(time.monotonic())

    @property
    def count(self) -> int:
        return len(self.answered_at)

    def wait_for_more(self, number: int) -> None:
        """Until so many more have been answered."""
        goal = self.count + number
        self.program.wait_for(lambda: self.count >= goal)

    def longest_pause_since(self, moment: float) -> float:
        """The longest time in seconds without any answer."""
        times = [moment, *sorted(at for at in self.answered_at if at >= moment)]
        return max(later - earlier for earlier, later in itertools.pairwise(times))


@pytest.fixture
def load():
    """Send requests continuously: ``with load(program, "/") as asking:``."""

    def load(program, path="/", clients=8):
        return Load(program, path, clients)

    return load


@pytest.fixture
def start(tmp_path, save):
    """Write a program and run it: ``start(source)``, or ``start(source, words=[...])``.

    ``words`` come after ``python``; ``{file}`` stands for the program. ``RUN`` in the source
    stands for the arguments that let the system choose a port.
    """
    started = []

    def start(source, *, words=("{file}",), name="program.py", env=None, pass_fds=()):
        file = tmp_path / name
        file.write_text(textwrap.dedent(source))
        log = tmp_path / f"log{len(started)}.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *(word.format(file=file) for word in words)],
                cwd=tmp_path,
                env={**os.environ, **(env or {})},
                pass_fds=pass_fds,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(process, file, log, save)
        started.append(program)
        return program

    yield start
    for program in started:
        print(f"--- {program.file.name} printed:\n{program.output}")  # shown if the test failed
        with contextlib.suppress(ProcessLookupError):
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait()
        program.process.stdin.close()


@pytest.fixture
def run(start):
    """Serve a program with `retort run`: ``run(source, "--workers", "2")``."""

    def run(source, *options, **more):
        return start(source, words=["-m", "retort", "run", *options, "{file}"], **more)

    return run


@pytest.fixture(scope="module")
def program(request, tmp_path_factory):
    """The path of a file with the module's ``PROGRAM``, to serve it for several tests."""
    file = tmp_path_factory.mktemp("program") / "shop.py"
    file.write_text(textwrap.dedent(request.module.PROGRAM))
    return str(file)
