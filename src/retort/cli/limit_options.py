"""Options of ``retort run`` for client limits: timeouts, rates and sizes.

`retort.server.limits` defines their meaning, their ranges and the keys of the program's config.
"""

from __future__ import annotations

from typing import Any

import click

from ..server.limits import LIMITS


class LimitType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """The value of a limit, as parsed by `retort.server.limits`.

    :param limit: the name of the limit.
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
    _option(
        "header-timeout", "seconds", "Allow this time for receiving the headers (default: 10)."
    ),
    _option(
        "keep-alive",
        "seconds",
        "Close a connection that is idle for this time (default: as --header-timeout).",
    ),
    _option(
        "body-timeout",
        "seconds",
        "Allow this time for receiving a body of up to 64 KiB (default: 30).",
    ),
    _option(
        "body-rate",
        "bytes",
        "Require this number of bytes per second of a longer body (default: 240).",
    ),
    _option(
        "body-window", "seconds", "Check the rate over intervals of this length (default: 10)."
    ),
    _option(
        "upload-timeout", "seconds", "Allow this time for receiving a longer body (default: 3600)."
    ),
    _option(
        "send-timeout",
        "seconds",
        "Close a connection whose client receives nothing for this time (default: 60).",
    ),
    _option(
        "limit-headers", "bytes", "Refuse requests with more bytes of header fields (default: 64K)."
    ),
    _option(
        "limit-target", "bytes", "Refuse requests with more bytes of path and query (default: 8K)."
    ),
    _option(
        "limit-body", "bytes", "Refuse requests with a larger body (default: set by the program)."
    ),
]


def take_limits(options: dict[str, Any]) -> dict[str, float]:
    """Remove the given limits from the option values, and return them as fields of `Limits`."""
    values = {limit.field: options.pop(name) for name, limit in LIMITS.items()}
    return {field: value for field, value in values.items() if value is not None}
