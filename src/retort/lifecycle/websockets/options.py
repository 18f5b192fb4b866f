"""The limits of WebSockets in the configuration, and the sub-protocol of a handshake."""

from __future__ import annotations

import math
import typing as t
from datetime import timedelta
from functools import lru_cache

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
    values = [config.get(key) for key in (*SECONDS, *NUMBERS)]
    try:
        return _make_limits(options.max_message, *values)
    except TypeError:  # a list, for instance, cannot be the key of a cache
        return _make_limits.__wrapped__(options.max_message, *values)


# Thousands of WebSockets share the object.
@lru_cache(maxsize=64, typed=True)
def _make_limits(max_message: int | None, *given: t.Any) -> Limits:
    values: dict[str, t.Any] = {}
    for (key, (field, least)), value in zip(SECONDS.items(), given, strict=False):
        if value is not None:
            values[field] = _seconds(key, value, least)
    for (key, name), value in zip(NUMBERS.items(), given[len(SECONDS) :], strict=True):
        if value is not None:
            values[name] = _number(key, value)
    if max_message is not None:
        values["message_bytes"] = max_message
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
