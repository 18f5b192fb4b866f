"""A form with every type of control: what Chromium sends arrives as the values that were meant."""

from __future__ import annotations

import re

import pytest

URL = "http://localhost:5000/"

pytestmark = pytest.mark.xdist_group("forms in the browser")

PROGRAM = '''
import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

import msgspec

from retort import Control, Draft, Query, Retort, Upload, render_template_string

app = Retort(__name__)


class Colour(Enum):
    RED = "red"
    DARK_BLUE = "dark blue"


class Address(msgspec.Struct):
    street: str = ""


class Line(msgspec.Struct):
    name: str
    count: int = 1


def control(type):
    return Annotated[str, Control(type=type)]


class All(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    search: control("search")
    tel: control("tel")
    url: control("url")
    email: control("email")
    password: control("password")
    hidden: control("hidden")
    color: control("color")
    textarea: control("textarea")
    number: int
    decimal: Decimal
    range: Annotated[float, Control(type="range")]
    date: dt.date
    time: dt.time
    moment: dt.datetime
    month: Annotated[dt.date, Control(type="month")]
    week: Annotated[str, Control(type="week")]
    checked: bool
    unchecked: bool
    declared: Annotated[bool, Control(value="yes")]
    radio: Annotated[Colour, Control(type="radio")]
    select: Colour
    blank: Colour | None
    several: list[Literal["a", "b", "c"]]
    boxes: Annotated[list[Literal["a", "b", "c"]], Control(type="checkbox")]
    file: Upload | None = None
    no_file: Upload | None = None
    files: list[Upload] = []
    address: Address | None = None
    lines: list[Line] = []


PAGE = """<!doctype html><meta charset="utf-8"><form method="{{ method }}" enctype="{{ enctype }}">
<input type="hidden" name="csrf_token" value="t"><input type="hidden" name="_charset_">
{% macro show(field) -%}
  {% set parts = field.attrs %}
  {%- if field.type == "textarea" %}<textarea {{ parts }}>\\n{{ field.value }}</textarea>
  {%- elif field.options and field.type != "select" %}
    {%- for option in field.options %}<input {{ option.attrs }}>{% endfor %}
  {%- elif field.options %}<select {{ parts }}>
    {%- for option in field.options %}<option {{ option.attrs }}>{{ option.label }}{% endfor %}
  </select>
  {%- else %}<input {{ parts }}>{% endif %}{{ field.errors }}
{% endmacro %}
{% for field in form %}{% if field.attrs %}{{ show(field) }}{% endif %}{% endfor %}
{{ show(form.address.street) }}
{% for i in range(3) %}{{ show(form.lines[i].name) }}{{ show(form.lines[i].count) }}{% endfor %}
{{ form.form_errors }}
<button name="submit" value="1">Send</button>
<input type="image" name="picture" alt="Click">
</form>"""


def plain(value):
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, Upload):
        return [value.filename, value.read().decode()]
    if isinstance(value, Enum):
        return repr(value)
    return value if isinstance(value, (bool, str)) else repr(value)


@app.route("/", methods=["GET", "POST"])
def view(form: Draft[All], enctype: Query[str] = "multipart/form-data"):
    if form.is_valid:
        return {name: plain(getattr(form.value, name)) for name in All.__struct_fields__}
    page = render_template_string(PAGE, form=form, method="post", enctype=enctype)
    return page, form.status
'''

