"""Programs without sources: Retort, Werkzeug and the program are compiled files only."""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import werkzeug

import retort

PROGRAM = """
    import sys
    from retort import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "on " + request.environ["SERVER_SOFTWARE"]

    @app.get("/broken")
    def broken():
        return f"{request.args['nme']}"

    if __name__ == "__main__":
        app.run(port=0, debug="debug" in sys.argv)
"""


def compile_all(folder):
    """Leave only the compiled files in a folder, as if they came from another machine."""
    built_in = f"/build/{folder.name}"
    assert compileall.compile_dir(folder, ddir=built_in, quiet=1, legacy=True)
    for source in folder.rglob("*.py"):
        source.unlink()


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """A folder with both packages, to be found before those that are installed."""
    folder = tmp_path_factory.mktemp("packages")
    for package in (retort, werkzeug):
        source = Path(package.__file__).parent
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    compile_all(folder)
    return folder


@pytest.fixture
def start_compiled(start, packages, tmp_path):
    """Start a program as a compiled file: ``start_compiled(source, "-m", "retort", ...)``."""

    def start_compiled(source, *words):
        folder = tmp_path / "program"
        folder.mkdir()
        (folder / "shop.py").write_text(source.replace("\n    ", "\n"))
        compile_all(folder)
        env = {"PYTHONPATH": os.pathsep.join([str(packages), str(folder)])}
        words = [word.replace("shop.pyc", str(folder / "shop.pyc")) for word in words]
        command = [sys.executable, *words]
        return start(f"import os; os.execv({sys.executable!r}, {command!r})", env=env)

    return start_compiled


@pytest.mark.parametrize("debug", [[], ["debug"]])
def test_app_run_serves_with_the_usual_server(start_compiled, packages, debug):
    program = start_compiled(PROGRAM, "shop.pyc", *debug)

    program.wait_for_answer("on Granian")
    assert "Werkzeug" not in program.output
    assert program.end() == 0
    assert not list(packages.rglob("*.py"))


@pytest.mark.parametrize("options", [["--debug"], ["--workers=2"]])
def test_the_command_line_serves_a_module_without_source(start_compiled, options):
    words = ["-m", "retort", "--app", "shop:app", "run", "--port=0", *options]
    program = start_compiled(PROGRAM, *words)

    program.wait_for_answer("on Granian")
    assert program.end() == 0


def test_a_compiled_module_that_is_replaced_is_loaded_again(start_compiled, tmp_path):
    words = ["-m", "retort", "--app", "shop:app", "run", "--port=0", "--debug"]
    program = start_compiled(PROGRAM, *words)
    program.wait_for_answer("on Granian")

    new = tmp_path / "new"
    new.mkdir()
    (new / "shop.py").write_text(PROGRAM.replace("\n    ", "\n").replace('"on "', '"again on "'))
    compile_all(new)
    (new / "shop.pyc").replace(tmp_path / "program" / "shop.pyc")

    program.wait_for_answer("again on Granian")


def test_an_error_page_works_without_sources(start_compiled):
    program = start_compiled(PROGRAM, "shop.pyc", "debug")
    program.wait_for_answer("on Granian")

    answer = program.get("/broken")

    assert answer.status == 400
    assert "nme" in answer.text
    assert "Internal" not in answer.text


@pytest.mark.parametrize("options", [["--debug"], []])
def test_a_program_that_does_not_load_is_blamed_without_frames_of_retort(start_compiled, options):
    source = PROGRAM.replace("app = Flask", "app = 1 / 0, Flask")
    words = ["-m", "retort", "--app", "shop:app", "run", "--port=0", *options]
    program = start_compiled(source, *words)

    program.wait_for_output("ZeroDivisionError")
    assert "/build/program/shop.py" in program.output
    assert "retort/" not in program.output
    assert "importlib" not in program.output


def test_the_check_reports_that_there_are_no_sources(packages, tmp_path):
    (tmp_path / "shop.py").write_text(PROGRAM.replace("\n    ", "\n"))
    compile_all(tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "retort", "--app", "shop:app", "check"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 0
