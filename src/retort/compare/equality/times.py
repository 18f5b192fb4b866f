"""Times in texts: two responses made seconds apart may have different ones.

The two responses of the first side are made at nearly the same moment, so a clock can move on
between them and the other side's. Such a time is noise, although the first side gave it twice.
"""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from itertools import zip_longest

from .alignment import common_end, common_start

CLOSE_SECONDS = 15.0
_MINUTE = 60
_DAY = 86_400
_YEAR = 365 * _DAY
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)?"
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?" + _ZONE
_HTTP = r"[A-Z][a-z]{2}, \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})"
_LOG = r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d"
_CLOCK = r"(?<![\d:])\d\d:\d\d:\d\d(?:\.\d+)?(?![\d:])"
_MINUTES = r"(?<![\d:.])\d\d:\d\d(?![\d:])"
_EPOCH = r"(?<![\d.])\d{10}(?:\d{3}|\d{6})?(?:\.\d+)?(?!\d)"
# The time and the signature of a value that itsdangerous has signed; after "value.".
_SIGNED = r"(?<=[\w-]\.)[\w-]{6}\.[\w-]{27,86}(?![\w-])"
_TIME = re.compile(
    f"(?P<signed>{_SIGNED})|(?P<http>{_HTTP})|(?P<iso>{_ISO})|(?P<log>{_LOG})|(?P<clock>{_CLOCK})"
    f"|(?P<minutes>{_MINUTES})|(?P<epoch>{_EPOCH})"
)
_AROUND = 96  # characters before and after what differs; no time is longer


def differ_by_time_only(left: str, right: str, now: float | None = None) -> bool:
    """Whether two texts are equal apart from times that are some seconds apart.

    :param now: seconds since 1970; the current time by default. Numbers are times only if they
        are some years from it, and times without seconds only if its minute has just begun.
    """
    now = time.time() if now is None else now
    left, right = _differing(left, right)
    if _TIME.sub("\0", left) != _TIME.sub("\0", right):
        return False
    pairs = zip_longest(_TIME.finditer(left), _TIME.finditer(right))
    return all(one and other and _are_close(one, other, now) for one, other in pairs)


def with_times_of(first: str, text: str, now: float | None = None) -> str:
    """``text``, with each time replaced by that of ``first`` if they are some seconds apart.

    :param now: as for `differ_by_time_only`.
    """
    now = time.time() if now is None else now
    ones, others = list(_TIME.finditer(first)), list(_TIME.finditer(text))
    if len(ones) != len(others):
        return text
    pieces, position = [], 0
    for one, other in zip(ones, others, strict=True):
        kept = one if _are_close(one, other, now) else other
        pieces += [text[position : other.start()], kept[0]]
        position = other.end()
    return "".join([*pieces, text[position:]])


def _differing(left: str, right: str) -> tuple[str, str]:
    """The parts around what differs."""
    head = common_start(left, right)
    tail = max(0, common_end(left, right, head) - _AROUND)
    start = max(0, head - _AROUND)
    return left[start : len(left) - tail], right[start : len(right) - tail]


def _are_close(one: re.Match[str], other: re.Match[str], now: float) -> bool:
    if one[0] == other[0]:
        return True
    if one.lastgroup != other.lastgroup:
        return False
    first, second = _seconds(one), _seconds(other)
    if first is None or second is None:
        return False
    apart = abs(first - second)
    if one.lastgroup == "signed" and not apart:
        return False  # the signature differs, and not because of the time
    if one.lastgroup in ("clock", "minutes"):
        apart = min(apart, _DAY - apart)
    if one.lastgroup in ("epoch", "signed") and not -5 * _YEAR < second - now < 10 * _YEAR:
        return False
    if one.lastgroup == "minutes" or (one.lastgroup == "iso" and len(one[0]) == 16):
        return apart == _MINUTE and _has_begun(second, now)
    return apart <= CLOSE_SECONDS


def _has_begun(seconds: float, now: float) -> bool:
    """Whether the minute of a time has just begun; time zones differ by quarters of an hour."""
    is_this_minute = int(seconds // _MINUTE) % 15 == int(now // _MINUTE) % 15
    return is_this_minute and now % _MINUTE <= CLOSE_SECONDS


def _seconds(found: re.Match[str]) -> float | None:
    text = found[0]
    try:
        if found.lastgroup == "signed":
            return float(int.from_bytes(urlsafe_b64decode(f"{text[:6]}=="), "big"))
        if found.lastgroup == "http":
            return parsedate_to_datetime(text).timestamp()
        if found.lastgroup == "iso":
            return _iso(text)
        if found.lastgroup == "log":
            return datetime.strptime(f"{text}Z", "%d/%b/%Y:%H:%M:%S%z").timestamp()
        if found.lastgroup == "epoch":
            whole, _dot, part = text.partition(".")
            return float(f"{whole[:10]}.{whole[10:]}{part}")
        hours, minutes, *seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + sum(map(float, seconds))
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> float:
    date = text[:16].replace("T", " ")
    base = datetime.strptime(date, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc)
    seconds = re.match(r":(\d\d(?:[.,]\d+)?)", text[16:])
    zone = re.search(r"([+-])(\d\d):?(\d\d)$", text[16:])
    if zone is not None:
        offset = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        base += -offset if zone[1] == "+" else offset
    return base.timestamp() + (float(seconds[1].replace(",", ".")) if seconds else 0.0)
