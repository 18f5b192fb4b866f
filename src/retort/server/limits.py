"""Map options and config keys to the fields of `options.Limits`, and validate their values.

``header_timeout`` is the option ``--header-timeout`` and the config key ``SERVER_HEADER_TIMEOUT``.
The option takes precedence over the config, and the config over the default. Only serving processes
load the program, so they read its config.
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
_MAX_LAYERS = 20  # of middleware around the program


class WrongLimit(click.ClickException):
    """The program's config has an invalid limit."""


@dataclass(frozen=True)
class Seconds:
    """A number of seconds from ``minimum`` to ``maximum``, for a field of `Limits`."""

    field: str
    maximum: int
    minimum: int = 1

    def read(self, value: object) -> float:
        """Convert a number, text or ``timedelta``.

        :raises ValueError: if the value is invalid; the message has the reason.
        """
        seconds = math.nan
        if isinstance(value, timedelta):
            seconds = value.total_seconds()
        elif isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                seconds = float(value)
            except ValueError:
                seconds = math.nan
        if not self.minimum <= seconds <= self.maximum:
            raise ValueError(
                f"{value!r} is not a number of seconds from {self.minimum} to {self.maximum}, such"
                " as 10 or 2.5."
            )
        return seconds


@dataclass(frozen=True)
class Size:
    """A number of bytes from ``minimum`` to ``maximum``, also as text such as ``16K`` or ``1G``."""

    field: str
    minimum: int
    maximum: int
    hint: str = ""

    def read(self, value: object) -> int:
        """Convert a number or text.

        :raises ValueError: if the value is invalid; the message has the reason.
        """
        size = self.parse(value)
        if not self.minimum <= size <= self.maximum:
            raise ValueError(
                f"{value!r} is not from {self.minimum} to {self.maximum} bytes.{self.hint}"
            )
        return size

    def parse(self, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{value!r} is not a number of bytes, such as 500000, 64K, 16M or 1G.")
        return int(match[1]) * _UNITS[match[2].upper()]


# Granian's bounds: at most 65,534 bytes of a target, and at least 8 KiB for the headers.
LIMITS: dict[str, Seconds | Size] = {
    "header_timeout": Seconds("header_seconds", _DAY),
    "keep_alive": Seconds("keep_alive_seconds", _DAY),
    "body_timeout": Seconds("body_seconds", _DAY),
    "body_rate": Size(
        "body_rate",
        0,
        1024**3,
        " 0 disables the minimum rate, until the time for an upload is over.",
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
        " Omit it to have no limit but the program's own.",
    ),
}


def key_of(name: str) -> str:
    """The config key of a limit."""
    return f"SERVER_{name.upper()}"


def limits_of(program: object) -> dict[str, float]:
    """The limits in a program's config, by field of `Limits`; empty without a config.

    :raises WrongLimit: if a limit is invalid.
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
    """The config of a program, possibly inside middleware; empty if it has none."""
    for _ in range(_MAX_LAYERS):
        if isinstance(config := getattr(program, "config", None), Mapping):
            return config
        program = getattr(program, "app", None)
    return {}


def with_limits_of(program: object, settings: Settings) -> Settings:
    """Add the limits of the program's config that the operator has not set.

    :raises WrongLimit: if the config has an invalid limit.
    """
    own = limits_of(program)
    return replace(
        settings,
        **{field: value for field, value in own.items() if field not in settings.given},  # type: ignore[arg-type]  # of many types
    )
