"""Values that a control accepts, by its type, attributes and name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .patterns import matching

if TYPE_CHECKING:
    from ..pages import Control

_PASSWORD = "Correct-Horse-9"
_BY_KIND = {
    "email": "ada@example.org",
    "url": "http://localhost/",
    "tel": "+49 30 123456",
    "date": "2024-02-29",
    "time": "13:37",
    "datetime-local": "2024-02-29T13:37",
    "month": "2024-02",
    "week": "2024-W09",
    "color": "#336699",
    "password": _PASSWORD,
    "search": "ada",
}
_BY_NAME = (  # expressions for the beginning of a word in a name
    ("e?-?mail", "ada@example.org"),
    ("pass", _PASSWORD),
    ("url", "http://localhost/"),
    ("date", "2024-02-29"),
    ("phone", "+49 30 123456"),
    ("number", "3"),
    ("amount", "3"),
    ("count", "3"),
    ("age", "36"),
    ("year", "2024"),
)
_IN_TIME = frozenset({"date", "time", "datetime-local", "month", "week"})
_MAX_LENGTH = 10_000
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0"
    "0000030101001827ee650000000049454e44ae426082"
)


@dataclass(frozen=True)
class File:
    """A file to send."""

    name: str
    type: str
    content: bytes


Value = str | File
TEXT_FILE = File("table.csv", "text/csv", b"a,b\n1,2\n")
IMAGE = File("dot.png", "image/png", _PNG)
NO_FILE = File("", "application/octet-stream", b"")  # what browsers send if none is chosen


def good_values(control: Control) -> list[Value]:
    """Values that the control accepts."""
    if control.kind == "select":
        return _chosen(control)
    if control.kind == "file":
        accepted = control.attrs.get("accept", "").lower()
        return [IMAGE if re.search(r"image/|\.png", accepted) else TEXT_FILE]
    if control.is_hidden:
        is_charset = control.name.lower() == "_charset_"
        return ["UTF-8" if is_charset else control.value]
    if control.kind == "checkbox":
        return [control.value]
    if control.kind in ("number", "range"):
        return [_number(control)]
    if control.kind in _IN_TIME:
        return [_in_time(control)]
    return [_text(control)]


def _chosen(control: Control) -> list[Value]:
    options, selected = control.options, control.selected
    if "multiple" in control.attrs:
        return [options[one] for one in selected] or list(options[:2])
    if selected:
        return [options[selected[-1]]] if selected[-1] < len(options) else []
    # An empty first option is a prompt.
    return list(options[1:2] if len(options) > 1 and not options[0] else options[:1])


def _number(control: Control) -> str:
    """Within ``min`` and ``max``, on a ``step`` from ``min``."""
    if control.value:
        return control.value
    attrs = control.attrs
    low, high = _float(attrs.get("min", "")), _float(attrs.get("max", ""))
    step = _float(attrs.get("step", ""))
    if low is not None:
        return attrs["min"].strip()
    if high is not None and high < 3:
        return attrs["max"].strip()
    return attrs["step"].strip() if step and (high is None or step <= high) else "3"


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _in_time(control: Control) -> str:
    """Dates and times compare as texts."""
    value = control.value or _BY_KIND[control.kind]
    low, high = control.attrs.get("min", ""), control.attrs.get("max", "")
    value = max(value, low)
    return min(value, high) if high else value


def _text(control: Control) -> str:
    name = control.name.lower()
    value = (
        control.value
        or _BY_KIND.get(control.kind)
        or next((text for part, text in _BY_NAME if _has_word(name, part)), "Ada")
    )
    pattern = control.attrs.get("pattern")
    if pattern:
        value = matching(pattern, value) or value
    least, most = _limit(control, "minlength"), _limit(control, "maxlength")
    if least is not None:
        value = value.ljust(min(least, _MAX_LENGTH), "a")
    return value if most is None else value[:most]


def _limit(control: Control, name: str) -> int | None:
    text = control.attrs.get(name, "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def _has_word(name: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){word}", name) is not None
