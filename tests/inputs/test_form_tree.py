"""Names of a form with parts, repeated names, unknown names, and what absence means."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import sys
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from retort import Control, Upload
from retort.extensions.inputs.check import Misread, convert, errors_in
from retort.extensions.inputs.errors import InvalidInput
from retort.extensions.inputs.forms import (
    NOT_FILLED,
    read_field,
    read_form,
    read_form_field,
)
from retort.extensions.inputs.types import describe


class Address(msgspec.Struct):
    street: str
    checked: bool = False


class Item(msgspec.Struct):
    name: Annotated[str, Meta(max_length=3)]
    tags: list[str] = []


class Node(msgspec.Struct):
    name: str = ""
    child: Node | None = None


class Cat(msgspec.Struct, tag="cat", tag_field="kind"):
    lives: int


class Dog(msgspec.Struct, tag="dog", tag_field="kind"):
    tricks: list[str] = []


class Pets(msgspec.Struct):
    first: Cat | Dog
    others: list[Cat | Dog] = []


def struct(**fields):
    return msgspec.defstruct("Form", list(fields.items()))


def field(annotation, default=msgspec.NODEFAULT):
    """A class with the one field `a`."""
    if default is msgspec.NODEFAULT:
        return struct(a=annotation)
    return msgspec.defstruct("Form", [("a", annotation, with_default(default))])


def with_default(value):
    return msgspec.field(default_factory=lambda: value)


def read(cls, fields=(), files=(), *, is_query=False):
    pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
    files = None if is_query else ImmutableMultiDict(files)
    return read_form(describe(cls), ImmutableMultiDict(pairs), files)


def tree(cls, fields=(), files=(), **options):
    reading = read(cls, fields, files, **options)
    assert reading.errors == []
    return reading.tree


def errors(cls, fields=(), files=()):
    """The errors of the structure and those of the values: field and code."""
    reading = read(cls, fields, files)
    found = [*reading.errors, *reading.placed(errors_in(describe(cls), reading.tree, "form"))]
    return [(error.field, error.code) for error in dict.fromkeys(found)]


def file(content=b"x", filename="a.txt", content_type="text/plain"):
    return FileStorage(io.BytesIO(content), filename, "a", content_type)


# Fields in which nothing was filled in


@pytest.mark.parametrize(
    ("annotation", "default", "expected"),
    [
        (str, msgspec.NODEFAULT, {}),
        (str, "x", {}),
        (str | None, msgspec.NODEFAULT, {"a": None}),
        (str | None, "x", {}),
        (int, 5, {}),
        (bool, msgspec.NODEFAULT, {"a": False}),
        (bool, True, {"a": False}),
        (bool | None, msgspec.NODEFAULT, {"a": None}),
        (bool | None, True, {}),
        (Annotated[bool | None, Control(type="checkbox")], None, {"a": False}),
        (Annotated[bool, Control(type="radio")], msgspec.NODEFAULT, {}),
        (Annotated[bool, Control(type="select")], True, {}),
        (list[str], msgspec.NODEFAULT, {"a": []}),
        (list[str], ["x"], {"a": []}),
        (set[int], msgspec.NODEFAULT, {"a": []}),
        (tuple[int, ...], msgspec.NODEFAULT, {"a": []}),
        (list[str] | None, None, {}),
        (list[Item], msgspec.NODEFAULT, {"a": []}),
        (Address, msgspec.NODEFAULT, {"a": {"checked": False}}),
        (Address | None, msgspec.NODEFAULT, {"a": None}),
        (Address | None, None, {}),
        (dict[str, int], msgspec.NODEFAULT, {}),
        (Upload | None, None, {}),
        (Literal["", "x"], msgspec.NODEFAULT, {}),
    ],
)
def test_a_field_that_was_not_sent(annotation, default, expected):
    cls = field(annotation, default)

    assert tree(cls) == expected
    if annotation != Literal["", "x"]:
        assert tree(cls, {"a": ""}) == expected


def test_a_choice_that_is_empty_text_is_a_value():
    assert tree(field(Literal["", "x"]), {"a": ""}) == {"a": ""}


def test_two_forms_share_no_list():
    cls = field(list[str])

    assert tree(cls)["a"] is not tree(cls)["a"]


def test_in_a_query_a_missing_field_has_its_default():
    fields = [("q", bool), ("box", bool, True), ("tags", list[str], with_default(["a"]))]
    cls = msgspec.defstruct("Filter", fields)

    assert tree(cls, is_query=True) == {}
    assert tree(field(list[str]), is_query=True) == {"a": []}
    assert tree(cls, {"box": "0", "q": "on"}, is_query=True) == {"box": False, "q": True}


# Names that are repeated


@pytest.mark.parametrize(
    ("annotation", "values", "expected"),
    [
        (str, ["x", "x"], "x"),
        (str, ["x", "y"], Misread("repeated")),
        (str, ["", "x"], Misread("repeated")),
        (int, ["1", "01"], Misread("repeated")),
        (bool, ["0", "on"], True),
        (bool, ["on", "on"], True),
        (bool, ["0", "0"], False),
        (bool, ["", "off"], False),
        (bool, ["maybe", "on"], Misread("boolean")),
        (list[int], ["1", "", "2", "x"], [1, 2, Misread("integer")]),
    ],
)
def test_a_name_that_is_repeated(annotation, values, expected):
    assert tree(field(annotation), [("a", value) for value in values]) == {"a": expected}


def test_a_field_that_is_sent_a_thousand_times_has_one_error():
    fields = [("a", str(number)) for number in range(1_000)]

    assert errors(field(int), fields) == [("a", "repeated")]


def test_a_list_has_at_most_1000_values():
    assert errors(field(list[int]), [("a", "1")] * 1_000) == []
    assert errors(field(list[int]), [("a", "1")] * 1_001) == [("a", "max_items")]


# Names with parts


def test_names_with_parts_become_objects_lists_and_mappings():
    class Form(msgspec.Struct):
        address: Address
        items: list[Item]
        prices: dict[str, float] = {}
        groups: list[list[int]] = []
        homes: dict[str, Address] = {}

    found = tree(
        Form,
        [
            ("items.10.name", "b"),
            ("items.9.name", "a"),
            ("items.9.tags", "x"),
            ("items.9.tags", "y"),
            ("address.street", "Main St."),
            ("address.checked", "on"),
            ("prices.a.b", "1.5"),
            ("groups.0", "1"),
            ("groups.0", "2"),
            ("homes.old.street", "s"),
        ],
    )

    assert found == {
        "address": {"street": "Main St.", "checked": True},
        "items": [{"name": "a", "tags": ["x", "y"]}, {"name": "b", "tags": []}],
        "prices": {"a.b": 1.5},
        "groups": [[1, 2]],
        "homes": {"old": {"street": "s", "checked": False}},
    }
    assert convert(describe(Form), found, "form").items[1] == Item("b")


def test_an_error_of_a_row_has_the_index_that_the_form_has():
    fields = {"a.0.name": "ab", "a.3.name": "", "a.3.tags": "", "a.7.name": "long", "a.8.tags": "x"}

    assert errors(field(list[Item]), fields) == [
        ("a.7.name", "max_length"),
        ("a.8.name", "required"),
    ]


def test_a_blank_row_with_a_checked_box_is_no_blank_row():
    fields = {"a.0.street": "", "a.1.street": "", "a.1.checked": "on"}

    assert errors(field(list[Address]), fields) == [("a.1.street", "required")]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"a.999.name": "x"}, []),
        ({"a.1000.name": "x"}, [("a.1000", "index")]),
        ({"a.1000000000.name": "x"}, [("a.1000000000", "index")]),
        ({"a." + "9" * 5_000 + ".name": "x"}, [("a." + "9" * 100, "index")]),
        ({"a.-1.name": "x", "a.01.name": "x", "a.x.name": "x", "a..name": "x"}, []),
        ({"a.\u0663.name": "x"}, []),
        ({"a": "x"}, [("a", "list")]),
    ],
)
def test_the_index_of_a_row(fields, expected):
    assert errors(field(list[Item]), fields) == expected


def test_names_have_at_most_eight_parts():
    assert tree(Node, {"child." * 7 + "name": "x"})["child"]["child"]["child"]["child"]
    assert errors(Node, {"child." * 8 + "name": "x"}) == [(".".join(["child"] * 8), "depth")]
    assert errors(Node, {"other." * 8 + "name": "x"}) == []


def test_a_text_or_a_file_where_an_object_is_wanted():
    for cls in (field(Address), field(dict[str, int])):
        assert errors(cls, {"a": "x"}) == [("a", "object")]
        assert errors(cls, (), [("a", file())]) == [("a", "object")]


def test_names_of_python_and_javascript_are_names_as_others():
    names = ["__proto__", "constructor", "__class__", "__init__", "toString"]
    fields = {f"a.{name}": "1" for name in names}

    assert tree(field(dict[str, int]), fields) == {"a": dict.fromkeys(names, 1)}
    assert errors(field(Address), {"a.street": "s", **fields}) == []


def test_the_keys_of_a_mapping_are_read_as_their_type():
    cls = field(dict[int, str])

    assert convert(describe(cls), tree(cls, {"a.7": "x"}), "form").a == {7: "x"}
    assert errors(cls, {"a.7": "x", "a.seven": "y"}) == [("a.seven", "unknown")]


def test_the_tag_chooses_the_type_of_an_object():
    fields = {
        "first.kind": "dog",
        "first.tricks": "sit",
        "others.0.kind": "cat",
        "others.0.lives": "9",
    }

    value = convert(describe(Pets), tree(Pets, fields), "form")

    assert value == Pets(Dog(["sit"]), [Cat(9)])
    assert errors(Pets, {"first.kind": "cow"}) == [("first.kind", "choice")]
    assert errors(Pets, {"first.kind": "cat", "first.lives": "x"}) == [("first.lives", "integer")]


def test_a_whole_form_may_be_a_mapping():
    assert tree(dict[str, int], {"x": "1", "y": "", "csrf_token": "t"}) == {"x": 1}


# Unknown names


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    a: str = ""
    address: Address | None = None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, "1") for name in ("csrf_token", "_method", "_", "_charset_")],
        *[(name, "Send") for name in ("submit", "button", "action", "commit")],
    ],
)
def test_fields_that_most_forms_have_are_not_unknown(name, value):
    assert errors(Strict, {name: value}) == []


def test_the_place_of_a_click_on_an_image_button_is_not_unknown():
    assert errors(Strict, {"x": "1", "y": "2"}) == []
    assert errors(Strict, {"go.x": "1", "go.y": "2"}) == []
    assert errors(Strict, {"go.x": "1"}) == [("go.x", "unknown")]
    assert errors(Strict, {"x": "1", "y": "up"}) == [("x", "unknown"), ("y", "unknown")]


def test_other_names_are_unknown_where_the_type_forbids_them():
    assert errors(Strict, {"b": "1", "a.b": "1"}) == [("b", "unknown"), ("a.b", "unknown")]
    assert errors(Strict, {"n" * 5_000: "1"}) == [("n" * 100, "unknown")]
    assert errors(Strict, (), [("b", file())]) == [("b", "unknown")]
    assert errors(Address, {"street": "s", "b": "1"}) == []


def test_at_most_100_errors_are_collected():
    reading = read(Strict, {f"name{number}": "1" for number in range(1_000)})

    assert len(reading.errors) == 100


def test_a_field_that_is_declared_may_be_named_like_a_button():
    assert tree(struct(action=str, submit=int), {"action": "x", "submit": "1"}) == {
        "action": "x",
        "submit": 1,
    }


# Files


@pytest.mark.parametrize(
    ("annotation", "sent", "expected"),
    [
        (Upload, file(b"", ""), []),
        (Upload | None, file(b"", ""), []),
        (Upload, file(b""), []),
        (str, file(), [("a", "text")]),
        (list[str], file(), [("a.0", "text")]),
        (int, file(b"", ""), []),
        (Annotated[Upload, Control(max_bytes=1)], file(b"xy"), [("a", "max_bytes")]),
        (Annotated[Upload, Control(max_bytes=2)], file(b"xy"), []),
        (Annotated[list[Upload], Control(max_bytes=1)], file(b"xy"), [("a.0", "max_bytes")]),
        (list[Annotated[Upload, Control(max_bytes=1)]], file(b"xy"), [("a.0", "max_bytes")]),
        (Annotated[Upload, Control(accept=".TXT, image/*")], file(), []),
        (Annotated[Upload, Control(accept="text/plain")], file(filename="a"), []),
        (Annotated[Upload, Control(accept="image/*")], file(), [("a", "accept")]),
        (Annotated[Upload, Control(accept=".png,text/html")], file(), [("a", "accept")]),
        # A part without a media type has the one of its name.
        (Annotated[Upload, Control(accept="image/*")], file(b"x", "a.PNG", None), []),
        (Annotated[Upload, Control(accept="image/png")], file(b"x", "a.png", None), []),
        (Annotated[Upload, Control(accept=".png")], file(b"x", "a.PNG", None), []),
        (Annotated[Upload, Control(accept="image/*")], file(b"x", "a", None), [("a", "accept")]),
        (
            Annotated[Upload, Control(accept="image/*")],
            file(b"x", "a.png", "text/html"),
            [("a", "accept")],
        ),
        (Annotated[bytes, Control(max_bytes=1)], file(b"xy"), [("a", "max_bytes")]),
        (Annotated[bytes, Meta(max_length=1)], file(b"xy"), [("a", "max_length")]),
    ],
)
def test_a_file(annotation, sent, expected):
    is_missing = not sent.filename and "None" not in str(annotation)
    expected = [("a", "required")] if is_missing else expected

    assert errors(field(annotation), (), [("a", sent)]) == expected


def test_the_content_of_a_file_for_bytes_and_the_position_of_one_that_was_measured():
    cls = struct(a=bytes, b=Annotated[Upload, Control(max_bytes=9)])

    found = tree(cls, (), [("a", file(b"abc")), ("b", file(b"def"))])

    assert found["a"] == b"abc"
    assert found["b"].read() == b"def"


def test_a_text_where_a_file_is_wanted():
    assert errors(field(Upload), {"a": "photo.png"}) == [("a", "file")]
    assert errors(field(list[Upload]), {"a": "photo.png"}) == [("a.0", "file")]
    assert errors(field(bytes), {"a": "photo.png"}) == [("a", "file")]


def test_two_files_for_a_field_with_one():
    two = [("a", file()), ("a", file())]

    assert errors(field(Upload), (), two) == [("a", "repeated")]
    assert errors(field(Upload), (), [("a", file(b"", "")), ("a", file())]) == []


# Families and types for which msgspec takes any value


@dataclasses.dataclass
class Data:
    a: int
    b: bool = True


class Typed(TypedDict):
    a: int
    b: bool


class Named(NamedTuple):
    a: int
    b: bool = True


class Model(pydantic.BaseModel):
    a: int
    b: bool = True


@pytest.mark.parametrize("cls", [Data, Typed, Named, Model])
def test_all_families_are_read_in_the_same_way(cls):
    value = convert(describe(cls), tree(cls, {"a": " 5 "}), "form")

    values = value if isinstance(value, dict) else {"a": value.a, "b": value.b}
    assert values == {"a": 5, "b": False}
    assert errors(cls, {"a": "1_0", "b": "2"}) == [("a", "integer"), ("b", "boolean")]


class Early(pydantic.BaseModel):
    a: int
    b: str = ""

    @pydantic.field_validator("a", mode="before")
    @classmethod
    def without_spaces(cls, value):
        return value.replace(" ", "")


def test_a_validator_that_comes_first_gets_the_text_that_was_sent():
    assert convert(describe(Early), tree(Early, {"a": "1 000"}), "form").a == 1000


class Whole(pydantic.BaseModel):
    a: int

    @pydantic.model_validator(mode="before")
    @classmethod
    def see(cls, values):
        return {**values, "a": values["a"] + 1}


def test_a_validator_of_the_whole_object_gets_values_that_were_read():
    assert convert(describe(Whole), tree(Whole, {"a": " 1 "}), "form").a == 2
    assert errors(Whole, {"a": "x"}) == [("a", "integer")]


class Open(pydantic.BaseModel, extra="allow"):
    a: int = 0


def test_a_model_that_takes_other_fields_gets_them():
    fields = [("a", "1"), ("b", "x"), ("c", "1"), ("c", "2"), ("csrf_token", "t")]

    value = convert(describe(Open), tree(Open, fields), "form")

    assert value.model_dump() == {"a": 1, "b": "x", "c": ["1", "2"]}


@pytest.mark.parametrize("annotation", [Any, list[Any], dict[str, Any]])
def test_a_type_for_any_value_takes_no_misread_text_for_one(annotation):
    name = "a.x" if annotation == dict[str, Any] else "a"
    reading = read(field(annotation), [(name, "\0"), (name, "y")][: 2 if name == "a" else 1])

    assert [error.code for error in reading.errors] in (["character"], ["repeated"])
    assert "Misread" not in repr(reading.tree)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "x"], []),
        (["1"], [("a", "list")]),
        (["1", "x", "y"], [("a", "list")]),
        (["q", "x"], [("a.0", "integer")]),
        (["", "x"], [("a.0", "required")]),
        (["", ""], [("a", "required")]),
    ],
)
def test_a_tuple_with_a_type_for_each_place(values, expected):
    reading = read(field(tuple[int, str]), [("a", value) for value in values])
    assert ("a", expected) == ("a", errors(field(tuple[int, str]), [("a", v) for v in values])[:1])
    if not expected:
        assert reading.tree == {"a": [1, "x"]}


# One field of a query, a header, a URL


def test_one_field_is_read_alone():
    assert read_field(describe(int), ["5"]) == 5
    assert read_field(describe(int), []) is NOT_FILLED
    assert read_field(describe(int), [""]) is NOT_FILLED
    assert read_field(describe(bool), []) is NOT_FILLED
    assert read_field(describe(int), ["1", "2"]) == Misread("repeated")
    assert read_field(describe(list[int]), ["1", "x"]) == [1, Misread("integer")]
    assert len(read_field(describe(list[int]), ["1"] * 1_001)) == 1_001


def test_one_field_of_a_form_is_read_alone():
    nothing = ImmutableMultiDict()

    assert read_form_field(describe(bool), "a", nothing, nothing) is False
    assert read_form_field(describe(list[int]), "a", nothing, nothing) == []
    assert read_form_field(describe(int), "a", nothing, nothing) is NOT_FILLED
    sent = file()
    assert (
        read_form_field(describe(Upload), "a", nothing, ImmutableMultiDict([("a", sent)])) is sent
    )


# Any form


class Everything(msgspec.Struct):
    a: int = 0
    address: Address | None = None
    items: list[Item] = []
    names: dict[str, int] = {}
    node: Node | None = None
    any: Any = None


parts = st.sampled_from(
    ["a", "address", "street", "items", "0", "1", "9999", "name", "node", "child"]
)
names = st.lists(parts, min_size=1, max_size=10).map(".".join)


@given(st.lists(st.tuples(names, st.sampled_from(["", "1", "x", "\0", "on"])), max_size=12))
def test_no_form_raises_another_exception(pairs):
    reading = read(Everything, pairs)
    with contextlib.suppress(InvalidInput):
        convert(describe(Everything), reading.tree, "form")


# The cost


def steps(cls, pairs):
    """How many lines of Python run to read a form."""
    described = describe(cls)
    fields = ImmutableMultiDict(pairs)
    files = ImmutableMultiDict()
    read_form(described, fields, files)  # makes the plans
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        read_form(described, fields, files)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    "pairs_of",
    [
        pytest.param(lambda n: [(f"items.{i}.name", "x") for i in range(n)], id="rows"),
        pytest.param(lambda n: [("a", str(i)) for i in range(n)], id="one name"),
        pytest.param(lambda n: [(f"x{i}", "x") for i in range(n)], id="unknown names"),
        pytest.param(lambda n: [("node." * i + "x", "x") for i in range(n)], id="long names"),
        pytest.param(lambda n: [(f"names.{i}", "1") for i in range(n)], id="keys of a mapping"),
        pytest.param(
            lambda n: [(f"node.child.child.child.child.{i}", "x") for i in range(n)],
            id="deep names",
        ),
    ],
)
def test_the_time_is_linear_in_the_number_of_fields(pairs_of):
    small, large = steps(Everything, pairs_of(100)), steps(Everything, pairs_of(900))

    assert large < small * 11
