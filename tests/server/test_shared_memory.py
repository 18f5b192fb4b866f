"""Programs are served where /dev/shm cannot be written, as in some containers and chroots."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
    import os
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        try:
            open("/dev/shm/probe", "w")
        except OSError as error:
            return error.strerror
"""


@pytest.fixture
def without_shared_memory():
    """The words by which a command runs where /dev/shm is read-only."""
    namespace = ["unshare", "--mount"]
    if os.geteuid() != 0:
        namespace += ["--user", "--map-root-user"]
    words = [*namespace, "sh", "-c", 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"', "sh"]
    try:
        done = subprocess.run([*words, "true"], capture_output=True, check=False)
    except OSError:
        pytest.skip("no process namespaces here")
    if done.returncode != 0:
        pytest.skip("no process namespaces here")
    return words


@pytest.mark.parametrize("options", [["--debug"], [], ["--workers=3"]])
def test_a_program_is_served_where_dev_shm_is_read_only(
    start, without_shared_memory, options, tmp_path
):
    command = [sys.executable, "-m", "retort", "run", "--port=0", *options, "shop.py"]
    (tmp_path / "shop.py").write_text(PROGRAM.replace("\n    ", "\n"))
    words = [*without_shared_memory, *command]
    program = start(f"import os; os.execvp({words[0]!r}, {words!r})")

    program.wait_for_answer("Read-only file system")
    assert "Traceback" not in program.output
    assert program.end() == 0
