"""``retort deploy``: files for Kubernetes, Compose, systemd and HAProxy.

`deploy.py` is ``retort check --deploy``, and `retort.deploy` writes the files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .deploy_options import (
    compose_options,
    haproxy_options,
    kubernetes_options,
    systemd_options,
)
from .script_info import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from collections.abc import Callable

_HELP = """Write files for running the program on several machines.

\b
retort deploy kubernetes shop --image registry/shop:1 > shop.yaml

The file is written to standard output, with a comment for each line that is not obvious. The
program does not have to be on this machine, and nothing is connected to. The same options and
version always give the same file.
"""

_TARGET = """TARGET names the application as for 'retort run', where it will run: a module (shop), a
file (shop.py) or a factory (shop:create_app()). The default is --app or FLASK_APP.
"""


@click.group("deploy", help=_HELP, short_help="Write files for Kubernetes, systemd and others.")
def deploy_group() -> None:
    """The group of the commands below."""


def _add(name: str, text: str, options: Callable[..., Any]) -> None:
    """Add the command that writes one kind of file."""

    def callback(
        ctx: click.Context, info: ScriptInfo, /, target: str | None, **values: Any
    ) -> None:
        application = target or info.app_import_path
        if application is None:
            raise click.UsageError(
                f"Name the application as it will run: retort deploy {name} shop ..."
            )
        diff_file = values.pop("diff_file")
        written = _write(name, application, values)
        if diff_file is None:
            click.echo(written, nl=False)
            return
        changes = _changes(diff_file, written)
        click.echo(changes, nl=False)
        ctx.exit(1 if changes else 0)

    argument = click.argument("target", required=False, type=click.Path())  # completes file names
    function = argument(options(pass_script_info(click.pass_context(callback))))
    command = click.command(name, help=f"{text}\n\n{_TARGET}", short_help=text)
    deploy_group.add_command(command(function))


def _write(name: str, target: str, options: dict[str, Any]) -> str:
    from ..deploy import files

    try:
        return files.WRITERS[name](target, options)
    except files.DeployError as error:
        raise click.UsageError(str(error)) from error


def _changes(file: str, written: str) -> str:
    from ..deploy import difference

    try:
        return difference.changes(file, written)
    except difference.DeployError as error:
        raise click.UsageError(str(error)) from error


_add("kubernetes", "Write a Deployment and what belongs to it.", kubernetes_options)
_add("compose", "Write a Compose file with HAProxy in front.", compose_options)
_add("systemd", "Write a template unit, or its socket.", systemd_options)
_add("haproxy", "Write a configuration of HAProxy.", haproxy_options)
