"""Python's prompt in an app context."""

import pytest

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

    def shell(*lines, **options):
        result = retort("shell", stdin="".join(f"{line}\n" for line in lines), **options)
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
