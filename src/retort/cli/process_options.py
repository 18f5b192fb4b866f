"""Options of ``retort run`` about its processes and sockets: where to listen, when to end.

They become arguments of `retort.server.command.serve`. The defaults are written out here, so that
other commands need not load the server.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import click
from click.core import ParameterSource

from ..server.process.recycling import Recycling


class ModeType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """The permissions of a file, in octal digits as ``chmod`` takes them."""

    name = "octal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, int):
            return value
        try:
            mode = int(value, 8)
        except ValueError:
            mode = -1
        if not 0 <= mode <= 0o777:
            self.fail(
                f"{value!r} are no permissions. Give three octal digits, as for chmod: 660 lets"
                " the user and the group in, 666 everybody.",
                param,
                ctx,
            )
        return mode


class SecondsType(click.FloatRange):
    """A number of seconds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (self.min or 0) <= seconds <= (self.max or math.inf):
            self.fail(
                f"{value!r} is no number of seconds from {self.min} to {self.max}, such as"
                " 10 or 2.5.",
                param,
                ctx,
            )
        return seconds


SOCKET_OPTIONS = [
    click.Option(
        ["--unix"],
        metavar="PATH",
        type=click.Path(dir_okay=False),
        help="Listen on a Unix socket, not on a port.",
    ),
    click.Option(
        ["--unix-mode"],
        type=ModeType(),
        default="666",
        show_default=True,
        help="Permissions of the Unix socket.",
    ),
    click.Option(
        ["--fd"],
        type=click.IntRange(min=0),
        help="Listen on this open file: a socket that the program above has left open.",
    ),
]

PROCESS_OPTIONS = [
    click.Option(
        ["--grace"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=10.0,
        show_default=True,
        help="Time for requests under way to finish when the server is stopped.",
    ),
    click.Option(
        ["--drain"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=0.0,
        show_default=True,
        help="Time to go on as before when the server is stopped; /-/ready says that it goes.",
    ),
    click.Option(
        ["--worker-timeout"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=30.0,
        show_default=True,
        help="Replace a worker that does not respond for so long, as a whole; 0: never.",
    ),
    click.Option(
        ["--load-timeout"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=600.0,
        show_default=True,
        help="Time for a worker to load the program; 0: any.",
    ),
    click.Option(
        ["--pid-file"],
        metavar="PATH",
        type=click.Path(dir_okay=False),
        help="Write the process id here, for 'retort reload'.",
    ),
    click.Option(
        ["--recycle-requests"],
        metavar="NUMBER",
        type=click.IntRange(min=1),
        help="Replace a worker after so many requests.",
    ),
    click.Option(
        ["--recycle-seconds"],
        metavar="SECONDS",
        type=SecondsType(1, 365 * 86_400),
        help="Replace a worker after so long.",
    ),
    click.Option(
        ["--recycle-rss"],
        metavar="MIB",
        type=click.IntRange(min=1),
        help="Replace a worker that holds so much memory (RSS, in MiB).",
    ),
]


def take_processes(options: dict[str, Any]) -> None:
    """Turn the values of these options into arguments of `serve`.

    :raises click.UsageError: if they contradict each other, or cannot be had here.
    """
    path = options.pop("unix")
    if path is not None:
        check_is_only_address("unix", ["host", "port", "fd"])
        options["host"] = f"unix:{path}"
    if options["fd"] is not None:
        check_is_only_address("fd", ["host", "port", "unix"])
    if options["recycle_rss"] is not None and sys.platform != "linux":
        raise click.UsageError(
            "--recycle-rss needs Linux, which tells how much memory a worker holds."
            " Use --recycle-requests or --recycle-seconds."
        )
    options["recycling"] = Recycling(
        requests=options.pop("recycle_requests"),
        seconds=options.pop("recycle_seconds"),
        rss_mib=options.pop("recycle_rss"),
    )


def check_is_only_address(name: str, others: list[str]) -> None:
    """See that only one place to listen at was typed.

    :raises click.UsageError: if there is another one.
    """
    ctx = click.get_current_context()
    for other in others:
        if ctx.get_parameter_source(other) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{name} and --{other} are two places to listen at. Give one of them."
            )