TEXTS = {
    "text": "Zoë <\"&'> + 100%",
    "search": "🐍",
    "tel": "+44 1",
    "url": "https://example.org/?a=b&c",
    "email": "zoe@example.org",
    "password": " pass word ",
    "textarea": "\none\ntwo\n",
    "number": "-42",
    "decimal": "12.50",
    "date": "2024-02-29",
    "time": "09:05",
    "moment": "2024-05-01T23:59",
    "month": "2024-05",
    "week": "2024-W09",
    "address.street": "Main St.",
    "lines.0.name": "first",
    "lines.2.name": "third",
    "lines.2.count": "3",
}
EXPECTED = {
    **{name: TEXTS[name] for name in ("text", "search", "tel", "url", "email", "password")},
    "hidden": "kept",
    "color": "#00ff7f",
    "textarea": "\none\ntwo\n",
    "number": "-42",
    "decimal": "Decimal('12.50')",
    "range": "75.0",
    "date": "datetime.date(2024, 2, 29)",
    "time": "datetime.time(9, 5)",
    "moment": "datetime.datetime(2024, 5, 1, 23, 59)",
    "month": "datetime.date(2024, 5, 1)",
    "week": "2024-W09",
    "checked": True,
    "unchecked": False,
    "declared": True,
    "radio": "<Colour.DARK_BLUE: 'dark blue'>",
    "select": "<Colour.DARK_BLUE: 'dark blue'>",
    "blank": "None",
    "several": ["a", "c"],
    "boxes": ["b", "c"],
    "file": ['a"b é.txt', "content"],
    "no_file": "None",
    "files": [["1.txt", "one"], ["2.txt", "two"]],
    "address": "Address(street='Main St.')",
    "lines": ["Line(name='first', count=1)", "Line(name='third', count=3)"],
}
WITHOUT_FILES = {"file": "None", "files": []}


@pytest.fixture(scope="module")
def page(serve, browse, tmp_path_factory):
    program = tmp_path_factory.mktemp("types") / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    with serve(str(program)) as site, browse(site) as page:
        yield page


def named(page, name):
    return page.locator(f'[name="{name}"]').first


def fill(page):
    for name, text in TEXTS.items():
        named(page, name).fill(text)
    for name, value in (("hidden", "kept"), ("color", "#00ff7f"), ("range", "75")):
        named(page, name).evaluate("(control, value) => { control.value = value }", value)
    for selector in ("#checked", "#declared", '[id="radio-dark blue"]', "#boxes-b", "#boxes-c"):
        page.locator(selector).check()
    page.locator("#select").select_option("dark blue")
    page.locator("#several").select_option(["a", "c"])


def upload(page):
    def text_file(name, content):
        return {"name": name, "mimeType": "text/plain", "buffer": content}

    named(page, "file").set_input_files(text_file('a"b é.txt', b"content"))
    named(page, "files").set_input_files([text_file("1.txt", b"one"), text_file("2.txt", b"two")])


def send(page, button="button"):
    with page.expect_navigation() as navigation:
        page.locator(button).click()
    return navigation.value


def values(response):
    """The values that the program has got, or the errors on the page."""
    text = response.text()
    return response.json() if response.ok else re.findall(r'<ul id="(.*?)"', text)


def test_every_type_of_control_arrives_in_a_multipart_form(page):
    page.goto(URL)
    fill(page)
    upload(page)

    response = send(page)

    sent_as = response.request.headers["content-type"]
    assert sent_as.startswith("multipart/form-data; boundary=----WebKitFormBoundary")
    assert values(response) == EXPECTED


def test_every_type_of_control_arrives_in_a_urlencoded_form(page):
    page.goto(f"{URL}?enctype=application/x-www-form-urlencoded")
    fill(page)

    assert values(send(page)) == {**EXPECTED, **WITHOUT_FILES}


def test_the_place_of_a_click_on_an_image_is_no_unknown_field(page):
    page.goto(URL)
    fill(page)

    response = send(page, '[type="image"]')

    assert b"picture.x" in response.request.post_data_buffer
    assert values(response) == {**EXPECTED, **WITHOUT_FILES}


def test_the_name_of_a_file_that_was_sent_without_enctype_is_an_error(page):
    page.goto(f"{URL}?enctype=application/x-www-form-urlencoded")
    fill(page)
    upload(page)

    assert send(page).status == 422
    assert page.locator("#file-errors").inner_text() == "Must be a file."
    assert page.locator("#files-errors").inner_text() == "Must be a file.\nMust be a file."


def test_what_came_back_can_be_sent_again_unchanged(page):
    page.goto(URL)
    fill(page)
    page.locator("form").evaluate("form => form.noValidate = true")
    named(page, "number").fill("")
    assert send(page).status == 422
    assert re.search("Required", page.locator("#number-errors").inner_text())

    named(page, "number").fill("-42")
    named(page, "password").fill(TEXTS["password"])

    assert values(send(page)) == {**EXPECTED, **WITHOUT_FILES}
