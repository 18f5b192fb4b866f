"""Processes with the guard of a side, and sides of small programs."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from retort.compare.options import Options
from retort.compare.sides import Side, SideSpec
from retort.compare.sides.observed import install_guard, observed

ORACLE = Path(sys.prefix) / "flask-oracle"
LIMIT_SECONDS = 60  # far above what anything here takes

HELLO = """
from flask import Flask

app = Flask(__name__)

@app.get("/")
def index():
    return "hello"
"""


class Guarded:
    """Python processes as those of a side, without a program."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "program"
        self.folder.mkdir(parents=True)

    def run(self, code, *, allows_network=False, path=(), options=()):
        """The result of a Python process that runs the code in the side's folder."""
        guard, variables = install_guard(self.root, allows_network=allows_network)
        return subprocess.run(
            [sys.executable, *options, "-c", textwrap.dedent(code)],
            cwd=self.folder,
            env={
                **os.environ,
                **variables,
                "PYTHONPATH": os.pathsep.join([guard, *map(str, path)]),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )

    @property
    def observed(self):
        return observed(self.root)


@pytest.fixture
def guarded(tmp_path):
    return Guarded(tmp_path / "side")


class Sides:
    """Sides of a program in a folder of its own; all are stopped at the end of the test."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "shop"
        self.folder.mkdir()
        self.roots = tmp_path / "sides"
        self.roots.mkdir()
        self.made = []
        self.write(HELLO)

    def write(self, source: str, name: str = "shop.py") -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
        return file

    def make(self, spec=None, *, target="shop.py", **values):
        """A side that has not been started."""
        options = {name: values.pop(name) for name in tuple(values) if hasattr(Options, name)}
        spec = spec or SideSpec("retort", "retort")
        root = self.roots / f"{spec.name}{len(self.made)}"
        root.mkdir()
        side = Side(spec, Options(target=target, **options), root, [spec], **values)
        self.made.append(side)
        return side

    def start(self, spec=None, **values):
        side = self.make(spec, **values)
        side.start()
        return side

    def stop(self):
        for side in self.made:
            side.stop()


@pytest.fixture
def sides(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ORACLE))
    sides = Sides(tmp_path)
    monkeypatch.chdir(sides.folder)
    yield sides
    sides.stop()
