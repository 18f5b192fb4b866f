"""The tutorial's program: its bytes, and that each way to start it works."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
LOGIN = PROJECT / "examples" / "login"

SHA256 = {
    "login.py": "7b8e1f396c2a786a2e5805ccc92e6b5a6f0fae7aa2991089ac8201d97a76a8f6",
    "login.html": "320a278e84b9059075330d44c4d9a1df73a8d41c12cbaf356ea6ee703bb9cfed",
}


@pytest.mark.parametrize("name", SHA256)
def test_the_tutorials_files_are_as_they_were_written(name):
    assert hashlib.sha256((LOGIN / name).read_bytes()).hexdigest() == SHA256[name]


def retort(*arguments, cwd=PROJECT):
    return subprocess.run(
        [sys.executable, "-m", "retort", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def greets(site, name):
    return site.ask("GET", f"/success/{name}").text == f"welcome {name}"


@pytest.mark.parametrize("program", ["examples/login/login.py", "examples.login.login:app"])
def test_retort_run_serves_the_program_by_path_and_by_module(serve, program):
    with serve(program) as site:
        assert greets(site, "Ada")


@pytest.mark.xdist_group("port 5000")
def test_the_script_serves_itself_on_port_5000(serve_script):
    with serve_script("examples/login/login.py", 5000) as site:
        assert greets(site, "Ada")


def test_the_routes_of_the_program_are_listed():
    done = retort("--app", "examples/login/login.py", "routes")

    assert done.returncode == 0, done.stderr
    assert "/success/<name>" in done.stdout
    assert "/login" in done.stdout
    assert "login  " in done.stdout


def test_import_flask_is_answered_by_retort(tmp_path):
    script = tmp_path / "who.py"
    script.write_text("import login, retort\nprint(isinstance(login.app, retort.Flask))\n")
    (tmp_path / "login.py").write_bytes((LOGIN / "login.py").read_bytes())

    done = retort("who.py", cwd=tmp_path)

    assert done.stdout == "True\n", done.stderr
