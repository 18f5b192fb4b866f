"""Objects that a view declares to return, and the check of them in debug mode and tests."""

import dataclasses
import datetime as dt
from threading import Thread
from typing import Annotated, Any, NamedTuple, TypedDict

import attrs
import msgspec
import pydantic
import pytest
from msgspec import Meta

from retort import Query, Response, Retort
from retort.views import MethodView


class OfStruct(msgspec.Struct):
    name: str
    day: dt.date = dt.date(2024, 2, 29)


@dataclasses.dataclass
class OfData:
    name: str
    day: dt.date = dt.date(2024, 2, 29)


@attrs.define
class OfAttrs:
    name: str
    day: dt.date = dt.date(2024, 2, 29)


class OfModel(pydantic.BaseModel):
    name: str
    day: dt.date = dt.date(2024, 2, 29)


@pydantic.dataclasses.dataclass
class OfPydanticData:
    name: str
    day: dt.date = dt.date(2024, 2, 29)


FAMILIES = [OfStruct, OfData, OfAttrs, OfModel, OfPydanticData]
JSON = {"name": "x", "day": "2024-02-29"}


@pytest.mark.parametrize("kind", FAMILIES)
def test_an_object_is_sent_as_json_if_the_view_declares_it(app, client, kind):
    @app.get("/")
    def index() -> kind:
        return kind("x") if kind is not OfModel else kind(name="x")

    response = client.get("/")

    assert response.content_type == "application/json"
    assert response.json == JSON
    assert client.head("/").headers["Content-Length"] == str(len(response.data))


@pytest.mark.parametrize("kind", FAMILIES)
def test_without_the_annotation_it_is_a_type_error_as_in_flask(app, client, kind):
    @app.get("/")
    def index():
        return kind(name="x")

    @app.get("/other")
    def other() -> str | dict[str, Any]:
        return kind(name="x")

    for path in ("/", "/other"):
        with pytest.raises(TypeError, match="which is not a valid"):
            client.get(path)


@pytest.mark.parametrize("kind", FAMILIES)
def test_it_may_have_a_status_and_headers(app, client, kind):
    @app.get("/")
    def index() -> tuple[kind, int, dict[str, str]]:
        return kind(name="x"), 201, {"X-A": "b"}

    @app.get("/union")
    def union() -> kind | Response | None:
        return kind(name="x")

    @app.get("/annotated")
    async def annotated() -> Annotated[kind, "text"]:
        return kind(name="x")

    response = client.get("/")

    assert (response.status_code, response.headers["X-A"], response.json) == (201, "b", JSON)
    assert client.get("/union").json == client.get("/annotated").json == JSON


@pytest.mark.parametrize("kind", [OfStruct, OfAttrs, OfModel])
def test_a_list_of_objects_is_sent_as_json(app, client, kind):
    @app.get("/")
    def index() -> list[kind]:
        return [kind(name="x"), kind(name="y")]

    assert [each["name"] for each in client.get("/").json] == ["x", "y"]
    assert set(client.get("/").json[0]) == {"name", "day"}


def test_an_object_may_have_a_model_of_pydantic_inside(app, client):
    class Outer(msgspec.Struct):
        inner: OfModel

    @app.get("/")
    def index() -> Outer:
        return Outer(OfModel(name="a"))

    @app.get("/list")
    def several() -> list[Outer]:
        return [Outer(OfModel(name="a"))]

    expected = {"inner": {"name": "a", "day": "2024-02-29"}}
    assert client.get("/").json == expected
    assert client.get("/list").json == [expected]


def test_what_cannot_be_encoded_is_named(app, client):
    class Outer(msgspec.Struct):
        inner: Any

    @app.get("/")
    def index() -> Outer:
        return Outer(Thread())

    app.testing = True
    with pytest.raises(TypeError, match="Thread"):
        client.get("/")


def test_methods_of_one_endpoint_have_their_own_annotations(app, client):
    class Orders(MethodView):
        def get(self) -> OfStruct:
            return OfStruct("x")

        def post(self) -> OfModel:
            return OfModel(name="x")

    app.add_url_rule("/class", view_func=Orders.as_view("orders"))

    @app.post("/function")
    def create() -> OfModel:
        return OfModel(name="x")

    @create.get
    def index() -> OfStruct:
        return OfStruct("x")

    for path in ("/class", "/function"):
        assert client.get(path).json == client.post(path).json == JSON
        assert client.head(path).status_code == 200


