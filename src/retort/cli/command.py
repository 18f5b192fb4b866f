"""The command ``retort``: the group of all commands, and its entry point."""

from __future__ import annotations

import os
import sys
import zipfile
from typing import TYPE_CHECKING

import click

from ..helpers import get_load_dotenv
from . import blame
from .check import check_command
from .compare import compare_command
from .deploy_files import deploy_group
from .groups import FlaskGroup
from .openapi import openapi_command
from .openapi_client import client_command
from .openapi_diff import diff_command
from .program import ProgramError, install_alias
from .reload import reload_command
from .script_info import ScriptInfo

if TYPE_CHECKING:
    from collections.abc import Sequence


# The commands that Flask does not have.
_ADDED = (check_command, compare_command, deploy_group, openapi_command, reload_command)
_NAMES_TARGET = f"{__name__}.names_target"


class _Retort(FlaskGroup):
    """`FlaskGroup` with a hint for a program in place of a command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        ctx.meta[_NAMES_TARGET] = len(args) > 1 and not args[1].startswith("-")
        if name.endswith(".py") and os.path.isfile(name):
            raise click.UsageError(
                f"{name!r} is a program, not a command. Serve it with 'retort run {name}',"
                f" or run it as a script with 'python -m retort {name}'.",
                ctx,
            )
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            if os.path.isfile(os.path.join(name, "__main__.py")) or zipfile.is_zipfile(name):
                raise click.UsageError(
                    f"{name!r} is a program, not a command. Run it with 'python -m retort {name}'.",
                    ctx,
                ) from None
            raise

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Like Flask, but a command that Flask does not have may be the program's."""
        command = super().get_command(ctx, name)
        if command not in _ADDED:
            return command
        info = ctx.ensure_object(ScriptInfo)
        if ctx.meta.get(_NAMES_TARGET) and not info.app_import_path:
            return command  # the usual application is not the one that is named
        try:
            app = info.load_app()
        except Exception:  # the command reports the error
            return command
        return app.cli.get_command(ctx, name) or command


cli = _Retort(
    name="retort",
    help="""Serve and inspect a Retort or Flask application.

    --app or FLASK_APP names the file or module of the application. The default is wsgi.py or
    app.py in the current folder. The list of commands includes those of the application.
    """,
)
for _command in _ADDED:
    cli.add_command(_command)
openapi_command.add_command(client_command)
openapi_command.add_command(diff_command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command ``retort``; ends the process, with status 0, 1 or 2.

    :param args: the arguments; default: those of the process.

    After this call, ``import flask`` finds Retort.
    """
    info = ScriptInfo(load_dotenv_defaults=get_load_dotenv())
    try:
        install_alias()
        cli.main(args=args, obj=info)
    except ProgramError as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if error is not info.load_error:  # a command's own error keeps its traceback
            raise
        click.echo(f"Error: {blame.loading_failed(error)}", err=True)
        sys.exit(1)
