"""Views that take a form, or fields of it, by `Form` and `Query`: through the test client."""

from __future__ import annotations

import io
from typing import Annotated

import msgspec
import pytest

from retort import Control, Form, Query, Upload

URLENCODED = "application/x-www-form-urlencoded"


class Line(msgspec.Struct):
    name: str
    count: int = 1


class Order(msgspec.Struct):
    lines: list[Line]
    express: bool = True
    photo: Annotated[Upload | None, Control(max_bytes=3)] = None


@pytest.fixture
def views(app):
    @app.post("/order")
    def order(order: Form[Order]):
        return {"names": [line.name for line in order.lines], "express": order.express}

    @app.post("/fields")
    def fields(age: Form[int], box: Form[bool], tags: Form[list[str]], photo: Form[Upload | None]):
        return {"age": age, "box": box, "tags": tags, "photo": photo and photo.filename}

    @app.get("/search")
    def search(order: Query[Order]):
        return {"names": [line.name for line in order.lines], "express": order.express}


def errors(response):
    return [(error["source"], error["field"], error["code"]) for error in response.json["errors"]]


def test_a_whole_form_is_one_object(client, views):
    response = client.post("/order", data={"lines.0.name": "a", "lines.7.name": "b"})

    assert response.json == {"names": ["a", "b"], "express": False}


def test_the_errors_of_a_form_name_its_fields(client, views):
    sent = {"lines.0.name": "", "lines.7.count": "x", "lines.9999.name": "y"}

    response = client.post("/order", data=sent)

    assert response.status_code == 422
    assert errors(response) == [
        ("form", "lines.9999", "index"),
        ("form", "lines.7.name", "required"),
        ("form", "lines.7.count", "integer"),
    ]


def test_a_file_that_is_too_large_is_an_error_of_its_field(client, views):
    response = client.post(
        "/order", data={"lines.0.name": "a", "photo": (io.BytesIO(b"long"), "a.png")}
    )

    assert errors(response) == [("form", "photo", "max_bytes")]


def test_single_fields_of_a_form(client, views):
    sent = {"age": " 7 ", "box": "on", "tags": ["a", "", "b"], "photo": (io.BytesIO(b"x"), "a.png")}

    assert client.post("/fields", data=sent).json == {
        "age": 7,
        "box": True,
        "tags": ["a", "b"],
        "photo": "a.png",
    }
    assert client.post("/fields", data={"age": "7"}).json == {
        "age": 7,
        "box": False,
        "tags": [],
        "photo": None,
    }


def test_the_errors_of_single_fields(client, views):
    response = client.post("/fields", data={"age": ["1", "2"], "box": "maybe", "photo": "a.png"})

    assert sorted(errors(response)) == [
        ("form", "age", "repeated"),
        ("form", "box", "boolean"),
        ("form", "photo", "file"),
    ]


def test_in_a_query_a_missing_box_has_its_default(client, views):
    assert client.get("/search?lines.0.name=a").json == {"names": ["a"], "express": True}
    assert client.get("/search?lines.0.name=a&express=0").json == {"names": ["a"], "express": False}
    assert errors(client.get("/search?lines.5.count=1")) == [("query", "lines.5.name", "required")]


@pytest.mark.parametrize("path", ["/order", "/fields"])
def test_another_body_is_415(client, views, path):
    response = client.post(path, json={"age": 1})

    assert response.status_code == 415
    assert URLENCODED in response.headers["Accept-Post"]