def test_a_subclass_of_the_declared_class_is_sent(app, client):
    class More(OfStruct):
        more: int = 1

    @app.get("/")
    def index() -> OfStruct:
        return More("x")

    assert client.get("/").json == {**JSON, "more": 1}


def test_values_that_flask_takes_are_unchanged(app, client):
    class Pair(NamedTuple):
        text: str
        status: int

    @app.get("/text")
    def text() -> OfStruct:
        return "text"

    @app.get("/dict")
    def mapping() -> OfStruct:
        return {"a": dt.date(2024, 2, 29)}

    @app.get("/pair")
    def pair() -> Pair:
        return Pair("text", 201)

    @app.get("/generator")
    def generator() -> OfStruct:
        yield "a"
        yield "b"

    assert client.get("/text").text == "text"
    assert client.get("/dict").json == {"a": "Thu, 29 Feb 2024 00:00:00 GMT"}
    assert client.get("/pair").status_code == 201
    assert client.get("/generator").text == "ab"


# The check


class Receipt(TypedDict):
    total: Annotated[int, Meta(ge=0)]


@pytest.fixture(params=["debug", "testing", "production"])
def mode(app, request):
    app.config.update(DEBUG=False, TESTING=False, PROPAGATE_EXCEPTIONS=True)
    if request.param != "production":
        app.config[request.param.upper()] = True
    return request.param


def test_a_value_of_a_marked_view_is_checked_in_debug_mode_and_tests(app, client, mode):
    @app.get("/")
    def index(total: Query[Any]) -> Receipt:
        return {"total": int(total) if total != "x" else total}

    @app.get("/status")
    async def status(total: Query[int]) -> tuple[Receipt, int]:
        return {"total": total}, 201

    @app.get("/list")
    def several(total: Query[int]) -> list[Receipt]:
        return [{"total": 1}, {"total": total}]

    assert client.get("/?total=1").json == {"total": 1}
    assert client.get("/list?total=1").status_code == 200
    if mode == "production":
        assert client.get("/?total=-1").json == {"total": -1}
        return
    with pytest.raises(TypeError) as error:
        client.get("/?total=x")
    assert str(error.value).startswith("index() (test_returned.py:")
    assert str(error.value).endswith(
        ") returned a value that is not what its annotation says: total: Must be a whole number."
        " Return another value, or change the annotation. This is checked in debug mode and in"
        " tests only."
    )
    with pytest.raises(TypeError, match=r"1\.total: Must be 0 or more\."):
        client.get("/list?total=-1")


def test_the_value_beside_a_status_is_checked(app, client):
    @app.get("/")
    def index(total: Query[int]) -> tuple[Receipt, int]:
        return {"total": total}, 201

    assert client.get("/?total=1").status_code == 201
    with pytest.raises(TypeError, match=r"total: Must be 0 or more\."):
        client.get("/?total=-1")


@pytest.mark.parametrize("annotation", ["Receipt", "list[Receipt]", "OfModel", "Undefined", "3"])
@pytest.mark.parametrize("value", [{"a": 1}, [1], {"a": object}])
def test_a_view_without_markers_is_not_checked(app, client, annotation, value):
    class Provider(type(app.json)):
        def default(self, value):
            return "own"

    app.json = Provider(app)

    def index():
        return value

    index.__annotations__ = {"return": annotation}
    app.add_url_rule("/", view_func=index)

    assert client.get("/").status_code == 200


def test_what_only_the_json_provider_knows_is_not_checked(app, client):
    class Own:
        pass

    app.json.default = lambda value: "own"

    @app.get("/")
    def index(page: Query[int] = 1) -> Receipt:
        return {"total": Own()}

    @app.get("/response")
    def response(page: Query[int] = 1) -> Receipt:
        return Response("text")

    assert client.get("/").json == {"total": "own"}
    assert client.get("/response").text == "text"


def test_objects_of_all_families_pass_the_check():
    app = Retort("returned")
    app.testing = True

    for number, kind in enumerate(FAMILIES):

        def index(page: Query[int] = 1, kind=kind):
            return kind(name="x")

        def several(page: Query[int] = 1, kind=kind):
            return [kind(name="x")]

        index.__annotations__["return"] = kind
        several.__annotations__["return"] = list[kind]
        app.add_url_rule(f"/{number}", f"index{number}", index)
        app.add_url_rule(f"/{number}/list", f"several{number}", several)

    for number, kind in enumerate(FAMILIES):
        assert app.test_client().get(f"/{number}").json == JSON, kind
        assert app.test_client().get(f"/{number}/list").status_code == 200
