"""``retort reload``: make a running server reload its program without downtime.

`retort.server.process.supervisor` performs the reload.
"""

from __future__ import annotations

import os
import signal

import click

from ..server.process.pid_file import PidFileError, running_server


@click.command("reload", short_help="Reload the program of a running server.")
@click.option(
    "--pid-file",
    metavar="PATH",
    type=click.Path(dir_okay=False),
    envvar="FLASK_RUN_PID_FILE",
    help="Find the server by this file, which 'retort run --pid-file' has written.",
)
def reload_command(pid_file: str | None) -> None:
    """Reload the program of a running server, worker by worker.

    Each worker is replaced by one with the new program, and ends when the new one serves, so no
    request is lost. If the new program does not start, the old workers continue. The server prints
    the result. Sending SIGHUP to its main process does the same.
    """
    if pid_file is None:
        raise click.UsageError("Which server? Pass --pid-file PATH, the same as for 'retort run'.")
    number = getattr(signal, "SIGHUP", None)
    if number is None:
        raise click.ClickException("Windows has no such signal: stop the server and start it.")
    try:
        pid = running_server(pid_file)
        os.kill(pid, number)
    except PidFileError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"Cannot signal process {pid}: {error.strerror}. Run it as the user of the server."
        ) from None
    click.echo(f"Process {pid} reloads its program. The result is in its output.")
