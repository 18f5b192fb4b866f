"""Validators of the program in all families: whose text is shown, and what is a bug."""

import dataclasses
import logging
from typing import Annotated

import attrs
import msgspec
import pydantic
import pytest
from msgspec import Meta

from retort import Body, Form
from retort.extensions.inputs.check import convert
from retort.extensions.inputs.errors import InvalidInput
from retort.extensions.inputs.types import describe

SECRET = "hunter-2-of-the-user"


def check(name):
    """What a validator of the program does, by the value."""
    if name == "refused":
        raise ValueError("The program refuses it.")
    if name == "asserted":
        raise AssertionError("The program refuses it.")
    if name == "type":
        raise TypeError("The program refuses it.")
    if name == "key":
        return {}[name]
    if name == "bug":
        return None + 1
    if name == SECRET:
        return int(name)
    if name == "silent":
        raise ValueError
    return name


class OfStruct(msgspec.Struct):
    name: str

    def __post_init__(self):
        check(self.name)


@dataclasses.dataclass
class OfData:
    name: str

    def __post_init__(self):
        check(self.name)


@attrs.define
class OfAttrs:
    name: str

    def __attrs_post_init__(self):
        check(self.name)


@attrs.define
class OfAttribute:
    name: str = attrs.field()

    @name.validator
    def _check(self, attribute, value):
        check(value)


class OfModel(pydantic.BaseModel):
    name: str

    @pydantic.model_validator(mode="after")
    def _check(self):
        check(self.name)
        return self


class OfEarlyModel(pydantic.BaseModel):
    name: str

    @pydantic.model_validator(mode="before")
    @classmethod
    def _check(cls, values):
        check(values["name"])
        return values


class OfWrappedModel(pydantic.BaseModel):
    name: str

    @pydantic.model_validator(mode="wrap")
    @classmethod
    def _check(cls, values, handler):
        check(values["name"])
        return handler(values)


class OfField(pydantic.BaseModel):
    name: str

    @pydantic.field_validator("name", mode="after")
    @classmethod
    def _check(cls, value):
        return check(value)


class OfEarlyField(pydantic.BaseModel):
    name: str

    @pydantic.field_validator("name", mode="before")
    @classmethod
    def _check(cls, value):
        return check(value)


class OfAnnotation(pydantic.BaseModel):
    name: Annotated[str, pydantic.AfterValidator(check)]


class OfPlain(pydantic.BaseModel):
    name: Annotated[str, pydantic.PlainValidator(check)]


class OfWrap(pydantic.BaseModel):
    name: Annotated[str, pydantic.WrapValidator(lambda value, handler: handler(check(value)))]


@pydantic.dataclasses.dataclass
class OfPydanticData:
    name: str

    def __post_init__(self):
        check(self.name)


WHOLE = [OfStruct, OfData, OfAttrs, OfAttribute, OfModel, OfEarlyModel, OfWrappedModel]
FIELD = [OfField, OfEarlyField, OfAnnotation, OfPlain, OfWrap]
MODELS = [each for each in (*WHOLE, *FIELD) if hasattr(each, "model_fields")]
NATIVE = [OfStruct, OfData, OfAttrs, OfAttribute]
ALL = [*WHOLE, *FIELD, OfPydanticData]


def refused(kind, value):
    with pytest.raises(InvalidInput) as invalid:
        convert(describe(kind), value, "body")
    return [(each.path, each.code, each.text) for each in invalid.value.errors]


@pytest.mark.parametrize("kind", ALL)
def test_a_value_that_the_validator_accepts_makes_the_object(kind):
    assert convert(describe(kind), {"name": "ada"}, "body").name == "ada"


@pytest.mark.parametrize("kind", ALL)
def test_the_text_of_the_program_is_the_text_of_the_error(kind):
    path = ("name",) if kind in FIELD else ()
    assert refused(kind, {"name": "refused"}) == [(path, "invalid", "The program refuses it.")]
    assert refused(kind, {"name": "silent"}) == [(path, "invalid", None)]


@pytest.mark.parametrize("kind", [*MODELS, OfPydanticData])
def test_an_assertion_refuses_a_value_of_pydantic(kind):
    assert refused(kind, {"name": "asserted"})[0][1:] == ("invalid", "The program refuses it.")


@pytest.mark.parametrize("kind", NATIVE)
def test_a_type_error_that_is_raised_refuses_a_value_of_msgspec(kind):
    assert refused(kind, {"name": "type"}) == [((), "invalid", "The program refuses it.")]


