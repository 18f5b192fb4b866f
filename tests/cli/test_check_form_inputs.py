"""`retort check`: forms in HTML, compared with the types that their views declare."""

import pytest

TYPES = """
import datetime as dt
from enum import Enum
from typing import Annotated, Literal, Optional
from msgspec import Meta, Struct, field
from retort import Control, Draft, Form, Query, Upload

class Size(Enum):
    small = 's'
    large = 'l'

class Address(Struct):
    street: str
    floor: int = 0

"""
VIEW = """
@app.route('/', methods=['GET', 'POST'])
def send(form: Draft[T]):
    return render_template('page.html', form=form), form.status
"""


@pytest.fixture
def check(findings):
    """The findings of a form for the type ``T``, with its fields and the fields of the form."""

    def check(fields, form, view=VIEW, **pages):
        lines = "".join(f"    {line}\n" for line in fields.split("; "))
        program = f"{TYPES}class T(Struct):\n{lines}{view}"
        return findings.whole(program, page=page_with(form), **pages)

    return check


def page_with(fields, attributes="method='post'"):
    return fields if "<form" in fields else f"<form {attributes}>{fields}</form>"


@pytest.fixture
def rules(check):
    return lambda *given, **more: [one.rule for one in check(*given, **more)]


# Fields of the type that the form lacks


def test_a_form_without_a_required_field_is_an_error(check):
    [finding] = check("a: str; b: str", "<input name=a required>")

    assert (finding.rule, finding.level, finding.line) == ("input-missing", "error", 1)
    assert "'b', which T requires" in finding.message
    assert "<input {{ form.b.attrs }}>" in finding.fix


NOT_MISSING = {
    "a default": "b: str = ''",
    "None": "b: Optional[str]",
    "a box": "b: bool",
    "a list": "b: list[str]",
    "an object with defaults": "b: Optional[Address] = None",
}


@pytest.mark.parametrize("field", NOT_MISSING.values(), ids=NOT_MISSING)
def test_a_field_that_a_form_may_lack_is_not_missed(rules, field):
    assert rules(f"a: str; {field}", "<input name=a required>") == []


@pytest.mark.parametrize(
    "control",
    [
        "<input {{ form.b.attrs }}>",
        '<input {{ form["b"].attrs }}>',
        "<textarea {{ form.b.attrs }}>{{ form.b.value }}</textarea>",
        "<input {{form.b.attrs}} autofocus>{{ form.b.errors }}",
        "<select name=b required><option value=x></select>",
        "<input type=hidden name=b value=x>",
    ],
)
def test_a_field_that_the_form_has_in_any_way_is_not_missed(rules, control):
    assert rules("a: str; b: str", f"<input name=a required>{control}") == []


def test_a_written_field_does_not_stand_for_another(check):
    [finding] = check("a: str; b: str", "<input {{ form.a.attrs }}>{{ form.a.errors }}")

    assert finding.rule == "input-missing"
    assert "'b'" in finding.message


def test_fields_of_an_object_in_the_type_have_dotted_names(check):
    fields = "address: Address"

    [finding] = check(fields, "<input name=street required>", view=VIEW.replace("T]", "T]"))[:1]

    assert "'address.street'" in finding.message
    assert check(fields, '<input name="address.street" required>') == []
    assert check(fields, "<input {{ form.address.street.attrs }}>") == []


def test_a_field_with_another_name_in_the_request_is_found_by_both_names(rules):
    fields = "user_name: str = field(name='userName')"

    assert rules(fields, "<input name=userName required>") == []
    assert rules(fields, "<input {{ form.user_name.attrs }}>") == []
    assert rules(fields, "<input name=user_name required>") == ["input-missing", "input-unknown"]


@pytest.mark.parametrize(
    "form",
    [
        "{% for name in names %}<input name={{ name }}>{% endfor %}",
        "{{ more_fields }}",
        "{% include 'part.html' %}",
        "<my-field name=b></my-field>",
    ],
)
def test_a_form_with_fields_that_are_not_known_lacks_none(rules, form):
    assert rules("a: str; b: str", form, part="<p>") == []


