"""Every test here runs under the alias: the Flask installed beside must never be loaded."""

import contextlib
import gzip
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
START_LIMIT_SECONDS = 180  # far above what a start takes; only a server that hangs meets it


def pytest_addoption(parser):
    parser.addoption(
        "--on-flask",
        action="store_true",
        help="run with the real Flask, to see whether an extension is broken with that as well",
    )


def pytest_sessionstart(session):
    import flask

    if session.config.getoption("--on-flask"):
        return
    if not (flask.__file__ or "").endswith("retort/__init__.py"):
        pytest.exit(
            "`import flask` found the real Flask. Run these tests under the alias:"
            " python -m retort -m pytest tests/extensions",
            returncode=2,
        )


def modules_of_the_real_flask():
    """Loaded modules whose file is in the folder of an installed Flask."""
    folders = [str(Path(path, "flask")) + os.sep for path in sys.path]
    return [
        name
        for name, module in list(sys.modules.items())
        if str(getattr(module, "__file__", None) or "").startswith(tuple(folders))
    ]


@pytest.fixture(autouse=True, scope="module")
def _no_module_of_the_real_flask_is_loaded(pytestconfig):
    yield
    assert pytestconfig.getoption("--on-flask") or modules_of_the_real_flask() == []


@pytest.fixture
def app(tmp_path):
    from flask import Flask

    app = Flask("program", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, SECRET_KEY="a key for tests that is long enough for HMAC")
    yield app
    app.logger.disabled = False  # some tests silence it, and loggers outlive applications


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def write(tmp_path):
    """Write files below the program's folder: ``write("templates/a.html", "...")``."""

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    return write


# Real servers, where a test needs a socket


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        return chosen.getsockname()[1]


def wait_until_listening(port, is_alive):
    give_up_at = time.monotonic() + START_LIMIT_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        if not is_alive() or time.monotonic() > give_up_at:
            pytest.fail("The server does not listen.")
        time.sleep(0.05)


@pytest.fixture
def serve_with_werkzeug():
    """Serve an app from a thread, with Werkzeug's development server; gives host and port."""
    from werkzeug.serving import make_server

    servers = []

    def serve(app):
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"127.0.0.1:{server.port}"

    yield serve
    for server, thread in servers:
        server.shutdown()
        thread.join(20)


@pytest.fixture(scope="session")
def framework(pytestconfig):
    return "flask" if pytestconfig.getoption("--on-flask") else "retort"


@dataclass
class Answer:
    status: int
    text: str
    headers: Message


@dataclass
class Server:
    """A started process, and whatever it has started: they share a process group."""

    address: str
    process: subprocess.Popen
    output_file: Path

    def wait_until_listening(self):
        port = int(self.address.rpartition(":")[2])
        try:
            wait_until_listening(port, lambda: self.process.poll() is None)
        except pytest.fail.Exception:
            words = " ".join(map(str, self.process.args))
            pytest.fail(f"{words} does not listen:\n{self.output()[-3000:]}")

    def end(self):
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def ask(self, path):
        """The answer to a GET request."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(
                response.status, response.read().decode(errors="replace"), response.headers
            )
        finally:
            connection.close()

    def wait_for_output(self, is_there):
        """Wait until ``is_there(output)``; the output."""
        give_up_at = time.monotonic() + START_LIMIT_SECONDS
        while not is_there(self.output()):
            if time.monotonic() > give_up_at:
                pytest.fail(f"Not in the output: {self.output()[-3000:]}")
            time.sleep(0.05)
        return self.output()

    def output(self):
        return self.output_file.read_text(encoding="utf-8", errors="replace")


def shell_environment():
    """As that of a shell in which the environment of this Python is active."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path}
    environment.pop("RETORT_AS_FLASK", None)  # these tests run with it; a shell has none
    return environment


