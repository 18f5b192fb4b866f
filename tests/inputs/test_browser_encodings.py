"""Bodies as Chromium and Firefox send them, and what a program gets: 40 cases, byte for byte."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from retort import Control, Request, Upload
from retort.extensions.inputs.check import convert
from retort.extensions.inputs.errors import InvalidInput
from retort.extensions.inputs.forms import read_form
from retort.extensions.inputs.types import describe

URLENCODED = "application/x-www-form-urlencoded"
CHROMIUM = "----WebKitFormBoundarypdyDjMFAW6pjBMQZ"
FIREFOX = "----geckoformboundary8c79e61efa53dc5e441ee2d9a2f5ee4e"
OLD_FIREFOX = "---------------------------9051914041544843365972754266"


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Address(msgspec.Struct):
    street: str
    zip: str = ""


class Item(msgspec.Struct):
    name: str
    count: int = 1


class All(msgspec.Struct):
    text: str = ""
    age: int = 0
    price: Decimal = Decimal(0)
    ratio: float | None = None
    box: bool = True
    declared: Annotated[bool, Control(value="yes")] = False
    sure: Annotated[bool, Control(type="radio")] = False
    day: dt.date | None = None
    hour: dt.time | None = None
    at: dt.datetime | None = None
    month: Annotated[dt.date | None, Control(type="month")] = None
    week: Annotated[str, Control(type="week")] = ""
    colour: Colour = Colour.RED
    size: Literal[1, 2] | None = None
    tags: list[Literal["a", "b", "c"]] = []
    note: Annotated[str, Meta(max_length=5)] = ""
    file: Upload | None = None
    photos: Annotated[list[Upload], Control(accept="image/*,.pdf")] = []
    address: Address | None = None
    items: list[Item] = []


def multipart(boundary, *parts):
    lines = []
    for disposition, *headers, content in parts:
        head = [f"--{boundary}", f"Content-Disposition: form-data; {disposition}", *headers, ""]
        lines += [*(line.encode() for line in head), content.encode()]
    body = b"\r\n".join([*lines, f"--{boundary}--".encode(), b""])
    return f"multipart/form-data; boundary={boundary}", body


def field(name, content):
    return f'name="{name}"', content


def upload(name, filename, media_type, content=""):
    return f'name="{name}"; filename="{filename}"', f"Content-Type: {media_type}", content


def urlencoded(body):
    return URLENCODED, body.encode("ascii")


def names_of(files):
    return [file.filename for file in files]


VALID = {
    # urlencoded
    "a text with a space": (urlencoded("text=a+b"), {"text": "a b"}),
    "letters outside ASCII": (urlencoded("text=Zo%C3%AB+%F0%9F%90%8D"), {"text": "Zoë 🐍"}),
    "signs that separate": (urlencoded("text=a%26b%3Dc%2Bd%25"), {"text": "a&b=c+d%"}),
    "signs that are not escaped": (urlencoded("text=*-._~"), {"text": "*-._~"}),
    "a tilde as Chromium escapes it": (urlencoded("text=%7E"), {"text": "~"}),
    "lines of a textarea": (urlencoded("text=one%0D%0Atwo%0D%0A"), {"text": "one\ntwo\n"}),
    "maxlength counts one for a line break": (urlencoded("note=ab%0D%0Acd"), {"note": "ab\ncd"}),
    "spaces around a text are kept": (urlencoded("text=+a+"), {"text": " a "}),
    "a field that is not filled in": (urlencoded("text=&age=&day=&size="), {"age": 0, "day": None}),
    "a number": (urlencoded("age=42"), {"age": 42}),
    "a number with spaces around it": (urlencoded("age=+42+"), {"age": 42}),
    "a negative number": (urlencoded("age=-7"), {"age": -7}),
    "a decimal number": (
        urlencoded("price=12.50&ratio=.5"),
        {"price": Decimal("12.50"), "ratio": 0.5},
    ),
    "a number with an exponent": (urlencoded("ratio=1e-3"), {"ratio": 0.001}),
    "a checked box": (urlencoded("box=on"), {"box": True}),
    "a box that is not checked": (urlencoded("text=a"), {"box": False, "declared": False}),
    "a checked box with a value": (urlencoded("declared=yes"), {"declared": True}),
    "a hidden field before a checked box": (urlencoded("box=false&box=on"), {"box": True}),
    "a hidden field before an unchecked box": (urlencoded("box=0"), {"box": False}),
    "a radio button": (urlencoded("sure=true"), {"sure": True}),
    "a date": (urlencoded("day=2024-02-29"), {"day": dt.date(2024, 2, 29)}),
    "a time": (urlencoded("hour=09%3A30"), {"hour": dt.time(9, 30)}),
    "a time with seconds": (urlencoded("hour=09%3A30%3A15"), {"hour": dt.time(9, 30, 15)}),
    "a time with a fraction": (
        urlencoded("hour=09%3A30%3A15.25"),
        {"hour": dt.time(9, 30, 15, 250_000)},
    ),
    "a local date and time": (
        urlencoded("at=2024-05-01T10%3A00"),
        {"at": dt.datetime(2024, 5, 1, 10)},
    ),
    "a month": (urlencoded("month=2024-05"), {"month": dt.date(2024, 5, 1)}),
    "a week": (urlencoded("week=2024-W09"), {"week": "2024-W09"}),
    "a choice": (urlencoded("colour=dark+blue&size=2"), {"colour": Colour.DARK_BLUE, "size": 2}),
    "several choices": (urlencoded("tags=a&tags=c"), {"tags": ["a", "c"]}),
    "no choice of several": (urlencoded("tags="), {"tags": []}),
    "names with parts": (
        urlencoded("address.street=Main+St.&address.zip="),
        {"address": Address("Main St.")},
    ),
    "an object that was left blank": (
        urlencoded("address.street=&address.zip="),
        {"address": None},
    ),
    "rows, one of them blank": (
        urlencoded("items.0.name=a&items.0.count=2&items.1.name=&items.1.count=&items.2.name=c"),
        {"items": [Item("a", 2), Item("c")]},
    ),
    "a token and a button": (urlencoded("csrf_token=x&_charset_=UTF-8&submit=Send"), {"text": ""}),
    "an image button": (urlencoded("go.x=12&go.y=3"), {"text": ""}),
    # multipart
    "fields of Chromium": (
        multipart(CHROMIUM, field("text", "Zoë\r\n"), field("age", "5"), field("box", "on")),
        {"text": "Zoë\n", "age": 5, "box": True},
    ),
    "fields of Firefox": (
        multipart(FIREFOX, field("tags", "a"), field("tags", "b"), field("address.street", "x")),
        {"tags": ["a", "b"], "address": Address("x")},
    ),
    "a file that was not chosen, in Chromium": (
        multipart(CHROMIUM, upload("file", "", "application/octet-stream"), field("text", "a")),
        {"file": None, "text": "a"},
    ),
    "files that were not chosen, in Firefox": (
        multipart(OLD_FIREFOX, upload("photos", "", "application/octet-stream")),
        {"photos": []},
    ),
    "a file with a quote in its name, in Chromium": (
        multipart(CHROMIUM, upload("file", "a%22b é.txt", "text/plain", "x")),
        {"file": ['a"b é.txt']},
    ),
    "an empty file that was chosen": (
        multipart(CHROMIUM, upload("file", "empty.txt", "text/plain")),
        {"file": ["empty.txt"]},
    ),
    "two files, in Firefox": (
        multipart(
            FIREFOX,
            upload("photos", "a.png", "image/png", "x"),
            upload("photos", "b.PDF", "application/octet-stream", "y"),
        ),
        {"photos": ["a.png", "b.PDF"]},
    ),
}
INVALID = {
    "a file where text is wanted": (
        multipart(CHROMIUM, upload("text", "a.txt", "text/plain", "x")),
        [("text", "text")],
    ),
    "the name of a file, of a form without enctype": (urlencoded("file=a.png"), [("file", "file")]),
    "a file of another type": (
        multipart(FIREFOX, upload("photos", "a.exe", "application/octet-stream", "x")),
        [("photos.0", "accept")],
    ),
    "two files for one": (
        multipart(
            CHROMIUM,
            upload("file", "a", "text/plain", "x"),
            upload("file", "b", "text/plain", "y"),
        ),
        [("file", "repeated")],
    ),
    "several errors": (
        urlencoded("age=1_000&day=2023-02-29&tags=a&tags=z&note=ab%0D%0Acde&items.2.count=x"),
        [
            ("age", "integer"),
            ("day", "date"),
            ("tags.1", "choice"),
            ("note", "max_length"),
            ("items.2.name", "required"),
            ("items.2.count", "integer"),
        ],
    ),
    "NUL": (urlencoded("text=a%00b"), [("text", "character")]),
    "a date that a browser without date fields sends": (
        urlencoded("day=31.12.2024"),
        [("day", "date")],
    ),
}


@pytest.fixture
def read():
    """Read a body: the object, and the errors."""
    requests = []

    def read(content_type, body):
        request = Request(
            {
                "REQUEST_METHOD": "POST",
                "CONTENT_TYPE": content_type,
                "CONTENT_LENGTH": str(len(body)),
                "wsgi.input": io.BytesIO(body),
            }
        )
        requests.append(request)
        described = describe(All)
        reading = read_form(described, request.form, request.files)
        try:
            return convert(described, reading.tree, "form"), reading.errors
        except InvalidInput as invalid:
            return None, [*reading.errors, *reading.placed(invalid.errors)]

    yield read
    for request in requests:
        request.close()


def comparable(value):
    if isinstance(value, Upload):
        return [value.filename]
    is_files = isinstance(value, list) and value and isinstance(value[0], Upload)
    return names_of(value) if is_files else value


@pytest.mark.parametrize(("sent", "expected"), VALID.values(), ids=VALID)
def test_what_a_browser_sends_becomes_the_values_that_were_meant(read, sent, expected):
    value, errors = read(*sent)

    assert errors == []
    assert {name: comparable(getattr(value, name)) for name in expected} == expected


@pytest.mark.parametrize(("sent", "expected"), INVALID.values(), ids=INVALID)
def test_each_error_has_its_field_and_code(read, sent, expected):
    value, errors = read(*sent)

    assert value is None
    assert sorted((error.field, error.code) for error in errors) == sorted(expected)


def test_the_table_has_forty_encodings():
    assert len(VALID) + len(INVALID) >= 40
