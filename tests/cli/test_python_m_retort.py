"""``python -m retort`` does what ``python`` does, with ``import flask`` finding Retort."""

import os
import py_compile
import subprocess
import sys
import zipfile

import pytest

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


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_folder_or_zip_file_with_a_main_module_runs(retort, write, world, kind):
    write("program/__main__.py", "import flask, helper\nprint(flask.Flask, helper.word)\n")
    write("program/helper.py", "word = 'found'\n")
    path = "./program"
    if kind == "zip":
        path = "./program.zip"
        with zipfile.ZipFile(world / "program.zip", "w") as archive:
            for name in ("__main__.py", "helper.py"):
                archive.write(world / "program" / name, name)

    assert retort(path).stdout == "<class 'flask.app.Flask'> found\n"


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
def test_a_traceback_shows_what_python_shows(retort, write, world, source):
    script = write("main.py", source)
    alone = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        check=False,
        cwd=world,
        encoding="utf-8",
        timeout=60,
    )

    assert retort(str(script)).stderr == alone.stderr


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
