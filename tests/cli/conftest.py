"""Programs in a folder of their own, and the command line to run them with."""

import importlib
import inspect
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner


@pytest.fixture(autouse=True)
def world(tmp_path, monkeypatch):
    """An empty current folder; path, modules and environment are put back afterwards."""
    folder = tmp_path / "here"
    folder.mkdir()
    modules, variables = set(sys.modules), dict(os.environ)
    for name in [name for name in os.environ if name.startswith("FLASK_")]:
        del os.environ[name]
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield folder
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(variables)


@pytest.fixture
def write(world):
    """Write a file of a program, and return its path."""

    def write(name, text):
        file = world / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        importlib.invalidate_caches()
        return file

    return write


@pytest.fixture
def runner():
    """Click's runner, with standard error apart, as it is from Click 8.2 on."""
    mixes = "mix_stderr" in inspect.signature(CliRunner).parameters
    return CliRunner(mix_stderr=False) if mixes else CliRunner()


@pytest.fixture
def retort(world):
    """Run ``python -m retort`` with these arguments, in a process of its own."""

    def retort(*args, env=None, stdin="", cwd=world):
        return subprocess.run(
            [sys.executable, "-m", "retort", *args],
            capture_output=True,
            check=False,
            cwd=cwd,
            encoding="utf-8",
            env={**os.environ, **(env or {})},
            input=stdin,
            timeout=60,
        )

    return retort


HELLO = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "hello"
"""


@pytest.fixture
def hello():
    """The text of a program with one route, ``index``."""
    return HELLO


# Programs for `retort check`

TOP = """
from flask import *
from markupsafe import Markup, escape
app = Flask(__name__)
""".strip()


@pytest.fixture
def findings(write, monkeypatch):
    """What is found in a program (below `TOP`) and its pages, as `rule line` by file."""
    import retort
    from retort.cli.locate import locate_app, prepare_import
    from retort.devtools.checks import check

    monkeypatch.setitem(sys.modules, "flask", retort)

    def findings(program="", **pages):
        return sorted(
            f"{finding.rule} {Path(finding.file).name}:{finding.line}"
            for finding in found(program, **pages)
        )

    def found(program, **pages):
        write("program.py", "")
        Path("program.py").write_text(f"{TOP}\n{program}", encoding="utf-8")
        for name, text in pages.items():
            write(f"templates/{name}.html", text)
        sys.modules.pop("program", None)
        app = locate_app(prepare_import("program.py"), None)
        return check(app)

    findings.whole = found
    return findings
