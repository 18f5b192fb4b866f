"""What runs on the hosts: PostgreSQL, Redis, HAProxy, the servers, and the client."""

from __future__ import annotations

import contextlib
import csv
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .ledger import Record, read_records

HERE = Path(__file__).parent
LIMIT_SECONDS = 60  # far above what anything here takes; only what hangs meets it
PER_SECOND = 100
RESPONSE_SECONDS = 2  # longer than the slowest page
DRAIN_SECONDS = 3  # HAProxy detects within 2 that a server is not ready


def wait_for(condition, failure):
    """The first true value of ``condition()``.

    :param failure: a function for the text of the failure.
    """
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not (value := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(failure())
        time.sleep(0.05)
    return value


class Service:
    """A process on a host, with a folder for its files and a log in it."""

    def __init__(self, host, folder: Path) -> None:
        self.host = host
        self.folder = folder
        self.log = folder / "log.txt"
        self.process: subprocess.Popen | None = None
        folder.mkdir(exist_ok=True)

    def launch(self, command, **options) -> None:
        self.process = self.host.start(command, self.log, folder=self.folder, **options)

    def wait_until(self, condition) -> None:
        def is_met():
            if self.process.poll() is not None:
                pytest.fail(f"{type(self).__name__} has ended:\n{self.log.read_text()}")
            return condition()

        wait_for(is_met, lambda: f"{type(self).__name__} waits:\n{self.log.read_text()}")

    def send_signal(self, number: signal.Signals) -> None:
        """Send it to the process and to those that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def kill(self) -> None:
        if self.process is None:
            return
        self.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process = None


class Redis(Service):
    @property
    def url(self) -> str:
        return f"redis://{self.host.address}/0"

    def start(self) -> None:
        options = {
            "--bind": self.host.address,
            "--protected-mode": "no",
            "--unixsocket": self.folder / "socket",
            "--save": "",
            "--appendonly": "no",
        }
        self.launch(["redis-server", *(word for pair in options.items() for word in pair)])
        self.wait_until(self._responds)

    @contextlib.contextmanager
    def away(self, *, is_killed: bool):
        """Kill it, or stop its process, until the end of the block."""
        self.send_signal(signal.SIGKILL if is_killed else signal.SIGSTOP)
        try:
            yield
        finally:
            if is_killed:
                self.kill()
                self.start()
            else:
                self.send_signal(signal.SIGCONT)

    def _responds(self) -> bool:
        command = ["redis-cli", "-s", str(self.folder / "socket"), "PING"]
        return subprocess.run(command, check=False, capture_output=True).stdout == b"PONG\n"


def postgresql_command(name: str) -> str | None:
    """The path of a command of PostgreSQL. Debian has those of servers in a folder per version."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else shutil.which(name)


class Postgresql(Service):
    """A database without data, for the user that Debian's package has made."""

    user = "postgres"

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}@{self.host.address}/postgres"

    def start(self) -> None:
        os.chown(self.folder, pwd.getpwnam(self.user).pw_uid, -1)
        data = self.folder / "data"
        initdb = [postgresql_command("initdb"), "--auth=trust", "--no-sync", "-D", data]
        self.launch(initdb, user=self.user)
        assert self.process.wait() == 0, self.log.read_text()
        self.process.stdin.close()
        with (data / "pg_hba.conf").open("a") as access:
            access.write("host all all 10.77.0.0/24 trust\n")
        settings = {
            "listen_addresses": self.host.address,
            "unix_socket_directories": self.folder,
            "max_connections": 300,
            "fsync": "off",
        }
        options = [word for pair in settings.items() for word in ("-c", "{}={}".format(*pair))]
        self.launch([postgresql_command("postgres"), "-D", data, *options], user=self.user)
        self.wait_until(lambda: self._psql("SELECT 1").returncode == 0)
        self.query("CREATE TABLE effects (number integer PRIMARY KEY, executions integer)")

    def kill(self) -> None:
        """End it at once, without leaving its shared memory behind."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
        super().kill()

    def _psql(self, text: str) -> subprocess.CompletedProcess:
        command = ["psql", "-h", self.folder, "-U", self.user, "-At", "-F", " ", "-c", text]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    def query(self, text: str) -> list[str]:
        done = self._psql(text)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def effects(self) -> dict[int, int]:
        """How often each numbered request has had its effect."""
        rows = self.query("SELECT number, executions FROM effects")
        return {int(number): int(count) for number, count in map(str.split, rows)}


HAPROXY_OF_TESTS = """global
    stats socket {socket} mode 600
