"""Checks of what a program sends, for connections whose other side may not check it.

Servers differ in what they do with invalid values: one sends them, one raises, one ends the
process. `close_codes.py` and `handshake.py` check the rest.
"""

from __future__ import annotations

import re

from .handshake import is_token

_MAX_PING_BYTES = 125  # as of all control frames: RFC 6455 section 5.5

# RFC 9110 section 5.5, in Latin-1.
_VALUE = re.compile(r"[\t -~\x80-\xff]*")


def to_message(message: object) -> str | bytes:
    """The message, if it is text that UTF-8 can encode, or bytes of any kind.

    :raises TypeError: if it is of another type.
    :raises ValueError: if it is text with a lone surrogate.
    """
    if isinstance(message, str):
        _check_text(message)
        return message
    if isinstance(message, (bytes, bytearray, memoryview)):
        return bytes(message)
    raise TypeError(
        f"send() was called with {message!r} (type {type(message).__name__}). A message is a str,"
        " which is sent as text, or bytes. Use send_json() to send a value as JSON."
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


def check_status(status: object) -> None:
    """Raise an error unless a handshake can be refused with this status.

    :raises ValueError: if it is no final status (RFC 9110 section 15).
    """
    if not isinstance(status, int) or not 200 <= status < 600:
        raise ValueError(
            f"The WebSocket's handshake was refused with the status {status!r}. Use one from 200"
            " to 599, such as 403."
        )


def check_response_field(name: str, value: str) -> None:
    """Raise an error unless a response that refuses a handshake can have this header field.

    :raises ValueError: if it cannot be sent.
    """
    if not is_token(name) or not _VALUE.fullmatch(value):
        raise ValueError(
            f"The header field {name!r}: {value[:80]!r} cannot be sent. A name has letters, digits"
            " and hyphens, a value characters of Latin-1 without line breaks."
        )