@pytest.mark.parametrize("kind", ALL)
def test_the_text_of_a_function_of_python_is_not_shown(kind):
    # It is: invalid literal for int() with base 10: 'hunter-2-of-the-user'
    assert refused(kind, {"name": SECRET})[0][1:] == ("invalid", None)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(("name", "error"), [("key", KeyError), ("bug", TypeError)])
def test_any_other_exception_is_an_error_of_the_program(app, client, caplog, kind, name, error):
    app.config["TESTING"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/")
    def index(value: Body[kind]): ...

    @app.post("/form")
    def form(value: Form[kind]): ...

    with caplog.at_level(logging.ERROR):
        assert client.post("/", json={"name": name}).status_code == 500
        assert client.post("/form", data={"name": name}).status_code == 500
    assert [record.exc_info[0] for record in caplog.records] == [error] * 2


@pytest.mark.parametrize("kind", [OfStruct, OfData, OfAttrs, OfModel])
def test_all_objects_that_are_refused_are_reported(kind):
    values = [{"name": name} for name in ("refused", "ada", "refused")]
    text = "The program refuses it."

    assert refused(list[kind], values) == [((0,), "invalid", text), ((2,), "invalid", text)] or (
        hasattr(kind, "model_fields") and refused(list[kind], values) == [((0,), "invalid", text)]
    )
    assert refused(dict[str, kind], {"a": values[0]}) == [(("a",), "invalid", text)]


def test_the_innermost_object_that_is_refused_is_reported():
    class Outer(msgspec.Struct):
        inner: OfStruct
        items: list[OfStruct] = []
        other: OfStruct | None = None

        def __post_init__(self):
            raise ValueError("The outer one.")

    assert refused(Outer, {"inner": {"name": "refused"}, "items": [{"name": "refused"}]}) == [
        (("inner",), "invalid", "The program refuses it."),
        (("items", 0), "invalid", "The program refuses it."),
    ]
    assert refused(Outer, {"inner": {"name": "a"}}) == [((), "invalid", "The outer one.")]


def test_validators_do_not_run_while_a_field_is_wrong():
    assert refused(OfStruct, {"name": 1}) == [(("name",), "text", None)]
    assert refused(OfModel, {"name": 1}) == [(("name",), "text", None)]


@attrs.define
class Limited:
    count: int = attrs.field(default=3, validator=[attrs.validators.ge(1), attrs.validators.lt(9)])
    name: str = attrs.field(
        default="ab",
        validator=attrs.validators.and_(
            attrs.validators.min_len(2),
            attrs.validators.max_len(4),
            attrs.validators.matches_re("[a-z]+"),
        ),
    )
    size: str = attrs.field(default="s", validator=attrs.validators.in_(["s", "m"]))
    note: str | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.max_len(2))
    )


def limits(value):
    with pytest.raises(InvalidInput) as invalid:
        convert(describe(Limited), value, "body")
    return [(each.path[0], each.code, each.limit) for each in invalid.value.errors]


def test_validators_of_attrs_are_limits_of_the_type():
    assert limits({"count": 0, "name": "a", "size": "l", "note": "abc"}) == [
        ("count", "minimum", 1),
        ("name", "min_length", 2),
        ("size", "choice", ("s", "m")),
        ("note", "max_length", 2),
    ]
    assert limits({"count": 9, "name": "abcde"}) == [
        ("count", "exclusive_maximum", 9),
        ("name", "max_length", 4),
    ]
    assert limits({"name": "ab1"}) == [("name", "pattern", None)]
    assert limits({"name": "1ab"}) == [("name", "pattern", None)]
    assert convert(describe(Limited), {"note": None, "size": "m"}, "body") == Limited(size="m")


def test_the_text_of_a_validator_of_a_library_is_not_shown():
    @attrs.define
    class Typed:
        name: str = attrs.field(validator=attrs.validators.not_(attrs.validators.in_([SECRET])))

    class Mail(pydantic.BaseModel):
        url: pydantic.HttpUrl

    assert refused(Typed, {"name": SECRET}) == [((), "invalid", None)]
    assert refused(Mail, {"url": SECRET}) == [(("url",), "invalid", None)]


def test_a_converter_of_the_family_of_msgspec_keeps_its_limits():
    class Both(msgspec.Struct):
        name: Annotated[str, Meta(min_length=2)]

        def __post_init__(self):
            self.name = self.name.upper()

    assert convert(describe(Both), {"name": "ab"}, "body").name == "AB"
