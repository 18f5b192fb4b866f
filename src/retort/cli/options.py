"""Options shared by several commands: application, environment file, debug mode.

They are not passed to the command: they set the `ScriptInfo` and the environment before the
command runs.
"""

from __future__ import annotations

import os

import click
from click.core import ParameterSource

from .env_files import read_env_files, set_missing
from .script_info import ScriptInfo


def _app_given(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _env_file_given(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        _check_reader(ctx, param)
    _use_env_files(ctx.ensure_object(ScriptInfo), value)
    return value


def _debug_given(ctx: click.Context, param: click.Parameter, value: bool | None) -> bool | None:
    source = ctx.get_parameter_source(str(param.name))
    if source in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    # Set in the environment, so that it applies during import and in child processes.
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    return value


def _use_env_files(info: ScriptInfo, path: str | None) -> None:
    """Set variables from the files; a named file overrides the default files."""
    for key, text in info.variables_from_files.items():
        if path is not None and os.environ.get(key) == text:
            del os.environ[key]
    values = read_env_files(path, info.load_dotenv_defaults)
    info.variables_from_files.update(set_missing(values or {}))


def _check_reader(ctx: click.Context, param: click.Parameter) -> None:
    try:
        import dotenv  # noqa: F401
    except ImportError:
        raise click.BadParameter(
            "python-dotenv must be installed to read it: pip install python-dotenv",
            ctx,
            param,
        ) from None


app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    is_eager=True,
    expose_value=False,
    callback=_app_given,
    help="Load this application: 'module', 'module:name', 'module:factory(\"argument\")', or the"
    " path of a file in place of the module. Without a name, it is 'app', 'application', the"
    " only application of the module, or the result of 'create_app()'.",
)

env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    is_eager=True,
    expose_value=False,
    callback=_env_file_given,
    help="Read environment variables from this file. It takes precedence over '.env' and"
    " '.flaskenv', but not over variables that are already set.",
)

debug_option = click.Option(
    ["--debug/--no-debug"],
    expose_value=False,
    callback=_debug_given,
    help="Use debug mode: restart when a file changes, show errors in the debugger.",
)
