"""``retort openapi``: the OpenAPI document of the program.

The document is made in `extensions/openapi`; `devtools/openapi` reads the source of views for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ..errors import SetupError
from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from ..app import Flask

_MOST_SHOWN = 50  # differences

_HELP = """Print the OpenAPI document of an application, or check a file against it.

TARGET names the application, as for 'retort run'. It is imported, but not served, and no view
is called. What only the source of a view says is marked 'x-inferred'.
"""


class _OpenapiGroup(click.Group):
    """A group that is a command too: its first argument is TARGET unless it names a command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_document = not args or args[0] not in self.commands
        ctx.meta[_IS_DOCUMENT] = is_document
        ctx.allow_interspersed_args = is_document
        rest = super().parse_args(ctx, args)
        if is_document and rest:
            raise click.UsageError("There is one TARGET: the other arguments are unexpected.", ctx)
        return rest

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        params = super().get_params(ctx)
        if ctx.meta.get(_IS_DOCUMENT, True):
            return params
        return [param for param in params if not isinstance(param, click.Argument)]


_IS_DOCUMENT = f"{__name__}.is_document"


@click.group(
    "openapi",
    cls=_OpenapiGroup,
    invoke_without_command=True,
    help=_HELP,
    short_help="Print the OpenAPI document of the application.",
    subcommand_metavar="[COMMAND [ARGS]...]",
)
@click.argument("target", required=False, type=click.Path())  # completes file names
@click.option(
    "--openapi",
    "version",
    type=click.Choice(["3.1", "3.2"]),
    default="3.1",
    help="Write this version of OpenAPI; 3.2 has the method QUERY.",
)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE; .yaml needs PyYAML.")
@click.option(
    "--check",
    "checked",
    metavar="FILE",
    help="Print nothing but how FILE differs from the document; exit with 1 if it does.",
)
@pass_script_info
@click.pass_context
def openapi_command(
    ctx: click.Context,
    info: ScriptInfo,
    /,
    version: str,
    output: str | None,
    checked: str | None,
    target: str | None = None,
) -> None:
    """Print the document, write it, or compare it."""
    if ctx.invoked_subcommand is not None:
        return
    if output is not None and checked is not None:
        raise click.UsageError("--output writes the file that --check compares: use one of them.")
    if target is not None:
        info.app_import_path = target
    found = whole_document(info.load_app(), version)
    if checked is not None:
        ctx.exit(_check(found, checked))
    from ..extensions.openapi import files

    if output is None:
        click.echo(files.as_json(found), nl=False)
        return
    try:
        text = files.as_text(found, output)
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except (files.DocumentError, OSError) as error:
        raise click.ClickException(str(error)) from error


def whole_document(app: Flask, version: str = "3.1") -> dict[str, Any]:
    """The document of an application, with what the source of its views says.

    :raises click.ClickException: if the configuration of the document is wrong.
    """
    from ..devtools.openapi import infer_from
    from ..extensions.openapi import check_addresses, document

    try:
        check_addresses(app)
        return document(app, version, infer=infer_from(app))
    except SetupError as error:
        raise click.ClickException(str(error)) from error


def _check(found: dict[str, Any], file: str) -> int:
    """Print how a file differs from the document; the exit status."""
    from ..extensions.openapi import files

    try:
        known = files.read(file)
    except files.DocumentError as error:
        raise click.ClickException(str(error)) from error
    lines = list(files.differences(known, json.loads(json.dumps(found))))
    if not lines:
        return 0
    places = "place" if len(lines) == 1 else "places"
    click.echo(f"{file} is not what the program says; they differ in {len(lines)} {places}:")
    for line in lines[:_MOST_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > _MOST_SHOWN:
        click.echo(f"  ... and {len(lines) - _MOST_SHOWN} more.")
    click.echo(f"Write it again with 'retort openapi --output {file}'.")
    return 1


# The group has these options too; here they may follow the command's name.
openapi_command.params[1:1] = [app_option, env_file_option, debug_option]
