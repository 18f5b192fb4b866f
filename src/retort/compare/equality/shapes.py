"""The shape of a value that changes each time: its alphabet and its length.

A value is noise only if it has the shape of the two values that the first side gave.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
_DIGITS = re.compile(r"[0-9]+")
# What both values consist of, the other one must as well.
_ALPHABETS = tuple(
    re.compile(one) for one in (r"[0-9]+", r"[0-9a-fA-F]+", r"[0-9A-Za-z+/=_.\-]+", r"\s+")
)
_LETTERS_AND_DIGITS = re.compile(r"[0-9A-Za-z]+")
_CASES = tuple(re.compile(one) for one in (r"[^A-Z]+", r"[^a-z]+"))
_LONG = 8  # shorter values have letters of one case by chance
# Values with digits, or long ones, keep their length; short words have others by chance.
_KEEPS_LENGTH = re.compile(r"(?=.*[0-9]|.{16})[0-9A-Za-z+/=_.\-]+")
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
    low, high = sorted((len(first), len(second)))
    if _DIGITS.fullmatch(first + second):
        # Numbers have leading zeros, and fractions have trailing ones, that are not written.
        margin = 2 if low >= _LONG else 1
        return low - margin <= len(value) <= high + margin
    if low == high and _KEEPS_LENGTH.fullmatch(first + second):
        return len(value) == low
    return low // _LONGER <= len(value) <= high * _LONGER


def _has_alphabet(value: str, first: str, second: str) -> bool:
    wanted = [one for one in _ALPHABETS if one.fullmatch(first) and one.fullmatch(second)]
    cases = [one for one in _CASES if one.fullmatch(first) and one.fullmatch(second)]
    is_long = min(len(first), len(second)) >= _LONG
    if (cases or not is_long) and _LETTERS_AND_DIGITS.fullmatch(first + second):
        wanted.append(_LETTERS_AND_DIGITS)  # in two cases, it can be base64 without - and _
    if is_long:
        wanted += cases
    return all(one.fullmatch(value) for one in wanted)
