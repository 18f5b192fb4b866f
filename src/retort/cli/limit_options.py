"""Options of ``retort run`` about what a client may do: how slow it may be, how much it may send.

What they mean, from where to where they go, and what the program's config can say of them is the
server's: `retort.server.limits`.
"""

from __future__ import annotations

from typing import Any

import click

from ..server.limits import LIMITS


class LimitType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """The value of a limit, as `retort.server.limits` reads it.

    :param limit: its name there.
    """

    def __init__(self, limit: str, name: str) -> None:
        self.limit = limit
        self.name = name

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return LIMITS[self.limit].read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _option(name: str, unit: str, text: str) -> click.Option:
    kind = LimitType(name.replace("-", "_"), unit)
    return click.Option([f"--{name}"], metavar=unit.upper(), type=kind, help=text)


LIMIT_OPTIONS = [
    _option("header-timeout", "seconds", "Time to send the headers; else 10."),
    _option("keep-alive", "seconds", "Time to be idle; else as for the headers."),
    _option("body-timeout", "seconds", "Time to send a body of up to 64 KiB; else 30."),
    _option("body-rate", "bytes", "Least bytes a second of a longer body; else 240."),
    _option("body-window", "seconds", "How often that is looked at; else every 10."),
    _option("upload-timeout", "seconds", "Time to send a longer body; else 3600."),
    _option(
        "send-timeout", "seconds", "Time in which a client takes nothing of an answer; else 60."
    ),
    _option("limit-headers", "bytes", "Maximum size of all header fields; else 64K."),
    _option("limit-target", "bytes", "Most of path and query; else 8K."),
    _option("limit-body", "bytes", "Most of a body; else as the program says."),
]


def take_limits(options: dict[str, Any]) -> dict[str, float]:
    """Take the limits that were given out of the values of the options, as fields of `Limits`."""
    values = {limit.field: options.pop(name) for name, limit in LIMITS.items()}
    return {field: value for field, value in values.items() if value is not None}
