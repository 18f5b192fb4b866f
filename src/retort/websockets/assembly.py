"""Join the fragments of received messages, and check that text is UTF-8.

The size of a message is limited by the frame parser, which counts all fragments.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from websockets.frames import Opcode

if TYPE_CHECKING:
    from websockets.frames import Frame

_make_checker = codecs.getincrementaldecoder("utf-8")


class Assembler:
    """Makes messages of the data frames of one connection."""

    __slots__ = ("checker", "parts")

    def __init__(self) -> None:
        # One array: a list of one-byte fragments would take 40 times their size.
        self.parts: bytearray | None = None  # of an incomplete message
        self.checker: codecs.IncrementalDecoder | None = None  # if that is text

    def add(self, frame: Frame) -> str | bytes | None:
        """The message that the frame completes, or ``None``.

        :param frame: text, binary or continuation, in an order that the parser has checked.
        :raises UnicodeDecodeError: if text is not UTF-8, as soon as a fragment shows it.
        """
        if self.parts is None:
            is_text = frame.opcode is Opcode.TEXT
            if frame.fin:
                return str(frame.data, "utf-8") if is_text else bytes(frame.data)
            self.parts = bytearray()
            self.checker = _make_checker() if is_text else None
        if self.checker is not None:
            self.checker.decode(bytes(frame.data), frame.fin)
        self.parts += frame.data
        if not frame.fin:
            return None
        parts, self.parts = self.parts, None
        is_text, self.checker = self.checker is not None, None
        return str(parts, "utf-8") if is_text else bytes(parts)