@pytest.mark.parametrize(
    "script", ["fetch('/')", "form.append(more)", "document.createElement('input')"]
)
def test_a_page_whose_script_may_add_fields_lacks_none(rules, script):
    page = f"<form method=post></form><script>{script}</script>"

    assert rules("a: str", page) == []


# Fields of the form that the type lacks


def test_a_field_that_the_type_does_not_have_is_a_warning(check):
    [finding] = check("email: str = ''", "<p>\n<form method=post>\n<input name=emial></form>")

    assert (finding.rule, finding.level, finding.line) == ("input-unknown", "warning", 3)
    assert "'emial' that T does not have: it is ignored" in finding.message
    assert "Is it meant to be 'email'?" in finding.fix


def test_a_type_that_forbids_unknown_fields_refuses_them(findings):
    program = f"{TYPES}class T(Struct, forbid_unknown_fields=True):\n    a: str = ''\n{VIEW}"

    [finding] = findings.whole(program, page=page_with("<input name=b>"))

    assert "each request gets 422" in finding.message


@pytest.mark.parametrize(
    "control",
    [
        "<input type=hidden name=csrf_token value=x>",
        "<input type=hidden name=_method value=POST>",
        "<button name=action value=save>Save</button>",
        "<input type=submit name=save>",
        "<input type=image name=place>",
        "<input type=hidden name=action value=save>",
        "<input id=other>",
    ],
)
def test_tokens_and_buttons_are_not_unknown(rules, control):
    assert rules("a: str = ''", f"<input name=a>{control}") == []


def test_a_field_that_the_view_reads_itself_is_not_unknown(rules):
    view = VIEW.replace("    return", "    request.form.get('extra')\n    return")

    assert rules("a: str = ''", "<input name=a><input name=extra>", view=view) == []


def test_a_mapping_takes_any_field(findings):
    view = "@app.post('/')\ndef send(form: Form[dict[str, str]]):\n    return form\n"
    page = "<form method=post action=/><input name=a></form>"

    assert findings(TYPES + view, page=page) == []


def test_scalar_markers_are_compared_too(findings):
    view = "@app.post('/send')\ndef send(a: Form[str], b: Form[int] = 1):\n    return {'a': a}\n"
    page = "<form method=post action=/send>{}</form>"

    assert findings(TYPES + view, page=page.format("<input name=a required><input name=b>")) == []
    found = findings(TYPES + view, page=page.format("<input name=b type=date>"))
    assert found == ["input-control page.html:1", "input-missing page.html:1"]
    found = findings(TYPES + view, page=page.format("<input name=a required><input name=c>"))
    assert found == ["field-unread page.html:1"]


def test_a_form_for_a_query_is_compared_too(findings):
    view = (
        "@app.get('/search')\n"
        "def search(q: Query[str], page: Query[int] = 1):\n    return {'q': q}\n"
    )
    page = "<form action=/search><input name=page type=number>{}</form>"

    assert findings(TYPES + view, page=page.format("<input name=q required>")) == []
    assert findings(TYPES + view, page=page.format("")) == ["input-missing page.html:1"]


# Method and encoding


def test_a_declared_form_that_is_sent_by_get_is_an_error(findings):
    program = f"{TYPES}class T(Struct):\n    a: str\n{VIEW}"

    [finding] = findings.whole(program, page="<form><input name=a required></form>")

    assert finding.rule == "form-method"
    assert "Add method='post'" in finding.fix


def test_a_search_form_on_the_page_of_a_declared_form_is_none(findings):
    program = f"{TYPES}class T(Struct):\n    a: str = ''\n{VIEW}"
    reads = program.replace("    return", "    request.args.get('a')\n    return")

    assert findings(program, page="<form><input name=q></form>") == ["field-unread page.html:1"]
    assert findings(reads, page="<form><input name=a></form>") == []


def test_a_written_file_input_needs_an_encoding(check):
    fields, control = "photo: Upload", "<input {{ form.photo.attrs }}>"

    [finding] = check(fields, control)

    assert finding.rule == "file-enctype"
    assert "'photo'" in finding.message
    assert check(fields, f"<form method=post enctype=multipart/form-data>{control}</form>") == []


