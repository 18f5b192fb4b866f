"""JSON bodies: what is no JSON, what no text or number can hold, and types of bodies."""

import dataclasses
import io
import json
import re
from typing import Annotated, Any, Generic, Literal, Optional, TypeVar

import msgspec
import pydantic
import pytest
from msgspec import Meta

from retort import Body
from retort.extensions.inputs import texts

T = TypeVar("T")


class Order(msgspec.Struct):
    name: str
    count: int = 1


class Model(pydantic.BaseModel):
    name: str
    count: int = 1


class Node(msgspec.Struct):
    children: "list[Node]" = []
    value: int = 0


def send(client, body, path="/", **options):
    options.setdefault("content_type", "application/json")
    return client.post(path, data=body, **options)


def errors(response):
    return [(each["pointer"], each["code"]) for each in response.json["errors"]]


@pytest.fixture(params=[Order, Model, dict[str, Any]], ids=["native", "pydantic", "any"])
def order(app, request):
    kind = request.param

    @app.post("/")
    def index(order: Body[kind]):
        return "ok"

    return kind


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The request has no body. Send JSON."),
        (b"{", "The body is not JSON: error in line 1, column 2."),
        (b'{"name":\n\n!}', "The body is not JSON: error in line 3, column 1."),
        (b'{"name": "x"} x', "The body is not JSON: error in line 1, column 15."),
        (b" ", "The body is not JSON: error in line 1, column 2."),
        (b'{"name": "\xff"}', "The body is not UTF-8, which JSON must be."),
        ('{"name": "x"}'.encode("utf-16"), "The body is not UTF-8, which JSON must be."),
        (("[" * 200).encode("utf-16")[:-1], "The body is not UTF-8, which JSON must be."),
        (
            b'{"name": ' * 2_000,
            "The JSON is nested too deeply: at most 1,000 levels are read.",
        ),
        (
            b"[" * 2_000 + b"]" * 2_000,
            "The JSON is nested too deeply: at most 1,000 levels are read.",
        ),
        (b'{"name": NaN}', "The body is not JSON: it contains NaN or Infinity."),
        (b'{"name": "a\0"}', "The body is not JSON: error in line 1, column 12."),
    ],
    ids=repr,
)
def test_a_body_that_is_no_json_is_a_400_with_the_reason(client, order, body, detail):
    response = send(client, body)

    assert response.status_code == 400
    assert response.json["detail"] == detail


@pytest.mark.parametrize("depth", [101, 300, 900, 960, 990, 999])
def test_json_that_is_deep_is_never_an_error_of_the_server(app, client, depth):
    @app.post("/node")
    def node(node: Body[Node]):
        return "ok"

    @app.post("/any")
    def whatever(value: Body[dict[str, Any]]):
        return "ok"

    body = '{"children": [' * (depth // 2) + '{"value": "x"}' + "]}" * (depth // 2)
    assert send(client, body, "/node").status_code in (400, 422)
    body = '{"a":' * depth + "1" + "}" * depth
    assert send(client, body, "/node").status_code in (200, 400)
    assert send(client, body, "/any").status_code in (200, 400)
    body = '{"children": [' * 20 + '{"value": "x"}' + "]}" * 20
    assert errors(send(client, body, "/node")) == [("/children/0" * 20 + "/value", "integer")]


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * 5_000, "-" + "1" * 5_000])
@pytest.mark.parametrize("name", ["count", "other"])
def test_a_number_out_of_range_is_an_error_of_its_field(client, order, number, name):
    response = send(client, f'{{"name": "x", "{name}": {number}}}')

    if order in (Order, Model) and name == "other":
        assert response.status_code == 200  # it is not read
    else:
        assert errors(response) == [(f"/{name}", "number")]


def test_a_number_out_of_range_below_any_is_an_error(app, client):
    @app.post("/")
    def index(value: Body[dict[str, Any]]):
        return "ok"

    body = '{"a": {"b": [1, 1e400, {"c\\ud800": "\\u0000"}]}}'
    assert sorted(errors(send(client, body))) == [
        ("/a/b/1", "number"),
        ("/a/b/2/c?", "character"),
        ("/a/b/2/c?", "character"),
    ]


@pytest.mark.parametrize("text", ["\\u0000", "a\\ud800", "\\udc00", "\\udc00\\ud800"])
def test_text_that_cannot_be_stored_is_an_error_of_its_field(client, order, text):
    assert errors(send(client, f'{{"name": "{text}"}}')) == [("/name", "character")]


def test_an_escaped_backslash_before_u0000_is_text(client, order):
    assert send(client, '{"name": "\\\\u0000 \\ud83d\\ude00"}').text == "ok"


def test_a_byte_order_mark_is_ignored_as_flask_does(client, order):
    assert send(client, b'\xef\xbb\xbf{"name": "x"}').text == "ok"


def test_the_last_of_two_equal_keys_counts_as_in_flask(app, client):
    @app.post("/")
    def index(order: Body[Order]):
        return order.name

    body = '{"name": 1, "name": "b"}'
    assert json.loads(body)["name"] == "b"
    response = send(client, body)
    # msgspec checks each value; both are read in the order of the text.
    assert response.status_code == 200 or errors(response)
    assert send(client, '{"name": "a", "name": "b"}').text == "b"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/merge-patch+json",
        "application/vnd.api+json",
        "APPLICATION/JSON",
    ],
)
def test_json_has_several_media_types(client, order, content_type):
    assert send(client, '{"name": "x"}', content_type=content_type).text == "ok"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-json", "", None, "json"])
