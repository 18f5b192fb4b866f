"""Read the text of one field: what a browser, a query or a header sends for a type.

The grammar of numbers, dates and times is that of HTML, "Common microsyntaxes". Only ASCII digits
are read. A text that cannot be read becomes a `Misread` with the code of the error.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import inspect as kinds

from ..check import Misread, choices_of
from ..texts import has_refused_character

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..markers import Control
    from ..types import Described

    Reader = Callable[[str], Any]

NOT_FILLED: Final = object()
"""What a reader returns for a field in which nothing was filled in."""

SPACES: Final = " \t\n\f\r"
"""ASCII white space: the Infra standard."""

MAX_DIGITS: Final = 4_300
"""The length of a number, in characters; as Python's own limit, which a program may change."""

# A carriage return, and what `has_refused_character` finds.
_ODD = re.compile("[\0\r\ud800-\udfff]")
_INT = re.compile(r"[+-]?[0-9]+")
# A double has an exponent of three digits.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?0*[0-9]{1,3})?")
_DATE = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
_ONE_DATE = re.compile(_DATE)
_ONE_TIME = re.compile(_TIME)
_DATETIME = re.compile(f"{_DATE}[T ]{_TIME}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(?:\1[0-9A-Fa-f]{4}){2}\1[0-9A-Fa-f]{12}")

TRUE: Final = frozenset({"on", "true", "1"})
"""The texts of a box that is checked, in lower case, beside the value that a `Control` declares."""
FALSE: Final = frozenset({"off", "false", "0"})


def make_reader(described: Described) -> Reader:
    """The function that reads the text of one value of a type; made once for each field.

    It returns `NOT_FILLED` for a text without content, and a `Misread` for one that is not of the
    type.
    """
    if described.is_opaque:  # a validator of pydantic sees what was sent
        return _read_text
    if described.is_upload:
        return _read_no_file
    if described.options:
        return _reader_of_union(described)
    kind, control = described.type, described.control
    if isinstance(kind, (kinds.EnumType, kinds.LiteralType)):
        return _reader_of_choice(kind)
    if isinstance(kind, kinds.BoolType):
        return _reader_of_bool(control)
    if isinstance(kind, (kinds.TimeType, kinds.DateTimeType)):
        return _reader_of_time(kind)
    if control is not None and control.type in _BY_CONTROL:
        reader = _BY_CONTROL[control.type].get(type(kind))
        if reader is not None:
            return reader
    return _READERS.get(type(kind), _read_text)


def read_empty(described: Described) -> Any:
    """What an empty text is where it is a value, as in a header: a text, or a `Misread`."""
    value = make_reader(described)("\0")  # only a text is refused for this character
    if value == Misread("character"):
        return ""
    return value if type(value) is Misread else Misread("invalid")


def normalize(text: str) -> str:
    """Line breaks as LF, as the browser counts them for ``maxlength``: it sends CRLF."""
    return text.replace("\r\n", "\n")


def _read_text(text: str) -> Any:
    if not text:
        return NOT_FILLED
    if _ODD.search(text) is None:  # PERF: one search for most texts
        return text
    return Misread("character") if has_refused_character(text) else normalize(text)


def _read_int(text: str) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    if len(text) > MAX_DIGITS or _INT.fullmatch(text) is None:
        return Misread("integer")
    try:
        return int(text)
    except ValueError:  # the program has lowered Python's limit
        return Misread("integer")


def _read_float(text: str) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    number = _finite(text)
    return Misread("number") if number is None else number


def _read_decimal(text: str) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    return Misread("decimal") if _finite(text) is None else Decimal(text)


def _finite(text: str) -> float | None:
    if len(text) > MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _read_date(text: str) -> Any:
    return _dated(text, _ONE_DATE, "date", dt.date)


def _read_month(text: str) -> Any:
    return _dated(text, _MONTH, "month", lambda year, month: dt.date(year, month, 1))


def _read_week(text: str) -> Any:
    return _dated(text, _WEEK, "week", lambda y, week: dt.date.fromisocalendar(y, week, 1))


def _dated(text: str, form: re.Pattern[str], code: str, make: Callable[..., dt.date]) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    match = form.fullmatch(text)
    if match is None:
        return Misread(code)
    try:
        return make(*map(int, match.groups()))
    except (ValueError, OverflowError):  # such as 30 February, or week 53 of a short year
        return Misread(code)


def _checked_text(reader: Reader) -> Reader:
    """A reader that keeps the text, if the other one can read it."""

    def read(text: str) -> Any:
        value = reader(text)
        return text.strip(SPACES) if isinstance(value, dt.date) else value

    return read


