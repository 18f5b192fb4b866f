"""What all tests share: an app, its client, a real server, and no silent skips in CI."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import pytest

PROJECT = Path(__file__).parent.parent
LIMIT_SECONDS = 60  # far above what anything here takes; only what hangs meets it

# Two busy cores make a slow example now and then; slowness is not what these tests look for.
# New random examples are tried in local runs only: CI tries the same examples each time.
hypothesis.settings.register_profile(
    "retort",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("retort")


# Some tests of the server are as long as one likes: short every day, long before a release.


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="Run the tests of the server in full.")


def pytest_configure():
    """Undo `nohup` and `&` of a shell script: programs would inherit the ignored signals."""
    for name in ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def is_long(pytestconfig):
    return pytestconfig.getoption("--long")


# In CI a test that did not run is a test that failed.

SKIPS_ALLOWED_IN_CI: tuple[str, ...] = (  # starts of reasons
    # A system may forbid its users to make process namespaces; what is tested there is tested
    # without them as well.
    "no process namespaces here",
    # As above; the workflow of CI runs these tests a second time, as root.
    "no network namespaces here",
    # What one version of Python does; the tests run on all of them.
    "another Python: ",
)


def _is_silent_skip(report) -> bool:
    if not report.skipped or hasattr(report, "wasxfail") or os.environ.get("CI") != "true":
        return False
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return not reason.removeprefix("Skipped: ").startswith(SKIPS_ALLOWED_IN_CI or ("\0",))


def _fail_instead_of_skip(report) -> None:
    if _is_silent_skip(report):
        report.longrepr = (
            f"In CI every test must run, and this one asked to be skipped: {report.longrepr}"
        )
        report.outcome = "failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _fail_instead_of_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _fail_instead_of_skip(report)
    return report


# An app in this process.


@pytest.fixture(autouse=True)
def loggers():
    """Loggers outlive applications: those that a test has disabled are enabled after it."""
    yield
    for logger in logging.root.manager.loggerDict.values():
        if getattr(logger, "disabled", False):
            logger.disabled = False


@pytest.fixture(autouse=True)
def environment():
    """The environment of the process is the same after each test: commands set variables."""
    before = dict(os.environ)
    yield
    before["PYTEST_CURRENT_TEST"] = os.environ.get("PYTEST_CURRENT_TEST", "")
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def app():
    import retort

    app = retort.Flask("app under test")
    app.config.update(TESTING=True, SECRET_KEY="test key")
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def is_listening(port):
    """Whether a server accepts connections on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


