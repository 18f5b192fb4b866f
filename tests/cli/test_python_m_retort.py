"""``python -m retort`` does what ``python`` does, with ``import flask`` finding Retort."""

import os
import py_compile
import subprocess
import sys
import zipfile

import pytest

from retort.__main__ import COMMANDS
from retort.cli import cli

TELLS = """
    import os, sys
    import flask

    print(sys.argv)
    print(os.path.realpath(sys.path[0]))
    print(__name__, __file__, __spec__, __package__)
    print(flask.Flask.__module__)
"""


def test_a_script_runs_as_python_would_run_it(retort, write, world):
    script = write("sub/tells.py", TELLS)

    result = retort("sub/tells.py", "one", "--two", "-m")

    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "['sub/tells.py', 'one', '--two', '-m']",
        os.path.realpath(script.parent),
        f"__main__ {script} None None",
        "flask.app",
    ]


def test_a_compiled_file_runs_as_python_would_run_it(retort, write):
    script = write("sub/tells.py", TELLS)
    compiled = py_compile.compile(str(script), cfile=str(script.with_suffix(".pyc")))
    script.unlink()

    result = retort("sub/tells.pyc", "one")

    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "['sub/tells.pyc', 'one']",
        os.path.realpath(script.parent),
        f"__main__ {compiled} None None",
        "flask.app",
    ]


ANNOTATED = """
def view(number: int): ...
print(view.__annotations__)
"""


def test_annotations_are_what_python_makes_of_them(retort, write):
    write("annotated.py", ANNOTATED)

    assert retort("annotated.py").stdout == "{'number': <class 'int'>}\n"
    assert retort("-c", ANNOTATED).stdout == "{'number': <class 'int'>}\n"


def test_modules_beside_the_script_are_found(retort, write):
    write("sub/helper.py", "word = 'found'\n")
    write("sub/main.py", "import helper\nprint(helper.word)\n")

    assert retort("sub/main.py").stdout == "found\n"


def test_the_script_is_the_main_module_for_good(retort, write):
    write(
        "main.py",
        """
        import atexit, pickle, threading

        class Here:
            pass

        print(type(pickle.loads(pickle.dumps(Here()))) is Here)
        gate = threading.Event()
        threading.Thread(target=lambda: gate.wait() and print("thread", Here)).start()
        atexit.register(lambda: print("exit", Here))
        gate.set()
        """,
    )

    result = retort("main.py")

    assert result.stdout.splitlines() == [
        "True",
        "thread <class '__main__.Here'>",
        "exit <class '__main__.Here'>",
    ]


@pytest.fixture
def python(world):
    """Run ``python`` with these arguments, without Retort."""

    def python(*args):
        return subprocess.run(
            [sys.executable, *args],
            capture_output=True,
            check=False,
            cwd=world,
            encoding="utf-8",
            timeout=60,
        )

    return python


MAIN = """
    import os, pickle, sys
    import helper

    class Here:
        pass

    print(sys.argv, sys.path[0], os.getcwd() in sys.path)
    print(__name__, repr(__package__), __file__, __cached__)
    print(__spec__.name, __spec__.origin, type(__loader__).__name__, __loader__ is __spec__.loader)
    print(type(pickle.loads(pickle.dumps(Here()))) is Here)
"""


@pytest.fixture
def tool(write, world):
    """A folder and a zip file with a program."""
    files = [
        write("tool/__main__.py", MAIN),
        write("tool/helper.py", "import sys\nword = 'found'\n"),
    ]
    with zipfile.ZipFile(world / "tool.zip", "w") as archive:
        for file in files:
            archive.write(file, file.name)


@pytest.mark.parametrize("path", ["tool", "./tool", "tool/", "tool.zip", "./tool.zip"])
def test_a_folder_or_zip_file_runs_as_python_would_run_it(retort, python, tool, path):
    alone = python(path, "one", "--two")

    result = retort(path, "one", "--two")

    assert alone.returncode == 0, alone.stderr
    assert (result.stdout, result.stderr) == (alone.stdout, "")


def test_a_folder_with_a_main_module_finds_retort_as_flask(retort, write):
    write("tool/__main__.py", "import flask\nprint(flask.Flask)\n")

    assert retort("tool").stdout == "<class 'flask.app.Flask'>\n"


def test_a_folder_without_a_main_module_is_reported_as_by_python(retort, python, write, world):
    write("tool/helper.py", "")
    with zipfile.ZipFile(world / "tool.zip", "w") as archive:
        archive.writestr("helper.py", "")

    for path in ("./tool", "tool.zip"):
        alone, result = python(path), retort(path)
        assert alone.stderr.count("__main__") == 1
        assert (result.returncode, result.stderr) == (alone.returncode, alone.stderr)


