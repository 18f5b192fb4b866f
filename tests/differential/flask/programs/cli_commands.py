"""Commands of the app and of blueprints through `test_cli_runner`."""

import click
from flask import Blueprint, Flask, current_app, g, has_app_context
from flask.cli import AppGroup, FlaskGroup, ScriptInfo, pass_script_info, with_appcontext
from steps import note


def create_app():
    app = Flask(__name__)
    add_commands(app)
    for name, group in {"plain": ..., "named": "renamed", "merged": None}.items():
        options = {} if group is ... else {"cli_group": group}
        blueprint = Blueprint(name, __name__, **options)
        blueprint.cli.command(f"{name}-command")(lambda: click.echo(current_app.name))
        app.register_blueprint(blueprint)
    late = Blueprint("late", __name__)
    late.cli.command("late-command")(lambda: click.echo("late"))
    app.register_blueprint(late, cli_group="given-late")
    empty = Blueprint("empty", __name__)
    app.register_blueprint(empty)
    return app


def add_commands(app):
    @app.cli.command()
    @click.argument("name")
    @click.option("--loud/--quiet", default=False, help="How to say it.")
    def greet(name, loud):
        """Greet NAME."""
        g.greeted = name
        text = f"hello {g.greeted} from {current_app.name}"
        click.echo(text.upper() if loud else text)

    @app.cli.command("no-context", with_appcontext=False)
    def no_context():
        click.echo(has_app_context())

    @app.cli.command()
    @pass_script_info
    def info(script_info):
        click.echo(type(script_info).__name__)
        click.echo(script_info.load_app() is current_app._get_current_object())

    @app.cli.command()
    def fail():
        raise LookupError("failed")

    @app.cli.command("exits")
    def exit_with_three():
        click.echo("bye", err=True)
        raise SystemExit(3)

    @app.cli.command("usage")
    def usage():
        raise click.UsageError("used wrongly")

    @app.cli.group()
    def db():
        """Of the data."""

    @db.command("init")
    @click.pass_context
    def db_init(context):
        click.echo(f"{context.info_name} {current_app.name}")

    app.teardown_appcontext(lambda error: note("teardown", type(error).__name__))


def invoked(app, *args, **options):
    result = app.test_cli_runner().invoke(args=args, **options)
    error = None if result.exception is None else type(result.exception).__name__
    return [result.exit_code, result.output, error]


def app_commands(app, client):
    return [
        invoked(app, "greet", "ada"),
        invoked(app, "greet", "ada", "--loud"),
        invoked(app, "no-context"),
        invoked(app, "info"),
        invoked(app, "fail"),
        invoked(app, "exits"),
        invoked(app, "db", "init"),
    ]


def usage_errors(app, client):
    return [
        [code, "Error" in output or "Usage" in output, error]
        for code, output, error in (
            invoked(app, "greet"),
            invoked(app, "usage"),
            invoked(app, "no-such-command"),
            invoked(app, "greet", "--no-such-option"),
            invoked(app, "db"),
            invoked(app, "db", "nothing"),
        )
    ]


def help_of_a_command(app, client):
    return invoked(app, "greet", "--help")


def blueprint_commands(app, client):
    return [
        invoked(app, "plain", "plain-command"),
        invoked(app, "renamed", "named-command"),
        invoked(app, "merged-command"),
        invoked(app, "given-late", "late-command"),
        invoked(app, "named", "named-command")[0],
        invoked(app, "empty")[0],
    ]


def their_names(app, client):
    return sorted(app.cli.commands), app.cli.name, app.blueprints["plain"].cli.name


def a_command_by_itself(app, client):
    runner = app.test_cli_runner()
    result = runner.invoke(app.cli.commands["greet"], ["ada"])
    return result.exit_code, result.output


def a_command_of_no_app(app, client):
    @click.command()
    @with_appcontext
    def alone():
        click.echo(current_app.name)

    result = app.test_cli_runner().invoke(alone)
    return result.exit_code, result.output


def a_group_of_no_app(app, client):
    group = AppGroup("tools")
    group.command("context")(lambda: click.echo(current_app.name))
    group.command("bare", with_appcontext=False)(lambda: click.echo(has_app_context()))
    inner = group.group("inner")(lambda: None)
    inner.command("deep")(lambda: click.echo(has_app_context()))
    runner = app.test_cli_runner()
    return [
        type(inner).__name__,
        *(
            runner.invoke(group, words).output
            for words in (["context"], ["bare"], ["inner", "deep"])
        ),
    ]


def with_another_app(app, client):
    group = FlaskGroup(create_app=lambda: Flask("made by the group"))
    group.command("name")(lambda: click.echo(current_app.name))
    result = app.test_cli_runner().invoke(group, ["name"], obj=ScriptInfo(create_app=lambda: app))
    other = app.test_cli_runner().invoke(group, ["name"])
    return result.output, other.output


def nested_contexts(app, client):
    with app.app_context():
        g.greeted = "outer"
        note(invoked(app, "greet", "inner"))
        return g.greeted


def an_own_runner(app, client):
    from flask.testing import FlaskCliRunner

    class Own(FlaskCliRunner):
        def invoke(self, *args, **kwargs):
            note("own runner")
            return super().invoke(*args, **kwargs)

    app.test_cli_runner_class = Own
    result = invoked(app, "greet", "ada", input="x", env={"A": "b"})
    app.test_cli_runner_class = None
    return result, app.test_cli_runner(charset="latin-1").charset


STEPS = [
    app_commands,
    usage_errors,
    help_of_a_command,
    blueprint_commands,
    their_names,
    a_command_by_itself,
    a_command_of_no_app,
    a_group_of_no_app,
    with_another_app,
    nested_contexts,
    an_own_runner,
]
