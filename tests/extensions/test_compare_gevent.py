"""``retort compare`` on a program that gevent has patched: it is loaded, and needs test clients."""

import json
import os
import subprocess
import sys

PROGRAM = """
from gevent import monkey

monkey.patch_all()
import threading  # of another module, so that it waits for the import lock

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return type(threading.current_thread()).__name__
"""


def compare(folder, *options):
    variables = {k: v for k, v in os.environ.items() if k != "RETORT_AS_FLASK"}
    command = [sys.executable, "-m", "retort", "compare", "shop.py", "--measure", "0", *options]
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=120
    )


def test_a_patched_program_is_compared_with_test_clients(tmp_path):
    (tmp_path / "shop.py").write_text(PROGRAM)

    done = compare(tmp_path, "--in-process", "--json", "-")

    assert done.returncode == 0, done.stdout + done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts["same"] > 0
    assert counts["unexplained"] == 0


def test_a_server_for_a_patched_program_is_refused_with_what_works(tmp_path):
    (tmp_path / "shop.py").write_text(PROGRAM)

    done = compare(tmp_path)

    assert done.returncode == 2
    assert "is patched by gevent" in done.stderr
    assert "--in-process" in done.stderr
