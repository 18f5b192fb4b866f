"""The text that a form shows for a value, and which texts a control of a browser can show."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, get_args

import msgspec
from msgspec import inspect as kinds

from ..check import choices_of
from ..forms.text import make_reader, text_of_choice
from ..types import strip

if TYPE_CHECKING:
    from ..types import Described

_REFUSED = re.compile("[\0\ud800-\udfff]")

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?"
# What a browser keeps of the attribute `value`, by type of control. It shows nothing for others.
_SHOWN: Final = {
    "number": re.compile(r"-?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]+)?"),
    "date": re.compile(_DATE),
    "time": re.compile(_TIME),
    "datetime-local": re.compile(f"{_DATE}[T ]{_TIME}"),
    "month": re.compile(r"[0-9]{4}-[0-9]{2}"),
    "week": re.compile(r"[0-9]{4}-W[0-9]{2}"),
}


def texts_of(described: Described, value: Any, control: str) -> list[str]:
    """The texts that a browser sends for a value; none for a box that is not checked.

    :param control: the type of the control, as of `control_type`.
    """
    if described.is_many and isinstance(value, (list, tuple, set, frozenset)):
        # A set has no order; its form has the same one each time.
        texts = [text_of(each, control) for each in value]
        return sorted(texts) if isinstance(value, (set, frozenset)) else texts
    if isinstance(value, tuple):
        return [text_of(each, control) for each in value]
    if isinstance(value, bool) and control == "checkbox":
        return [checkbox_value(described)] if value else []
    return [] if value is None else [text_of(value, control)]


def checkbox_value(described: Described) -> str:
    """The text that a checked box sends."""
    control = described.control
    return control.value if control is not None and control.value is not None else "on"


def text_of(value: Any, control: str = "text") -> str:
    """The text of one value, in the grammar of HTML."""
    if value is None:
        return ""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)):
        return text_of_choice(value)
    if isinstance(value, (float, Decimal)):
        return str(value) if math.isfinite(value) else ""
    if isinstance(value, dt.datetime):
        return f"{value.date().isoformat()}T{_text_of_time(value.timetz())}"
    if isinstance(value, dt.date):
        return _text_of_date(value, control)
    if isinstance(value, dt.time):
        return _text_of_time(value)
    if isinstance(value, dt.timedelta):
        return str(msgspec.to_builtins(value))
    return "" if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


def _text_of_date(value: dt.date, control: str) -> str:
    if control == "month":
        return value.isoformat()[:7]
    if control == "week":
        year, week, _ = value.isocalendar()
        return f"{year:04}-W{week:02}"
    return value.isoformat()


def _text_of_time(value: dt.time) -> str:
    if value.microsecond:
        text = value.isoformat("microseconds")
        digits, zone = text[:15].rstrip("0"), text[15:]
        return f"{digits}{zone}"
    return value.isoformat("seconds" if value.second else "minutes")


def clean(text: str) -> str:
    """The text without characters that a page cannot have."""
    return _REFUSED.sub("\ufffd", text)


def is_shown(control: str, text: str) -> bool:
    """Whether a browser shows the text in a control of a type."""
    grammar = _SHOWN.get(control)
    return grammar is None or not text or grammar.fullmatch(text) is not None


def is_checked(described: Described, texts: list[str]) -> bool:
    """Whether one of the texts of a box is true."""
    read = make_reader(described)
    return any(read(text) is True for text in texts)


def choices(described: Described) -> tuple[Any, ...]:
    """The values that a field can have, in their order, if they can be listed."""
    inner = described.item if described.is_many and described.item is not None else described
    if inner.options:
        return ()
    if isinstance(inner.type, kinds.LiteralType):  # whose values msgspec has sorted
        return get_args(strip(inner.annotation)[0])
    return choices_of(inner.type)
