"""``retort openapi client``: a typed client of the program, made by an installed generator.

The generators read the document from a temporary file. Nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import click

from .openapi import whole_document
from .options import app_option, debug_option, env_file_option
from .script_info import ScriptInfo, pass_script_info

_HELP = """Generate a typed client of an application.

TARGET names the application, as for 'retort run'. The client is made by openapi-python-client or
by openapi-typescript, which must be installed. Options of the generator follow two dashes:
retort openapi client TARGET --python client -- --overwrite.

The exit status is that of the generator.
"""


class Generator(NamedTuple):
    """A program that makes a client.

    :param install: the command that installs it.
    :param arguments: with ``{document}`` and ``{output}``.
    """

    name: str
    install: str
    arguments: tuple[str, ...]

    def command(self, document: str, output: str, others: tuple[str, ...]) -> list[str]:
        """Its command line.

        :raises click.ClickException: if it is not installed.
        """
        places = {"document": document, "output": output}
        return [self.path(), *(word.format(**places) for word in self.arguments), *others]

    def path(self) -> str:
        """Its file: on PATH, beside Python, or in ``node_modules`` here or in a folder above."""
        here = Path.cwd()
        folders = [str(Path(sys.executable).parent)]
        folders += [str(folder / "node_modules" / ".bin") for folder in (here, *here.parents)]
        found = shutil.which(self.name) or shutil.which(self.name, path=os.pathsep.join(folders))
        if found is None:
            raise click.ClickException(
                f"{self.name} is not installed: it is neither on PATH nor in {folders[0]} nor in"
                f" a folder node_modules. Install it with: {self.install}"
            )
        return found


PYTHON = Generator(
    "openapi-python-client",
    "pip install openapi-python-client",
    ("generate", "--path", "{document}", "--output-path", "{output}"),
)
TYPESCRIPT = Generator(
    "openapi-typescript",
    "npm install --save-dev openapi-typescript typescript",
    ("{document}", "--output", "{output}"),
)


@click.command("client", help=_HELP, short_help="Generate a typed client.")
@click.argument("target", required=False, type=click.Path())  # completes file names
@click.argument("generator_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--python", metavar="FOLDER", help="Make a Python package in this new folder.")
@click.option("--typescript", metavar="FILE", help="Write TypeScript types to this file.")
@pass_script_info
@click.pass_context
def client_command(
    ctx: click.Context,
    info: ScriptInfo,
    /,
    target: str | None,
    generator_options: tuple[str, ...],
    python: str | None,
    typescript: str | None,
) -> None:
    """Write the document to a temporary file, and run the generator."""
    if target is not None and target.startswith("-"):  # client --python client -- --overwrite
        generator_options = (target, *generator_options)
        target = None
    generator, output = _chosen(python, typescript)
    generator.path()  # before the program is loaded
    if target is not None:
        info.app_import_path = target
    document = json.dumps(whole_document(info.load_app()))
    with tempfile.TemporaryDirectory(prefix="retort-") as folder:
        file = Path(folder, "openapi.json")
        file.write_text(document, encoding="utf-8")
        ctx.exit(_run(generator.command(str(file), output, generator_options)))


def _chosen(python: str | None, typescript: str | None) -> tuple[Generator, str]:
    if python and not typescript:
        return PYTHON, python
    if typescript and not python:
        return TYPESCRIPT, typescript
    raise click.UsageError(
        "Name what to generate: --python FOLDER or --typescript FILE, and only one of them."
    )


def _run(command: list[str]) -> int:
    """Run a command to its end; its exit status, as a shell reports it."""
    try:
        status = subprocess.run(command, check=False).returncode
    except OSError as error:
        raise click.ClickException(
            f"{command[0]} could not be started: {error.strerror or error}."
        ) from error
    return status if status >= 0 else 128 - status  # ended by a signal


# The group has these options too; here they may follow the command's name.
client_command.params[1:1] = [app_option, env_file_option, debug_option]