# Controls

FILES = "<form method=post enctype=multipart/form-data>"
DATE, TIME, MOMENT = "dt.date", "dt.time", "dt.datetime"
WRONG = {
    "required with a default": ("str = ''", "<input name=a required>", "takes a form without it"),
    "maxlength": (
        "Annotated[str, Meta(max_length=20)]",
        "<input name=a required maxlength=30>",
        'has maxlength="30", and T says 20',
    ),
    "minlength": (
        "Annotated[str, Meta(min_length=8)]",
        "<input name=a required minlength=6>",
        "T says 8",
    ),
    "maxlength of a textarea": (
        "Annotated[str, Meta(max_length=20)]",
        "<textarea name=a required maxlength=30></textarea>",
        "T says 20",
    ),
    "min": ("Annotated[int, Meta(ge=18)]", "<input name=a type=number required min=16>", "says 18"),
    "exclusive": (
        "Annotated[int, Meta(gt=17)]",
        "<input name=a type=number required min=17>",
        "says 18",
    ),
    "max": ("Annotated[int, Meta(le=9)]", "<input name=a type=range max=10>", "says 9"),
    "no step": ("float", "<input name=a type=number required>", "takes whole numbers only"),
    "a step of a whole number": (
        "int",
        '<input name=a type=number required step="any">',
        "takes multiples of 1",
    ),
    "a smaller step": (
        "Annotated[int, Meta(multiple_of=5)]",
        "<input name=a type=number required>",
        "takes multiples of 5",
    ),
    "pattern": (
        "Annotated[str, Meta(pattern='^[a-z]+$')]",
        '<input name=a required pattern="[a-z0-9]+">',
        "has pattern",
    ),
    "min of text": ("int", "<input name=a required min=1>", "has min, which browsers ignore"),
    "maxlength of a number": (
        "int",
        "<input name=a type=number required maxlength=3>",
        "has maxlength, which browsers ignore for the type number",
    ),
    "a password that is shown": (
        "Annotated[str, Control(type='password')]",
        "<input name=a required>",
        "shows what is typed",
    ),
    "text for a file": ("Upload", "<input name=a required>", "is a file in T"),
    "a file for text": (
        "str",
        f"{FILES}<input name=a type=file required></form>",
        "is no file in T",
    ),
    "a number for a date": (DATE, "<input name=a type=number required>", "takes no value"),
    "a date for a time": (TIME, "<input name=a type=date required>", "takes no value"),
    "a date for a moment": (MOMENT, "<input name=a type=date required>", "takes no value"),
    "a month for a date": (DATE, "<input name=a type=month required>", "takes no value"),
    "a moment with an offset": (
        "Annotated[dt.datetime, Meta(tz=True)]",
        "<input name=a type=datetime-local required>",
        "takes no value",
    ),
    "the value of a box": ("bool", "<input name=a type=checkbox value=yes>", "sends 'yes'"),
    "a box for a number": ("int", "<input name=a type=checkbox>", "sends 'on'"),
    "an option": (
        "Size",
        "<select name=a><option value=s><option value=m></select>",
        "sends 'm', which T does not take",
    ),
    "a radio button": ("Literal['x', 'y']", "<input name=a type=radio value=z>", "sends 'z'"),
    "several of one": ("Size", "<select name=a multiple><option value=s></select>", "T takes one"),
    "other files": (
        "Annotated[Upload, Control(accept='image/*')]",
        f"{FILES}<input name=a type=file required accept='image/*,.pdf'></form>",
        "T takes image/*",
    ),
}


@pytest.mark.parametrize(("annotation", "form", "says"), WRONG.values(), ids=WRONG)
def test_a_control_that_contradicts_the_type_is_a_warning(check, annotation, form, says):
    [finding] = check(f"a: {annotation}", form)

    assert (finding.rule, finding.level) == ("input-control", "warning")
    assert finding.message.startswith("The field 'a' ")
    assert says in finding.message
    assert finding.fix.startswith(("Write ", "Remove "))