"""


class Haproxy(Service):
    """HAProxy with the file that `retort deploy haproxy` writes, and a socket for its state."""

    port = 80

    def start(self, places: dict[str, str]) -> None:
        """Start it with these servers: their names and addresses."""
        self.names = {f"shop-{number}": name for number, name in enumerate(places, 1)}
        written, added = self.folder / "haproxy.cfg", self.folder / "tests.cfg"
        text = self._written_by_deploy(places.values())
        written.write_text(text)
        added.write_text(HAPROXY_OF_TESTS.format(socket=self.socket))
        self.socket.unlink(missing_ok=True)
        self.launch(["haproxy", "-db", "-f", written, "-f", added])
        self.wait_until(self._responds)

    def _written_by_deploy(self, addresses) -> str:
        options = ["--drain", str(DRAIN_SECONDS), "--response-timeout", str(RESPONSE_SECONDS)]
        for address in addresses:
            options += ["--server", f"{address}:{Server.port}:{Server.ops_port}"]
        command = [sys.executable, "-m", "retort", "deploy", "haproxy", *options, "shop.py"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _responds(self) -> bool:
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            self.servers_up()
            return True
        return False

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    def servers_up(self) -> set[str]:
        """The names of the servers that get requests."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.sendall(b"show stat\n")
            with connection.makefile() as answer:
                rows = list(csv.DictReader(answer))
        return {
            self.names[row["svname"]]
            for row in rows
            if row["svname"] in self.names
            and row["status"].startswith("UP")  # also "UP 1/2", after one failed check
            and "INI" not in row["check_status"]  # before the first check
        }

    def wait_for_servers(self, names) -> None:
        """Wait until it sends requests to these servers only."""
        self.wait_until(lambda: self.servers_up() == set(names))


class Server(Service):
    """`retort run` with a copy of the program."""

    port = 8000
    ops_port = 9000

    def __init__(self, host, folder: Path, name: str, env: dict[str, str]) -> None:
        super().__init__(host, folder)
        self.name = name
        self.env = {**env, "SERVER_NAME_OF_TEST": name}
        self.install("1")

    def install(self, version: str) -> None:
        """Replace the program by one of this version."""
        text = (HERE / "shop.py").read_text()
        (self.folder / "shop.py").write_text(
            text.replace('VERSION = "1"', f'VERSION = "{version}"')
        )

    def start(self) -> None:
        options = {
            "--host": "0.0.0.0",
            "--port": self.port,
            "--ops-host": "0.0.0.0",
            "--ops-port": self.ops_port,
            "--drain": DRAIN_SECONDS,
            "--grace": 10,
            "--pid-file": self.folder / "pid",
        }
        words = [word for pair in options.items() for word in pair]
        command = [sys.executable, "-m", "retort", "run", "--health", "--proxy", *words, "shop.py"]
        self.launch(command, env={**self.env, "PYTHONDONTWRITEBYTECODE": "1"})

    def reload(self) -> None:
        """Run `retort reload`, which does not wait for the new worker."""
        command = [sys.executable, "-m", "retort", "reload", "--pid-file", self.folder / "pid"]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)

    def stop(self) -> None:
        """Send SIGTERM, and wait for the end."""
        self.process.terminate()
        assert self.process.wait(LIMIT_SECONDS) == 0, self.log.read_text()
        self.kill()


class Load(Service):
    """The client, which sends requests from its start on."""

    @property
    def file(self) -> Path:
        return self.folder / "records"

    def start(self, address: str, port: int) -> None:
        self.launch([sys.executable, HERE / "load.py", address, port, PER_SECOND, self.file])
        self.wait_until(self.file.exists)

    def records(self) -> list[Record]:
        return read_records(self.file.read_text())

    def _records_since(self, seconds: float) -> list[Record]:
        """Those that have ended, and began after this time of the monotonic clock."""
        return [record for record in self.records() if record.started > seconds]

    def wait_for_records(self, condition) -> None:
        """Wait for ``condition(records)``, of requests that begin from now on."""
        begin = time.monotonic()
        self.wait_until(lambda: condition(self._records_since(begin)))

    def wait_for_second(self, condition) -> None:
        """Wait for a second of new requests that all fulfil ``condition(record)``."""

        def is_fulfilled(records):
            latest = records[-PER_SECOND:]
            return len(latest) == PER_SECOND and all(map(condition, latest))

        self.wait_for_records(is_fulfilled)

    def finish(self) -> list[Record]:
        """Send no more requests; return the records of all."""
        self.process.stdin.close()
        assert self.process.wait(LIMIT_SECONDS) == 0, self.log.read_text()
        return self.records()
