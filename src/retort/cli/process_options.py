"""Options of ``retort run`` for processes and sockets: addresses, timeouts, recycling.

They become arguments of `retort.server.command.serve`. The defaults are repeated here, so that
other commands need not import the server.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import click
from click.core import ParameterSource

from ..server.process.recycling import Recycling


class ModeType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """The permissions of a file, in octal digits as for ``chmod``."""

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
                f"{value!r} is not a file mode. Pass three octal digits, as for chmod: 660 allows"
                " the user and the group, 666 everyone.",
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
                f"{value!r} is not a number of seconds from {self.min} to {self.max}, such as"
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
        help="Listen on a Unix socket instead of a port.",
    ),
    click.Option(
        ["--unix-mode"],
        metavar="MODE",
        type=ModeType(),
        default="666",
        show_default=True,
        help="Create the Unix socket with these permissions.",
    ),
    click.Option(
        ["--fd"],
        metavar="NUMBER",
        type=click.IntRange(min=0),
        help="Listen on this file descriptor, a socket inherited from the parent process.",
    ),
]

PROCESS_OPTIONS = [
    click.Option(
        ["--grace"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=10.0,
        show_default=True,
        help="Wait this long for open requests when the server is stopped.",
    ),
    click.Option(
        ["--drain"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=0.0,
        show_default=True,
        help="Continue to serve for this time when the server is stopped; /-/ready is 503.",
    ),
    click.Option(
        ["--worker-timeout"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=30.0,
        show_default=True,
        help="Replace a worker without a heartbeat for this time; 0 is never.",
    ),
    click.Option(
        ["--load-timeout"],
        metavar="SECONDS",
        type=SecondsType(0, 86_400),
        default=600.0,
        show_default=True,
        help="Allow a worker this time to load the program; 0 is no limit.",
    ),
    click.Option(
        ["--pid-file"],
        metavar="PATH",
        type=click.Path(dir_okay=False),
        help="Write the process id to this file, for 'retort reload'.",
    ),
    click.Option(
        ["--recycle-requests"],
        metavar="NUMBER",
        type=click.IntRange(min=1),
        help="Replace a worker after this number of requests.",
    ),
    click.Option(
        ["--recycle-seconds"],
        metavar="SECONDS",
        type=SecondsType(1, 365 * 86_400),
        help="Replace a worker after this time.",
    ),
    click.Option(
        ["--recycle-rss"],
        metavar="MIB",
        type=click.IntRange(min=1),
        help="Replace a worker that uses this much memory (RSS, in MiB).",
    ),
]


def take_processes(options: dict[str, Any]) -> None:
    """Convert the values of these options to arguments of `serve`.

    :raises click.UsageError: if they contradict each other, or are not supported here.
    """
    path = options.pop("unix")
    if path is not None:
        check_is_only_address("unix", ["host", "port", "fd"])
        options["host"] = f"unix:{path}"
    if options["fd"] is not None:
        check_is_only_address("fd", ["host", "port", "unix"])
    if options["recycle_rss"] is not None and sys.platform != "linux":
        raise click.UsageError(
            "--recycle-rss requires Linux, where the memory of a worker can be read."
            " Use --recycle-requests or --recycle-seconds."
        )
    options["recycling"] = Recycling(
        requests=options.pop("recycle_requests"),
        seconds=options.pop("recycle_seconds"),
        rss_mib=options.pop("recycle_rss"),
    )


def check_is_only_address(name: str, others: list[str]) -> None:
    """Check that only one listening address is given.

    :raises click.UsageError: if there are several.
    """
    ctx = click.get_current_context()
    for other in others:
        if ctx.get_parameter_source(other) is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{name} and --{other} are two listening addresses. Pass one of them."
            )
