"""AppGroup, FlaskGroup, and how commands reach the application."""

import importlib.metadata
import os
import sys

import click
import pytest

import retort
from retort.cli import AppGroup, FlaskGroup, ScriptInfo


def make_app():
    app = retort.Flask("group app")

    @app.cli.command()
    def named():
        """Say which application."""
        click.echo(f"{retort.current_app.import_name} {app.debug}")

    return app


@pytest.fixture
def group():
    return FlaskGroup(name="tool", create_app=make_app)


def test_a_command_of_an_app_group_runs_with_a_context(runner):
    tools = AppGroup("tools")

    @tools.command()
    def show():
        click.echo(retort.current_app.import_name)

    result = runner.invoke(tools, ["show"], obj=ScriptInfo(create_app=make_app))

    assert result.output == "group app\n"


def test_a_command_can_do_without_a_context(runner):
    tools = AppGroup("tools")

    @tools.command(with_appcontext=False)
    def show():
        click.echo(retort.has_app_context())

    result = runner.invoke(tools, ["show"], obj=ScriptInfo(create_app=make_app))

    assert result.output == "False\n"


def test_a_command_needs_no_parentheses(runner):
    tools = AppGroup("tools")

    @tools.command
    def show():
        click.echo(retort.current_app.import_name)

    result = runner.invoke(tools, ["show"], obj=ScriptInfo(create_app=make_app))

    assert isinstance(show, click.Command)
    assert result.output == "group app\n"


def test_a_group_in_an_app_group_is_one_too(runner):
    tools = AppGroup("tools")

    @tools.group()
    def inner():
        pass

    @inner.command("show", help="Shown.")
    @click.argument("word")
    def show(word):
        click.echo(f"{word} {retort.current_app.import_name}")

    result = runner.invoke(tools, ["inner", "show", "x"], obj=ScriptInfo(create_app=make_app))

    assert type(inner) is AppGroup
    assert result.output == "x group app\n"


def test_a_group_can_be_of_another_class():
    class Special(AppGroup):
        pass

    assert type(AppGroup("a").group("b", cls=Special)(lambda: None)) is Special


def test_the_commands_of_the_application_and_of_the_tool_are_listed(group, runner):
    result = runner.invoke(group, ["--help"])

    listed = result.output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == ["named", "routes", "run", "shell"]
    assert "Say which application." in listed[0]


def test_a_command_of_the_application_runs(group, runner):
    assert runner.invoke(group, ["named"]).output == "group app False\n"


def test_debug_mode_is_set_by_the_option_and_in_the_environment(group, runner):
    assert runner.invoke(group, ["--debug", "named"]).output == "group app True\n"
    assert os.environ["FLASK_DEBUG"] == "1"

    assert runner.invoke(group, ["--no-debug", "named"]).output == "group app False\n"
    assert os.environ["FLASK_DEBUG"] == "0"


def test_debug_mode_can_be_left_to_the_program(runner):
    group = FlaskGroup(name="tool", create_app=make_app, set_debug_flag=False)

    def set_in_the_app():
        app = make_app()
        app.debug = True
        return app

    os.environ["FLASK_DEBUG"] = "0"
    group.create_app = set_in_the_app

    assert runner.invoke(group, ["named"]).output == "group app True\n"


def test_no_arguments_show_the_help(group, runner):
    result = runner.invoke(group, [])

    # Status 2, on standard error, from Click 8.2 on.
    is_new = hasattr(click.exceptions, "NoArgsIsHelpError")
    assert result.exit_code == (2 if is_new else 0)
    assert "named" in (result.stderr if is_new else result.stdout)


def test_an_unknown_command_is_an_error(group, runner):
    result = runner.invoke(group, ["nope"])

    assert result.exit_code == 2
    assert "No such command 'nope'" in result.stderr


@pytest.mark.parametrize("args", [["missing"], ["--help"]])
def test_without_an_application_the_reason_precedes_the_usage(args, runner):
    result = runner.invoke(FlaskGroup(name="tool"), args)

    assert result.exit_code == (0 if args == ["--help"] else 2)
    assert result.stderr.startswith("Error: Could not locate a Flask application")
    assert "FLASK_APP" in result.stderr
    assert "Usage:" in result.stdout + result.stderr


def test_help_is_shown_though_the_application_raises(runner):
    def create_app():
        raise LookupError("oh no")

    result = runner.invoke(FlaskGroup(name="tool", create_app=create_app), ["--help"])

    assert result.exit_code == 0
    assert "LookupError: oh no" in result.stderr
    assert "Traceback" not in result.output
    assert "run" in result.stdout


def test_what_the_application_raises_reaches_who_built_the_tool(runner):
    def create_app():
        raise LookupError("oh no")

    result = runner.invoke(FlaskGroup(name="tool", create_app=create_app), ["named"])

    assert isinstance(result.exception, LookupError)


def test_default_commands_and_version_can_be_left_out():
    group = FlaskGroup(name="tool", add_default_commands=False, add_version_option=False)

    assert group.commands == {}
    assert [param.name for param in group.params] == ["env_file", "app", "debug"]


def test_options_of_the_tools_own_come_first():
    group = FlaskGroup(name="tool", params=[click.Option(["--own"])])

    assert [param.name for param in group.params][:2] == ["own", "env_file"]


def test_the_prefix_of_variables_can_be_another(runner):
    group = FlaskGroup(
        name="tool", create_app=make_app, context_settings={"auto_envvar_prefix": "TOOL"}
    )

    result = runner.invoke(group, ["named"], env={"TOOL_DEBUG": "1"})

    assert result.output == "group app True\n"


