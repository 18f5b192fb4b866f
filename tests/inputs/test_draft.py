"""Forms that come back: what a view and a template get of a form, through the test client."""

from __future__ import annotations

import datetime as dt
import io
import re
import sqlite3
import threading
from contextlib import closing
from enum import Enum
from typing import Annotated, Literal

import msgspec
import pydantic
import pytest
from markupsafe import Markup
from msgspec import Meta
from werkzeug.datastructures import MultiDict

from retort import Control, Draft, Upload, render_template_string
from retort.errors import SetupError

URLENCODED = "application/x-www-form-urlencoded"


class Colour(Enum):
    DARK_RED = "dark-red"
    BLUE = "blue"


class Address(msgspec.Struct):
    street: Annotated[str, Meta(max_length=20)]
    zip: str = ""


class Item(msgspec.Struct):
    name: Annotated[str, Meta(max_length=5)]
    count: int = 1


class Signup(msgspec.Struct):
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=40)]
    age: Annotated[int, Meta(ge=18)]
    password: Annotated[str, Meta(min_length=8), Control(type="password")]
    newsletter: bool = False
    born: dt.date | None = None
    colour: Colour | None = None
    sizes: list[Literal["s", "m"]] = []
    photo: Annotated[Upload | None, Control(accept="image/*", max_bytes=5)] = None
    bio: Annotated[str, Control(type="textarea"), Meta(max_length=10)] = ""
    address: Address | None = None
    items: list[Item] = []
    notes: dict[str, str] = {}
    status: str = ""

    def __post_init__(self):
        if self.age == 99:
            raise ValueError("No ninety-nine here.")


GOOD = {"email": "a@b.c", "age": "20", "password": "longenough"}
PAGE = """
{{ form.form_errors }}
{% for field in [form.email, form.age, form.password, form.newsletter, form.born, form.photo] -%}
<input {{ field.attrs }}>{{ field.errors }}
{% endfor -%}
<textarea {{ form.bio.attrs }}>
{{ form.bio.value }}</textarea>
<select {{ form.colour.attrs }}>
{%- for option in form.colour.options %}<option {{ option.attrs }}>{{ option.label }}{% endfor -%}
</select>
<input {{ form.address.street.attrs }}>{{ form.address.street.errors }}
{% for item in form["items"] %}<input {{ item.name.attrs }}>{{ item.name.errors }}{% endfor %}
"""


@pytest.fixture
def forms(app):
    """The drafts that the view `/` has got."""
    found = []

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"])
    def view(form: Draft[Signup]):
        found.append(form)
        if form.is_valid:
            return {"email": form.value.email}
        return render_template_string(PAGE, form=form), form.status

    return found


@pytest.fixture
def send(client, forms):
    """Send a form: the draft of the request."""

    def send(fields=(), **options):
        send.response = client.open("/", method="POST", data=dict(fields), **options)
        return forms[-1]

    return send


def inputs(html):
    """The attributes of each control by its name."""
    found = {}
    for attributes in re.findall(r"<(?:input|select|textarea) ([^>]*)>", html):
        pairs = dict(re.findall(r'([\w-]+)(?:="([^"]*)")?', attributes))
        found[pairs["name"]] = pairs
    return found


# A page, sent and shown again


def test_the_form_is_shown_at_first(client, forms):
    response = client.get("/")

    controls = inputs(response.text)
    assert response.status_code == 200
    assert controls["email"] == {
        "id": "email",
        "name": "email",
        "type": "text",
        "maxlength": "40",
        "pattern": controls["email"]["pattern"],
        "value": "",
        "required": "",
    }
    assert controls["age"]["min"] == "18"
    assert controls["age"]["step"] == "1"
    assert "required" not in controls["newsletter"]
    assert controls["photo"]["accept"] == "image/*"
    assert "<ul" not in response.text
    assert not forms[0].is_submitted
    assert not forms[0].is_valid
    assert forms[0].errors == []


def test_a_valid_form_has_a_value(send):
    form = send(GOOD)

    assert form.is_submitted
    assert form.is_valid
    assert form.value == Signup("a@b.c", 20, "longenough")
    assert form.status == 200


