"""The opening handshake of a WebSocket: RFC 6455 §4.2. Knows no connection and chooses nothing."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .checks import check_fields, check_subprotocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Sequence[tuple[str, str]]

# Environ keys: an `interface.Handshake`, if the request can become a WebSocket; else, if it is
# meant to, the `InvalidHandshake` that says why it cannot.
HANDSHAKE = "retort.websocket"
HANDSHAKE_ERROR = "retort.websocket.error"
# Environ key: the socket of the handshake, for libraries; as of Werkzeug's server.
RAW_SOCKET = "werkzeug.socket"

VERSION = "13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_KEY_BYTES = 16


class InvalidHandshake(ValueError):
    """The request is no valid WebSocket handshake.

    :param message: what is wrong, for the client.
    :param status: the status of the response.
    :param fields: more header fields of the response.
    """

    def __init__(self, message: str, status: int = 400, fields: Fields = ()) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fields = tuple(fields)


@dataclass(frozen=True)
class Offer:
    """A valid handshake.

    :param key: the value of ``Sec-WebSocket-Key``.
    :param subprotocols: those that the client offers, in its order.
    """

    key: str
    subprotocols: tuple[str, ...]


def has_switched(environ: Mapping[str, Any]) -> bool:
    """Whether the connection of a request has become a WebSocket."""
    handshake = environ.get(HANDSHAKE)
    return handshake is not None and bool(getattr(handshake, "is_accepted", False))


def is_upgrade(upgrade: str) -> bool:
    """Whether the value of an ``Upgrade`` field names ``websocket``."""
    return "websocket" in tokens(upgrade.lower())


def tokens(value: str) -> list[str]:
    """``"a, b"`` -> ``["a", "b"]``: the elements of a list field (RFC 9110 §5.6.1)."""
    return [token for part in value.split(",") if (token := part.strip())]


def read_handshake(
    method: str,
    connection: str,
    upgrade: str,
    version: str | None,
    key: str | None,
    subprotocols: str = "",
) -> Offer:
    """Validate a handshake.

    :param method: the method of the request.
    :param connection: the values of the header fields follow: ``Connection``, ``Upgrade``,
        ``Sec-WebSocket-Version``, ``Sec-WebSocket-Key``, ``Sec-WebSocket-Protocol``. Repeated
        fields are joined by commas; a missing one is empty or ``None``.
    :raises InvalidHandshake: if the request cannot become a WebSocket.
    """
    if method != "GET":
        raise InvalidHandshake(
            f"A WebSocket handshake has the method GET, not {method}.", 405, [("Allow", "GET")]
        )
    if not is_upgrade(upgrade) or "upgrade" not in tokens(connection.lower()):
        raise InvalidHandshake(
            "This URL takes WebSocket connections only, and the request is no WebSocket handshake:"
            " it needs the header fields 'Connection: Upgrade' and 'Upgrade: websocket'."
            " A proxy in front of the server may have removed them.",
            426,
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")],
        )
    if version != VERSION:
        raise InvalidHandshake(
            f"The version of the WebSocket protocol must be {VERSION}, and Sec-WebSocket-Version"
            f" is {'missing' if version is None else repr(version[:20])}.",
            426,
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")],
        )
    if key is None or not is_key(key):
        raise InvalidHandshake(
            "Sec-WebSocket-Key must be 16 bytes in base64, and it"
            f" {'is missing' if key is None else f'is {key[:40]!r}'}."
        )
    return Offer(key, tuple(read_subprotocols(subprotocols)))


def is_key(key: str) -> bool:
    """Whether the text is 16 bytes in base64."""
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except (ValueError, binascii.Error):
        return False


def read_subprotocols(value: str) -> Iterable[str]:
    """The offered sub-protocols: distinct tokens (RFC 6455 §4.1)."""
    found = tokens(value)
    for name in found:
        if not is_token(name):
            raise InvalidHandshake(f"Sec-WebSocket-Protocol has the invalid name {name[:40]!r}.")
    if len(set(found)) < len(found):
        raise InvalidHandshake(f"Sec-WebSocket-Protocol names one twice: {value[:80]!r}.")
    return found


_TOKEN_CHARACTERS = frozenset(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


def is_token(text: str) -> bool:
    """Whether the text is a token: RFC 9110 §5.6.2."""
    return bool(text) and _TOKEN_CHARACTERS.issuperset(text)


def accept_value(key: str) -> str:
    """The value of ``Sec-WebSocket-Accept`` for a key: RFC 6455 §4.2.2."""
    digest = hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def response_fields(
    offer: Offer, fields: Fields = (), subprotocol: str | None = None
) -> list[tuple[str, str]]:
    """The header fields of the response with status 101.

    :param fields: fields of the program.
    :param subprotocol: one of those offered.
    :raises ValueError: if a field cannot be sent, or the sub-protocol was not offered.
    """
    check_subprotocol(subprotocol, offer.subprotocols)
    check_fields(fields, is_accepted=True)
    made = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_value(offer.key)),
    ]
    if subprotocol is not None:
        made.append(("Sec-WebSocket-Protocol", subprotocol))
    return [*made, *fields]
