"""The limits of WebSockets in the configuration, and the sub-protocol of a handshake."""

from __future__ import annotations

import math
import typing as t
from datetime import timedelta

from ...websockets.limits import Limits

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...routing import WebSocketOptions

# Config key -> field of `Limits`, and the smallest value.
SECONDS = {
    "WEBSOCKET_ACCEPT_TIMEOUT": ("accept_seconds", 0.001),
    "WEBSOCKET_CLOSE_TIMEOUT": ("close_seconds", 0.001),
    "WEBSOCKET_PING_INTERVAL": ("ping_seconds", 0),
    "WEBSOCKET_PING_TIMEOUT": ("pong_seconds", 0.001),
    "WEBSOCKET_SEND_TIMEOUT": ("send_seconds", 0.001),
}
NUMBERS = {
    "WEBSOCKET_MAX_CONNECTIONS": "connections",
    "WEBSOCKET_MAX_MESSAGE": "message_bytes",
    "WEBSOCKET_QUEUE": "queue",
}


def read_limits(config: Mapping[str, t.Any], options: WebSocketOptions) -> Limits:
    """The limits of a route.

    :raises ValueError: if a config value is not a number in its range.
    """
    values: dict[str, t.Any] = {}
    for key, (field, least) in SECONDS.items():
        if config.get(key) is not None:
            values[field] = _seconds(key, config[key], least)
    for key, field in NUMBERS.items():
        if config.get(key) is not None:
            values[field] = _number(key, config[key])
    if options.max_message is not None:
        values["message_bytes"] = options.max_message
    return Limits(**values)


def _seconds(key: str, value: t.Any, least: float) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, (int, float))
        or not least <= seconds < math.inf
    ):
        what = "0 or more" if least == 0 else "more than 0"
        raise ValueError(f"app.config[{key!r}] is {value!r}. Set a number of seconds, {what}.")
    return float(seconds)


def _number(key: str, value: t.Any) -> int:
    if type(value) is not int or value < 1:
        raise ValueError(f"app.config[{key!r}] is {value!r}. Set a whole number from 1 on.")
    return value


def choose_subprotocol(supported: Iterable[str], offered: Iterable[str]) -> str | None:
    """The first sub-protocol of the program that the client offers, if there is one."""
    offers = set(offered)
    return next((name for name in supported if name in offers), None)
