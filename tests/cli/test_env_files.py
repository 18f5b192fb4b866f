"""Variables from .env, .flaskenv and a named file."""

import os
import sys

import pytest

from retort.cli import FlaskGroup, ScriptInfo, load_dotenv


@pytest.fixture
def files(write):
    write(".flaskenv", "ALPHA=flaskenv\nBETA=flaskenv\nGAMMA=flaskenv\n")
    write(".env", "ALPHA=env\nBETA=env\n")
    write("named.env", 'ALPHA=named\nDELTA\nSPOKEN="ß ${ALPHA}"\n')


def values(*names):
    return [os.environ.get(name) for name in names]


def test_a_named_file_counts_more_than_env_and_env_more_than_flaskenv(files):
    assert load_dotenv("named.env") is True

    assert values("ALPHA", "BETA", "GAMMA") == ["named", "env", "flaskenv"]


def test_a_variable_that_is_set_already_stays(files):
    os.environ["ALPHA"] = "mine"

    load_dotenv("named.env")

    assert values("ALPHA") == ["mine"]


def test_a_name_without_a_value_sets_nothing(files):
    load_dotenv("named.env")

    assert "DELTA" not in os.environ


def test_values_are_utf_8_and_may_name_each_other(files):
    load_dotenv("named.env", load_defaults=False)

    assert values("SPOKEN") == ["ß named"]


def test_the_default_files_can_be_left_out(files):
    assert load_dotenv("named.env", load_defaults=False) is True

    assert values("BETA", "GAMMA") == [None, None]


def test_the_default_files_are_also_looked_for_in_the_folders_above(files, world, monkeypatch):
    (world / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(world / "a" / "b")

    assert load_dotenv() is True
    assert values("ALPHA", "GAMMA") == ["env", "flaskenv"]


def test_a_file_that_is_not_there_is_no_error(world):
    assert load_dotenv("nowhere.env", load_defaults=False) is False


def test_without_python_dotenv_a_tip_is_given(files, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dotenv", None)

    assert load_dotenv() is False

    tip = capsys.readouterr().err
    assert ".flaskenv and .env" in tip
    assert "pip install python-dotenv" in tip


def test_without_python_dotenv_and_without_files_nothing_is_printed(world, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "dotenv", None)

    assert load_dotenv() is False
    assert capsys.readouterr().err == ""


def test_a_named_file_without_python_dotenv_is_an_error(files, monkeypatch, runner):
    monkeypatch.setitem(sys.modules, "dotenv", None)

    result = runner.invoke(FlaskGroup(name="tool"), ["-e", "named.env", "routes"])

    assert result.exit_code == 2
    assert "python-dotenv must be installed" in result.stderr


@pytest.fixture
def show(write):
    """A group over a program with a command that shows a variable and the debug mode."""
    write(
        "app.py",
        """
        import os
        import click
        import retort

        app = retort.Flask(__name__)

        @app.cli.command()
        @click.option("--word")
        def show(word):
            print(os.environ.get("ALPHA"), app.debug, word)
        """,
    )
    return FlaskGroup(name="tool")


def test_a_command_finds_the_variables_of_the_files(files, show, runner):
    assert runner.invoke(show, ["show"]).output == "env False None\n"


def test_the_option_names_a_file(files, show, runner):
    assert runner.invoke(show, ["-e", "named.env", "show"]).output == "named False None\n"


def test_a_variable_names_a_file(files, show, runner):
    os.environ["FLASK_ENV_FILE"] = "named.env"

    assert runner.invoke(show, ["show"]).output == "named False None\n"


@pytest.mark.parametrize("word", ["1", "true", "2"])
def test_the_default_files_are_skipped_if_a_variable_is_set(files, show, runner, word):
    os.environ["FLASK_SKIP_DOTENV"] = word

    assert runner.invoke(show, ["show"]).output == "None False None\n"


@pytest.mark.parametrize("word", ["0", "false", "No", ""])
def test_the_default_files_are_read_if_the_variable_is_false(files, show, runner, word):
    os.environ["FLASK_SKIP_DOTENV"] = word

    assert runner.invoke(show, ["show"]).output == "env False None\n"


def test_a_group_can_leave_the_default_files_alone(files, write, runner, show):
    group = FlaskGroup(name="tool", load_dotenv=False)

    assert runner.invoke(group, ["show"]).output == "None False None\n"


def test_debug_mode_can_be_set_in_a_file(show, write, runner):
    write(".env", "FLASK_DEBUG=1\n")

    assert runner.invoke(show, ["show"]).output == "None True None\n"
    del os.environ["FLASK_DEBUG"]
    assert runner.invoke(show, ["--no-debug", "show"]).output == "None False None\n"


def test_the_application_can_be_named_in_a_file(write, runner):
    write(".flaskenv", "FLASK_APP=shop:make('named in .flaskenv')\n")
    write(
        "shop.py",
        """
        import retort

        def make(name):
            app = retort.Flask(name)
            app.cli.command("hi")(lambda: print(app.import_name))
            return app
        """,
    )

    assert runner.invoke(FlaskGroup(name="tool"), ["hi"]).output == "named in .flaskenv\n"
    assert "  hi\n" in runner.invoke(FlaskGroup(name="tool"), ["--help"]).output


def test_an_option_of_a_command_can_be_set_by_a_variable(show, write, runner):
    write(".env", "FLASK_SHOW_WORD=spoken\n")

    assert runner.invoke(show, ["show"]).output == "None False spoken\n"


def test_a_file_named_after_the_command_corrects_what_a_default_file_set(files, runner):
    from retort.cli.options import env_file_option

    group = FlaskGroup(name="tool")

    @group.command("later", with_appcontext=False)
    def later():
        print(*values("ALPHA", "GAMMA"))

    later.params.append(env_file_option)

    assert runner.invoke(group, ["later", "-e", "named.env"]).output == "named flaskenv\n"
    os.environ["ALPHA"] = "mine"
    assert runner.invoke(group, ["later", "-e", "named.env"]).output == "mine flaskenv\n"


def test_what_the_defaults_are_is_kept_in_the_script_info():
    assert ScriptInfo().load_dotenv_defaults is True
