"""The alias for tools that import Flask before the command: `retort.as_flask.install_ahead`."""

import os
import subprocess
import sys

import pytest

from retort.as_flask import _command_of

# What a tool does that is loaded before the program: here, before every Python program.
EARLY = """
import retort.as_flask
retort.as_flask.install_ahead()
try:
    import flask
    print("flask is", flask.Flask.__module__, flush=True)
except ImportError:
    print("flask is not there", flush=True)
"""


@pytest.fixture
def run_early(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(EARLY)
    (tmp_path / "flask.py").write_text("class Flask: pass")  # stands in for the real one

    def run_early(*words):
        done = subprocess.run(
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    return run_early


def test_a_process_that_runs_retort_has_the_alias_from_the_start(run_early):
    assert "flask is retort.app" in run_early("-m", "retort", "--version")


def test_any_other_process_keeps_its_flask(run_early):
    assert "flask is flask" in run_early("-c", "pass")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["python", "-m", "retort", "run"], "retort"),
        (["python", "-m", "retort.cli", "run"], "retort"),
        (["python", "-X", "dev", "-u", "-m", "retort"], "retort"),
        (["python", "-W", "error", "/usr/bin/retort", "run"], "retort"),
        (["python.exe", "C:\\venv\\Scripts\\retort.exe"], "retort"),
        (["python", "program.py", "retort"], "program.py"),
        (["python", "-m", "gunicorn", "retort"], "gunicorn"),
        (["python", "-"], None),
        (["python"], None),
        ([], None),
    ],
)
def test_the_command_is_read_from_the_line_that_started_python(words, command):
    assert _command_of(words) == command