def test_what_was_typed_comes_back_with_all_errors(send, client):
    form = send(
        {
            "email": "x<\"'&>",
            "age": "abc",
            "password": "short",
            "newsletter": "on",
            "born": "31.12.2024",
            "bio": "\r\nline & <line>\r\n",
            "colour": "blue",
            "address.street": "s" * 21,
            "items.3.name": "toolong",
            "items.1.name": "",
        }
    )

    html = send.response.text
    controls = inputs(html)
    assert send.response.status_code == 422
    assert form.email.value == "x<\"'&>"
    assert 'value="x&lt;&#34;&#39;&amp;&gt;"' in html
    assert controls["age"]["value"] == "abc"
    assert controls["born"]["value"] == "31.12.2024"
    assert "checked" in controls["newsletter"]
    assert '<option value="blue" selected>Blue' in html
    assert ">\n\r\nline &amp; &lt;line&gt;\r\n</textarea>" in html
    assert controls["address.street"]["value"] == "s" * 21
    assert controls["items.3.name"]["value"] == "toolong"
    assert {error.field: error.code for error in form.errors} == {
        "email": "pattern",
        "age": "integer",
        "password": "min_length",
        "born": "date",
        "bio": "max_length",
        "address.street": "max_length",
        "items.3.name": "max_length",
    }


def test_an_error_is_beside_its_field_and_named_by_it(send):
    send({**GOOD, "age": "17"})

    html = send.response.text
    age = inputs(html)["age"]
    assert (age["aria-invalid"], age["aria-describedby"]) == ("true", "age-errors")
    assert '<ul id="age-errors" class="errors"><li>Must be 18 or more.</li></ul>' in html
    assert html.count("<ul") == 1
    assert "aria-invalid" not in inputs(html)["email"]


def test_a_text_that_the_control_cannot_show_makes_it_a_text_control(send):
    form = send({"age": "abc", "born": "31.12.2024"})

    assert inputs(f"<input {form.age.attrs}>")["age"]["type"] == "text"
    assert "min" not in inputs(f"<input {form.age.attrs}>")["age"]
    assert inputs(f"<input {form.born.attrs}>")["born"]["type"] == "text"


def test_passwords_and_files_do_not_come_back(client, send):
    form = send({"password": "s3cret-pw", "photo": (io.BytesIO(b"s3cret"), "s3cret.png")})

    assert "s3cret" not in send.response.text
    assert form.password.value == form.photo.value == ""
    assert form.password.values == form.photo.values == []
    assert "s3cret" not in repr(form) + repr(form.password) + repr(form.errors)


def test_a_file_that_was_sent_as_text_does_not_come_back_either(send):
    form = send({"photo": "s3cret.png"})

    assert "s3cret" not in send.response.text
    assert [error.code for error in form.photo.errors] == ["file"]


# Errors


def test_the_program_adds_errors(send):
    form = send(GOOD)
    value = form.value

    form.add_error("email", "is <in> use")
    form.add_error(None, "Try later.")
    form.add_error("address.street", "unknown")

    assert not form.is_valid
    assert form.status == 422
    assert form.value is value
    assert [(error.field, error.message) for error in form.errors] == [
        ("email", "is <in> use"),
        ("", "Try later."),
        ("address.street", "unknown"),
    ]
    assert isinstance(Markup("{}").format(form.email.errors), Markup)
    assert Markup("{}").format(form.email.errors) == (
        '<ul id="email-errors" class="errors"><li>is &lt;in&gt; use</li></ul>'
    )
    assert [error.message for error in form.form_errors] == ["Try later."]
    assert [error.message for error in form.address.street.errors] == ["unknown"]


@pytest.mark.parametrize(
    "name", ["emial", "address.city", "items.0.x", "email.x", "items.x.name.y"]
)
def test_an_error_of_a_field_that_does_not_exist_is_refused(send, name):
    form = send(GOOD)

    with pytest.raises(KeyError, match="has no field"):
        form.add_error(name, "wrong")


def test_a_validator_of_the_class_is_an_error_of_the_form(send):
    form = send({**GOOD, "age": "99"})

    assert [error.message for error in form.form_errors] == ["No ninety-nine here."]
    assert '<ul id="form-errors" class="errors">' in send.response.text


