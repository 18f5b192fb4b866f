"""Groups of commands: ``AppGroup`` for a program's commands, ``FlaskGroup`` for a complete tool.

`script_info.py` selects the application, and `env_files.py` reads ``.env``.
"""

from __future__ import annotations

import importlib.metadata
import os
from typing import TYPE_CHECKING, Any

import click

from ..context import has_app_context
from ..globals import current_app
from ..helpers import get_load_dotenv
from . import blame
from .env_files import load_dotenv as load_dotenv_files
from .locate import NoAppException
from .options import app_option, debug_option, env_file_option
from .routes import routes_command
from .run import run_command
from .script_info import ScriptInfo, with_appcontext
from .shell import shell_command
from .version import version_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..app import Flask

PLUGINS = "flask.commands"  # the entry points for commands of extensions


class AppGroup(click.Group):
    """A group whose commands run with the application loaded and its context pushed."""

    def command(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Like `click.Group.command`; ``with_appcontext=False`` runs it without a context."""
        if args and callable(args[0]):  # @app.cli.command, without parentheses
            return self.command(*args[1:], **kwargs)(args[0])
        wants_context = kwargs.pop("with_appcontext", True)
        register: Callable[..., click.Command] = super().command(*args, **kwargs)

        def decorate(f: Callable[..., Any]) -> click.Command:
            return register(with_appcontext(f) if wants_context else f)

        return decorate

    def group(  # type: ignore[override]
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Group]:
        """Like `click.Group.group`; the new group is an `AppGroup` too."""
        register: Callable[..., click.Group]
        register = super().group(*args, **{"cls": AppGroup, **kwargs})
        return register


class FlaskGroup(AppGroup):
    """Combines the commands of a tool, of installed extensions and of the application.

    :param add_default_commands: include ``run``, ``shell`` and ``routes``.
    :param create_app: returns the application, for a tool for one program.
    :param add_version_option: include ``--version``.
    :param load_dotenv: read ``.env`` and ``.flaskenv``.
    :param set_debug_flag: set ``app.debug`` from ``--debug`` or ``FLASK_DEBUG``.
    :param extra: for `click.Group`.

    Options can be set by environment variables that start with ``FLASK_``: ``FLASK_APP``,
    ``FLASK_DEBUG``, ``FLASK_RUN_PORT``. Flask documentation, "Command Line Interface".
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        options = [env_file_option, app_option, debug_option]
        if add_version_option:
            options.append(version_option)
        settings = {"auto_envvar_prefix": "FLASK", **extra.pop("context_settings", {})}
        super().__init__(
            params=[*(extra.pop("params", None) or ()), *options],
            context_settings=settings,
            **extra,
        )
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._added: set[importlib.metadata.EntryPoint] = set()
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Like Click's; the context's object is a `ScriptInfo` unless another is given."""
        # A script loaded by a command must not start its own server.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv and get_load_dotenv(),
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Like Click's; without arguments, the environment is read before help is shown."""
        if not args or args == list(ctx.help_option_names[:1]) or args == ["--help"]:
            _use_environment(ctx)
        try:
            return super().parse_args(ctx, args)
        except BaseException:
            # Help gets the description of every command, which pushes the app context. Click
            # closes a context only after it has started to run the command.
            ctx.close()
            raise

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """A command of the tool, else of an extension, else of the application."""
        self._add_plugins(_plugins().select(name=name))
        command = super().get_command(ctx, name)
        if command is not None:
            return command
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as error:
            _print_error(ctx, error.format_message())
            return None
        except Exception:
            if ctx.resilient_parsing:
                return None
            raise
        if not has_app_context() or current_app != app:
            ctx.with_resource(app.app_context())
        found: click.Command | None = app.cli.get_command(ctx, name)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands; exceptions of the application are only printed."""
        self._add_plugins(_plugins())
        names = {*super().list_commands(ctx)}
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as error:
            _print_error(ctx, error.format_message())
        except Exception as error:
            _print_error(ctx, blame.loading_failed(error))
        else:
            names.update(app.cli.list_commands(ctx))
        return sorted(names)

    def _add_plugins(self, points: Iterable[importlib.metadata.EntryPoint]) -> None:
        """Add commands of installed extensions, each once; they replace commands of the tool."""
        for point in points:
            if point not in self._added:
                self._added.add(point)
                self.add_command(point.load(), point.name)


def _print_error(ctx: click.Context, problem: str) -> None:
    """Print an error before other output, except while a shell completes a word."""
    if not ctx.resilient_parsing:
        click.echo(f"Error: {problem}\n", err=True)


def _use_environment(ctx: click.Context) -> None:
    """Apply the options that Click would process only after help."""
    info = ctx.ensure_object(ScriptInfo)
    if info.load_dotenv_defaults:
        load_dotenv_files()
    if info.app_import_path is None:
        info.app_import_path = os.environ.get(f"{ctx.auto_envvar_prefix}_APP") or None


def _plugins() -> importlib.metadata.EntryPoints:
    """Commands that installed extensions offer; loading one imports its extension."""
    return importlib.metadata.entry_points(group=PLUGINS)
