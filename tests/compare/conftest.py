"""Programs that are compared by the command, beside the Flask that tests compare with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ORACLE = Path(sys.prefix) / "flask-oracle"
LIMIT_SECONDS = 120  # far above what anything here takes


class Command:
    """The command ``retort compare``, run in the folder of a program."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "shop.py"

    @property
    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "RETORT_"))}
        return {**kept, "PYTHONPATH": str(ORACLE), "COLUMNS": "100"}

    def write(self, source: str) -> None:
        self.file.write_text(source)

    def start(self, *arguments: str, target="shop.py", **more):
        options = [*arguments] if "--measure" in arguments else [*arguments, "--measure", "0"]
        return subprocess.Popen(
            [sys.executable, "-m", "retort", "compare", *([target] if target else []), *options],
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, target="shop.py", **more):
        """Run the command; returns its result with ``returncode``, ``stdout`` and ``stderr``."""
        process = self.start(*arguments, target=target, **more)
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def command(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    return Command(folder)
