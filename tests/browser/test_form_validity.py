"""Whether Chromium and the server agree on what is valid: 500 values for each constraint.

What the browser would send is given to the server. Where the two differ for a reason, the case is
listed with it; the list is checked too.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import annotated_types
import msgspec
import pytest
from msgspec import Meta
from werkzeug.datastructures import ImmutableMultiDict

from retort import Control, Draft
from retort.extensions.inputs.check import errors_in
from retort.extensions.inputs.forms import read_form
from retort.extensions.inputs.types import describe

pytestmark = pytest.mark.xdist_group("forms in the browser")

VALUES = 500

# Put each value into the control. A text is inserted, so that the browser cuts it at `maxlength`.
SET_VALUES = """
([markup, values]) => {
    document.body.innerHTML = `<form>${markup}</form>`;
    const control = document.forms[0].elements[0];
    const isText = control.tagName == "TEXTAREA"
        || ["text", "search", "password", "email", "url", "tel"].includes(control.type);
    return values.map(value => {
        if (isText) {
            control.value = "";
            control.focus();
            document.execCommand(value ? "insertText" : "delete", false, value);
        } else {
            control.value = value;
        }
        // A text that the control has cut could not be typed.
        const isWhole = !isText || control.value === value;
        return [control.value, control.checkValidity() && isWhole];
    });
}
"""
# Chromium checks `minlength` only for what came from a keyboard.
CLEAR = """
() => {
    const control = document.forms[0].elements[0];
    control.value = "";
    control.focus();
}
"""
READ = """
() => {
    const control = document.forms[0].elements[0];
    return [control.value, control.checkValidity()];
}
"""


def set_values(page, control, values):
    return page.evaluate(SET_VALUES, [control, values])


def type_values(page, control, values):
    page.set_content(f"<!doctype html><form>{control}</form>")
    results = []
    for value in values:
        page.evaluate(CLEAR)
        if value:
            page.keyboard.insert_text(value)
        results.append(page.evaluate(READ))
    return results


class Size(Enum):
    SMALL = "s"
    LARGE = "l"


def texts(alphabet, longest):
    def make(chance):
        return "".join(chance.choices(alphabet, k=chance.randint(0, longest)))

    return make


def numbers(chance):
    number = chance.choice(
        [
            chance.randint(-40, 40),
            chance.randint(-4000, 4000) / 100,
            chance.randint(-(10**6), 10**6),
            chance.uniform(-20, 20),
        ]
    )
    forms = [
        str(number),
        f"{number:.1f}",
        f"{number:.0f}",
        f" {number}",
        f"+{number}",
        f"{number}.",
    ]
    forms += ["", "1_0", "٣", "x", "-", "1e1", "1E-2", ".5", "-.5", "1e400", "0x1", "-0", "00"]
    return chance.choice(forms if chance.random() < 0.5 else forms[:3])


def dates(chance):
    day = dt.date(2024, 1, 1) + dt.timedelta(days=chance.randint(-40, 400))
    odd = ["", "2024-02-30", "2023-02-29", "x", "01.01.2024", "0001-01-01", "9999-12-31"]
    return day.isoformat() if chance.random() < 0.8 else chance.choice(odd)


def times(chance):
    time = f"{chance.randint(0, 25):02}:{chance.randint(0, 61):02}"
    return chance.choice([time, time, time, "", "x", f"{time}:30"])


def moments(chance):
    return chance.choice([f"{dates(chance)}T{times(chance)}", ""])


def months(chance):
    return chance.choice([f"{chance.randint(0, 2030):04}-{chance.randint(0, 13):02}", ""])


def weeks(chance):
    return chance.choice([f"{chance.randint(1970, 2030):04}-W{chance.randint(0, 54):02}", ""])


def choices(chance):
    return chance.choice(["", "s", "l", "1", "2"])


LETTERS = texts("aäß e\u0301漢-", 14)
WITH_EMOJI = texts("ab🐍👩‍👧", 14)
LINES = texts("ab\n", 14)
CODES = texts("aA1_-.@ ٣ \u00a0\ufeff漢", 9)


def is_whole_with_point(text):
    """A whole number that is written as a fraction."""
    return "." in text or "e" in text.lower()


def has_emoji(text):
    return any(ord(letter) > 0xFFFF for letter in text)


def meta(cls, **limits):
    return Annotated[cls, Meta(**limits)]


# Constraint -> type of the field, its default, values, and what may differ, with the reason.
WRITTEN_AS_FRACTION = (
    is_whole_with_point,
    "HTML takes 5.0 and 1e1 for whole numbers; a form of the server has digits only",
)
EMOJI = (has_emoji, "HTML counts UTF-16 code units, Python counts characters")
SECONDS = (
    lambda text: text.count(":") == 2,
    "without the attribute step, HTML takes whole minutes; Control(step=...) changes that",
)
EXCLUSIVE = (
    lambda text: float(text) == 0,
    "HTML has no limit that a fraction may not reach: the server alone refuses it",
)
CONSTRAINTS = {
    "required text": (str, LETTERS, None),
    "required number": (int, numbers, WRITTEN_AS_FRACTION),
    "required date": (dt.date, dates, None),
    "required time": (dt.time, times, SECONDS),
    "required choice": (Size, choices, None),
    "required Literal": (Literal[1, 2], choices, None),
    "optional Literal": (Literal[1, 2] | None, choices, None),
    "minlength": (meta(str, min_length=5), LETTERS, None),
    "minlength, optional": (meta(str, min_length=5) | None, LETTERS, None),
    "minlength, emoji": (meta(str, min_length=5), WITH_EMOJI, EMOJI),
    "minlength of lines": (
        Annotated[str, Meta(min_length=5), Control(type="textarea")],
        LINES,
        None,
    ),
    "maxlength": (meta(str, max_length=9), LETTERS, None),
    "maxlength, emoji": (meta(str, max_length=9), WITH_EMOJI, EMOJI),
    "maxlength of lines": (
        Annotated[str, Meta(max_length=9), Control(type="textarea")],
        LINES,
        None,
    ),
    "maxlength of a password": (
        Annotated[str, Meta(max_length=9), Control(type="password")],
        LETTERS,
        None,
    ),
    "min": (meta(int, ge=-5), numbers, WRITTEN_AS_FRACTION),
    "min, exclusive": (meta(int, gt=-5), numbers, WRITTEN_AS_FRACTION),
    "max": (meta(int, le=17), numbers, WRITTEN_AS_FRACTION),
    "max, exclusive": (meta(int, lt=17), numbers, WRITTEN_AS_FRACTION),
    "min of a float": (meta(float, ge=-5.5), numbers, None),
    "min of a float, exclusive": (meta(float, gt=0), numbers, EXCLUSIVE),
    "max of a float": (meta(float, le=5.5), numbers, None),
    "min and max of a decimal": (
        Annotated[Decimal, annotated_types.Interval(ge=Decimal("-5.5"), le=9)],
        numbers,
        None,
    ),
    "min of a date": (Annotated[dt.date, annotated_types.Ge(dt.date(2024, 2, 1))], dates, None),
    "max of a date, exclusive": (
        Annotated[dt.date, annotated_types.Lt(dt.date(2024, 12, 1))],
        dates,
        None,
    ),
    "min of a time": (Annotated[dt.time, annotated_types.Ge(dt.time(9, 30))], times, SECONDS),
    "max of a date and time": (
        Annotated[dt.datetime, annotated_types.Le(dt.datetime(2024, 5, 1, 10))],
        moments,
        SECONDS,
    ),
    "step of an int": (meta(int, multiple_of=3), numbers, WRITTEN_AS_FRACTION),
    "step of an int from a min": (
        meta(int, multiple_of=3, ge=-5),
        numbers,
        WRITTEN_AS_FRACTION,
    ),
    "step of a float": (meta(float, multiple_of=0.5), numbers, None),
    "step of a float from a min": (meta(float, multiple_of=0.25, ge=0.5), numbers, None),
    "any float": (float, numbers, None),
    "a month": (Annotated[dt.date, Control(type="month")], months, None),
    "a week": (Annotated[str, Control(type="week")], weeks, None),
    "pattern of all": (meta(str, pattern=r"^[A-Za-z_]\w*$"), CODES, None),
    "pattern in the text": (meta(str, pattern=r"\d"), CODES, None),
    "pattern at the start": (meta(str, pattern=r"^a|1$"), CODES, None),
    "pattern at the end": (meta(str, pattern=r"[^\s@]$"), CODES, None),
    "pattern of an address": (meta(str, pattern=r"^[^@\s]+@[^@\s]+$"), CODES, None),
    "pattern with the opposite": (meta(str, pattern=r"^\S\D\W?.*\Z"), CODES, None),
    "pattern with signs": (meta(str, pattern=r"^[a\-.@ ]{2,4}(?:A|\.)?$"), CODES, None),
    "pattern that looks ahead": (meta(str, pattern=r"^(?=.*\d)(?!.*@).+$"), CODES, None),
    "pattern that is not translated": (
        meta(str, pattern=r"(?i)^a"),
        CODES,
        (lambda text: not text.startswith("a"), "a pattern with flags has no attribute"),
    ),
}


def make(name):
    annotation, values, difference = CONSTRAINTS[name]
    cls = msgspec.defstruct("Form", [("a", annotation)])
    chance = random.Random(name)
    return cls, [values(chance) for _ in range(VALUES)], difference


def control_of(cls):
    field = Draft.of({}, cls).a
    if "textarea" in str(cls.__annotations__):
        return f"<textarea {field.attrs}></textarea>"
    if field.options:
        options = "".join(f"<option {option.attrs}>{option.label}" for option in field.options)
        return f"<select {field.attrs}>{options}</select>"
    return f"<input {field.attrs}>"


def is_valid(cls, text):
    """Whether the server accepts a text; a browser sends line breaks as CRLF."""
    described = describe(cls)
    fields = ImmutableMultiDict([("a", text.replace("\n", "\r\n"))])
    reading = read_form(described, fields, ImmutableMultiDict())
    return not reading.errors and not errors_in(described, reading.tree, "form")


@pytest.fixture(scope="module")
def page(chromium):
    launcher, path = chromium
    browser = launcher.launch(executable_path=path, args=["--headless", "--no-sandbox"])
    try:
        page = browser.new_page()
        page.set_content("<!doctype html><title>x</title>")
        yield page
    finally:
        browser.close()


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_chromium_and_the_server_agree_or_the_case_is_listed(page, name):
    cls, values, difference = make(name)
    put = type_values if "minlength" in name else set_values

    results = put(page, control_of(cls), values)

    different = [
        (typed, in_browser)
        for typed, (sent, in_browser) in zip(values, results, strict=True)
        # A text that was cut is compared as it was typed.
        if in_browser != is_valid(cls, typed if typed.startswith(sent) and sent else sent)
    ]
    verdicts = {in_browser for _, in_browser in results}
    assert verdicts == {True, False} or name.startswith("optional")
    if difference is None:
        assert different == []
    else:
        is_listed, reason = difference
        assert [each for each in different if not is_listed(each[0])] == [], reason
        assert different, f"no longer true: {reason}"


def test_a_value_that_came_back_does_not_change_which_numbers_are_valid(page):
    cls = msgspec.defstruct("Form", [("a", meta(int, multiple_of=2)), ("b", dt.time)])
    for typed in ("3", "1.5"):
        field = Draft.of({"a": typed}, cls).a
        (result,) = set_values(page, f"<input {field.attrs}>", ["4"])
        assert result == ["4", True]
    field = Draft.of({"b": dt.time(10, 0, 30)}, cls).b
    assert set_values(page, f"<input {field.attrs}>", ["10:01"]) == [["10:01", True]]
