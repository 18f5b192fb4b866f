"""The exceptions of WebSockets."""

from __future__ import annotations


class WebSocketDisconnect(Exception):
    """The WebSocket is closed: the client has closed it, it failed, or it was closed here.

    :param code: the close code of the client (1005: its close frame had none), else the code that
        was sent here, else 1006: the connection ended without a close frame. RFC 6455 §7.4.
    :param reason: the reason that belongs to the code; may be empty.
    :param was_clean: whether both sides have sent a close frame.
    """

    def __init__(self, code: int = 1005, reason: str = "", was_clean: bool = True) -> None:
        super().__init__(code, reason, was_clean)
        self.code = code
        self.reason = reason
        self.was_clean = was_clean

    def __str__(self) -> str:
        ending = "" if self.was_clean else ", without a complete closing handshake"
        reason = f" ({self.reason})" if self.reason else ""
        return f"The WebSocket is closed: code {self.code}{reason}{ending}."


class TooManyWebSockets(Exception):
    """A handshake cannot be accepted now, for lack of connections or files; the response is 503.

    :param message: what is used up, and what to raise.
    """
