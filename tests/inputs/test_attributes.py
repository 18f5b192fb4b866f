"""The HTML attributes of a field; tests/browser compares what they mean with the server."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import annotated_types
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from retort import Control, Upload
from retort.extensions.inputs.draft.attributes import attributes, control_type, render
from retort.extensions.inputs.draft.patterns import html_pattern
from retort.extensions.inputs.draft.values import is_shown, text_of
from retort.extensions.inputs.forms.text import make_reader
from retort.extensions.inputs.types import describe


class Size(Enum):
    SMALL = 1


def attrs(annotation, text="", **options):
    found = attributes(describe(annotation), "a", [text] if text else [], **options)
    return {name: value for name, value in found.items() if value is not False and name != "name"}


@pytest.mark.parametrize(
    ("annotation", "control"),
    [
        (str, "text"),
        (int, "number"),
        (float, "number"),
        (Decimal, "number"),
        (int | float, "number"),
        (int | str, "text"),
        (bool, "checkbox"),
        (bool | None, "select"),
        (dt.date, "date"),
        (dt.time, "time"),
        (Annotated[dt.time, Meta(tz=True)], "text"),
        (dt.datetime, "datetime-local"),
        (Annotated[dt.datetime, Meta(tz=False)], "datetime-local"),
        (Annotated[dt.datetime, Meta(tz=True)], "text"),
        (dt.timedelta, "text"),
        (uuid.UUID, "text"),
        (Size, "select"),
        (Literal["a"] | None, "select"),
        (list[Size], "select"),
        (set[str], "text"),
        (Upload, "file"),
        (list[Upload] | None, "file"),
        (bytes, "file"),
        (Any, "text"),
        (Annotated[str, Control(type="email")], "email"),
        (list[Annotated[str, Control(type="tel")]], "tel"),
    ],
)
def test_the_type_of_the_control_for_a_type(annotation, control):
    assert control_type(describe(annotation)) == control


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (str, {"required": True}),
        (str | None, {}),
        (bool, {"value": "on"}),
        (Annotated[bool, Control(value="yes")], {"value": "yes"}),
        (Annotated[bool, Control(type="radio")], {"required": True}),
        (Literal["", "a"], {}),
        (list[Size], {"multiple": True}),
        (Annotated[list[Size], Meta(min_length=1)], {"multiple": True, "required": True}),
        (Upload, {"required": True}),
        (Annotated[list[Upload], Control(accept=".png")], {"multiple": True, "accept": ".png"}),
        (Annotated[str, Control(type="hidden")], {}),
        (Annotated[int, Control(type="range"), Meta(ge=1)], {"min": "1", "step": "1"}),
        (Annotated[str, Meta(min_length=0)], {"required": True}),
        (Annotated[str, Meta(max_length=5), Control(type="hidden")], {}),
        (Annotated[float, Control(step="0.01")], {"step": "0.01", "required": True}),
        (Annotated[float, Meta(multiple_of=0.1)], {"step": "any", "required": True}),
        (
            Annotated[int, Meta(multiple_of=5, ge=3, lt=40)],
            {"min": "5", "max": "39", "step": "5", "required": True},
        ),
        (
            Annotated[int, annotated_types.Gt(3), annotated_types.Ge(2)],
            {"min": "4", "step": "1", "required": True},
        ),
        (
            Annotated[dt.date, annotated_types.Gt(dt.date(2024, 12, 31))],
            {"min": "2025-01-01", "required": True},
        ),
        (Annotated[dt.date, annotated_types.Gt(dt.date.max)], {"required": True}),
        (
            Annotated[str, Meta(pattern="a+", max_length=9), Control(type="textarea")],
            {"maxlength": "9", "required": True},
        ),
        (Annotated[str, Meta(pattern="(?i)a")], {"required": True}),
    ],
)
def test_the_attributes_of_a_field(annotation, expected):
    found = attrs(annotation)

    for name in ("id", "type"):
        found.pop(name, None)
    if found.get("value") == "":
        del found["value"]
    assert found == expected


def test_a_field_with_a_default_is_not_required():
    assert "required" in attrs(str)
    assert "required" not in attrs(str, is_optional=True)


@pytest.mark.parametrize(
    ("annotation", "text", "step"),
    [
        (int, "", "1"),
        (int, "5", "1"),
        (int, "5.5", "any"),
        (Annotated[int, Meta(ge=0)], "5.5", "1"),
        (Annotated[int, Meta(multiple_of=3)], "4", "any"),
        (Annotated[int, Meta(multiple_of=3)], "6", "3"),
        (Annotated[int, Meta(multiple_of=3)], "1e400", "any"),
        (dt.time, "10:00", None),
        (dt.time, "10:00:30", "1"),
        (dt.datetime, "2024-05-01T10:00:00.5", "any"),
    ],
)
def test_a_value_that_is_shown_is_no_base_of_steps_that_refuses_valid_values(
    annotation, text, step
):
    assert attrs(annotation, text).get("step") == step


def test_attributes_are_escaped():
    assert render({"value": "<\"'&>", "required": True, "checked": False}) == (
        'value="&lt;&#34;&#39;&amp;&gt;" required'
    )


def test_a_pattern_with_quotes_is_one_attribute():
    assert "pattern=\"[&#34;']|&lt;" not in render(attributes(describe(str), "a", []))
    found = render(attributes(describe(Annotated[str, Meta(pattern='^"<$')]), "a", []))
    assert 'pattern="&#34;&lt;"' in found


# The texts of values


@pytest.mark.parametrize(
    ("value", "control", "text"),
    [
        (None, "text", ""),
        (True, "select", "true"),
        (1e16, "number", "1e+16"),
        (float("nan"), "number", ""),
        (Decimal("1E+3"), "number", "1E+3"),
        (Decimal("Infinity"), "number", ""),
        (Size.SMALL, "select", "1"),
        (dt.date(1, 2, 3), "date", "0001-02-03"),
        (dt.date(2024, 5, 7), "month", "2024-05"),
        (dt.date(2021, 1, 1), "week", "2020-W53"),
        (dt.time(9, 5), "time", "09:05"),
        (dt.time(9, 5, 7), "time", "09:05:07"),
        (dt.time(9, 5, 0, 250_000), "time", "09:05:00.25"),
        (dt.datetime(2024, 5, 1, 9, 5), "datetime-local", "2024-05-01T09:05"),
        (
            dt.datetime(2024, 5, 1, 9, 5, tzinfo=dt.timezone.utc),
            "text",
            "2024-05-01T09:05+00:00",
        ),
        (dt.timedelta(minutes=90), "text", "PT5400S"),
        (b"x", "file", ""),
    ],
)
def test_the_text_of_a_value(value, control, text):
    assert text_of(value, control) == text


VALUES = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(-1_000, 1_000, places=3),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.uuids(),
    st.booleans(),
    st.sampled_from(Size),
)


@given(VALUES)
def test_the_text_of_a_value_is_read_as_the_value(value):
    described = describe(type(value))

    found = make_reader(described)(text_of(value, control_type(described)))

    assert msgspec.convert(found, type(value)) == value


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.dates()))
def test_a_browser_shows_the_text_of_a_value(value):
    control = control_type(describe(type(value)))

    assert is_shown(control, text_of(value, control))


def test_a_fraction_that_the_control_cannot_show_makes_it_a_text_control():
    assert attrs(dt.time, "10:00:00.123")["type"] == "time"
    assert attrs(dt.time, "10:00:00.123456")["type"] == "text"


# Patterns


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        ("^[a-z]+$", "[a-z]+"),
        ("[a-z]+", r"[\s\S]*[a-z]+[\s\S]*"),
        (r"\Aa\Z", "a"),
        ("^a|b$", r"[\s\S]*(?:^a|b$)[\s\S]*"),
        ("^(a|b)$", "(a|b)"),
        (r"^\d{5}$", r"[\p{Nd}]{5}"),
        (r"^[\w.-]+$", r"[\p{L}\p{N}_.\-]+"),
        (r"^.$", r"[^\n]"),
        (r"^\$\^$", r"\$\^"),
        (r"^a{2,}?b*?$", "a{2,}?b*?"),
        (r"^(?!x)(?<=^)y/$", r"(?!x)(?<=^)y\/"),
        (r"^[^\D@\]]$", r"[^[^\p{Nd}]@\]]"),
        (r"^\.\@$", r"\.@"),
        ("", r"[\s\S]*[\s\S]*"),
    ],
)
def test_a_pattern_is_translated(pattern, translated):
    re.compile(pattern)

    assert html_pattern(pattern) == translated


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?i)a", "(?P<n>a)", r"(a)\1", r"\bword\b", r"\x41", r"\u0041", "a{,3}", "{", "a}", "]"),
        *("[]a]", "[^]a]", "[[a]", "[a&&b]", "(?#note)a", "(?=a)*", "a|*", r"[\b]"),
        *("(?:a", r"[a-\d]", "[a", "\\", r"\N{DIGIT ONE}", r"\é", "[\x01]"),
        *(["a*+", "a++", "(?>a)"]),
    ],
)
def test_a_pattern_that_the_languages_may_read_differently_is_left_out(pattern):
    assert html_pattern(pattern) is None