def test_another_media_type_is_a_415(client, order, content_type):
    assert send(client, '{"name": "x"}', content_type=content_type).status_code == 415


def test_a_body_in_chunks_is_read(client, order):
    options = {
        "input_stream": io.BytesIO(b'{"name": "x"}'),
        "environ_overrides": {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        "content_type": "application/json",
    }
    response = client.post("/", **options)

    assert response.text == "ok"


class Limited(msgspec.Struct):
    name: Annotated[str, Meta(pattern="^(a+)+$")]


class LimitedModel(pydantic.BaseModel):
    name: str = pydantic.Field(pattern="^(a+)+$")


@dataclasses.dataclass
class LimitedData:
    name: Annotated[str, Meta(pattern="^(a+)+$")]


@pytest.mark.parametrize("kind", [Limited, LimitedModel, LimitedData])
def test_a_pattern_gets_no_long_text(app, client, monkeypatch, kind):
    lengths = []
    matches = texts._matches

    def recorded(pattern, text):
        lengths.append(len(text))
        return matches(pattern, text)

    monkeypatch.setattr(texts, "_matches", recorded)

    @app.post("/")
    def index(order: Body[kind]):
        return "ok"

    response = client.post("/", json={"name": "a" * 10_000_000 + "!"})
    assert response.status_code == 422
    assert response.json["errors"][0]["code"] == "max_length"
    assert response.json["errors"][0]["limit"] == 10_000
    assert lengths == []
    assert client.post("/", json={"name": "aaa"}).text == "ok"
    assert errors(client.post("/", json={"name": "aaa\n"})) == [("/name", "pattern")]
    assert 4 in lengths
    assert max(lengths) == 4


# Types of bodies


class Cat(msgspec.Struct, tag="cat"):
    lives: Annotated[int, Meta(le=9)]


class Dog(msgspec.Struct, tag="dog"):
    name: str


class Point(msgspec.Struct, array_like=True):
    x: int
    y: int


class Camel(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    first_name: str
    last_name: str = ""


class Page(msgspec.Struct, Generic[T]):
    items: list[T]
    next: Optional["Page[T]"] = None


class Alias(pydantic.BaseModel):
    model_config = {"extra": "forbid"}
    first: int = pydantic.Field(alias="firstName")


@pydantic.dataclasses.dataclass
class Data:
    count: int = pydantic.Field(ge=1)


CASES = [
    (Cat | Dog, {"type": "cat", "lives": 3}, {"type": "cat", "lives": 10}, ("/lives", "maximum")),
    (Cat | Dog, {"type": "dog", "name": "x"}, {"type": "cow"}, ("/type", "choice")),
    (list[Cat | Dog], [{"type": "dog", "name": ""}], [{"type": "dog"}], ("/0/name", "required")),
    (Node, {"children": [{}]}, {"children": [{"value": ""}]}, ("/children/0/value", "integer")),
    (Page[Order], {"items": [{"name": "x"}]}, {"items": [{}]}, ("/items/0/name", "required")),
    (
        Page[int],
        {"items": [1], "next": {"items": []}},
        {"items": [], "next": {"items": [""]}},
        ("/next/items/0", "integer"),
    ),
    (Camel, {"firstName": "x"}, {"firstName": 1}, ("/firstName", "text")),
    (Camel, {"firstName": "x"}, {"firstName": "", "last_name": ""}, ("/last_name", "unknown")),
    (Alias, {"firstName": 1}, {"first": 1}, ("/firstName", "required")),
    (Data, {"count": 1}, {"count": 0}, ("/count", "minimum")),
    (Point, [1, 2], {"x": 1}, ("", "list")),
    (int | str, None, None, None),
    (Order | None, {"name": "x"}, {"name": None}, ("/name", "null")),
    (list[Literal["a", 1]], ["a", 1], ["1"], ("/0", "choice")),
    (dict[str, list[int]], {"a": [1]}, {"a": [""]}, ("/a/0", "integer")),
]


@pytest.mark.parametrize(
    ("kind", "valid", "wrong", "error"), CASES, ids=lambda each: str(each)[:40]
)
def test_a_body_has_any_type_that_json_can_have(app, client, kind, valid, wrong, error):
    @app.post("/")
    def index(value: Body[kind]):
        return type(value).__name__

    if error is None:
        assert client.post("/", json={"value": 1}).text == "int"
        assert client.post("/", json={"value": "x"}).text == "str"
        assert client.post("/", json={"value": []}).status_code == 422
        return
    assert client.post("/", json=valid).status_code == 200
    response = client.post("/", json=wrong)
    assert response.status_code == 422
    assert error in errors(response)


def test_patterns_of_texts_are_compiled_once():
    texts._compiled.cache_clear()
    for _ in range(3):
        texts.error_of_text("aaa", {"pattern": "^a+$"})

    assert texts._compiled.cache_info().misses == 1
    assert isinstance(texts._compiled("^a+$"), re.Pattern)
