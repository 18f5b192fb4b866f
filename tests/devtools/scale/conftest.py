"""Check the programs of a folder for several replicas, all in one process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

HERE = Path(__file__).parent
CHECK = """
import json, os, sys
import retort.as_flask
retort.as_flask.install()
from retort.cli.script_info import ScriptInfo
from retort.devtools.checks import check_scale
found = {}
for name in sys.argv[1:]:
    app = ScriptInfo(app_import_path=name).load_app()
    with app.app_context():
        findings = check_scale(app)
    found[name] = [
        [os.path.basename(each.file), each.line, each.rule, each.level, each.message, each.fix]
        for each in findings
    ]
print(json.dumps(found))
"""


def check_all(folder, names):
    """The findings of each program, in one process: a start of Python takes longer than a check."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *names],
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        env={**os.environ, "RETORT_AS_FLASK": "1"},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def checked(tmp_path_factory):
    """The findings of all programs of the folders beside this file: ``checked("programs")``."""

    def checked(kind):
        folder = tmp_path_factory.mktemp(kind)
        names = sorted(path.name for path in HERE.joinpath(kind).glob("*.py"))
        for name in names:  # each in a folder of its own: a program is what is in its folder
            folder.joinpath(name).mkdir()
            shutil.copy(HERE / kind / name, folder / name)
        found = check_all(folder, [f"{name}/{name}" for name in names])
        return {name.partition("/")[0]: findings for name, findings in found.items()}

    return checked


@pytest.fixture(scope="session")
def check_texts(tmp_path_factory):
    """The findings of several programs, by their name: ``check_texts({"name": "text"})``."""

    def check_texts(texts):
        folder = tmp_path_factory.mktemp("texts")
        files = {f"case_{number}/case_{number}.py": name for number, name in enumerate(texts)}
        for file, name in files.items():
            folder.joinpath(file).parent.mkdir()
            folder.joinpath(file).write_text(texts[name], encoding="utf-8")
        return {files[file]: found for file, found in check_all(folder, files).items()}

    return check_texts


@pytest.fixture
def findings(tmp_path):
    """The findings of a program: ``findings("...")`` with what follows the import of Flask."""

    def findings(text, head="from flask import *\n\napp = Flask(__name__)\n", **files):
        for name, content in files.items():
            tmp_path.joinpath(f"{name}.py").write_text(dedent(content), encoding="utf-8")
        tmp_path.joinpath("program.py").write_text(head + dedent(text), encoding="utf-8")
        return check_all(tmp_path, ["program.py"])["program.py"]

    return findings
