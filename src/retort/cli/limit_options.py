"""Options of ``retort run`` about what a client may do: how slow it may be, how much it may send.

They become a `Limits` of the server. The defaults are written out here, so that other commands
need not load the server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .process_options import SecondsType

if TYPE_CHECKING:
    from ..server.options import Limits

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_SIZE = re.compile(r"([0-9]{1,15})\s*([KMG]?)(?:i?B)?", re.IGNORECASE)

_DAY = 86_400


class SizeType(click.ParamType):  # type: ignore[type-arg]  # generic only in click 8.5
    """A number of bytes from ``least`` to ``most``; ``16K``, ``16M`` and ``1G`` can be written."""

    name = "size"

    def __init__(self, least: int, most: int, *, hint: str = "") -> None:
        self.least = least
        self.most = most
        self.hint = hint

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            self.fail(
                f"{value!r} is no number of bytes, such as 500000, 64K, 16M or 1G.", param, ctx
            )
        size = int(match[1]) * _UNITS[match[2].upper()]
        if not self.least <= size <= self.most:
            self.fail(
                f"{value!r} is not from {self.least} to {self.most} bytes.{self.hint}", param, ctx
            )
        return size


def _size(name: str, default: int | None, sizes: SizeType, text: str) -> click.Option:
    return click.Option(
        [f"--{name}"],
        metavar="BYTES",
        type=sizes,
        default=default,
        show_default=default is not None,
        help=text,
    )


def _seconds(name: str, default: float, most: int, text: str) -> click.Option:
    return click.Option(
        [f"--{name}"],
        metavar="SECONDS",
        type=SecondsType(1, most),
        default=default,
        show_default=True,
        help=text,
    )


# The server below takes no target of more than 65,534 bytes, and no fewer for headers than 8 KiB.
LIMIT_OPTIONS = [
    _seconds("header-timeout", 10.0, _DAY, "Time to send the headers, or to be idle."),
    _seconds("body-timeout", 30.0, _DAY, "Time to send a body of up to 64 KiB."),
    _size(
        "body-rate",
        240,
        SizeType(0, 1024**3, hint=" 0 lets a body come at any rate, until --upload-timeout."),
        "Least bytes a second of a longer body.",
    ),
    _seconds("body-window", 10.0, _DAY, "How often that is looked at."),
    _seconds("upload-timeout", 3600.0, 30 * _DAY, "Time to send a longer body."),
    _seconds("send-timeout", 60.0, _DAY, "Time in which a client takes nothing of an answer."),
    _size(
        "limit-headers",
        64 * 1024,
        SizeType(8 * 1024, 16 * 1024**2),
        "Most bytes of the request line and all headers.",
    ),
    _size("limit-target", 8 * 1024, SizeType(1, 65_534), "Most bytes of path and query."),
    _size(
        "limit-body",
        None,
        SizeType(1, 2**53, hint=" Leave the option out to have no limit but the program's own."),
        "Most bytes of a body.",
    ),
]

# Which field of `Limits` an option sets.
_FIELDS = {
    "header_timeout": "header_seconds",
    "body_timeout": "body_seconds",
    "body_rate": "body_rate",
    "body_window": "body_window_seconds",
    "upload_timeout": "upload_seconds",
    "send_timeout": "send_seconds",
    "limit_headers": "header_bytes",
    "limit_target": "max_target_bytes",
    "limit_body": "max_body_bytes",
}


def take_limits(options: dict[str, Any]) -> Limits:
    """Take what is of a `Limits` out of the values of the options."""
    from ..server.options import Limits

    return Limits(**{field: options.pop(name) for name, field in _FIELDS.items()})
