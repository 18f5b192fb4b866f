"""`--isolate`: not even programs that are no Python reach another machine."""

import json
import os
import socket
import subprocess

import pytest

from retort.compare.options import CompareError
from retort.compare.sides.isolation import check_isolation, isolated

PROGRAM = """
import pathlib, socket, subprocess, sys
from flask import Flask

app = Flask(__name__)

@app.get("/")
def index():
    # -I: a Python without the guard
    code = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 5)"
    done = subprocess.run([sys.executable, "-I", "-c", code, "PORT"], capture_output=True)
    found = "refused" if done.returncode else "connected"
    pathlib.Path("RESULT").write_text(found)
    return found
"""


def can_isolate():
    return not subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode


@pytest.fixture
def elsewhere():
    """A server that a process without its own namespace reaches."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("is_isolated", [False, True])
def test_a_side_has_a_network_of_its_own(command, elsewhere, is_isolated, tmp_path):
    result = tmp_path / "result"
    command.write(PROGRAM.replace("PORT", str(elsewhere)).replace("RESULT", str(result)))
    options = ["--isolate"] if is_isolated else []

    done = command.run(*options, "--requests", "3", "--json", "-")

    if is_isolated and not can_isolate():
        assert done.returncode == 2
        assert "--isolate cannot make a network namespace" in done.stderr
        return
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"]["same"] >= 1
    assert result.read_text() == ("refused" if is_isolated else "connected")


def test_an_isolated_process_reaches_no_server_of_the_machine(elsewhere):
    code = f"import socket; socket.create_connection(('127.0.0.1', {elsewhere}), 5)"
    command = ["python3", "-I", "-c", code]

    assert subprocess.run(command, capture_output=True).returncode == 0
    assert subprocess.run(isolated(command), capture_output=True).returncode != 0


def test_without_the_command_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(CompareError, match="util-linux"):
        check_isolation()


def test_who_must_not_make_namespaces_gets_the_reason(tmp_path, monkeypatch):
    unshare = tmp_path / "unshare"
    unshare.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(CompareError, match=r"Operation not permitted\. Run the command as root"):
        check_isolation()