def test_the_application_is_named_by_option_or_variable(write, runner):
    for name in ("one", "two"):
        write(
            f"{name}.py",
            f"""
            import retort
            app = retort.Flask("{name}")
            app.cli.command("hi")(lambda: print("{name}"))
            """,
        )
    group = FlaskGroup(name="tool")

    assert runner.invoke(group, ["--app", "one", "hi"]).output == "one\n"
    assert runner.invoke(group, ["-A", "one", "hi"], env={"FLASK_APP": "two"}).output == "one\n"
    assert runner.invoke(group, ["hi"], env={"FLASK_APP": "two"}).output == "two\n"
    assert "  hi" in runner.invoke(group, ["-A", "one", "--help"]).output


def test_a_script_that_is_loaded_does_not_start_its_own_server(write, runner):
    write(
        "script.py",
        """
        import retort
        app = retort.Flask("script")
        app.cli.command("hi")(lambda: print("hi"))
        app.run()
        """,
    )

    assert runner.invoke(FlaskGroup(name="tool"), ["-A", "script.py", "hi"]).output.endswith("hi\n")


def test_the_context_of_the_application_replaces_that_of_another(group, runner):
    with retort.Flask("outer").app_context():
        assert runner.invoke(group, ["named"]).output == "group app False\n"
        assert retort.current_app.import_name == "outer"


def test_a_plain_click_command_of_the_application_gets_its_context(runner):
    def create_app():
        app = make_app()

        @click.command("plain")
        def plain():
            click.echo(retort.current_app.import_name)

        app.cli.add_command(plain)
        return app

    result = runner.invoke(FlaskGroup(name="tool", create_app=create_app), ["plain"])

    assert result.output == "group app\n"


def test_the_context_is_gone_after_the_command(group, runner):
    closed = []

    def create_app():
        app = make_app()
        app.teardown_appcontext(closed.append)
        return app

    runner.invoke(FlaskGroup(name="tool", create_app=create_app), ["named"])

    assert closed == [None]


def blueprint_app():
    app = retort.Flask("blueprints")
    settings = {
        "plain": {},
        "merged": {"cli_group": None},
        "renamed": {"cli_group": "other"},
        "late": {"cli_group": "early"},
        "empty": {},
    }
    for name, options in settings.items():
        blueprint = retort.Blueprint(name, __name__, **options)
        if name != "empty":
            blueprint.cli.command(f"{name}-command")(lambda name=name: click.echo(name))
        given = {"cli_group": "late_group"} if name == "late" else {}
        app.register_blueprint(blueprint, **given)
    parent = retort.Blueprint("parent", __name__)
    child = retort.Blueprint("child", __name__)
    child.cli.command("deep")(lambda: click.echo("deep"))
    parent.register_blueprint(child)
    app.register_blueprint(parent)
    return app


@pytest.mark.parametrize(
    ("args", "output"),
    [
        (["plain", "plain-command"], "plain\n"),
        (["merged-command"], "merged\n"),
        (["other", "renamed-command"], "renamed\n"),
        (["late_group", "late-command"], "late\n"),
        (["parent.child", "deep"], "deep\n"),
    ],
)
def test_commands_of_blueprints_are_found_in_their_groups(runner, args, output):
    result = runner.invoke(FlaskGroup(name="tool", create_app=blueprint_app), args)

    assert result.output == output


@pytest.mark.parametrize("name", ["merged", "renamed", "late", "early", "empty", "parent", "child"])
def test_groups_that_were_merged_renamed_or_empty_are_not_there(runner, name):
    result = runner.invoke(FlaskGroup(name="tool", create_app=blueprint_app), [name])

    assert result.exit_code == 2
    assert "No such command" in result.stderr


@pytest.fixture
def install(write, world, monkeypatch):
    """Install an extension that offers the command ``extended`` and further names for it."""

    def install(*names):
        write(
            "some_extension.py",
            """
            import click

            @click.command()
            def command():
                click.echo("from the extension")
            """,
        )
        write("some_extension-1.0.dist-info/METADATA", "Name: some-extension\nVersion: 1.0\n")
        points = "\n".join(f"{name}=some_extension:command" for name in ("extended", *names))
        write("some_extension-1.0.dist-info/entry_points.txt", f"[flask.commands]\n{points}\n")
        monkeypatch.syspath_prepend(str(world))
        monkeypatch.delitem(sys.modules, "some_extension", raising=False)
        assert importlib.metadata.version("some-extension") == "1.0"

    yield install
    sys.modules.pop("some_extension", None)


def test_installed_extensions_offer_commands(install, runner):
    install()

    assert runner.invoke(FlaskGroup(name="tool"), ["extended"]).output == "from the extension\n"
    assert "extended" in runner.invoke(FlaskGroup(name="tool"), ["--help"]).output


def test_a_command_of_an_extension_replaces_one_of_the_tool(install, runner):
    install("routes")

    assert runner.invoke(FlaskGroup(name="tool"), ["routes"]).output == "from the extension\n"


def test_extensions_are_imported_only_for_their_commands_and_for_help(install, runner):
    install()
    group = FlaskGroup(name="tool", create_app=blueprint_app)

    assert runner.invoke(group, ["routes"]).exit_code == 0
    assert "some_extension" not in sys.modules
    assert runner.invoke(group, ["--help"]).exit_code == 0
    assert "some_extension" in sys.modules


def test_the_runner_of_a_test_needs_no_name(app):
    @app.cli.command("hello")
    @click.argument("name")
    def hello(name):
        click.echo(f"hello {name} {retort.current_app.import_name}")

    result = app.test_cli_runner().invoke(args=["hello", "Ada"])

    assert result.output == "hello Ada app under test\n"
