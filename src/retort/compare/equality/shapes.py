"""The shape of a value that changes each time: letters, digits, and how many.

A value is noise only if it has the shape of the two values that the first side gave.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
_CLASSES = (
    ("digits", re.compile(r"[0-9]+")),
    ("hex", re.compile(r"[0-9a-fA-F]+")),
    ("letters and digits", re.compile(r"[0-9A-Za-z]+")),
    ("base64", re.compile(r"[0-9A-Za-z+/=_.\-]+")),
    ("spaces", re.compile(r"\s+")),
)
_TEXT = len(_CLASSES)
_LONGER = 2  # times; for values of two lengths


def tokens(text: str) -> list[str]:
    """The words and other characters of a text."""
    return _TOKEN.findall(text)


def _class(value: str) -> int:
    found = (number for number, (_, one) in enumerate(_CLASSES) if one.fullmatch(value))
    return next(found, _TEXT)


def has_shape(value: str, first: str, second: str) -> bool:
    """Whether ``value`` has the shape of two values that differ."""
    if not value or not first or not second:
        return value in (first, second)
    shape = max(_class(first), _class(second))
    if _class(value) > shape:
        return False
    if len(first) == len(second) and shape != _TEXT:
        return len(value) == len(first) or (shape == 0 and abs(len(value) - len(first)) <= 1)
    low, high = sorted((len(first), len(second)))
    return low // _LONGER <= len(value) <= high * _LONGER
