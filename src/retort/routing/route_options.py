"""The options of a route that Werkzeug's ``Rule`` does not have.

`App.add_url_rule` sets them; `http/media_types.py`, `http/forms.py` and `url_map.py` apply them.
``provide_automatic_options`` is not one of them: in Flask it is an attribute of the rule, which
extensions set at any time.
"""

from __future__ import annotations

import typing as t
from types import MappingProxyType

from ..errors import SetupError

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.routing import Rule


class MediaTypes(t.NamedTuple):
    """The media types that a route consumes and produces; ``None``: any."""

    consumes: tuple[str, ...] | None = None  # media ranges, as "application/json" or "text/*"
    produces: tuple[str, ...] | None = None


class WebSocketOptions(t.NamedTuple):
    """The options of a WebSocket route.

    :param origins: the origins of other sites that may connect; ``None``: those of the
        configuration; ``"*"``: all.
    :param subprotocols: those that the program supports, in its order of preference.
    :param max_message: the size limit of a received message, in bytes; ``None``: that of the
        configuration.
    """

    origins: frozenset[str] | t.Literal["*"] | None = None
    subprotocols: tuple[str, ...] = ()
    max_message: int | None = None


class RouteOptions(t.NamedTuple):
    """The options of one rule.

    :param media_types: ``None``: requests are not checked.
    :param limits: the limits of request bodies, in bytes or parts, by the name of the attribute of
        :class:`~retort.Request`; where the value is ``None``, there is no limit.
    :param names_head: whether HEAD was among the methods given; ``None``: unknown, since the rule
        was not added by ``add_url_rule``.
    :param websocket: set if the route is one of WebSockets that Retort accepts.
    :param finishes_alone: whether a coroutine function goes on after its client has disconnected.
    """

    media_types: MediaTypes | None = None
    limits: Mapping[str, int | None] = MappingProxyType({})
    names_head: bool | None = None
    finishes_alone: bool = False
    websocket: WebSocketOptions | None = None


def take_on_disconnect(rule: str, options: dict[str, t.Any]) -> bool:
    """Remove ``on_disconnect`` from the options of a rule.

    :returns: whether its view goes on after the client has disconnected.
    :raises SetupError: for an unknown value.
    """
    value = options.pop("on_disconnect", "cancel")
    if value not in ("cancel", "finish"):
        raise SetupError(
            f"The rule {rule!r} has on_disconnect={value!r}. Write on_disconnect='finish', if its"
            " view goes on after its client has disconnected, or on_disconnect='cancel' (the"
            " default)."
        )
    return bool(value == "finish")


#: The options of rules that a program has added to the map itself.
NO_OPTIONS = RouteOptions()


def options_of(rule: Rule | None) -> RouteOptions:
    """The options of a rule; the defaults for one that a program has added to the map itself."""
    options: RouteOptions = getattr(rule, "route_options", NO_OPTIONS)
    return options
