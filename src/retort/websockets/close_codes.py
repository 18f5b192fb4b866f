"""Which close codes and reasons may be sent: RFC 6455 §5.5 and §7.4, and the registry of IANA."""

from __future__ import annotations

# Codes of the registry that an endpoint may send. 1004 is reserved; 1005, 1006 and 1015 stand for
# a missing code, and never travel: https://www.iana.org/assignments/websocket/websocket.xhtml.
_REGISTERED = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_MAX_REASON_BYTES = 123  # of 125 in a control frame, the code takes 2


def check_close(code: int, reason: str) -> None:
    """Check the arguments of ``close``.

    :raises ValueError: if they cannot be sent.
    """
    if code not in _REGISTERED and not 3000 <= code <= 4999:
        raise ValueError(
            f"A WebSocket cannot be closed with the code {code!r}. Use 1000 (normal), 1001 (going"
            " away), 1008 (policy), 1011 (error), 1012 (restart), 1013 (try again later), or one"
            " of the program's own from 4000 to 4999."
        )
    size = len(reason.encode())
    if size > _MAX_REASON_BYTES:
        raise ValueError(
            f"The close reason has {size} bytes in UTF-8, and at most {_MAX_REASON_BYTES} can be"
            f" sent: {reason[:40]!r}... Shorten it, or send it as a message first."
        )
