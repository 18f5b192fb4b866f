"""Progress on a terminal: one line that is written again."""

from __future__ import annotations

import time
from typing import IO

_SECONDS = 0.2


class Progress:
    """Shows one line; nothing if the stream is no terminal."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.is_shown = stream.isatty()
        self._shown_at = 0.0
        self._width = 0

    def show(self, text: str) -> None:
        """Replace the line, but not more often than a few times a second."""
        now = time.monotonic()
        if self.is_shown and now - self._shown_at >= _SECONDS:
            self._shown_at = now
            self._write(text)

    def clear(self) -> None:
        """Remove the line."""
        if self._width:
            self._write("")
            self._width = 0

    def _write(self, text: str) -> None:
        self.stream.write(f"\r{text.ljust(self._width)}" + ("\r" if not text else ""))
        self.stream.flush()
        self._width = len(text)
