"""Programs in new interpreters, with a Flask of another maker beside them."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

FLASK_ORACLE = Path(sys.prefix) / "flask-oracle"  # installed by `make test`


@pytest.fixture
def finish(tmp_path):
    """Run Python in a new process in the program's folder, until it ends with status 0.

    ``finish("-c", "print(1)", NAME="value")``: the keywords are added to the environment, from
    which the variable of the alias and PYTHONPATH are removed.
    """

    def finish(*arguments, **variables):
        environment = {**os.environ, **variables}
        for name in {"PYTHONPATH", "RETORT_AS_FLASK"} - set(variables):
            environment.pop(name, None)
        result = subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env=environment,
            timeout=60,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    return finish


@pytest.fixture
def run(finish):
    """What a new Python process printed; see `finish`."""
    return lambda *arguments, **variables: finish(*arguments, **variables).stdout


@pytest.fixture
def write(tmp_path):
    """Write a file of the program: ``write("program.py", "...")``."""

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return file

    return write


@pytest.fixture
def other_flask(write):
    """A Flask of another maker in the program's folder, as the real one would be installed."""
    write("flask/__init__.py", "class Flask: pass\n")


@pytest.fixture(scope="session")
def flask_oracle(tmp_path_factory):
    """What a new Python process printed in which ``import flask`` finds Flask itself."""
    folder = tmp_path_factory.mktemp("flask")

    def flask_oracle(*arguments):
        result = subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            check=False,
            cwd=folder,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(FLASK_ORACLE), "RETORT_AS_FLASK": ""},
            timeout=60,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return flask_oracle
