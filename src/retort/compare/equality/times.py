"""Times in texts: two responses made seconds apart may have different ones."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

CLOSE_SECONDS = 15.0
_DAY = 86_400
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_HTTP = r"[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
_CLOCK = r"(?<![\d:])\d\d:\d\d:\d\d(?:\.\d+)?(?![\d:])"
_EPOCH = r"(?<![\d.])\d{10}(?:\d{3}|\d{6})?(?:\.\d+)?(?!\d)"
_TIME = re.compile(f"(?P<http>{_HTTP})|(?P<iso>{_ISO})|(?P<clock>{_CLOCK})|(?P<epoch>{_EPOCH})")


def differ_by_time_only(left: str, right: str) -> bool:
    """Whether two texts are equal apart from times that are some seconds apart."""
    if _TIME.sub("\0", left) != _TIME.sub("\0", right):
        return False
    pairs = zip(_TIME.finditer(left), _TIME.finditer(right), strict=True)
    return all(_are_close(one, other) for one, other in pairs)


def _are_close(one: re.Match[str], other: re.Match[str]) -> bool:
    if one[0] == other[0]:
        return True
    if one.lastgroup != other.lastgroup:
        return False
    first, second = _seconds(one), _seconds(other)
    if first is None or second is None:
        return False
    apart = abs(first - second)
    if one.lastgroup == "clock":
        apart = min(apart, _DAY - apart)
    return apart <= CLOSE_SECONDS


def _seconds(found: re.Match[str]) -> float | None:
    text = found[0]
    try:
        if found.lastgroup == "http":
            return parsedate_to_datetime(text).timestamp()
        if found.lastgroup == "iso":
            return _iso(text)
        if found.lastgroup == "clock":
            hours, minutes, seconds = text.split(":")
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        whole, _dot, part = text.partition(".")
        return float(f"{whole[:10]}.{whole[10:]}{part}")
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> float:
    date = text[:16].replace("T", " ")
    base = datetime.strptime(date, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc).timestamp()
    seconds = re.match(r":(\d\d(?:[.,]\d+)?)", text[16:])
    return base + (float(seconds[1].replace(",", ".")) if seconds else 0.0)
