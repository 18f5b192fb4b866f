"""What declared inputs and return annotations add to the document."""

import dataclasses
import datetime as dt
import decimal
import enum
import re
import uuid
from typing import Annotated, Generic, Literal, NamedTuple, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from msgspec import Meta

from retort import Body, Control, Cookie, Draft, Form, Header, Name, Path, Query, Upload, inputs
from retort.extensions.openapi import document
from retort.views import MethodView

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(msgspec.Struct):
    """Where it goes."""

    street: str
    zip: Annotated[str, Meta(pattern="^[0-9]{5}$", description="five digits")]


class Order(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    ship_to: Address
    colour: Colour | None = None
    lines: list[str] = msgspec.field(default_factory=list)
    made: float = msgspec.field(default_factory=lambda: 0.5)
    parent: "Order | None" = None


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog"):
    name: str


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


@dataclasses.dataclass
class AsDataclass:
    number: Annotated[int, Meta(ge=1)]
    text: str = "x"


@attrs.define
class AsAttrs:
    number: Annotated[int, Meta(ge=1)]
    text: str = "x"


class AsTypedDict(TypedDict):
    number: Annotated[int, Meta(ge=1)]


class AsNamedTuple(NamedTuple):
    number: Annotated[int, Meta(ge=1)]
    text: str = "x"


class Inner(pydantic.BaseModel):
    x: str


class AsPydantic(pydantic.BaseModel):
    number: int = pydantic.Field(ge=1)
    inner: Inner | None = None


class Signup(msgspec.Struct):
    email: Annotated[str, Meta(max_length=20)]
    address: Address
    codes: list[int]
    others: list[Address]
    newsletter: bool
    born: dt.date | None = None


class Filters(msgspec.Struct):
    text: str
    page: int = 1
    kinds: list[str] = []


@pytest.fixture
def schema_of(app, documented):
    """The schema of a JSON body, and the components."""

    def make(annotation):
        def view(value):
            return ""

        view.__annotations__ = {"value": Body[Annotated[annotation, Name("value")]]}
        app.add_url_rule("/", "index", view, methods=["POST"])
        found = documented()
        content = found["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
        return content["schema"]["properties"]["value"], found["components"]["schemas"]

    return make


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (int, {"type": "integer"}),
        (Annotated[int, Meta(ge=1, lt=9, multiple_of=2)],
         {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (Annotated[str, Meta(min_length=1, max_length=5, pattern="^a")],
         {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a"}),
        (Annotated[str, Meta(title="T", description="D", examples=["e"])],
         {"type": "string", "title": "T", "description": "D", "examples": ["e"]}),
        (Annotated[list[int], Meta(min_length=1)],
         {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
        (set[str], {"type": "array", "items": {"type": "string"}}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (dict, {"type": "object"}),
        (tuple[int, str], {"type": "array", "prefixItems": [{"type": "integer"},
                           {"type": "string"}], "items": False}),
        (bytes, {"type": "string", "contentEncoding": "base64"}),
        (dt.datetime, {"type": "string", "format": "date-time"}),
        (dt.date, {"type": "string", "format": "date"}),
        (dt.time, {"type": "string", "format": "time"}),
        (dt.timedelta, {"type": "string", "format": "duration"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (uuid.UUID | None, {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (int | None, {"type": ["integer", "null"]}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Literal["a"] | None, {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}),
    ],
)  # fmt: skip
def test_a_type_has_its_schema(schema_of, annotation, schema):
    assert schema_of(annotation)[0] == schema


@pytest.mark.parametrize("text", ["1", "-1.50", "+.5", "1e5", "1E-10", "0"])
def test_a_decimal_has_its_grammar(app, schema_of, text):
    schema, _ = schema_of(decimal.Decimal)

    assert schema["format"] == "decimal"
    assert re.search(schema["pattern"], text)
    assert app.test_client().post("/", json={"value": text}).status_code == 200


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "1,5", "nan", "Infinity", "1e"])
def test_what_is_no_decimal_does_not_fit_its_grammar(app, schema_of, text):
    assert not re.search(schema_of(decimal.Decimal)[0]["pattern"], text)


def test_objects_are_components_with_the_names_of_the_wire(schema_of):
    schema, components = schema_of(Order)

    assert schema == {"$ref": "#/components/schemas/Order"}
    assert components["Order"] == {
        "title": "Order",
        "type": "object",
        "properties": {
            "shipTo": {"$ref": "#/components/schemas/Address"},
            "colour": {"anyOf": [{"$ref": "#/components/schemas/Colour"}, {"type": "null"}]},
            "lines": {"type": "array", "items": {"type": "string"}, "default": []},
            "made": {"type": "number"},  # another value each time, as far as is known
            "parent": {"anyOf": [{"$ref": "#/components/schemas/Order"}, {"type": "null"}]},
        },
        "required": ["shipTo"],
        "additionalProperties": False,
    }
    assert components["Colour"] == {"title": "Colour", "type": "string", "enum": ["red", "blue"]}
    assert components["Address"]["description"] == "Where it goes."
    assert components["Address"]["properties"]["zip"]["description"] == "five digits"


def test_tagged_types_have_their_tags(schema_of):
    schema, components = schema_of(Cat | Dog)

    references = [{"$ref": f"#/components/schemas/{name}"} for name in ("Cat", "Dog")]
    assert schema == {"anyOf": references}
    assert components["Cat"]["properties"]["type"] == {"const": "cat"}
    assert components["Cat"]["required"] == ["type", "lives"]


def test_types_with_arguments_have_components_of_their_own(schema_of):
    schema, components = schema_of(Page[Address])

    assert schema == {"$ref": "#/components/schemas/Page_Address"}
    assert components["Page_Address"]["properties"]["items"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/Address"},
    }


@pytest.mark.parametrize("cls", [AsDataclass, AsAttrs, AsTypedDict, AsNamedTuple, AsPydantic])
def test_each_family_has_the_limits_of_its_fields(schema_of, cls):
    _, components = schema_of(cls)

    found = components[cls.__name__]
    assert found["type"] == "object"
    assert found["properties"]["number"]["minimum"] == 1
    assert found["required"] == ["number"]


def test_models_of_pydantic_refer_to_components(schema_of):
    _, components = schema_of(AsPydantic)

    inner = components["AsPydantic"]["properties"]["inner"]["anyOf"]
    assert inner == [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]
    assert components["Inner"]["properties"]["x"]["type"] == "string"


def test_classes_with_one_name_are_two_components(app, documented):
    first = msgspec.defstruct("Thing", [("a", int)])
    second = msgspec.defstruct("Thing", [("b", int)])

    def one(value):
        return ""

    def two(value):
        return ""

    one.__annotations__ = {"value": Body[first]}
    two.__annotations__ = {"value": Body[second]}
    app.add_url_rule("/1", "one", one, methods=["POST"])
    app.add_url_rule("/2", "two", two, methods=["POST"])

    components = documented()["components"]["schemas"]
    assert components["Thing"]["properties"].keys() == {"a"}
    assert components["Thing_2"]["properties"].keys() == {"b"}


# Parameters


def test_parameters_are_where_their_markers_say(app, operation):
    @app.get("/orders/<int:number>")
    def order(
        number: Path[Annotated[int, Meta(le=9)]],
        words: Query[str],
        dry_run: Query[bool] = False,
        ids: Query[list[int]] = (),
        x_trace: Header[str | None] = None,
        theme: Cookie[str] = "light",
        other: Query[Annotated[str | None, Name("x-y")]] = None,
    ):
        return ""

    found = operation("/orders/{number}")

    assert found["parameters"] == [
        {"name": "number", "in": "path", "required": True,
         "schema": {"type": "integer", "maximum": 9}},
        {"name": "words", "in": "query", "required": True,
         "schema": {"type": "string", "minLength": 1}},
        {"name": "dry_run", "in": "query", "allowEmptyValue": True,
         "schema": {"type": "boolean", "default": False}},
        {"name": "ids", "in": "query", "allowEmptyValue": True,
         "schema": {"type": "array", "items": {"type": "integer"}, "default": []}},
        {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
        {"name": "theme", "in": "cookie", "schema": {"type": "string", "default": "light"}},
        {"name": "x-y", "in": "query", "allowEmptyValue": True, "schema": {"type": "string"}},
    ]  # fmt: skip
    assert list(found["responses"]) == ["200", "404", "422"]


def test_an_object_of_the_query_is_a_parameter_for_each_field(app, operation):
    @app.get("/")
    def index(filters: Query[Filters]):
        return ""

    found = {one["name"]: one.get("required", False) for one in operation("/")["parameters"]}
    assert found == {"text": True, "page": False, "kinds": False}


def test_a_list_in_a_query_or_a_header_has_no_empty_items(app, operation):
    @app.get("/")
    def index(
        words: Query[Annotated[list[str], Meta(min_length=2)]], x_words: Header[list[str]] = ()
    ):
        return ""

    items = {"type": "string", "minLength": 1}
    found = [one["schema"] for one in operation("/")["parameters"]]
    assert found == [
        {"type": "array", "items": items, "minItems": 2},
        {"type": "array", "items": items, "default": []},
    ]
    client = app.test_client()
    assert client.get("/?words=a&words=b").status_code == 200
    assert client.get("/?words=a&words=").status_code == 422


# Bodies


def test_members_of_the_body_are_one_object(app, operation):
    @app.post("/")
    def index(name: Body[str], amount: Body[int] = 1):
        return ""

    body = operation("/", "post")["requestBody"]
    assert body["required"]
    assert body["content"]["application/json"]["schema"] == {
        "type": "object",
        "properties": {"name": {"type": "string"}, "amount": {"type": "integer", "default": 1}},
        "required": ["name"],
    }


def test_a_form_has_the_names_of_nested_fields(app, documented):
    @app.post("/")
    def index(form: Form[Signup]):
        return ""

    found = documented()
    body = found["paths"]["/"]["post"]["requestBody"]
    schema = body["content"]["application/x-www-form-urlencoded"]["schema"]

    assert list(body["content"]) == ["application/x-www-form-urlencoded"]
    assert schema["properties"].keys() == {
        *("email", "address.street", "address.zip", "codes", "newsletter", "born")
    }
    assert schema["properties"]["born"] == {"type": "string", "format": "date"}
    assert schema["patternProperties"].keys() == {
        r"^others\.[0-9]+\.street$",
        r"^others\.[0-9]+\.zip$",
    }
    # An empty text is not filled in.
    assert schema["properties"]["email"] == {"type": "string", "maxLength": 20, "minLength": 1}
    # A browser does not send an unchecked checkbox, and no item of an empty list.
    assert schema["required"] == ["email", "address.street", "address.zip"]
    assert found["components"]["schemas"].keys() == {"Problem"}


def test_a_required_text_of_a_form_is_not_empty(app, operation):
    class Note(msgspec.Struct):
        title: Annotated[str, Meta(max_length=9)]
        code: Annotated[str, Meta(min_length=2)]
        tags: list[str]
        text: str = ""

    @app.post("/")
    def index(form: Form[Note]):
        return ""

    content = operation("/", "post")["requestBody"]["content"]
    schema = content["application/x-www-form-urlencoded"]["schema"]
    assert schema["properties"] == {
        "title": {"type": "string", "maxLength": 9, "minLength": 1},
        "code": {"type": "string", "minLength": 2},
        "tags": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "text": {"type": "string", "default": ""},
    }


@pytest.mark.parametrize(
    ("accept", "media_types"),
    [
        ("image/*", "image/*"),
        (".PNG, application/pdf,.png", "image/png, application/pdf"),
        ("image/*,.unknown-to-all", None),
        (None, None),
    ],
)
def test_an_upload_has_the_media_types_that_it_accepts(app, operation, accept, media_types):
    @app.post("/")
    def index(photo: Form[Annotated[Upload, Control(accept=accept)]]):
        return ""

    content = operation("/", "post")["requestBody"]["content"]["multipart/form-data"]
    expected = None if media_types is None else {"photo": {"contentType": media_types}}
    assert content.get("encoding") == expected


def test_a_form_with_a_file_is_multipart(app, operation):
    @app.post("/")
    def index(
        name: Form[str],
        photo: Form[Annotated[Upload, Control(accept="image/png", max_bytes=100)]],
        more: Form[list[Upload]] = (),
    ):
        return ""

    content = operation("/", "post")["requestBody"]["content"]
    file = {"type": "string", "format": "binary"}

    assert list(content) == ["multipart/form-data"]
    properties = content["multipart/form-data"]["schema"]["properties"]
    assert properties["photo"] == {**file, "contentMediaType": "image/png", "maxLength": 100}
    assert properties["more"]["items"] == {**file, "contentMediaType": "application/octet-stream"}


def test_a_draft_is_a_form_whose_page_has_the_errors(app, documented):
    @app.route("/", methods=["GET", "POST"])
    def index(form: Draft[Signup]):
        return "", form.status

    item = documented()["paths"]["/"]

    assert "requestBody" not in item["get"]
    assert list(item["get"]["responses"]) == ["200"]
    content = item["post"]["requestBody"]["content"]
    assert "email" in content["application/x-www-form-urlencoded"]["schema"]["required"]
    assert item["post"]["responses"]["422"] == {
        "description": "The form with its errors.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }


@pytest.mark.parametrize("cls", [AsDataclass, AsAttrs, AsTypedDict, AsNamedTuple, Order])
def test_a_text_that_python_made_describes_no_type(schema_of, cls):
    assert "description" not in schema_of(cls)[1][cls.__name__]


def test_invalid_inputs_have_one_problem_document(app, documented):
    @app.post("/")
    def index(order: Body[Order]):
        return ""

    @app.get("/q")
    def query(number: Query[int]):
        return ""

    found = documented()
    responses = found["paths"]["/"]["post"]["responses"]

    assert list(responses) == ["200", "400", "413", "415", "422"]
    content = responses["422"]["content"]
    assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "text/html" in content
    assert found["paths"]["/q"]["get"]["responses"]["422"] == responses["422"]


def test_a_problem_document_that_is_sent_fits_its_schema(app, documented):
    jsonschema = pytest.importorskip("jsonschema")

    @app.post("/")
    def index(order: Body[Order]):
        return ""

    schema = documented()["components"]["schemas"]["Problem"]
    response = app.test_client().post("/", json={"shipTo": {"street": 1}})

    assert response.status_code == 422
    assert response.json["errors"]
    jsonschema.validate(response.json, schema)


# Places of declarations


def test_methods_of_a_class_declare_their_own_inputs(app, documented):
    class Orders(MethodView):
        def get(self, page: Query[int] = 1):
            return ""

        def post(self, order: Body[Order]):
            return ""

    app.add_url_rule("/", view_func=Orders.as_view("orders"))

    item = documented()["paths"]["/"]
    assert item["get"]["parameters"][0]["name"] == "page"
    assert "requestBody" not in item["get"]
    assert "requestBody" in item["post"]


def test_inputs_below_a_decorator_are_found(app, operation):
    import functools

    def decorate(view):
        @functools.wraps(view)
        def wrapper(**variables):
            return view(**variables)

        return wrapper

    @app.get("/")
    @decorate
    @inputs
    def index(page: Query[int]):
        return ""

    assert operation("/")["parameters"][0]["name"] == "page"


# Return annotations


@pytest.mark.parametrize(
    ("annotation", "content"),
    [
        (Address, {"application/json": {"schema": {"$ref": "#/components/schemas/Address"}}}),
        (
            list[Address],
            {
                "application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Address"}}
                }
            },
        ),
        (
            tuple[Address, int],
            {"application/json": {"schema": {"$ref": "#/components/schemas/Address"}}},
        ),
        (str, {"text/html": {"schema": {"type": "string"}}}),
        (dict, {"application/json": {"schema": {"type": "object"}}}),
        (object, None),
        (Address | str, None),
        ("a name that is not defined", None),
        ("Missing", None),
        (None, None),
    ],
)
def test_a_return_annotation_is_the_content_of_the_response(app, operation, annotation, content):
    def view():
        return ""

    view.__annotations__ = {"return": annotation}
    app.add_url_rule("/", "index", view)

    assert operation("/")["responses"]["200"].get("content") == content


def test_a_document_is_the_same_each_time(app):
    @app.post("/")
    def index(order: Body[Order], page: Query[int] = 1) -> Address:
        return ""

    assert document(app) == document(app)