def test_errors_of_structure_are_errors_of_the_form(send):
    form = send({**GOOD, "items.1000.name": "x", "address." * 8 + "x": "y"})

    assert sorted(error.code for error in form.form_errors) == ["depth", "index"]
    with pytest.raises(RuntimeError, match=r"has errors.*form\.is_valid"):
        form.value  # noqa: B018


def test_the_value_of_a_form_that_was_not_sent(client, forms):
    client.get("/")

    with pytest.raises(RuntimeError, match="was not sent"):
        forms[0].value  # noqa: B018


def test_the_texts_of_errors_are_those_of_the_configuration(app, send):
    app.config["INPUT_MESSAGES"] = {"minimum": "Mindestens {limit}."}

    send({**GOOD, "age": "17"})

    assert "<li>Mindestens 18.</li>" in send.response.text


# Requests


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "QUERY"])
def test_other_methods_with_a_body_submit_a_form_too(client, forms, method):
    response = client.open("/", method=method, data=GOOD, content_type=URLENCODED)

    assert response.json == {"email": "a@b.c"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("{}", "application/json"), ("a=b", "text/plain"), (b"a=b", None)],
)
def test_a_body_that_is_no_form_is_415(client, forms, body, content_type):
    response = client.post("/", data=body, content_type=content_type)

    assert response.status_code == 415
    assert response.headers["Accept-Post"] == f"{URLENCODED}, multipart/form-data"


def test_a_request_without_a_body_is_an_empty_form(client, forms):
    response = client.post("/")

    assert response.status_code == 422
    assert {error.code for error in forms[0].errors} == {"required"}


def test_a_broken_form_is_400(client, forms):
    response = client.post("/", data=b"--x\r\n", content_type="multipart/form-data; boundary=x")

    assert response.status_code == 400


def test_a_view_that_does_not_use_the_draft_reads_no_form(app, client):
    @app.post("/unread")
    def unread(form: Draft[Signup]):
        return repr(form)

    response = client.post("/unread", data="{}", content_type="application/json")

    assert response.text == "<Draft of Signup, submitted>"


@pytest.mark.parametrize(
    "fields",
    [
        [("age", "1")] * 1_000,
        [("address." * 9 + "x", "y")],
        [("items.1000000000.name", "x")],
        [("__proto__", "x"), ("constructor", "y"), ("email.__class__", "z")],
        [("email", "a\0@b")],
        [("email", "a" * 10_000_000)],
        [("age", "9" * 1_000_000)],
        [("notes." + "x." * 5_000, "y")],
        [("", "x"), (".", "x"), ("..", "x"), ("items..", "x"), ("items.0.", "x")],
    ],
)
def test_bad_input_is_an_error_of_the_form_and_comes_back(app, client, forms, fields):
    response = client.post("/", data=MultiDict([*fields, ("password", "longenough")]))

    assert response.status_code == 422
    assert forms[0].errors


