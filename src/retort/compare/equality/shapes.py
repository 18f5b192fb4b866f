"""The shape of a value that changes each time: its alphabet and its length.

A value is noise only if it has the shape of the two values that the first side gave.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
_DIGITS = re.compile(r"[0-9]+")
# What both values consist of, the other one must as well.
_ALPHABETS = tuple(
    re.compile(one)
    for one in (r"[0-9]+", r"[0-9a-fA-F]+", r"[0-9A-Za-z]+", r"[0-9A-Za-z+/=_.\-]+", r"\s+")
)
# Short values have letters of one case by chance.
_CASES = tuple(re.compile(one) for one in (r"[^A-Z]+", r"[^a-z]+"))
_BASE64 = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[0-9A-Za-z+/=_.\-]{16,}\Z")
_LONG = 8
_LONGER = 2  # times; for values of two lengths


def tokens(text: str) -> list[str]:
    """The words and other characters of a text."""
    return _TOKEN.findall(text)


def longest(first: str, second: str) -> int:
    """How long a value of the shape of these two can be."""
    return max(len(first), len(second)) * _LONGER + 1


def has_shape(value: str, first: str, second: str) -> bool:
    """Whether ``value`` has the shape of two values that differ."""
    if not value or not first or not second:
        return value in (first, second)
    if not _has_alphabet(value, first, second):
        return False
    is_number = _DIGITS.fullmatch(first) is not None and _DIGITS.fullmatch(second) is not None
    if len(first) == len(second) and _ALPHABETS[3].fullmatch(first + second):
        return abs(len(value) - len(first)) <= is_number
    low, high = sorted((len(first), len(second)))
    return low // _LONGER <= len(value) <= high * _LONGER


def _has_alphabet(value: str, first: str, second: str) -> bool:
    is_long = min(len(first), len(second)) >= _LONG
    alphabets = _ALPHABETS + _CASES if is_long else _ALPHABETS
    if _BASE64.match(first) and _BASE64.match(second):
        # A text in base64 has "-" and "_" only by chance.
        alphabets = (_ALPHABETS[3],)
    return all(
        one.fullmatch(value) is not None
        for one in alphabets
        if one.fullmatch(first) and one.fullmatch(second)
    )