_BY_CONTROL: dict[str, dict[type[kinds.Type], Reader]] = {
    "month": {kinds.DateType: _read_month, kinds.StrType: _checked_text(_read_month)},
    "week": {kinds.DateType: _read_week, kinds.StrType: _checked_text(_read_week)},
}


def _reader_of_time(kind: kinds.TimeType | kinds.DateTimeType) -> Reader:
    is_time = isinstance(kind, kinds.TimeType)
    form, code = (_ONE_TIME, "time") if is_time else (_DATETIME, "datetime")
    make: Callable[..., Any] = dt.time if is_time else dt.datetime
    wants_offset = kind.tz

    def read(text: str) -> Any:
        text = text.strip(SPACES)
        if not text:
            return NOT_FILLED
        match = form.fullmatch(text)
        if match is None:
            return Misread(code)
        *numbers, second, fraction, offset = match.groups()
        if wants_offset is not None and wants_offset is not (offset is not None):
            return Misread(code)
        micros = int(fraction.ljust(6, "0")) if fraction else 0
        try:
            zone = _zone(offset) if offset else None
            return make(*map(int, numbers), int(second or 0), micros, tzinfo=zone)
        except ValueError:  # such as 25:00
            return Misread(code)

    return read


def _zone(offset: str) -> dt.timezone:
    if offset == "Z":
        return dt.timezone.utc
    minutes = int(offset[-2:])
    if minutes > 59:
        raise ValueError("minutes")
    delta = dt.timedelta(hours=int(offset[1:3]), minutes=minutes)
    return dt.timezone(-delta if offset[0] == "-" else delta)


def _read_duration(text: str) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    try:
        return msgspec.convert(text, dt.timedelta)
    except msgspec.ValidationError:
        return Misread("duration")


def _read_uuid(text: str) -> Any:
    text = text.strip(SPACES)
    if not text:
        return NOT_FILLED
    return uuid.UUID(text) if _UUID.fullmatch(text) else Misread("uuid")


def _read_no_file(text: str) -> Any:
    return Misread("file") if text else NOT_FILLED


def _read_none(text: str) -> Any:
    return Misread("invalid") if text else NOT_FILLED


_READERS: dict[type[kinds.Type], Reader] = {
    kinds.IntType: _read_int,
    kinds.FloatType: _read_float,
    kinds.DecimalType: _read_decimal,
    kinds.DateType: _read_date,
    kinds.TimeDeltaType: _read_duration,
    kinds.UUIDType: _read_uuid,
    kinds.NoneType: _read_none,
    kinds.BytesType: _read_no_file,
    kinds.ByteArrayType: _read_no_file,
    kinds.MemoryViewType: _read_no_file,
}


def _reader_of_bool(control: Control | None) -> Reader:
    declared = control.value if control is not None else None

    def read(text: str) -> Any:
        if text == declared:
            return True
        text = text.strip(SPACES).lower()
        if not text:
            return NOT_FILLED
        return True if text in TRUE else False if text in FALSE else Misread("boolean")

    return read


def text_of_choice(value: Any) -> str:
    """The text in a form for a value of an enumeration or a ``Literal``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _reader_of_choice(kind: kinds.EnumType | kinds.LiteralType) -> Reader:
    choices = tuple(value for value in choices_of(kind) if value is not None)
    by_text = {text_of_choice(value): value for value in choices}
    cls = kind.cls if isinstance(kind, kinds.EnumType) else None

    def read(text: str) -> Any:
        for each in (text, text.strip(SPACES)):
            if each in by_text:
                return by_text[each]
        if not text:
            return NOT_FILLED
        if cls is not None and "_missing_" in vars(cls):
            try:
                return cls(text).value
            except ValueError:
                pass
        return Misread("choice", choices)

    return read


# A text is tried as these types of a union in this order; as text last.
_TRIED_LAST = (kinds.StrType, kinds.CustomType, kinds.AnyType)


def _reader_of_union(described: Described) -> Reader:
    options = sorted(described.options, key=lambda option: isinstance(option.type, _TRIED_LAST))
    readers = tuple(make_reader(option) for option in options if not option.is_structured)

    def read(text: str) -> Any:
        codes: list[Misread] = []
        for reader in readers:
            value = reader(text)
            if type(value) is not Misread and value is not NOT_FILLED:
                return value
            codes += [value] if type(value) is Misread else []
        return _common(codes) if codes else NOT_FILLED

    return read


def _common(codes: list[Misread]) -> Misread:
    """The error of a text that is none of several types."""
    named = {each.code for each in codes}
    if len(codes) == 1:
        return codes[0]
    if named == {"integer", "number"}:
        return Misread("number")
    return Misread("character") if "character" in named else Misread("invalid")
