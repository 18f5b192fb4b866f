"""The command runner: commands of the app, and any other, with the app at hand."""

import subprocess
import sys

import click
import pytest

import retort
from retort.testing import FlaskCliRunner


@pytest.fixture
def runner(app):
    @app.cli.command("hello")
    @click.option("--name", default="world")
    def hello(name):
        click.echo(f"hello {name} from {retort.current_app.name}")

    return app.test_cli_runner()


def test_a_command_of_the_app_runs_in_its_context(app, runner):
    result = runner.invoke(args=["hello", "--name", "Ada"])

    assert result.exit_code == 0
    assert result.output == f"hello Ada from {app.name}\n"


def test_arguments_can_be_one_line(app, runner):
    assert runner.invoke(args="hello --name Bob").output == f"hello Bob from {app.name}\n"


def test_a_command_can_be_run_by_itself(app, runner):
    @click.command()
    @retort.cli.with_appcontext
    def where():
        click.echo(retort.current_app.name)

    assert runner.invoke(where).output == f"{app.name}\n"


def test_a_command_gets_the_app_through_its_script_info(app, runner):
    @click.command()
    @click.pass_obj
    def load(info):
        click.echo(str(info.load_app() is app))

    assert runner.invoke(load).output == "True\n"


def test_the_object_of_a_command_can_be_another(runner):
    @click.command()
    @click.pass_obj
    def show(obj):
        click.echo(repr(obj))

    assert runner.invoke(show, obj="mine").output == "'mine'\n"
    assert runner.invoke(show, obj=None).output == "None\n"


def test_an_unknown_command_fails(runner):
    result = runner.invoke(args=["no-such-command"])

    assert result.exit_code == 2
    assert "no-such-command" in result.output


def test_a_runner_is_clicks_and_takes_its_options(app):
    runner = app.test_cli_runner(env={"A": "1"})

    assert isinstance(runner, click.testing.CliRunner)
    assert runner.env == {"A": "1"}
    assert runner.app is app


def test_a_runner_class_of_ones_own_is_used(app):
    class Own(FlaskCliRunner):
        pass

    app.test_cli_runner_class = Own

    assert type(app.test_cli_runner()) is Own


def test_importing_the_tools_for_tests_does_not_import_those_for_commands():
    code = "import sys, retort.testing; print('retort.cli' in sys.modules)"

    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "False\n"
