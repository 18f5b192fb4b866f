"""The limits of `options.Limits` by the names that operators and programs have for them.

``header_timeout`` is the option ``--header-timeout`` and the config ``SERVER_HEADER_TIMEOUT``. What
the operator gives counts first, then what the program says, then the default. The program
is known only in the process that serves, so its config is looked at there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .options import Settings

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_SIZE = re.compile(r"([0-9]{1,15})\s*([KMG]?)(?:i?B)?", re.IGNORECASE)

_DAY = 86_400
_MAX_LAYERS = 20  # as many as anybody has


class WrongLimit(click.ClickException):
    """The program's config has a limit that is none."""


@dataclass(frozen=True)
class Seconds:
    """A number of seconds from ``least`` to ``most``, for a field of `Limits`."""

    field: str
    most: int
    least: int = 1

    def read(self, value: object) -> float:
        """The number, also out of a text or a ``timedelta``.

        :raises ValueError: says what is wrong.
        """
        seconds = math.nan
        if isinstance(value, timedelta):
            seconds = value.total_seconds()
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                seconds = float(value)
            except ValueError:
                seconds = math.nan
        if not self.least <= seconds <= self.most:
            raise ValueError(
                f"{value!r} is no number of seconds from {self.least} to {self.most}, such as"
                " 10 or 2.5."
            )
        return seconds


@dataclass(frozen=True)
class Size:
    """A number of bytes from ``least`` to ``most``; ``16K``, ``16M`` and ``1G`` can be written."""

    field: str
    least: int
    most: int
    hint: str = ""

    def read(self, value: object) -> int:
        """The number, also out of a text.

        :raises ValueError: says what is wrong.
        """
        size = self.parse(value)
        if not self.least <= size <= self.most:
            raise ValueError(f"{value!r} is not from {self.least} to {self.most} bytes.{self.hint}")
        return size

    def parse(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{value!r} is no number of bytes, such as 500000, 64K, 16M or 1G.")
        return int(match[1]) * _UNITS[match[2].upper()]


# The server below takes no target of more than 65,534 bytes, and no fewer for headers than 8 KiB.
LIMITS: dict[str, Seconds | Size] = {
    "header_timeout": Seconds("header_seconds", _DAY),
    "keep_alive": Seconds("keep_alive_seconds", _DAY),
    "body_timeout": Seconds("body_seconds", _DAY),
    "body_rate": Size(
        "body_rate",
        0,
        1024**3,
        " 0 lets a body come at any rate, until the time for an upload is over.",
    ),
    "body_window": Seconds("body_window_seconds", _DAY),
    "upload_timeout": Seconds("upload_seconds", 30 * _DAY),
    "send_timeout": Seconds("send_seconds", _DAY),
    "limit_headers": Size("header_bytes", 8 * 1024, 16 * 1024**2),
    "limit_target": Size("max_target_bytes", 1, 65_534),
    "limit_body": Size(
        "max_body_bytes",
        1,
        2**53,
        " Leave it out to have no limit but the program's own.",
    ),
}


def key_of(name: str) -> str:
    """The key of the config for a limit."""
    return f"SERVER_{name.upper()}"


def limits_of(program: object) -> dict[str, float]:
    """What a program's config says, by the fields of `Limits`; a program may have no config.

    :raises WrongLimit: if something of it is no such limit.
    """
    config = config_of(program)
    found = {}
    for name, limit in LIMITS.items():
        value = config.get(key_of(name))
        if value is None:
            continue
        try:
            found[limit.field] = limit.read(value)
        except ValueError as error:
            raise WrongLimit(
                f'app.config["{key_of(name)}"]: {error} It is a limit of the server, as'
                f" --{name.replace('_', '-')} is: see 'What a client may do' in the documentation."
            ) from None
    return found


def config_of(program: object) -> Mapping[str, object]:
    """The config of a program, also inside of a few layers; empty if it has none."""
    for _ in range(_MAX_LAYERS):
        if isinstance(config := getattr(program, "config", None), Mapping):
            return config
        program = getattr(program, "app", None)
    return {}


def with_limits_of(program: object, settings: Settings) -> Settings:
    """The settings, with what the program says wherever the operator says nothing.

    :raises WrongLimit: if its config has a limit that is none.
    """
    own = limits_of(program)
    return replace(
        settings,
        **{field: value for field, value in own.items() if field not in settings.given},  # type: ignore[arg-type]  # of many types
    )
