"""Every test here runs under the alias: the Flask installed beside must never be loaded."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
START_LIMIT_SECONDS = 60  # far above what a start takes; only a server that hangs meets it


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
    if "retort" not in (flask.__file__ or ""):
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


@contextlib.contextmanager
def starter(folder, framework):
    processes = []

    def start(*args):
        """Start ``python -m retort ARGS``, wait for its port, end it later; host and port.

        A ``{port}`` in the arguments stands for the number of a free port.
        """
        port = free_port()
        process = subprocess.Popen(
            [
                sys.executable,
                *(["-m", framework] if is_command_of(framework, args[0]) else []),
                *(str(arg).replace("{port}", str(port)) for arg in args),
            ],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        processes.append(process)
        wait_until_listening(port, lambda: process.poll() is None)
        return f"127.0.0.1:{port}"

    try:
        yield start
    finally:
        for process in processes:
            end(process)


def is_command_of(framework, word):
    """Retort runs scripts and modules too; Flask knows nothing but its own commands."""
    return framework == "retort" or str(word) == "run"


def end(process):
    """End a process and whatever it started: they share a process group of their own."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


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
