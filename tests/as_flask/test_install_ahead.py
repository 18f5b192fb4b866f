"""The alias for tools that import Flask before the command: `retort.as_flask.install_ahead`."""

import os
import subprocess
import sys

import pytest

from retort.as_flask.command_line import command_of, runs_retort

# What a tool does that is loaded before the program: here, before every Python program.
EARLY = """
import retort.as_flask
retort.as_flask.install_ahead()
try:
    import flask
    print("flask is", "retort" if "/retort/__init__" in flask.__file__ else "another", flush=True)
except ImportError:
    print("flask is not there", flush=True)
"""


@pytest.fixture
def run_early(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(EARLY)
    (tmp_path / "flask.py").write_text("class Flask: pass")  # stands in for the real one

    def run_early(*words):
        done = subprocess.run(
            [sys.executable, *words],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    return run_early


def test_a_process_that_runs_retort_has_the_alias_from_the_start(run_early):
    assert "flask is retort" in run_early("-m", "retort", "--version")


def test_any_other_process_keeps_its_flask(run_early):
    assert "flask is another" in run_early("-c", "pass")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["python", "-m", "retort", "run"], "retort"),
        (["python", "-m", "retort.cli", "run"], "retort"),
        (["python", "-X", "dev", "-u", "-m", "retort"], "retort"),
        (["python", "-W", "error", "/usr/bin/retort", "run"], "retort"),
        (["python.exe", "C:\\venv\\Scripts\\retort.exe"], "retort"),
        (["python", "program.py", "retort"], "program.py"),
        (["python", "-m", "gunicorn", "retort"], "gunicorn"),
        (["python", "-"], None),
        (["python"], None),
        ([], None),
    ],
)
def test_the_command_is_read_from_the_line_that_started_python(words, command):
    assert command_of(words) == command


# A server that imports the program itself, such as gunicorn, when an agent imports Flask first

WSGI = """
import retort.as_flask

retort.as_flask.install()

import flask

app = flask.Flask(__name__)
print("the program runs on", "retort" if "/retort/__init__" in flask.__file__ else "another")
"""

# Imports the program as servers do. It stands in a folder of its own, as installed commands do.
SERVER = """
import importlib, os, sys

if "--chdir" in sys.argv:
    os.chdir(sys.argv[sys.argv.index("--chdir") + 1])
sys.path.insert(0, os.getcwd())
importlib.import_module(sys.argv[-1].partition(":")[0])
"""


@pytest.fixture
def serve(run_early, tmp_path):
    def serve(*words):
        server = tmp_path / "bin" / "server"
        server.parent.mkdir(exist_ok=True)
        server.write_text(SERVER)
        return run_early(server, *words).splitlines()

    return serve


ON_RETORT = ["flask is retort", "the program runs on retort"]


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("wsgi.py", ["wsgi:app"]),
        ("wsgi.py", ["--bind", "127.0.0.1:0", "wsgi:app"]),
        ("shop/wsgi.py", ["shop.wsgi:app"]),
        ("site/wsgi.py", ["--chdir", "site", "wsgi:app"]),
    ],
)
def test_a_program_that_installs_the_alias_has_it_before_an_agent(serve, write, file, words):
    write(file, WSGI)

    assert serve(*words) == ON_RETORT


@pytest.mark.parametrize(
    "line",
    [
        "from retort import as_flask",
        "import retort.as_flask as alias",
        "from retort.as_flask import install",
        "    import retort.as_flask  # inside a function",
    ],
)
def test_each_way_to_import_the_alias_counts(write, line):
    path = write("wsgi.py", f"'''A program.'''\nimport os\n{line}\n")

    assert runs_retort(["python", "server", str(path)])


@pytest.mark.parametrize(
    "text",
    [
        "from flask import Flask\n",
        "from retort import Flask\n",  # needs no alias
        "# import retort.as_flask\n",
        "text = 'import retort.as_flask'\n",
    ],
)
def test_another_program_keeps_its_flask(serve, write, text):
    write("wsgi.py", text)

    assert serve("wsgi:app") == ["flask is another"]


def test_a_configuration_of_gunicorn_may_install_the_alias(run_early, write):
    write("gunicorn.conf.py", "import retort.as_flask\nretort.as_flask.install()\n")

    assert run_early("-c", "pass", "wsgi:app") == "flask is retort\n"


@pytest.mark.parametrize(
    "word", ["a" * 5000, "\0", "", "=", ":", "-", "nowhere.py", "%s" % ("." * 300)]
)
def test_words_that_name_no_file_are_passed_over(word):
    assert not runs_retort(["python", "server", word])


def test_a_folder_named_like_a_file_is_passed_over(tmp_path):
    (tmp_path / "wsgi.py").mkdir()

    assert not runs_retort(["python", "server", str(tmp_path / "wsgi.py")])


def test_the_variable_of_the_alias_comes_before_every_agent(run_early, monkeypatch):
    monkeypatch.setenv("RETORT_AS_FLASK", "1")

    assert run_early("-c", "pass") == "flask is retort\n"