@contextlib.contextmanager
def served_by(words, port, log, folder, env):
    """Run a server until the end of the block; it is ready when the block begins.

    :param words: its command after the name of Python, with ``{port}``.
    :param log: the file for what it prints.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *(word.format(port=port) for word in words)],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while not is_listening(port):
            if process.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail(f"{words} does not listen:\n{log.read_text()}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session", name="served_by")
def served_by_fixture():
    return served_by


# A diff that an error page shows, as its reader applies it.


class Calls:
    """Counts the calls of what it wraps, which goes on doing its work."""

    def __init__(self):
        self.count = 0

    def wrap(self, function):
        def counting(*args, **kwargs):
            self.count += 1
            return function(*args, **kwargs)

        return counting

    def patch(self, monkeypatch, owner, name):
        """Replace a function, property or lazy attribute of a class."""
        member = owner.__dict__.get(name, getattr(owner, name))
        if isinstance(member, property):  # also Werkzeug's cached ones
            new = property(self.wrap(member.fget), member.fset and self.wrap(member.fset))
        elif isinstance(member, staticmethod):
            new = staticmethod(self.wrap(member.__func__))
        else:
            new = self.wrap(member)
        monkeypatch.setattr(owner, name, new)


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture(scope="session")
def build_path():
    """Build a path with a URL map alone: ``build_path(url_map, endpoint, values)``."""
    from retort import routing

    def build_path(url_map, endpoint, values):
        context = SimpleNamespace(
            plans=SimpleNamespace(url_map=url_map),
            match=(),
            app=None,
            made_url_adapter=None,
            environ={},
        )
        return routing.build_path(context, None, endpoint, values)

    return build_path


@pytest.fixture(scope="session")
def apply_diff():
    """Apply a diff to a folder: `git apply` checks it, and `patch` applies it."""

    def apply_diff(folder, diff):
        assert diff, "there is no diff"
        for command in (["git", "apply", "--check", "-p1", "-"], ["patch", "--binary", "-p1"]):
            if shutil.which(command[0]) is None:
                pytest.skip(f"There is no {command[0]}. On Debian: apt-get install {command[0]}")
            done = subprocess.run(
                command, cwd=folder, input=diff.encode(), check=False, capture_output=True
            )
            assert done.returncode == 0, f"{done.stdout.decode()}{done.stderr.decode()}\n{diff}"

    return apply_diff


# A program in a process of its own, behind a real server.


@pytest.fixture(scope="session")
def save():
    """Replace a file atomically, as editors do: a reader gets the old text or the new."""

    def save(path, text):
        new = path.with_name(f".{path.name}.new")
        new.write_text(text)
        # Python takes a compiled file for current if the source has its size and whole second.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
        new.replace(path)

    return save


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def allow(self) -> set[str]:
        return {method.strip() for method in self.headers.get("Allow", "").split(",")}


@dataclass
class Site:
    """A program that is being served on this machine."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int = 0
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ask(self, method, path, body=None, headers=None) -> Answer:
        """Send one request as a plain HTTP client does, following nothing."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=LIMIT_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def send(self, request: bytes) -> bytes:
        """Send these bytes; every byte that comes back until the server ends the connection."""
        address = (self.host, self.port)
        received = bytearray()
        with socket.create_connection(address, timeout=LIMIT_SECONDS) as connection:
            with contextlib.suppress(ConnectionError):  # it may answer before it has read all
                connection.sendall(request)
            with contextlib.suppress(ConnectionError):
                while piece := connection.recv(65536):
                    received += piece
        return bytes(received)

    def is_listening(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 5):
            return True
        return False

    def wait_for(self, condition):
        """The first true value of ``condition()``."""
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while not (value := condition()):
            if time.monotonic() > give_up_at:
                pytest.fail(f"Waited in vain. The server printed:\n{self.log.read_text()}")
            time.sleep(0.02)
        return value

    def wait_for_log(self, text: str, start: int = 0) -> int:
        """Where this text begins in what was printed, looked for from ``start`` on."""
        found = self.wait_for(lambda: self.log.read_text().find(text, start) + 1)
        return found - 1

    def wait_until_up(self, is_up):
        """The first true value of ``is_up()``, while the server does not end."""

        def is_up_or_over():
            if self.process.poll() is not None:
                pytest.fail(f"The server ended before it listened:\n{self.log.read_text()}")
            return is_up()

        return self.wait_for(is_up_or_over)

    def printed_port(self) -> int:
        """The port that the system chose; 0 as long as it is not printed."""
        found = re.search(r"Open https?://\S+?:(\d+)\s", self.log.read_text())
        return int(found[1]) if found else 0

    def stop(self) -> None:
        """End the server, and whatever it started: they share a process group of their own."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(scope="session")
def choose_port():
    """A port for a test that needs it in advance; otherwise the server chooses one.

    The system chooses ports, also for clients, from a range that starts at 32768 (ip(7),
    ip_local_port_range), so this port stays free. Other tests use another range.
    """
    numbers = itertools.count(10_000 + os.getpid() * 50 % 20_000)

    def choose_port() -> int:
        return next(number for number in numbers if _is_free(number))

    return choose_port


def _is_free(port) -> bool:
    with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


@contextlib.contextmanager
def _started(command, port, log, env):
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        site = Site(process, log)
        try:
            site.port = port or site.wait_until_up(site.printed_port)
            site.wait_until_up(site.is_listening)
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """Serve a program with `retort run` on a port it chooses: `with serve("path.py") as site:`."""

    def serve(program, *options, env=None):
        command = [sys.executable, "-m", "retort", "run", "--port", "0", *options, program]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        return _started(command, None, log, env or {})

    return serve


@pytest.fixture(scope="session")
def serve_script(tmp_path_factory):
    """Run a script that serves itself on `port`: `with serve_script("path.py", 5000) as site:`."""

    def serve_script(script, port, env=None):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            pytest.fail(
                f"Port {port} is in use, and {script} serves on it. End what listens there."
            )
        log = tmp_path_factory.mktemp("server") / "log.txt"
        return _started([sys.executable, "-m", "retort", script], port, log, env or {})

    return serve_script


# Redis, for programs with several processes.


class RedisServer:
    """A Redis with no data, on a socket file; a restart has lost all data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = folder / "redis.sock"
        self.log = folder / "redis.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.address}"

    def start(self) -> None:
        places = ("--dir", str(self.folder), "--unixsocket", str(self.address), "--port", "0")
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                ["redis-server", *places, "--save", "", "--appendonly", "no"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while not self._responds():
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                pytest.fail(f"Redis has not started:\n{self.log.read_text()}")
            time.sleep(0.02)

    def _responds(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.address))
            connection.sendall(b"PING\r\n")
            return connection.recv(100).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis_server(tmp_path_factory):
    if shutil.which("redis-server") is None:
        pytest.skip("There is no redis-server. On Debian: apt-get install redis-server")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        server.start()
        yield server
    finally:
        server.kill()
