"""Python's or IPython's prompt in an app context."""

import importlib.util
import os
import subprocess
import sys

import pytest

if sys.platform != "win32":
    import pty

needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

PROGRAM = """
    from flask import Flask

    app = Flask("prompt")

    @app.shell_context_processor
    def names():
        return {"answer": 42, "both": "from the program"}
"""


@pytest.fixture
def shell(write, retort):
    """What the prompt answers to these lines."""
    write("app.py", PROGRAM)

    def shell(*lines, words=(), **options):
        result = retort("shell", *words, stdin="".join(f"{line}\n" for line in lines), **options)
        assert result.returncode == 0, result.stderr
        return result

    return shell


def test_the_names_of_the_program_are_there(shell):
    assert "42 <Flask 'prompt'> <flask.g of 'prompt'>" in shell("print(answer, app, g)").stdout


def test_the_application_is_current(shell):
    line = "from flask import current_app; print(current_app.name)"

    assert "prompt" in shell(line).stdout


def test_the_banner_names_python_the_application_and_its_folder(shell, world):
    banner = shell().stderr

    assert banner.startswith("Python 3.")
    assert "App: prompt\n" in banner
    assert f"Instance: {world / 'instance'}\n" in banner


def test_the_startup_file_of_python_is_run_first(shell, write):
    start = write("start.py", "mine = 7\nboth = 'from the startup file'\n")

    answer = shell("print(mine, both)", env={"PYTHONSTARTUP": str(start)})

    assert "7 from the program" in answer.stdout


def test_annotations_in_the_startup_file_are_what_python_makes_of_them(shell, write):
    start = write("start.py", "def view(number: int): ...\n")

    answer = shell("print(view.__annotations__)", env={"PYTHONSTARTUP": str(start)})

    assert "{'number': <class 'int'>}" in answer.stdout


def test_a_startup_file_that_is_not_there_is_passed_over(shell):
    assert "42" in shell("print(answer)", env={"PYTHONSTARTUP": "nowhere.py"}).stdout


# IPython

FAKE = """
    def start_ipython(argv=None, user_ns=None):
        from flask import current_app
        print("fake IPython of", current_app.name)
        print(user_ns["answer"], user_ns["app"], user_ns["g"], user_ns["both"])
        print(argv)
"""


@pytest.fixture
def fake_ipython(write):
    write("IPython.py", FAKE)


@pytest.fixture
def in_terminal(world):
    """The output of ``retort shell`` with a terminal as its input, where Ctrl+D is pressed."""

    def in_terminal(*words, env=None):
        main, terminal = pty.openpty()
        os.write(main, b"\x04")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "retort", "shell", *words],
                stdin=terminal,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=world,
                encoding="utf-8",
                env={**os.environ, **(env or {})},
                timeout=60,
            )
        finally:
            os.close(main)
            os.close(terminal)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return in_terminal


def test_ipython_has_the_names_the_context_and_the_banner(shell, fake_ipython):
    answer = shell(words=["--prompt", "ipython"]).stdout

    assert "fake IPython of prompt" in answer
    assert "42 <Flask 'prompt'> <flask.g of 'prompt'> from the program" in answer
    assert "banner1=Python 3." in answer
    assert "App: prompt" in answer


def test_ipython_has_the_names_of_the_startup_file(shell, write, fake_ipython):
    start = write("start.py", "both = 'from the startup file'\nprint('started')\n")

    answer = shell(words=["--prompt", "ipython"], env={"PYTHONSTARTUP": str(start)}).stdout

    assert answer.count("started") == 1
    assert "from the program" in answer
    assert "--TerminalIPythonApp.exec_PYTHONSTARTUP=False" in answer


@needs_terminal
def test_a_terminal_gets_ipython_if_it_is_installed(write, fake_ipython, in_terminal):
    write("app.py", PROGRAM)

    assert "fake IPython of prompt" in in_terminal()


@needs_terminal
@pytest.mark.parametrize("way", ["option", "variable"])
def test_the_plain_prompt_can_be_chosen(write, fake_ipython, in_terminal, way):
    write("app.py", PROGRAM)

    if way == "option":
        answer = in_terminal("--prompt", "python")
    else:
        answer = in_terminal(env={"FLASK_SHELL_PROMPT": "python"})

    assert "fake IPython" not in answer
    assert "App: prompt" in answer


@needs_terminal
def test_an_ipython_that_cannot_be_imported_leads_to_the_plain_prompt(write, in_terminal):
    write("app.py", PROGRAM)
    write("IPython.py", "import not_installed_at_all\n")

    answer = in_terminal()

    assert "IPython cannot be imported: ModuleNotFoundError: No module named" in answer
    assert "This is Python's own prompt." in answer
    assert "App: prompt" in answer


def test_input_that_is_no_terminal_goes_to_the_plain_prompt(shell, fake_ipython):
    result = shell("print(answer)")

    assert "fake IPython" not in result.stdout
    assert "42" in result.stdout


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("", "IPython cannot be imported: AttributeError"),
        ("1 / 0", "IPython cannot be imported: ZeroDivisionError: division by zero."),
        (None, "IPython is not installed: pip install ipython."),
    ],
)
def test_a_chosen_ipython_that_is_missing_is_an_error(retort, write, module, problem):
    write("app.py", PROGRAM)
    if module is not None:
        write("IPython.py", module)
    elif importlib.util.find_spec("IPython"):
        pytest.skip("IPython is installed")

    result = retort("shell", "--prompt", "ipython")

    assert result.returncode == 2
    assert problem in result.stderr
    assert "--prompt python" in result.stderr
