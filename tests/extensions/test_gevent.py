"""gevent: a program that it has patched is refused by `retort run`, with the command that works."""

import subprocess
import sys

import pytest

PROGRAM = """
from gevent import monkey

monkey.patch_all()

from flask import Flask

app = Flask(__name__)
"""


@pytest.mark.parametrize("options", [[], ["--workers=2"], ["--debug", "--no-reload"]])
def test_retort_run_refuses_a_program_that_gevent_has_patched(write, options):
    file = write("program.py", PROGRAM)

    done = subprocess.run(
        [sys.executable, "-m", "retort", "run", "--port=0", *options, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "Error: This program calls gevent.monkey.patch_all()" in done.stderr
    assert "python -m retort -m gunicorn -k gevent MODULE:APP" in done.stderr
    assert "Traceback" not in done.stderr
