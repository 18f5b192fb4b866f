"""``retort reload``: have a running server load its program again, without a pause.

What the server does then is the business of `retort.server.process.supervisor`.
"""

from __future__ import annotations

import os
import signal

import click

from ..server.process.pid_file import PidFileError, running_server


@click.command("reload", short_help="Have a running server load its program again.")
@click.option(
    "--pid-file",
    metavar="PATH",
    type=click.Path(dir_okay=False),
    envvar="FLASK_RUN_PID_FILE",
    help="The file that 'retort run' was given with --pid-file.",
)
def reload_command(pid_file: str | None) -> None:
    """Have a running server load its program again, worker by worker.

    Each worker is replaced by one with the new program, and ends when that one serves, so no
    request is lost. If the new program does not start, the old workers go on. The
    server prints how it went. Sending SIGHUP to its main process does the same.
    """
    if pid_file is None:
        raise click.UsageError(
            "Which server? Give --pid-file PATH, the same as 'retort run' was started with."
        )
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
            f"Cannot signal process {pid}: {error.strerror}. Be the user that the server runs as."
        ) from None
    click.echo(f"Process {pid} loads its program again. Its output says how that went.")
