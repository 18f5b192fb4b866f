"""The command ``retort``, in processes of its own: what it prints and how it ends."""

import os
import subprocess
import sys

import pytest

from retort.cli import get_version


def assert_one_paragraph(result, status):
    """The message is one paragraph on stderr that starts with Error, and nothing else."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "\n\n" not in result.stderr
    assert "Traceback" not in result.stderr
    assert "retort/cli" not in result.stderr
    return result.stderr


def test_the_help_groups_options_and_commands(retort, write, hello):
    write("app.py", hello)

    result = retort("--help")

    assert result.returncode == 0
    assert result.stderr == ""
    for word in ("--app", "--env-file", "--debug", "--version", "Commands:", "run", "routes"):
        assert word in result.stdout


def test_the_version_names_what_it_stands_on(retort):
    result = retort("--version")

    assert result.returncode == 0
    assert f"Python {sys.version.split()[0]}\n" in result.stdout
    assert "Flask 3." in result.stdout
    assert "Werkzeug 3." in result.stdout


def test_the_version_callback_prints_and_ends(capsys):
    class Context:
        resilient_parsing = False
        color = None
        is_over = False

        def exit(self):
            self.is_over = True

    context = Context()
    get_version(context, None, False)
    assert (capsys.readouterr().out, context.is_over) == ("", False)

    get_version(context, None, True)
    assert capsys.readouterr().out.startswith("Python 3.")
    assert context.is_over is True


def test_the_routes_of_a_flask_program_are_shown(retort, write, hello):
    write("hello.py", hello)

    result = retort("--app", "hello.py", "routes")

    assert result.returncode == 0, result.stderr
    assert "index     GET      /" in result.stdout


def test_the_application_is_found_in_the_usual_files(retort, write, hello):
    write("app.py", hello)

    assert "index" in retort("routes").stdout


def test_a_command_of_the_program_keeps_its_own_traceback(retort, write):
    write(
        "app.py",
        """
        from flask import Flask
        app = Flask(__name__)

        @app.cli.command()
        def divide():
            1 / 0
        """,
    )

    result = retort("divide")

    assert result.returncode == 1
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


def test_a_file_in_place_of_a_command_is_an_error_with_the_command(write, runner):
    from retort.cli import cli

    write("login.py", "")

    result = runner.invoke(cli, ["login.py"])

    assert result.exit_code == 2
    assert "retort run login.py" in result.stderr


def test_a_folder_in_place_of_a_command_is_an_error_with_the_command(write, runner, hello):
    from retort.cli import cli

    write("app.py", hello)
    write("tool/__main__.py", "")
    write("other/readme.txt", "")

    result = runner.invoke(cli, ["tool"])
    other = runner.invoke(cli, ["other"])

    assert result.exit_code == other.exit_code == 2
    assert "python -m retort tool" in result.stderr
    assert "No such command 'other'" in other.stderr


BAD_PROGRAMS = {
    "no application": (
        "x = 1\n",
        2,
        [
            "Failed to find Flask application or factory in module 'bad' (bad.py)",
            "Write app = Flask(__name__) in it.",
        ],
    ),
    "several": (
        "from flask import Flask\na, b = Flask('a'), Flask('b')\n",
        2,
        ["Detected multiple Flask applications in module 'bad' (bad.py)", "a and b", "'bad:a'"],
    ),
    "factory": (
        "from flask import Flask\n\ndef create_app(name):\n    return Flask(name)\n",
        2,
        ["factory 'create_app' in module 'bad' (bad.py:3)", "missing a required argument: 'name'"],
    ),
    "import": (
        "import flask\nimport not_installed_at_all\n",
        2,
        [
            "There is no module 'not_installed_at_all' beside the program or among the installed",
            "bad.py:2 in <module>: import not_installed_at_all",
            "-m pip install PACKAGE\nThen run the command again.",
        ],
    ),
    "removed from flask": (
        "from flask import Markup\n",
        2,
        [
            "Error: Flask 3.0 removed flask.Markup.",
            "bad.py:1 in <module>: from flask import Markup",
            "cannot import name 'Markup'",
            "Write 'from markupsafe import Markup'.\nThen run the command again.",
        ],
    ),
    "syntax": (
        "from flask import Flask\ndef index(:\n    pass\n",
        1,
        [
            "Error: Python cannot parse bad.py, line 2: ",
            "  bad.py:2: def index(:",
            "run the command again",
        ],
    ),
    "indentation": (
        "if True:\nx = 1\n",
        1,
        ["bad.py, line 2: the 'if' statement in line 1", "  bad.py:2: x = 1", "Indent line 2"],
    ),
    "exception": (
        "def load():\n    raise ValueError('no such shop')\n\nload()\n",
        1,
        [
            "a ValueError was raised:",
            "bad.py:4 in <module>: load()",
            "bad.py:2 in load: raise ValueError('no such shop')",
            "ValueError: no such shop",
        ],
    ),
}


@pytest.mark.parametrize("command", ["routes", "run"])
@pytest.mark.parametrize("kind", BAD_PROGRAMS)
def test_a_program_that_cannot_be_loaded_is_reported_in_one_paragraph(retort, write, kind, command):
    source, status, phrases = BAD_PROGRAMS[kind]
    write("bad.py", source)
    options = ["--port", "0"] if command == "run" else []

    result = retort("--app", "bad.py", command, *options)

    # A server ends with status 1 whatever its program failed with.
    text = assert_one_paragraph(result, 1 if command == "run" else status)

    for phrase in phrases:
        assert phrase in text


@pytest.mark.parametrize(
    ("target", "status", "phrases"),
    [
        ("nowhere", 2, ["Could not import 'nowhere'", "path/to/program.py"]),
        ("sub/nowhere.py", 2, ["Could not import 'nowhere'", os.path.join("sub", "nowhere.py")]),
        ("helo.py", 2, ["Did you mean hello.py?"]),
        ("hello:ap", 1, ["Failed to find attribute 'ap' in 'hello'", "Did you mean 'hello:app'?"]),
        ("hello:app.x", 2, ["Failed to parse 'app.x'"]),
        ("hello:index()", 1, ["A valid Flask application was not obtained from 'hello:index()'"]),
        ("hello:app(", 2, ["Failed to parse 'app('"]),
        ("flask", 2, ["this is the name of the framework", "rename the file"]),
    ],
)
def test_an_invalid_target_is_reported_in_one_paragraph(
    retort, write, hello, target, status, phrases
):
    write("hello.py", hello)

    text = assert_one_paragraph(retort("run", "--port", "0", target), status)

    for phrase in phrases:
        assert phrase in text


def test_nothing_to_run_is_reported_in_one_paragraph(retort):
    text = assert_one_paragraph(retort("run"), 2)

    assert "retort run path/to/program.py" in text


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_a_port_that_cannot_be_is_refused(retort, write, hello, port):
    write("app.py", hello)

    result = retort("run", "--port", port)

    assert result.returncode == 2
    assert "--port" in result.stderr


def test_the_real_flask_imported_first_is_reported_in_one_paragraph(write, world):
    write("flask/__init__.py", "")

    result = subprocess.run(
        [sys.executable, "-c", "import flask; from retort.cli import main; main(['routes'])"],
        capture_output=True,
        check=False,
        cwd=world,
        encoding="utf-8",
        timeout=60,
    )

    text = assert_one_paragraph(result, 1)
    assert "The real Flask" in text


OTHER = """
    from flask import Flask

    print("loaded", __name__)
    app = Flask("other")

    @app.get("/other")
    def other():
        return undefined_name
"""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("check", "other.py"), "undefined-name"),
        (("check", "--app", "other.py"), "undefined-name"),
        (("check", "--json", "other.py"), "undefined-name"),
        (("openapi", "other.py"), '"/other"'),
        (("openapi", "--openapi", "3.2", "other.py"), '"/other"'),
    ],
)
def test_the_named_program_takes_precedence_over_the_usual_one(write, retort, hello, words, found):
    write("app.py", hello)
    write("other.py", OTHER)

    assert found in retort(*words).stdout


@pytest.mark.parametrize("words", [("check", "other.py"), ("openapi", "other.py")])
def test_the_usual_program_is_not_loaded_beside_the_named_one(write, retort, hello, words):
    write("app.py", "print('the usual one')\n" + hello.replace("\n    ", "\n"))
    write("other.py", OTHER)

    output = retort(*words).stdout
    assert "loaded other" in output
    assert "the usual one" not in output
