"""Each source: one value, several values, an object; names, defaults, and what is missing."""

import dataclasses
import datetime as dt
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from retort import Body, Cookie, Form, Header, Name, Path, Query

Small = Annotated[int, Meta(ge=1, le=10)]


class Search(msgspec.Struct, forbid_unknown_fields=True):
    q: str
    limit: Small = 5
    tags: list[str] = []


@dataclasses.dataclass
class Trace:
    x_trace: str
    depth: int = 0


def errors(response):
    """Source, place and code of each error."""
    return [
        (each["source"], each.get("field", each.get("pointer")), each["code"])
        for each in response.json["errors"]
    ]


def test_a_variable_of_the_url_is_checked_and_else_not_found(app, client):
    @app.get("/a/<id>")
    def as_text(id: Path[Small]):
        return repr(id)

    @app.get("/b/<int:id>")
    def converted(id: Path[Small]):
        return repr(id)

    assert client.get("/a/3").text == client.get("/b/3").text == "3"
    for path in ("/a/11", "/b/11"):
        assert client.get(path).status_code == 404
        assert errors(client.get(path)) == [("path", "id", "maximum")]
    assert errors(client.get("/a/x")) == [("path", "id", "integer")]
    assert client.get("/b/x").json is None  # the rule does not match, as in Flask


def test_all_variables_of_the_url_may_be_one_object(app, client):
    class Day(msgspec.Struct):
        year: Annotated[int, Meta(ge=1970)]
        month: Literal["jan", "feb"]

    @app.get("/<int:year>/<month>")
    def day(year, month, day: Path[Day]):
        return f"{day.year} {day.month}"

    assert client.get("/1999/feb").text == "1999 feb"
    response = client.get("/1000/x")
    assert response.status_code == 404
    assert errors(response) == [("path", "year", "minimum"), ("path", "month", "choice")]


def test_a_query_parameter_has_a_type_a_default_or_is_required(app, client):
    @app.get("/")
    def index(
        page: Query[Small],
        size: Query[int] = 20,
        day: Query[dt.date | None] = None,
        q: Query[str | None] = "all",
    ):
        return f"{page} {size} {day!r} {q!r}"

    assert client.get("/?page=2").text == "2 20 None 'all'"
    assert client.get("/?page=2&size=3&day=2024-02-29&q=x").text == (
        "2 3 datetime.date(2024, 2, 29) 'x'"
    )
    assert client.get("/?page=2&size=&day=&q=").text == "2 20 None 'all'"
    assert errors(client.get("/?size=x&day=2023-02-29")) == [
        ("query", "page", "required"),
        ("query", "size", "integer"),
        ("query", "day", "date"),
    ]


def test_a_nullable_input_without_a_default_is_none(app, client):
    @app.post("/<id>")
    def index(id, a: Query[int | None], b: Header[int | None], c: Cookie[int | None]):
        return f"{a} {b} {c}"

    assert client.post("/1").text == "None None None"


def test_a_list_takes_all_values_of_a_name(app, client):
    @app.get("/")
    def index(
        id: Query[list[Small]],
        tags: Query[set[str]] = frozenset(),
        two: Query[Annotated[list[int], Meta(min_length=2)] | None] = None,
    ):
        return f"{id} {sorted(tags)} {two}"

    assert client.get("/?id=1&id=2&tags=b&tags=a&tags=b").text == "[1, 2] ['a', 'b'] None"
    assert client.get("/").text == "[] [] None"
    assert errors(client.get("/?id=1&id=x&id=99&two=1")) == [
        ("query", "id.1", "integer"),
        ("query", "id.2", "maximum"),
        ("query", "two", "min_items"),
    ]


def test_a_list_with_a_least_length_is_required_by_its_limit(app, client):
    @app.get("/")
    def index(id: Query[Annotated[list[int], Meta(min_length=1)]]):
        return f"{id}"

    assert errors(client.get("/")) == [("query", "id", "min_items")]


def test_two_values_for_a_scalar_are_an_error(app, client):
    @app.get("/")
    def index(page: Query[int]):
        return f"{page}"

    assert errors(client.get("/?page=1&page=2")) == [("query", "page", "repeated")]
    many = "&".join(f"page={number}" for number in range(1_000))
    assert errors(client.get(f"/?{many}")) == [("query", "page", "repeated")]


def test_an_object_takes_the_whole_query(app, client):
    @app.get("/")
    def index(search: Query[Search]):
        return f"{search.q} {search.limit} {search.tags}"

    assert client.get("/?q=x&tags=a&tags=b").text == "x 5 ['a', 'b']"
    assert errors(client.get("/?limit=99&other=1")) == [
        ("query", "other", "unknown"),
        ("query", "q", "required"),
        ("query", "limit", "maximum"),
    ]


def test_an_object_that_may_be_left_out_is_left_out_if_nothing_is_sent(app, client):
    @app.get("/default")
    def with_default(search: Query[Search] = Search("all")):  # noqa: B008
        return search.q

    @app.get("/none")
    def with_none(search: Query[Search | None]):
        return str(search and search.q)

    @app.post("/form")
    def with_form(search: Form[Search | None] = None):
        return str(search and search.q)

    assert [client.get("/default").text, client.get("/default?q=x").text] == ["all", "x"]
    assert [client.get("/none").text, client.get("/none?q=x").text] == ["None", "x"]
    assert [client.post("/form").text, client.post("/form", data={"q": "x"}).text] == ["None", "x"]
    assert errors(client.get("/none?limit=1")) == [("query", "q", "required")]


