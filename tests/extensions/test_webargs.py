"""webargs: arguments from every part of a request."""

import io

import marshmallow as ma
import pytest
from flask import Blueprint
from flask.views import MethodView
from webargs import fields
from webargs.flaskparser import abort, parser, use_args, use_kwargs


class Item(ma.Schema):
    name = ma.fields.Str(required=True)
    tags = ma.fields.List(ma.fields.Str(), load_default=list)


@pytest.fixture
def app(app):
    @app.get("/query")
    @use_kwargs(
        {"page": fields.Int(load_default=1), "q": fields.Str(required=True)}, location="query"
    )
    def query(page, q):
        return {"page": page, "q": q}

    @app.post("/json")
    @use_args(Item)
    def json(item):
        return item

    @app.post("/form/<int:number>")
    @use_args({"name": fields.Str(required=True)}, location="form")
    @use_args({"file": fields.Raw(required=True)}, location="files")
    @use_args({"X-Key": fields.Str(required=True)}, location="headers", unknown=ma.EXCLUDE)
    @use_args({"crumb": fields.Str()}, location="cookies")
    def form(form, files, headers, cookies, number):
        return {
            "number": number,
            "name": form["name"],
            "file": files["file"].read().decode(),
            "key": headers["X-Key"],
            "crumb": cookies.get("crumb"),
        }

    class View(MethodView):
        @use_args({"number": fields.Int(validate=ma.validate.Range(1))}, location="view_args")
        def get(self, args, number):
            return args

    app.add_url_rule("/view/<number>", view_func=View.as_view("view"))

    @app.errorhandler(422)
    @app.errorhandler(400)
    def refused(error):
        return {"messages": getattr(error, "data", {}).get("messages")}, error.code

    return app


def test_the_query(client):
    assert client.get("/query?q=a").json == {"page": 1, "q": "a"}
    assert client.get("/query?q=a&page=x").json == {
        "messages": {"query": {"page": ["Not a valid integer."]}}
    }


def test_json(client):
    assert client.post("/json", json={"name": "pen"}).json == {"name": "pen", "tags": []}
    assert client.post("/json", json={}).status_code == 422
    broken = client.post("/json", data="{", content_type="application/json")
    assert (broken.status_code, broken.json) == (
        400,
        {"messages": {"json": ["Invalid JSON body."]}},
    )


def test_everything_else(client):
    client.set_cookie("crumb", "sweet")

    response = client.post(
        "/form/7",
        data={"name": "ada", "file": (io.BytesIO(b"content"), "a.txt")},
        headers={"X-Key": "key"},
    )

    assert response.json == {
        "number": 7,
        "name": "ada",
        "file": "content",
        "key": "key",
        "crumb": "sweet",
    }


def test_the_path(client):
    assert client.get("/view/3").json == {"number": 3}
    assert client.get("/view/-3").status_code == 422


def test_it_works_in_a_view_and_in_a_blueprint(app, client):
    blueprint = Blueprint("inner", __name__)

    @blueprint.get("/inner")
    def inner():
        args = parser.parse({"n": fields.Int()}, location="query")
        if args["n"] == 0:
            abort(409)
        return args

    app.register_blueprint(blueprint)

    assert client.get("/inner?n=5").json == {"n": 5}
    assert client.get("/inner?n=0").status_code == 409


def test_an_async_view_takes_arguments(app, client):
    @app.get("/async")
    @use_kwargs({"n": fields.Int()}, location="query")
    async def waits(n):
        return {"n": n}

    assert client.get("/async?n=2").json == {"n": 2}
