"""The start and the end of a program on ASGI servers of others, by the lifespan protocol."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request

import pytest

LIMIT_SECONDS = 60

PROGRAM = """
    import asyncio, os, time
    from retort import Flask

    app = Flask(__name__)

    def log(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

    @app.before_serving
    async def open_pool():
        if os.path.exists("broken"):
            raise ConnectionRefusedError("no database")
        log("pool opened")

    @app.while_serving
    def around():
        log("around begins")
        yield
        log("around ends")

    @app.after_serving
    async def close_pool():
        log("pool closed")

    async def work():
        await asyncio.sleep(0.2)
        log("task done")

    def block():
        time.sleep(0.2)
        log("thread done")

    @app.get("/")
    async def index():
        app.add_background_task(work)
        app.add_background_task(block)
        return "here"

    asgi = app.asgi
"""

SERVERS = {
    "uvicorn": ["uvicorn", "--port={port}", "program:asgi"],
    "hypercorn": ["hypercorn", "--bind=127.0.0.1:{port}", "program:asgi"],
    "granian": ["granian", "--interface=asgi", "--port={port}", "program:asgi"],
}


@pytest.fixture
def start(tmp_path, choose_port):
    """Start a server with the program: ``start(command)`` returns its process, port and log."""
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    log = tmp_path / "log.txt"
    started = []

    def start(command):
        port = choose_port()
        module, *options = (word.format(port=port) for word in command)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *options],
                cwd=tmp_path,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        started.append(process)
        return process, port, log

    yield start
    for process in started:
        print(f"--- printed:\n{log.read_text()}")  # shown if the test failed
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def get(process, port):
    """The text of the first response."""
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        url = f"http://127.0.0.1:{port}/"
        with (
            contextlib.suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(url, timeout=60) as response,
        ):
            return response.read().decode()
        time.sleep(0.05)
    return pytest.fail("The server does not respond.")


def events(log):
    names = "pool opened|around begins|around ends|pool closed|task done|thread done"
    return re.findall(names, log.read_text())


@pytest.mark.parametrize("server", SERVERS)
def test_an_asgi_server_starts_and_stops_the_program_and_waits_for_its_tasks(start, server):
    process, port, log = start(SERVERS[server])
    assert get(process, port) == "here"

    process.terminate()
    process.wait(LIMIT_SECONDS)

    seen = events(log)
    assert seen[:2] == ["pool opened", "around begins"]
    assert sorted(seen[2:4]) == ["task done", "thread done"]
    assert seen[4:] == ["pool closed", "around ends"]
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_program_that_does_not_start_ends_the_server_with_the_reason(start, server, tmp_path):
    (tmp_path / "broken").touch()

    process, port, log = start(SERVERS[server])

    process.wait(LIMIT_SECONDS)
    assert re.search(
        r"open_pool\(\) \(program.py:\d+\) raised ConnectionRefusedError", log.read_text()
    )
    assert "During handling" not in log.read_text()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 60)
