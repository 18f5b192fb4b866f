"""Routes of WebSockets, and the HTTP errors of handshakes.

A WebSocket begins as a GET request, the handshake: RFC 6455 section 4. `lifecycle/websockets`
handles it; `websockets/` has the connections.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import BadRequest, HTTPException, MethodNotAllowed
from werkzeug.routing import WebsocketMismatch

from ..errors import SetupError
from ..routing import WebSocketOptions, options_of
from .cross_origin import check_origins

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.routing import MapAdapter

# Options of HTTP routes that have no meaning for a WebSocket.
_WITHOUT_MEANING = {
    "methods": "The method of a handshake is GET.",
    "provide_automatic_options": "The method of a handshake is GET.",
    "accepts": "A handshake has no body.",
    "produces": "A WebSocket has no response body.",
    "max_content_length": "A handshake has no body. The limit of a message is max_message.",
    "max_form_memory_size": "A handshake has no body. The limit of a message is max_message.",
    "max_form_parts": "A handshake has no body. The limit of a message is max_message.",
    "websocket": "It is set already.",
}

WEBSOCKET_VERSION = "13"


def make_websocket_options(
    rule: str,
    origins: Iterable[str] | None,
    subprotocols: Iterable[str] | None,
    max_message: int | None,
) -> WebSocketOptions:
    """The checked options of a WebSocket route.

    :raises TypeError: if a list is given as a string.
    :raises ValueError: if an origin can never match.
    :raises SetupError: if the limit is not a whole number.
    """
    if max_message is not None and (type(max_message) is not int or max_message < 1):
        raise SetupError(
            f"The WebSocket route {rule!r} has max_message={max_message!r}. Write a whole number of"
            " bytes, as in max_message=64 * 1024, or omit it for the config WEBSOCKET_MAX_MESSAGE."
        )
    return WebSocketOptions(
        _checked_origins(rule, origins), _checked_subprotocols(rule, subprotocols), max_message
    )


def _checked_origins(
    rule: str, origins: Iterable[str] | None
) -> frozenset[str] | t.Literal["*"] | None:
    if origins is None:
        return None
    if origins == "*":
        return "*"
    name = f"origins of the WebSocket route {rule!r}"
    if isinstance(origins, str):
        raise TypeError(f"The {name} are a list of strings, or '*': origins=[{origins!r}].")
    checked = frozenset(origins)
    if "*" in checked:
        raise ValueError(f"The {name} contain '*' in a list. Write origins='*' for all origins.")
    check_origins(name, checked)
    return checked


def _checked_subprotocols(rule: str, subprotocols: Iterable[str] | None) -> tuple[str, ...]:
    if subprotocols is None:
        return ()
    name = f"subprotocols of the WebSocket route {rule!r}"
    if isinstance(subprotocols, str):
        raise TypeError(f"The {name} are a list of names: subprotocols=[{subprotocols!r}].")
    checked = tuple(subprotocols)
    for each in checked:
        if not _is_token(each):
            raise ValueError(
                f"The {name} contain {each!r}. The name of a sub-protocol has letters, digits and"
                " a few signs such as '.', '-' and '_', but no spaces: RFC 6455 section 4.1."
            )
    return checked


_TOKEN_SIGNS = frozenset("!#$%&'*+-.^_`|~")  # RFC 9110 section 5.6.2


def _is_token(value: object) -> bool:
    return isinstance(value, str) and bool(value) and all(map(_is_token_character, value))


def _is_token_character(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in _TOKEN_SIGNS)


def check_route_options(rule: str, options: t.Container[str]) -> None:
    """Check that no option of HTTP routes is given for a WebSocket route.

    :raises TypeError: if there is one.
    """
    for name, reason in _WITHOUT_MEANING.items():
        if name in options:
            raise TypeError(f"The WebSocket route {rule!r} has no option {name!r}. {reason}")


# Errors


class UpgradeRequired(HTTPException):
    """426: the URL takes WebSocket handshakes of version 13 (RFC 9110 section 15.5.22)."""

    code = 426
    description = (
        "This URL takes WebSocket connections only, and the request is not a WebSocket handshake."
    )

    def get_headers(self, *args: t.Any, **kwargs: t.Any) -> list[tuple[str, str]]:
        """The header fields, with those that the status requires."""
        return [
            *super().get_headers(*args, **kwargs),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", WEBSOCKET_VERSION),
        ]


def explain_mismatch(error: HTTPException, adapter: MapAdapter) -> HTTPException:
    """A better error for a request whose URL has rules of the other kind only.

    :param error: as raised by the adapter.
    """
    if not isinstance(error, WebsocketMismatch):
        return error
    if adapter.websocket:
        return WebsocketMismatch(
            "This URL takes HTTP requests, and the request is a WebSocket handshake."
        )
    rule, _ = adapter.match(return_rule=True, websocket=True)
    return error if options_of(rule).websocket is None else UpgradeRequired()


def error_of_handshake(status: int, message: str) -> HTTPException:
    """The exception for an invalid handshake.

    :param status: 400, 405 or 426.
    """
    if status == 405:
        return MethodNotAllowed(["GET"], message)
    if status == 426:
        return UpgradeRequired(message)
    return BadRequest(message)
