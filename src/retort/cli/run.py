"""``retort run``: parse the options, and serve the application with `retort.server`."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import ssl
import tempfile
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import is_running_from_reloader

from ..helpers import get_debug_flag
from .limit_options import LIMIT_OPTIONS, take_limits
from .locate import USUAL_FILES
from .operator_options import OPERATIONS_OPTIONS, TLS_OPTIONS, RunCommand, take_operations
from .options import app_option, debug_option, env_file_option
from .params import CertParamType, SeparatedPathType, check_key
from .process_options import PROCESS_OPTIONS, SOCKET_OPTIONS, take_processes
from .processors import WorkersType
from .program import lines_about, load_for_serving, warn_of_children
from .script_info import ScriptInfo, pass_script_info

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command("run", cls=RunCommand, short_help="Serve the application.")
@click.argument("target", required=False, type=click.Path())  # completes file names
@click.option(
    "--host",
    "-h",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="Listen on this address; 0.0.0.0 means all network interfaces.",
)
@click.option(
    "--port",
    "-p",
    type=click.IntRange(0, 65535),
    default=5000,
    show_default=True,
    metavar="NUMBER",
    help="Listen on this port; 0 selects a free port.",
)
@click.option(
    "--workers",
    type=WorkersType(min=1),
    default=1,
    show_default=True,
    metavar="NUMBER",
    help="Start this number of worker processes; 'auto': one for each processor.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    metavar="NUMBER",
    help="Run at most this number of views at once in each process.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    help="Run views concurrently, or one at a time (default: concurrently).",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Restart when a file changes (default: in debug mode).",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show errors in the debugger (default: in debug mode).",
)
@click.option(
    "--cert",
    type=CertParamType(),
    is_eager=True,  # so that --key is checked against it, in any order
    help="Serve HTTPS with this certificate file; 'adhoc' creates a temporary one.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=check_key,
    expose_value=False,
    help="Use the private key in this file. --cert requires it, except for 'adhoc'.",
)
@click.option(
    "--extra-files",
    type=SeparatedPathType(),
    help=f"Restart when one of these files changes too; they are separated by {os.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    type=SeparatedPathType(),
    help=f"Ignore files with these names, such as *.log; they are separated by {os.pathsep!r}.",
)
@pass_script_info
def run_command(info: ScriptInfo, /, target: str | None, **options: Any) -> None:
    """Serve an application, in development or in production.

    TARGET is a file (path/to/login.py), a module (login:app) or a factory
    (module:create_app("argument")). Without it, --app or FLASK_APP
    names the application. The default is wsgi.py or app.py in the current folder.
    """
    from ..server.command import serve  # most commands need no server

    if target is not None:
        info.app_import_path = target
    if not is_running_from_reloader():  # with the reloader, a missing program may appear later
        info.check()
        warn_of_children()
    serve(**_server_options(info, **options))


# The group has these options too; here they may follow the command's name.
run_command.params[1:1] = [app_option, env_file_option, debug_option]
run_command.params += [
    *SOCKET_OPTIONS,
    *PROCESS_OPTIONS,
    *LIMIT_OPTIONS,
    *TLS_OPTIONS,
    *OPERATIONS_OPTIONS,
]


def show_server_banner(debug: bool, app_import_path: str | None) -> None:
    """Print the application and whether debug mode is on."""
    if app_import_path is not None:
        click.echo(f" * Serving {app_import_path!r}")
    click.echo(f" * Debug mode: {'on' if debug else 'off'}")


def _server_options(
    info: ScriptInfo,
    *,
    threads: int,
    with_threads: bool,
    reload: bool | None,
    cert: Any,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
    **plain: Any,
) -> dict[str, Any]:
    """The arguments for `retort.server.command.serve`."""
    debug = get_debug_flag()
    reloads = debug if reload is None else reload
    take_processes(plain)
    limits = take_limits(plain)
    operations = take_operations(plain, has_cert=cert is not None)
    cert_file, key_file = _certificate(cert, plain["host"])
    return {
        **plain,
        "operations": operations,
        "limits": limits,
        "load": functools.partial(load_for_serving, info, in_full=reloads),
        "threads": threads if with_threads else 1,
        "debug": debug,
        "reload": reloads,
        "cert": cert_file,
        "key": key_file,
        "extra_files": extra_files or (),
        "exclude_patterns": exclude_patterns or (),
        "name": info.app_import_path or _usual_file(),
        "describe": lines_about if debug else None,
    }


def _certificate(cert: Any, host: str) -> tuple[str | None, str | None]:
    """The files of a certificate and its key."""
    if cert is None:
        return None, None
    if isinstance(cert, ssl.SSLContext):
        raise click.UsageError(
            "The server reads certificates from files, not from an SSLContext: pass"
            " --cert FILE and --key FILE."
        )
    if cert == "adhoc":
        from werkzeug.serving import make_ssl_devcert

        ctx = click.get_current_context()
        folder = ctx.with_resource(temporary_folder())
        return make_ssl_devcert(os.path.join(folder, "adhoc"), host)
    file, key = cert
    return file, key


@contextlib.contextmanager
def temporary_folder() -> Iterator[str]:
    """A temporary folder that only this process removes.

    Workers would also remove a ``TemporaryDirectory``, because they inherit its exit handler.
    """
    folder = tempfile.mkdtemp(prefix="retort-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _usual_file() -> str | None:
    """The default file that is loaded, for the first printed line."""
    return next((file for file in USUAL_FILES if os.path.isfile(file)), None)
