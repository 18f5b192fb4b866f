"""Checks of what a program sends: messages, pings, sub-protocols and header fields.

Servers differ in what they do with invalid values: one sends them, one raises, one ends the
process. Each connection checks them first.
"""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_MAX_PING_BYTES = 125  # as of all control frames: RFC 6455 section 5.5

# A token of RFC 9110 section 5.6.2.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A field value of section 5.5, without the white space around it, in Latin-1.
_VALUE = re.compile(r"([!-~\x80-\xff]([ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?")
# The fields of the handshake itself and of the framing of HTTP.
_OWN_FIELDS = frozenset(
    {
        "connection",
        "content-length",
        "sec-websocket-accept",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
        "transfer-encoding",
        "upgrade",
    }
)


def check_message(message: object) -> None:
    """Raise an error unless ``message`` is text that UTF-8 can encode, or bytes.

    :raises TypeError: if it is of another type.
    :raises ValueError: if it is text with a lone surrogate.
    """
    if isinstance(message, str):
        _check_text(message)
    elif not isinstance(message, bytes):
        raise TypeError(
            f"send() was called with {message!r} (type {type(message).__name__}). A message is"
            " a str, which is sent as text, or bytes. Use send_json() for a value to be sent as"
            " JSON, and bytes(...) for a bytearray or memoryview."
        )


def _check_text(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"send() was called with text that has the lone surrogate {text[error.start]!r} at"
            f" position {error.start}, which UTF-8 cannot encode. Replace the character, or send"
            " bytes."
        ) from None


def is_larger(message: str | bytes, limit: int) -> bool:
    """Whether a message has more bytes than the limit; text is counted in UTF-8."""
    if len(message) > limit:
        return True
    if isinstance(message, bytes) or len(message) * 4 <= limit or message.isascii():
        return False
    return len(message.encode()) > limit


def check_ping(data: object) -> None:
    """Raise an error unless a ping can have this data.

    :raises TypeError: if it is no bytes.
    :raises ValueError: if it is longer than 125 bytes.
    """
    if not isinstance(data, bytes):
        raise TypeError(f"ping() was called with {data!r}. The data of a ping is bytes.")
    if len(data) > _MAX_PING_BYTES:
        raise ValueError(
            f"ping() was called with {len(data)} bytes. A ping has room for {_MAX_PING_BYTES}."
        )


def check_subprotocol(subprotocol: str | None, offered: Collection[str]) -> None:
    """Raise an error unless the client offered ``subprotocol`` (RFC 6455 section 4.2.2).

    :raises ValueError: if it did not; a browser would end the connection.
    """
    if subprotocol is None or subprotocol in offered:
        return
    offer = ", ".join(map(repr, offered)) or "none"
    raise ValueError(
        f"accept() was called with the sub-protocol {subprotocol!r}, which the client did not"
        f" offer. It offered: {offer}. Accept one of them, or pass None for none."
    )


def check_status(status: object) -> None:
    """Raise an error unless a handshake can be refused with this status.

    :raises ValueError: if it is no final status (RFC 9110 section 15).
    """
    if not isinstance(status, int) or not 200 <= status < 600:
        raise ValueError(
            f"The WebSocket's handshake was refused with the status {status!r}. Use one from 200"
            " to 599, such as 403."
        )


def check_fields(fields: Iterable[tuple[str, str]], *, is_accepted: bool) -> None:
    """Raise an error unless these header fields can be sent.

    :param is_accepted: whether the response accepts the handshake, which has fields of its own.
    :raises ValueError: if one is malformed, or has a name of the handshake's own fields.
    """
    for name, value in fields:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(
                f"The header field {name!r}: {value!r} cannot be sent. A name has letters, digits"
                " and hyphens; a value has characters of Latin-1 without line breaks, and no"
                " space around it."
            )
        if is_accepted and name.lower() in _OWN_FIELDS:
            raise ValueError(
                f"accept() was called with the header field {name!r}, which the server makes"
                " itself. Choose a sub-protocol with accept(subprotocol=...), and leave the"
                " other fields out."
            )