@contextlib.contextmanager
def launcher(folder):
    servers = []

    def launch(*words, env=None, cwd=folder, listens=True):
        """Start a command in the program's folder, wait for its port, and end it later.

        A ``{port}`` in the words stands for the number of a free port.
        """
        port = free_port()
        output_file = Path(folder, f"output-{len(servers)}.txt")
        with output_file.open("wb") as output:
            process = subprocess.Popen(
                [str(word).replace("{port}", str(port)) for word in words],
                cwd=cwd,
                env={**shell_environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(f"127.0.0.1:{port}", process, output_file)
        servers.append(server)
        if listens:
            server.wait_until_listening()
        return server

    try:
        yield launch
    finally:
        for server in servers:
            server.process.terminate()
        for server in servers:
            server.end()


@contextlib.contextmanager
def starter(folder, framework):
    with launcher(folder) as launch:

        def start(*args):
            """Start ``python -m retort ARGS``, wait for its port, end it later; host and port."""
            command = ["-m", framework] if is_command_of(framework, args[0]) else []
            return launch(sys.executable, *command, *args).address

        yield start


def is_command_of(framework, word):
    """Retort runs scripts and modules too; Flask runs only its own commands."""
    return framework == "retort" or str(word) == "run"


@pytest.fixture
def launch(tmp_path):
    with launcher(tmp_path) as launch:
        yield launch


@pytest.fixture(scope="module")
def launch_for_module(tmp_path_factory):
    with launcher(tmp_path_factory.mktemp("program")) as launch:
        yield launch


@pytest.fixture
def start(tmp_path, framework):
    with starter(tmp_path, framework) as start:
        yield start


@pytest.fixture(scope="module")
def start_for_module(tmp_path_factory, framework):
    with starter(tmp_path_factory.mktemp("program"), framework) as start:
        yield start


@pytest.fixture
def retort(tmp_path, framework):
    """Run ``python -m retort ARGS`` in the program's folder; its output."""

    def retort(*args, env=None):
        result = subprocess.run(
            [sys.executable, "-m", framework, *map(str, args)],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return retort


# Agents, and what they send


class Collector:
    """A server for what agents send: ``bodies`` has a path and a body for each request."""

    def __init__(self):
        self.bodies = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                bodies.append((self.path, read_body(self)))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *args):
                """Nothing is printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def wait_for(self, is_there):
        """Wait until ``is_there()``: agents send from a thread of their own."""
        give_up_at = time.monotonic() + START_LIMIT_SECONDS
        while not is_there():
            if time.monotonic() > give_up_at:
                pytest.fail(f"Not sent. These were: {[path for path, _ in self.bodies]}")
            time.sleep(0.05)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(20)


def read_body(handler):
    if handler.headers.get("Transfer-Encoding") == "chunked":
        body = b""
        while size := int(handler.rfile.readline(), 16):
            body += handler.rfile.read(size)
            handler.rfile.readline()
        handler.rfile.readline()
    else:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}
    return unpack.get(handler.headers.get("Content-Encoding"), bytes)(body)


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture(name="shell_environment")
def shell_environment_():
    return shell_environment()


@pytest.fixture
def under_alias(framework):
    """What stands between ``python`` and a program."""
    return ["-m", "retort"] if framework == "retort" else []


@pytest.fixture(params=["run", "module", "script", "gunicorn"])
def serving_words(request, traced, framework, under_alias):
    """A command that serves traced.py on ``{port}``; an agent's own words are put before it."""
    call = "from traced import app; app.run(port={port})"
    run = ["--app", "traced", "run", "--port", "{port}"]
    return {
        "run": [framework, *run],
        "module": [sys.executable, "-m", framework, *run],
        "script": [sys.executable, *under_alias, "-c", call],
        "gunicorn": ["gunicorn", "--bind", "127.0.0.1:{port}", "wsgi:app"],
    }[request.param]


@pytest.fixture
def traced(write, framework):
    """Put the program that agents look at into the program's folder, and its wsgi.py."""
    alias = "import retort.as_flask\n\nretort.as_flask.install()\n\n"
    write("traced.py", (HERE / "traced.py").read_text(encoding="utf-8"))
    write("wsgi.py", (alias if framework == "retort" else "") + "from traced import app\n")
