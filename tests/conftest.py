"""What all tests share: an app, its client, a real server, and no silent skips in CI."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest

PROJECT = Path(__file__).parent.parent
START_LIMIT_SECONDS = 60  # far above what a start takes; only a server that hangs meets it

# Two busy cores make a slow example now and then; slowness is not what these tests look for.
# A new find is for whoever runs them at home: in CI the same examples are tried each time.
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


@pytest.fixture(scope="session")
def is_long(pytestconfig):
    return pytestconfig.getoption("--long")


# With RETORT_PLAIN=1 there are no quick ways, so what is only about them is left out.
IS_PLAIN = os.environ.get("RETORT_PLAIN", "") not in {"", "0"}
collect_ignore = ["test_request_path.py"] if IS_PLAIN else []


# In CI a test that did not run is a test that failed.

SKIPS_ALLOWED_IN_CI: tuple[str, ...] = (  # starts of reasons
    # A system may forbid its users to make process namespaces; what is tested there is tested
    # without them as well.
    "no process namespaces here",
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


@pytest.fixture
def app():
    import retort

    app = retort.Flask("app under test")
    app.config.update(TESTING=True, SECRET_KEY="test key")
    return app


@pytest.fixture
def client(app):
    return app.test_client()


# A program in a process of its own, behind a real server.


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
    port: int
    log: Path
    host: str = "127.0.0.1"
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = f"http://{self.host}:{self.port}"

    def ask(self, method, path, body=None, headers=None) -> Answer:
        """Send one request as a plain HTTP client does, following nothing."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def send(self, request: bytes) -> bytes:
        """Send these bytes and return every byte that comes back until the server closes."""
        with socket.create_connection((self.host, self.port), timeout=30) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def is_listening(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 5):
            return True
        return False

    def wait_until_listening(self) -> None:
        give_up_at = time.monotonic() + START_LIMIT_SECONDS
        while not self.is_listening():
            if self.process.poll() is not None:
                pytest.fail(f"The server ended before it listened:\n{self.log.read_text()}")
            if time.monotonic() > give_up_at:
                pytest.fail(f"The server does not listen:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server, and whatever it started: they share a process group of their own."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return chosen.getsockname()[1]


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
        site = Site(process, port, log)
        try:
            site.wait_until_listening()
            yield site
        finally:
            site.stop()


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """Serve a program with `retort run` on a free port: `with serve("path.py") as site:`."""

    def serve(program, *options, env=None):
        port = _free_port()
        command = [sys.executable, "-m", "retort", "run", "--port", str(port), *options, program]
        log = tmp_path_factory.mktemp("server") / "log.txt"
        return _started(command, port, log, env or {})

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