def test_drafts_of_two_threads_are_apart(app, client, forms):
    barrier = threading.Barrier(2)

    @app.post("/slow")
    def slow(form: Draft[Signup]):
        barrier.wait(10)
        form.add_error("email", form.email.value)
        barrier.wait(10)
        return {"errors": [error.message for error in form.email.errors]}

    answers = {}

    def post(email):
        answers[email] = app.test_client().post("/slow", data={**GOOD, "email": email}).json

    threads = [threading.Thread(target=post, args=(f"{name}@b.c",)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {f"{name}@b.c": {"errors": [f"{name}@b.c"]} for name in "ab"}


# Fields


def test_a_field_that_does_not_exist_is_an_attribute_error_with_the_names(client, forms):
    client.get("/")

    with pytest.raises(AttributeError, match="Signup has no field 'emial'"):
        forms[0].emial  # noqa: B018
    with pytest.raises(KeyError):
        forms[0]["emial"]
    assert not hasattr(forms[0], "__html__")


def test_a_field_named_like_an_attribute_of_the_draft(send):
    form = send({**GOOD, "status": "busy"})

    assert form.status == 200
    assert form["status"].value == "busy"


def test_rows_keep_the_indexes_that_the_form_has(send):
    form = send({"items.4.name": "d", "items.2.name": "", "items.x.name": "?", "items.04.name": ""})

    rows = form["items"]
    assert [row.name.name for row in rows] == ["items.2.name", "items.4.name"]
    assert [row.name.value for row in rows] == ["", "d"]
    assert len(rows) == 2
    assert rows[0].name.value == ""
    assert 'name="items.0.count" type="number" step="1" value=""' in rows[0].count.attrs
    with pytest.raises(IndexError):
        rows[1_000]


def test_fields_of_what_may_be_left_blank_are_not_required(client, forms):
    client.get("/")

    assert "required" not in forms[0].address.street.attrs
    assert "required" not in forms[0]["items"][0].name.attrs


class Row(msgspec.Struct):
    name: str
    count: int = 1
    size: Literal["s", "m"] = "m"
    is_new: bool = True


class Rows(msgspec.Struct):
    rows: list[Row] = []
    row: Row = msgspec.field(default_factory=lambda: Row("x"))


def test_a_blank_row_shows_no_defaults_since_they_would_be_sent():
    form = Draft.of({"rows": [Row("a")]}, Rows)

    assert [form.rows[index].count.value for index in (0, 1)] == ["1", ""]
    assert [form.rows[index].is_new.value for index in (0, 1)] == ["on", ""]
    assert [option.selected for option in form.rows[1].size.options] == [False, False, False]
    assert form.row.count.value == "1"


def test_each_value_of_a_list_is_a_field():
    form = Draft.of({"tags": ["a", "b"]}, Tagged)

    assert [tag.value for tag in form.tags] == ["a", "b"]
    assert [tag.name for tag in form.tags] == ["tags", "tags"]
    assert 'id="tags-1" name="tags" type="text" maxlength="3" value="b"' in form.tags[1].attrs
    assert form.tags[2].value == ""


class Tagged(msgspec.Struct):
    tags: list[Annotated[str, Meta(max_length=3)]]


def test_the_error_of_one_value_of_a_list_is_beside_it(app):
    found = []

    @app.post("/tags")
    def tags(form: Draft[Tagged]):
        found.append(form)
        return "", form.status

    app.test_client().post("/tags", data="tags=&tags=a&tags=toolong", content_type=URLENCODED)

    form = found[0]
    assert [len(tag.errors) for tag in form.tags] == [0, 0, 1]
    assert [error.field for error in form.tags.errors] == ["tags.1"]


def test_a_mapping_has_a_field_for_each_key(send):
    form = send({**GOOD, "notes.a": "x", "notes.b": "y"})

    assert [(note.name, note.value) for note in form.notes] == [("notes.a", "x"), ("notes.b", "y")]
    assert form.notes["c"].value == ""


def test_all_fields_in_their_order(client, forms):
    client.get("/")

    assert [each.name for each in forms[0] if not hasattr(each, "zip")][:3] == [
        "email",
        "age",
        "password",
    ]


# Options


class Choices(msgspec.Struct):
    colour: Colour
    size: Literal["s", "m", 3] = "m"
    none: Colour | None = None
    many: list[Colour] = []
    radio: Annotated[Colour, Control(type="radio")] = Colour.BLUE
    boxes: Annotated[list[Literal["a", "b"]], Control(type="checkbox")] = []
    agree: bool | None = None
    agreed: bool = False
    text: str = ""


def test_the_options_of_a_choice():
    form = Draft.of({"size": 3, "many": [Colour.BLUE], "boxes": ["b"], "agree": False}, Choices)

    assert [tuple(option) for option in form.colour.options] == [
        ("", "", False),
        ("dark-red", "Dark red", False),
        ("blue", "Blue", False),
    ]
    assert [tuple(option) for option in form.size.options] == [
        ("s", "s", False),
        ("m", "m", False),
        ("3", "3", True),
    ]
    assert [option.value for option in form.none.options] == ["", "dark-red", "blue"]
    assert [option.selected for option in form.many.options] == [False, True]
    assert [tuple(option) for option in form.agree.options] == [
        ("", "", False),
        ("true", "Yes", False),
        ("false", "No", True),
    ]
    assert form.text.options == form.agreed.options == []
    assert (form.text.type, form.radio.type, form.colour.type) == ("text", "radio", "select")
    assert form.colour.attrs == 'id="colour" name="colour" required'
    assert form.many.attrs == 'id="many" name="many" multiple'


def test_the_options_of_radio_buttons_and_boxes_have_all_attributes_of_an_input():
    form = Draft.of({"boxes": ["b"]}, Choices)

    assert [option.attrs for option in form.radio.options] == [
        'id="radio-dark-red" name="radio" type="radio" value="dark-red"',
        'id="radio-blue" name="radio" type="radio" value="blue" checked',
    ]
    assert form.boxes.options[1].attrs == (
        'id="boxes-b" name="boxes" type="checkbox" value="b" checked'
    )


class Cat(msgspec.Struct, tag="cat", tag_field="kind"):
    lives: int = 9


class Dog(msgspec.Struct, tag="dog", tag_field="kind"):
    trick: str = ""


class Owner(msgspec.Struct):
    pet: Cat | Dog


def test_a_union_has_the_fields_of_all_its_types_and_that_of_the_tag():
    form = Draft.of(Owner(Dog("sit")))

    assert [field.name for field in form.pet] == ["pet.kind", "pet.lives", "pet.trick"]
    assert [tuple(option) for option in form.pet.kind.options] == [
        ("", "", False),
        ("cat", "cat", False),
        ("dog", "dog", True),
    ]
    assert "required" in form.pet.kind.attrs
    assert (form.pet.trick.value, form.pet.lives.value) == ("sit", "9")


# An object to edit


@pytest.mark.parametrize("kind", ["object", "mapping", "row", "orm", "pydantic"])
def test_a_draft_shows_an_object_of_any_family(kind):
    class Profile(msgspec.Struct):
        name: str
        born: dt.date | None = None
        is_new: bool = False

    class Model(pydantic.BaseModel):
        name: str = "Zoë"
        born: dt.date = dt.date(2000, 1, 2)
        is_new: bool = True

    class Orm:
        name, born, is_new, id = "Zoë", dt.date(2000, 1, 2), True, 7

    values = {"name": "Zoë", "born": dt.date(2000, 1, 2), "is_new": True}
    with closing(sqlite3.connect(":memory:")) as database:
        database.row_factory = sqlite3.Row
        row = database.execute("SELECT 'Zoë' AS name, '2000-01-02' AS born, 1 AS is_new").fetchone()
        source = {
            "object": Profile(**values),
            "mapping": values,
            "row": row,
            "orm": Orm(),
            "pydantic": Model(),
        }[kind]
        form = Draft.of(source, None if kind in ("object", "pydantic") else Profile)

    assert not form.is_submitted
    assert form.status == 200
    assert (form.name.value, form.born.value, form.is_new.value) == ("Zoë", "2000-01-02", "on")
    assert form.is_new.attrs == 'id="is_new" name="is_new" type="checkbox" value="on" checked'


def test_values_that_the_object_lacks_are_the_defaults():
    form = Draft.of({"email": None}, Signup)

    assert form.email.value == form.age.value == ""
    assert form.newsletter.value == ""


def test_nested_objects_are_shown():
    form = Draft.of(
        {
            "address": Address("Main St."),
            "items": [Item("a", 2), {"name": "b"}],
            "notes": {"x": "y"},
        },
        Signup,
    )

    assert form.address.street.value == "Main St."
    assert [row.name.value for row in form["items"]] == ["a", "b"]
    assert [row.count.value for row in form["items"]] == ["2", "1"]
    assert form.notes["x"].value == "y"


def test_the_type_of_the_form_must_have_fields():
    with pytest.raises(SetupError, match=r"Draft\.of\(user, Profile\)"):
        Draft.of({"a": 1})


def test_a_name_on_the_wire_is_the_name_in_html():
    class Form(msgspec.Struct, rename="camel"):
        first_name: str

    form = Draft.of(Form("Zoë"))

    assert form.first_name.name == "firstName"
    assert form.first_name.value == "Zoë"
    assert form["firstName"].label == "First name"


def test_labels():
    class Form(msgspec.Struct):
        first_name: str
        other: Annotated[str, Meta(title="The other")]
        own: Annotated[str, Control(label="My own")]

    form = Draft.of({}, Form)

    assert [field.label for field in form] == ["First name", "The other", "My own"]


def test_characters_that_no_page_can_have_are_replaced():
    form = Draft.of({"email": "a\0\ud800b"}, Signup)

    assert form.email.value == "a\ufffd\ufffdb"
    assert 'value="a\ufffd\ufffdb"' in form.email.attrs