def test_the_traceback_of_a_folder_starts_with_the_program(retort, write):
    file = write("tool/__main__.py", "def divide():\n    1 / 0\n\ndivide()\n")

    result = retort("tool")

    assert result.returncode == 1
    first, second, *_, last = result.stderr.splitlines()
    assert first == "Traceback (most recent call last):"
    assert second == f'  File "{file}", line 4, in <module>'
    assert last == "ZeroDivisionError: division by zero"


def test_a_folder_ends_with_the_status_of_its_program(retort, write):
    write("tool/__main__.py", "raise SystemExit(7)\n")

    assert retort("tool").returncode == 7


def test_a_command_has_precedence_over_a_folder_of_its_name(retort, write, hello):
    write("routes/__main__.py", "print('the folder')\n")
    write("app.py", hello)

    assert "index" in retort("routes").stdout
    assert retort("./routes").stdout == "the folder\n"


def test_a_command_of_an_extension_has_precedence_over_a_folder_of_its_name(retort, write, hello):
    write("db/__main__.py", "print('the folder')\n")
    write("ext.py", "import click\ndb = click.Command('db', callback=lambda: print('command'))\n")
    write("ext-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: ext\nVersion: 1\n")
    write("ext-1.dist-info/entry_points.txt", "[flask.commands]\ndb = ext:db\n")
    write("app.py", hello)

    assert retort("db").stdout == "command\n"


def test_the_names_of_commands_are_those_of_the_command_line():
    assert set(cli.commands) == COMMANDS


def test_a_folder_without_a_main_module_may_have_the_name_of_a_command(retort, write, hello):
    write("greet/readme.txt", "")
    write("app.py", hello + "    app.cli.command('greet')(lambda: print('hello'))\n")

    assert retort("greet").stdout == "hello\n"


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("", 0),
        ("raise SystemExit", 0),
        ("raise SystemExit(7)", 7),
        ("import sys; sys.exit('told')", 1),
        ("1 / 0", 1),
        ("def (:", 1),
    ],
)
def test_a_script_ends_with_the_status_python_gives(retort, write, source, status):
    write("main.py", source + "\n")

    assert retort("main.py").returncode == status


@pytest.mark.parametrize(
    "source",
    [
        "def divide():\n    1 / 0\n\ndivide()\n",
        "def (:\n",
        "raise ValueError('x') from KeyError()\n",
    ],
    ids=["exception", "syntax", "cause"],
)
def test_a_traceback_shows_what_python_shows(retort, python, write, source):
    script = str(write("main.py", source))

    assert retort(script).stderr == python(script).stderr


def test_a_missing_script_is_reported_in_one_paragraph(retort, world):
    result = retort("sub/nowhere.py")

    assert result.returncode == 2
    assert result.stderr.startswith(f"Error: cannot open {world / 'sub/nowhere.py'}: No such file")
    assert len(result.stderr.splitlines()) == 1


def test_a_script_called_flask_can_import_flask(retort, write):
    write("flask.py", "from flask import Flask\nprint(Flask.__module__)\n")

    assert retort("flask.py").stdout == "flask.app\n"


def test_a_module_runs_as_python_m_would_run_it(retort, write, world):
    file = write(
        "tool/deep/__main__.py", "import sys, flask\nprint(__name__, sys.argv, flask.Flask)\n"
    )
    write("tool/__init__.py", "")
    write("tool/deep/__init__.py", "")

    result = retort("-m", "tool.deep", "-x", "--help")

    assert result.stdout == f"__main__ ['{file}', '-x', '--help'] <class 'flask.app.Flask'>\n"


def test_pytest_runs_the_tests_of_a_flask_program(retort, write, hello):
    write("hello.py", hello)
    write(
        "test_hello.py",
        """
        import flask
        from hello import app

        def test_hello():
            assert flask.Flask.__module__ == "flask.app"
            assert app.test_client().get("/").text == "hello"
        """,
    )

    result = retort("-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def test_a_module_that_is_not_there_is_an_error(retort):
    result = retort("-m", "not_there_at_all")

    assert result.returncode == 1
    assert "No module named not_there_at_all" in result.stderr


def test_code_runs_as_python_c_would_run_it(retort, world):
    code = "import sys, flask; print(sys.argv, __name__, flask.Flask.__module__)"

    result = retort("-c", code, "one", "-c")

    assert result.stdout == "['-c', 'one', '-c'] __main__ flask.app\n"


def test_anything_else_is_the_command_line(retort):
    result = retort("routes", "--help")

    assert result.returncode == 0
    assert "--sort" in result.stdout


def test_the_real_flask_imported_first_is_reported_in_one_paragraph(retort, write, world):
    write("flask/__init__.py", "")
    write("sitecustomize.py", "import flask\n")
    write("main.py", "print('must not run')\n")

    result = retort("main.py", env={"PYTHONPATH": str(world)})

    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: The real Flask (")
    assert "sitecustomize" in result.stderr
    assert len(result.stderr.splitlines()) == 1
