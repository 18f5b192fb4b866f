"""The text of one field: what is read, and what is refused."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from retort import Control
from retort.extensions.inputs.check import Misread, convert
from retort.extensions.inputs.forms.text import MAX_DIGITS, NOT_FILLED, make_reader
from retort.extensions.inputs.types import describe


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Answer(Enum):
    YES = "yes"
    NO = "no"

    @classmethod
    def _missing_(cls, value):
        return cls.YES if value == "yeah" else None


Month = Annotated[dt.date, Control(type="month")]
MonthText = Annotated[str, Control(type="month")]
Week = Annotated[dt.date, Control(type="week")]
WeekText = Annotated[str, Control(type="week")]
UTC = dt.timezone.utc
TEN = dt.datetime(2024, 5, 1, 10)
KEY = "6f1c0b5e-8a33-4a6e-9a52-0c9f0e1d2b3a"


def read(annotation, text):
    return make_reader(describe(annotation))(text)


READ = [
    (int, "7", 7),
    (int, "+7", 7),
    (int, "-007", -7),
    (int, "\t 7\r\n", 7),
    (int, "9" * MAX_DIGITS, 10**MAX_DIGITS - 1),
    (float, "7", 7.0),
    (float, "-.5", -0.5),
    (float, "1E+3", 1000.0),
    (float, "1e-400", 0.0),
    (float, "1e0003", 1000.0),
    (Decimal, "0.10", Decimal("0.10")),
    (Decimal, "1e2", Decimal(100)),
    (bool, "on", True),
    (bool, "True", True),
    (bool, "1", True),
    (bool, "0", False),
    (bool, "False", False),
    (bool, "off", False),
    (Annotated[bool, Control(value="0")], "0", True),
    (dt.date, " 2024-02-29 ", dt.date(2024, 2, 29)),
    (dt.date, "0001-01-01", dt.date(1, 1, 1)),
    (dt.time, "23:59", dt.time(23, 59)),
    (dt.time, "23:59:59.123456", dt.time(23, 59, 59, 123456)),
    (dt.time, "10:00Z", dt.time(10, tzinfo=UTC)),
    (dt.datetime, "2024-05-01T10:00", TEN),
    (dt.datetime, "2024-05-01 10:00:00.5", TEN.replace(microsecond=500_000)),
    (dt.datetime, "2024-05-01T10:00Z", TEN.replace(tzinfo=UTC)),
    (
        dt.datetime,
        "2024-05-01T10:00-0330",
        TEN.replace(tzinfo=dt.timezone(-dt.timedelta(hours=3, minutes=30))),
    ),
    (dt.timedelta, "PT90M", dt.timedelta(minutes=90)),
    (Month, "2024-05", dt.date(2024, 5, 1)),
    (MonthText, " 2024-05", "2024-05"),
    (Week, "2024-W01", dt.date(2024, 1, 1)),
    (Week, "2020-W53", dt.date(2020, 12, 28)),
    (WeekText, "2020-W53", "2020-W53"),
    (uuid.UUID, KEY.upper(), uuid.UUID(KEY)),
    (uuid.UUID, KEY.replace("-", ""), uuid.UUID(KEY)),
    (Level, "2", 2),
    (Answer, "no", "no"),
    (Answer, "yeah", "yes"),
    (Literal["a", 1], "a", "a"),
    (Literal["a", 1], " 1 ", 1),
    (Literal["", "a"], "", ""),
    (str, " a ", " a "),
    (str, "a\r\nb\rc", "a\nb\rc"),
    (Any, "a", "a"),
    (int | str, "5", 5),
    (int | str, "five", "five"),
    (int | str, " ", " "),
    (int | dt.date, "2024-05-01", dt.date(2024, 5, 1)),
]


@pytest.mark.parametrize(("annotation", "text", "value"), READ)
def test_a_text_is_read_as_its_type(annotation, text, value):
    found = read(annotation, text)

    assert found == value
    assert type(found) is type(value)


REFUSED = [
    (
        int,
        "integer",
        ["1_000", "1.0", "1e2", "0x1", "--1", "+", "1 0", "٣", "²", "\uff11", "-", "x"],
    ),
    (int, "integer", ["9" * (MAX_DIGITS + 1)]),
    (float, "number", ["nan", "inf", "-Infinity", "1_0", "5.", ".", "1,5", "1e", "1e999", "٣.0"]),
    (float, "number", ["1e0000001000", "0" * (MAX_DIGITS + 1)]),
    (Decimal, "decimal", ["NaN", "sNaN", "Infinity", "1e400", "1e-99999", "1_0", "1,5", "٣"]),
    (bool, "boolean", ["yes", "2", "ja", "onn", "\uff4f\uff4e"]),
    (dt.date, "date", ["2023-02-29", "2024-2-9", "29.02.2024", "12024-01-01", "2024-01-01T00:00"]),
    (dt.date, "date", ["0000-01-01", "٢٠٢٤-01-01", "20240101"]),
    (
        dt.time,
        "time",
        ["24:00", "9:30", "09:60", "09:30:60", "09:30:15.1234567", "0930", "09:30+1"],
    ),
    (dt.time, "time", ["09:30+24:00", "09:30+01:60"]),
    (dt.datetime, "datetime", ["2024-05-01", "2024-05-01t10:00", "2024-13-01T10:00", "1714557600"]),
    (dt.timedelta, "duration", ["90", "1:30", "PT"]),
    (Month, "month", ["2024", "2024-13", "2024-05-01", "0000-01"]),
    (MonthText, "month", ["May 2024"]),
    (Week, "week", ["2024-W00", "2023-W53", "2024-5", "9999-W53"]),
    (WeekText, "week", ["2023-W53"]),
    (uuid.UUID, "uuid", ["{" + KEY + "}", "urn:uuid:" + KEY, KEY[:-1], "\uff16" + KEY[1:], "x"]),
    (uuid.UUID, "uuid", [KEY.replace("-", "", 1)]),
    (bytes, "file", ["eA=="]),
    (str, "character", ["a\0", "\ud800", "\udfff"]),
    (int | float, "number", ["x"]),
    (int | dt.date, "invalid", ["x"]),
    (int | str, "character", ["\0"]),
]


@pytest.mark.parametrize(
    ("annotation", "code", "text"),
    [(annotation, code, text) for annotation, code, texts in REFUSED for text in texts],
)
def test_a_text_that_is_not_of_the_type_has_a_code(annotation, code, text):
    assert read(annotation, text) == Misread(code)


@pytest.mark.parametrize("annotation", [Level, Answer, Literal["a", 1]])
def test_an_unknown_choice_has_the_choices(annotation):
    choices = {Level: (1, 2), Answer: ("yes", "no")}.get(annotation, ("a", 1))

    code, limit = read(annotation, "zzz")

    assert code == "choice"
    assert sorted(limit, key=str) == sorted(choices, key=str)


@pytest.mark.parametrize("wants_offset", [True, False])
@pytest.mark.parametrize(
    ("cls", "text", "code"),
    [(dt.datetime, "2024-05-01T10:00", "datetime"), (dt.time, "10:00", "time")],
)
def test_an_offset_is_required_or_refused_as_the_type_says(wants_offset, cls, text, code):
    other = dt.timezone(dt.timedelta(hours=2))
    annotation = Annotated[cls, Meta(tz=wants_offset)]
    good, bad = (text + "+02:00", text) if wants_offset else (text, text + "Z")

    value = read(annotation, good)
    assert value.tzinfo == (other if wants_offset else None)
    assert convert(describe(annotation), value, "form") == value
    assert read(annotation, bad) == Misread(code)


@pytest.mark.parametrize(
    "annotation",
    [
        *(int, float, Decimal, bool, dt.date, dt.time, dt.datetime, dt.timedelta, uuid.UUID, Month),
        *(str, bytes, Level, Literal["a"], int | float, Any),
    ],
)
def test_an_empty_text_is_not_filled_in(annotation):
    assert read(annotation, "") is NOT_FILLED


@pytest.mark.parametrize("annotation", [int, float, bool, dt.date, dt.time, uuid.UUID, int | float])
def test_spaces_alone_are_not_filled_in_where_no_text_is_wanted(annotation):
    assert read(annotation, " \t\r\n") is NOT_FILLED


@given(st.text(max_size=30))
def test_no_text_raises_an_exception(text):
    for annotation in {annotation for annotation, *_ in READ if annotation is not Level}:
        read(annotation, text)


@given(st.integers())
def test_every_integer_is_read_as_it_is_written(number):
    assert read(int, str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_as_it_is_written(number):
    assert read(float, repr(number)) == number


@given(st.datetimes())
def test_every_date_and_time_is_read_as_it_is_written(moment):
    assert read(dt.datetime, moment.isoformat()) == moment
    assert read(dt.date, moment.date().isoformat()) == moment.date()
    assert read(dt.time, moment.time().isoformat()) == moment.time()
