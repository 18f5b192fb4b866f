"""Two processes that answer the same jobs: one has the real Flask, one Retort."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ORACLE = Path(sys.prefix) / "flask-oracle"


class Side:
    """A process of side.py. It is started with the first job."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.process = None
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  open as long as the process runs

    def ask(self, job, *arguments):
        """The answer to one job."""
        process = self.process = self.process or self._start()
        try:
            process.stdin.write(json.dumps({"job": job, "arguments": arguments}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"failed": f"It died:\n{self._written()}"}
        if "failed" in answer:
            pytest.fail(f"side.py {' '.join(self.arguments)}, {job!r}: {answer['failed']}")
        return answer["answer"]

    def _start(self):
        return subprocess.Popen(
            [sys.executable, str(HERE / "side.py"), *self.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={name: text for name, text in os.environ.items() if not name.startswith("FLASK_")},
        )

    def _written(self):
        self.log.seek(0)
        return self.log.read().decode("utf-8", "replace")[-4000:]

    def stop(self):
        if self.process is not None:
            with contextlib.suppress(BrokenPipeError):  # it died, and a test has told of it
                self.process.stdin.close()  # it reads no further job, and ends
            self.process.stdout.close()
            self.process.wait(30)
        self.log.close()


@pytest.fixture(scope="session")
def flask():
    """The side with the real Flask."""
    if not (ORACLE / "flask").is_dir():
        pytest.fail(
            f"The real Flask, which Retort is compared with, is not in {ORACLE}. `make test`"
            f" puts it there; by hand: {sys.executable} -m pip install --no-deps"
            f" --target {ORACLE} --requirement {HERE / 'requirements.txt'}"
        )
    side = Side("flask", str(ORACLE))
    yield side
    side.stop()


@pytest.fixture(scope="session")
def retort():
    """The side with Retort."""
    side = Side("retort")
    yield side
    side.stop()