def test_a_header_is_named_like_its_parameter_with_hyphens(app, client):
    @app.get("/")
    def index(x_trace: Header[str], accept: Header[list[str]] = ()):
        return f"{x_trace} {accept}"

    headers = [("x-TRACE", "7"), ("Accept", "a/b"), ("Accept", "c/d")]
    assert client.get("/", headers=headers).text == "7 ['a/b', 'c/d']"
    assert errors(client.get("/")) == [("header", "X-Trace", "required")]


def test_an_object_takes_the_header_fields_that_it_names(app, client):
    class Strict(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
        x_trace: str
        user_agent: str = ""

    @app.get("/a")
    def a(trace: Header[Trace]):
        return f"{trace.x_trace} {trace.depth}"

    @app.get("/b")
    def b(trace: Header[Strict]):
        return f"{trace.x_trace} {trace.user_agent}"

    headers = {"X-Trace": "t", "Depth": "3", "Other": "x", "User-Agent": "test"}
    assert client.get("/a", headers=headers).text == "t 3"
    assert client.get("/b", headers=headers).text == "t test"
    assert errors(client.get("/a", headers={"Depth": "x"})) == [
        ("header", "x_trace", "required"),
        ("header", "depth", "integer"),
    ]


def test_a_cookie_is_read_and_others_are_left_alone(app, client):
    class Cookies(msgspec.Struct, forbid_unknown_fields=True):
        theme: Literal["dark", "light"] = "light"

    @app.get("/one")
    def one(theme: Cookie[Literal["dark", "light"]] = "light"):
        return theme

    @app.get("/all")
    def whole(cookies: Cookie[Cookies]):
        return cookies.theme

    client.set_cookie("other", "x")
    assert client.get("/one").text == client.get("/all").text == "light"
    client.set_cookie("theme", "dark")
    assert client.get("/one").text == client.get("/all").text == "dark"
    client.set_cookie("theme", "pink")
    assert (
        errors(client.get("/one")) == errors(client.get("/all")) == [("cookie", "theme", "choice")]
    )


def test_name_sets_the_name_in_the_request(app, client):
    @app.post("/<id>")
    def index(
        number: Path[Annotated[int, Name("id")]],
        page: Query[Annotated[int, Name("p")]],
        key: Header[Annotated[str, Name("Api-Key")]],
        sid: Cookie[Annotated[str, Name("session-id")]],
        items: Body[Annotated[list[int], Name("item-ids")]],
        id: str = "",
    ):
        return f"{number} {page} {key} {sid} {items}"

    client.set_cookie("session-id", "s")
    body = {"item-ids": [1, 2]}
    response = client.post("/1?p=2", headers={"Api-Key": "k"}, json=body)
    assert response.text == "1 2 k s [1, 2]"
    response = client.post("/1?page=2", json={"item-ids": "x"})
    assert errors(response) == [
        ("query", "p", "required"),
        ("header", "Api-Key", "required"),
        ("body", "/item-ids", "list"),
    ]


def test_fields_of_a_form_are_read_one_by_one(app, client):
    @app.post("/")
    def index(
        name: Form[Annotated[str, Meta(min_length=2)]], news: Form[bool], tags: Form[list[str]]
    ):
        return f"{name} {news} {tags}"

    assert client.post("/", data={"name": "ab", "news": "on"}).text == "ab True []"
    assert client.post("/", data={"name": "ab", "tags": ["x", "y"]}).text == "ab False ['x', 'y']"
    assert errors(client.post("/", data={"name": "a", "news": "perhaps"})) == [
        ("form", "name", "min_length"),
        ("form", "news", "boolean"),
    ]
    assert errors(client.post("/")) == [("form", "name", "required")]


def test_a_body_may_be_a_member_a_list_a_mapping_or_an_object(app, client):
    @app.post("/members")
    def members(a: Body[int], b: Body[str | None] = "none"):
        return f"{a} {b!r}"

    @app.post("/list")
    def as_list(ids: Body[list[Small]]):
        return f"{ids}"

    @app.post("/mapping")
    def as_mapping(counts: Body[dict[str, Small]]):
        return f"{counts}"

    @app.post("/object")
    def as_object(search: Body[Search | None]):
        return str(search and search.q)

    assert client.post("/members", json={"a": 1, "c": 2}).text == "1 'none'"
    assert client.post("/members", json={"a": 1, "b": None}).text == "1 None"
    assert errors(client.post("/members", json={"b": 1})) == [
        ("body", "/a", "required"),
        ("body", "/b", "text"),
    ]
    assert errors(client.post("/members", json=[1])) == [("body", "", "object")] * 2
    assert client.post("/list", json=[1, 2]).text == "[1, 2]"
    assert errors(client.post("/list", json=[1, "2", 11])) == [
        ("body", "/1", "integer"),
        ("body", "/2", "maximum"),
    ]
    assert client.post("/mapping", json={"a": 1}).text == "{'a': 1}"
    assert errors(client.post("/mapping", json={"a/~b": 0})) == [("body", "/a~1~0b", "minimum")]
    assert client.post("/object", json={"q": "x"}).text == "x"
    null = client.post("/object", data="null", content_type="application/json")
    assert [null.text, client.post("/object").text] == ["None", "None"]
    assert errors(client.post("/object", json={"q": None})) == [("body", "/q", "null")]


@pytest.mark.parametrize(
    "value", ["1_000", "\uff11", "nan", "inf", "0x1", "1.0", "--1", "1e3", "true"]
)
def test_an_integer_is_written_in_ascii_digits(app, client, value):
    @app.get("/")
    def index(page: Query[int]):
        return f"{page}"

    assert errors(client.get("/", query_string={"page": value})) == [("query", "page", "integer")]