def test_fields_that_may_be_left_empty_are_one_warning(check):
    form = "<input name=a><p>\n<select name=b><option value=''><option value=x></select>"

    [finding] = check("a: str; b: str; c: str = ''", f"{form}<input name=c>")

    assert finding.rule == "input-control"
    assert "fields 'a' and 'b' left empty" in finding.message
    assert check("a: str; b: str", f"<form method=post novalidate>{form}</form>") == []


RIGHT = {
    "all attributes": (
        "Annotated[str, Meta(min_length=2, max_length=9, pattern='^[a-z]+$')]",
        "<input name=a required minlength=2 maxlength=9 pattern='[a-z]+'>",
    ),
    "no attributes but required": (
        "Annotated[str, Meta(min_length=2, max_length=9, pattern='^[a-z]+$')]",
        "<input name=a required>",
    ),
    "a stricter browser": ("str", "<input name=a required maxlength=9 pattern='[a-z]+'>"),
    "another type of text": ("str", "<input name=a type=email required>"),
    "text for a number": ("int", "<input name=a required inputmode=numeric>"),
    "text for a date": (DATE, "<input name=a required>"),
    "a date": (DATE, "<input name=a type=date required>"),
    "a moment": (MOMENT, "<input name=a type=datetime-local required>"),
    "a month": ("Annotated[dt.date, Control(type='month')]", "<input name=a type=month required>"),
    "cents": ("float", "<input name=a type=number step=0.01 required>"),
    "any step": ("float", "<input name=a type=number step=any required>"),
    "a multiple of the step": (
        "Annotated[int, Meta(multiple_of=5)]",
        "<input name=a type=number step=10 required>",
    ),
    "a number of other digits": (
        "Annotated[int, Meta(ge=18)]",
        "<input name=a type=number required min=18.0>",
    ),
    "a computed attribute": (
        "Annotated[str, Meta(max_length=20)]",
        "<input name=a required maxlength={{ longest }}>",
    ),
    "a box": ("bool", "<input name=a type=checkbox>"),
    "a box that must be ticked": ("bool", "<input name=a type=checkbox required>"),
    "a box with a value": ("bool", "<input name=a type=checkbox value=1>"),
    "a declared value": (
        "Annotated[bool, Control(value='yes')]",
        "<input name=a type=checkbox value=yes>",
    ),
    "boxes for a list": (
        "list[Size]",
        "<input name=a type=checkbox value=s><input name=a type=checkbox value=l>",
    ),
    "options": ("Size", "<select name=a><option value=s><option value={{ other }}></select>"),
    "options by their text": ("Size", "<select name=a><option>s</select>"),
    "several of a list": ("list[Size]", "<select name=a multiple><option value=s></select>"),
    "a hidden field": ("int", "<input name=a type=hidden value=7>"),
    "a password": (
        "Annotated[str, Control(type='password')]",
        "<input name=a type=password required>",
    ),
    "either": ("int | str", "<input name=a type=date required>"),
}


@pytest.mark.parametrize(("annotation", "form"), RIGHT.values(), ids=RIGHT)
def test_a_control_that_agrees_with_the_type_is_none(check, annotation, form):
    assert check(f"a: {annotation}", form) == []


def test_attributes_that_a_template_writes_under_a_condition_are_not_compared(check):
    form = "<input name=a {% if strict %}required maxlength=9{% endif %}>"

    assert check("a: Annotated[str, Meta(max_length=20)]", form) == []


@pytest.mark.parametrize(
    "definition",
    [
        "import dataclasses\n@dataclasses.dataclass\nclass T:\n",
        "from typing import NamedTuple\nclass T(NamedTuple):\n",
        "from typing import TypedDict\nclass T(TypedDict):\n",
        "from attrs import define\n@define\nclass T:\n",
        "from pydantic import BaseModel\nclass T(BaseModel):\n",
    ],
)
def test_all_families_of_types_are_compared(findings, definition):
    program = f"{TYPES}{definition}    a: Annotated[str, Meta(max_length=20)]\n    b: int\n{VIEW}"

    found = findings(program, page=page_with("<input name=a required maxlength=30><input name=c>"))

    assert found == [
        "input-control page.html:1",
        "input-missing page.html:1",
        "input-unknown page.html:1",
    ]
