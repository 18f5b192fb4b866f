"""A text that matches the ``pattern`` of a control, as far as a simple generator can make one.

Patterns of characters, classes and repetitions are covered; groups and alternatives are not.
"""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"(?P<what>\[\^?\]?(?:\\.|[^\]\\])*\]|\\.|[^\\^$|()\[\]*+?{}])"
    r"(?P<how>\{(?P<least>\d{1,4})(?:,\d*)?\}|[*+?])?"
)
_CANDIDATES = "aA0bB1xX9z_-. @+:/#äß"  # the first one that a class contains is taken
_TYPICAL = ("Ada", "ada", "ADA", "3", "2024", "12345", "ada-1", "ada@example.org", "2024-02-29")


def matching(pattern: str, preferred: str) -> str | None:
    """A text that matches all of the pattern; ``None`` if none is found.

    :param preferred: is taken if it matches.
    """
    try:
        compiled = re.compile(pattern[:500])
    except (re.error, OverflowError, RecursionError):
        return None  # a pattern of JavaScript that Python does not know
    made = _made(pattern[:500])
    texts = [preferred, *_TYPICAL, *([made] if made is not None else [])]
    return next((text for text in texts if compiled.fullmatch(text)), None)


def _made(pattern: str) -> str | None:
    text, place = "", 0
    pattern = pattern.removeprefix("^").removesuffix("$")
    while place < len(pattern):
        piece = _PIECE.match(pattern, place)
        character = None if piece is None else _character(piece["what"])
        if piece is None or character is None:
            return None
        text += character * _count(piece)
        place = piece.end()
    return text


def _character(what: str) -> str | None:
    if len(what) == 1 and what != ".":
        return what
    own = [one for one in what[1:] if one.isprintable()]
    return next((one for one in (*_CANDIDATES, *own) if re.fullmatch(what, one)), None)


def _count(piece: re.Match[str]) -> int:
    if piece["least"] is not None:
        return int(piece["least"])
    return 0 if piece["how"] in ("*", "?") else 1
