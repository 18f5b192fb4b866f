"""How a command finds its app: `--app`, `FLASK_APP`, defaults, `.env` files, and failures."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import click
from click.testing import CliRunner
from flask import Flask, cli, current_app
from flask.cli import FlaskGroup, NoAppException, ScriptInfo
from flask.helpers import get_debug_flag, get_load_dotenv
from steps import note

FILES = Path(__file__).parent / "cli_project"
COPY = tempfile.TemporaryDirectory()
PROJECT = Path(COPY.name).resolve() / "project"
NAMES = """
    hello hello:app hello:other hello:create_app hello:create_app() hello:make_app('x')
    hello:make_app('x',number=2) hello.py hello.py:other package package/ single factory two
    fails nothing syntax missing missing.module hello:nothing hello:not_an_app hello:no_app
    hello:make_app hello:make_app() hello:make_app(name) hello:make_app('x' hello:needs_type_error
    hello:app.name hello:other( hello: :app hello:create_app().x hello:1 two:one two.py:two
""".split()


def create_app():
    """The project is copied, since a file that is no Python cannot be among ours."""
    shutil.copytree(FILES, PROJECT)
    (PROJECT / "syntax.py").write_text("def broken(:\n")
    return Flask(__name__)


@contextlib.contextmanager
def project(**environment):
    """In the project's folder, with these environment variables and no left-over modules."""
    before, folder, path, modules = dict(os.environ), os.getcwd(), sys.path[:], set(sys.modules)
    for name in list(os.environ):
        if name.startswith("FLASK_"):
            del os.environ[name]
    os.environ.update(environment)
    os.chdir(PROJECT)
    try:
        yield
    finally:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(before)
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            if name.partition(".")[0] in {path.stem for path in PROJECT.iterdir()}:
                del sys.modules[name]


def loaded(name):
    try:
        return ScriptInfo(app_import_path=name).load_app().name
    except NoAppException:
        return "no app"
    except BaseException as error:
        return type(error).__name__


def by_import_path(app, client):
    seen = {}
    for name in NAMES:
        with project():
            seen[name] = loaded(name)
    return seen


def a_traceback_for_an_import_that_fails(app, client):
    with project():
        try:
            ScriptInfo(app_import_path="fails").load_app()
        except NoAppException as error:
            return "no_such_module_at_all" in str(error)


def without_a_path(app, client):
    with project():
        return ScriptInfo().load_app().name


def with_a_factory(app, client):
    info = ScriptInfo(create_app=lambda: Flask("made"))
    return info.load_app().name, info.load_app() is info.load_app(), info.app_import_path


def debug_is_set(app, client):
    seen = []
    for value in ("1", "0", "no", "true", ""):
        with project(FLASK_DEBUG=value):
            seen.append(
                [get_debug_flag(), ScriptInfo(create_app=lambda: Flask("x")).load_app().debug]
            )
            seen.append(
                ScriptInfo(create_app=lambda: Flask("x"), set_debug_flag=False).load_app().debug
            )
    return seen


def dotenv_switch(app, client):
    seen = []
    for value in ("1", "0", "", "true"):
        with project(FLASK_SKIP_DOTENV=value):
            seen.append([get_load_dotenv(), get_load_dotenv(False)])
    return seen


def through_the_group(app, client):
    def ask(*args, **environment):
        with project(**environment):
            group = FlaskGroup()
            group.command("name")(lambda: click.echo(current_app.name))
            result = CliRunner().invoke(group, list(args))
            return [result.exit_code, result.output if result.exit_code == 0 else "message"]

    return [
        ask("--app", "hello", "name"),
        ask("-A", "hello:other", "name"),
        ask("name", FLASK_APP="hello:create_app"),
        ask("--app", "hello", "name", FLASK_APP="two:one"),
        ask("name"),
        ask("--app", "missing", "name"),
        ask("--app", "hello", "where"),
        ask("where", FLASK_APP="hello"),
        ask("where"),
        ask("--app", "hello", "--debug", "name"),
        ask("--app"),
        ask("no-such-command"),
    ]


def env_files(app, client):
    def ask(*args, **environment):
        with project(**environment):
            group = FlaskGroup(create_app=lambda: Flask("x"))
            names = ("FROM_ENV", "FROM_FLASKENV", "IN_BOTH")
            group.command("env")(
                lambda: click.echo(" ".join(os.environ.get(f"FLASK_{name}", "-") for name in names))
            )
            result = CliRunner().invoke(group, [*args, "env"])
            return [result.exit_code, result.output if result.exit_code == 0 else "message"]

    return [
        ask(),
        ask(FLASK_SKIP_DOTENV="1"),
        ask(FLASK_IN_BOTH="environment"),
        ask("--env-file", "given.env"),
        ask("-e", "given.env", FLASK_SKIP_DOTENV="1"),
        ask("--env-file", "missing.env"),
    ]


def load_dotenv_by_hand(app, client):
    with project():
        found = cli.load_dotenv()
        given = cli.load_dotenv(PROJECT / "given.env", load_defaults=False)
        missing = cli.load_dotenv("missing.env", load_defaults=False)
        note(os.environ["FLASK_IN_BOTH"], os.environ["FLASK_FROM_ENV"], os.getcwd() == str(PROJECT))
        return [bool(found), bool(given), bool(missing)]


def the_version(app, client):
    result = CliRunner().invoke(FlaskGroup(), ["--version"])
    words = result.output.split()
    return result.exit_code, words[0], "Flask" in words, "Werkzeug" in words, len(words)


def helpers(app, client):
    import types

    module = types.ModuleType("made")
    module.app = Flask("found")
    seen = [cli.find_best_app(module).name]
    del module.app
    module.create_app = lambda: Flask("from a factory")
    seen.append(cli.find_best_app(module).name)
    module.create_app = lambda needed: None
    for function in (
        lambda: cli.find_best_app(module),
        lambda: cli.find_best_app(types.ModuleType("empty")),
        lambda: cli.locate_app("no_such_module", None),
    ):
        try:
            function()
        except NoAppException:
            seen.append("no app")
    with project():
        seen += [
            cli.prepare_import("hello.py"),
            cli.prepare_import("package"),
            cli.prepare_import("x"),
        ]
        seen.append(cli.locate_app("no_such_module", None, raise_if_not_found=False))
        return [*seen, cli.locate_app("hello", "other").name, sys.path[0] == str(PROJECT)]


def plugins(app, client):
    """Commands that installed packages bring, under the entry points `flask.commands`."""
    with tempfile.TemporaryDirectory() as folder, project():
        about = Path(folder, "plugin-1.0.dist-info")
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(
            "[flask.commands]\nplugged = cli_plugin:plugged\nroutes = cli_plugin:routes\n"
        )
        Path(folder, "cli_plugin.py").write_text(
            "import click\n"
            "plugged = click.Command('plugged', callback=lambda: click.echo('plugged in'))\n"
            "routes = click.Command('routes', callback=lambda: click.echo('replaced'))\n"
        )
        sys.path.insert(0, folder)
        results = [
            CliRunner().invoke(FlaskGroup(create_app=lambda: Flask("x")), [word])
            for word in ("plugged", "routes")
        ]
        del sys.modules["cli_plugin"]
        return [[result.exit_code, result.output.split()[:2]] for result in results]


def shell_context(app, client):
    other = Flask("x")
    other.shell_context_processor(lambda: {"model": 1, "app": "replaced"})

    @other.shell_context_processor
    def more():
        return {"more": 2}

    return {name: str(value) for name, value in other.make_shell_context().items() if name != "g"}


def commands_of_the_group(app, client):
    group = FlaskGroup(add_version_option=False, add_default_commands=False)
    return [
        sorted(FlaskGroup().commands),
        sorted(group.commands),
        sorted(one.name for one in group.params),
    ]


STEPS = [
    by_import_path,
    a_traceback_for_an_import_that_fails,
    without_a_path,
    with_a_factory,
    debug_is_set,
    dotenv_switch,
    through_the_group,
    env_files,
    load_dotenv_by_hand,
    the_version,
    helpers,
    plugins,
    shell_context,
    commands_of_the_group,
]
