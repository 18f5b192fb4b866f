"""Flask-RESTful: resources, parsed arguments, marshalled answers, errors."""

import pytest
from flask import Blueprint
from flask_restful import Api, Resource, abort, fields, marshal_with, reqparse

ITEM = {"name": fields.String, "price": fields.Float, "uri": fields.Url("item", absolute=True)}


class OutOfStock(Exception):
    pass


@pytest.fixture
def items():
    return {1: {"number": 1, "name": "pen", "price": 1.5, "secret": "not to be shown"}}


@pytest.fixture
def Item(items):  # a class
    class Item(Resource):
        @marshal_with(ITEM)
        def get(self, number):
            if number not in items:
                abort(404, message=f"no item {number}")
            return items[number]

        def put(self, number):
            parser = reqparse.RequestParser(bundle_errors=True)
            parser.add_argument(
                "name", required=True, help="every item has a name", location="form"
            )
            parser.add_argument("price", type=float, default=0.0, location="form")
            arguments = parser.parse_args()
            items[number] = {"number": number, **arguments}
            return arguments, 201, {"X-Item": str(number)}

        def delete(self, number):
            raise OutOfStock

    return Item


@pytest.fixture
def app(app, Item):
    api = Api(app, errors={"OutOfStock": {"message": "out of stock", "status": 409}})
    api.add_resource(Item, "/items/<int:number>", endpoint="item")
    return app


def test_a_resource_is_marshalled(client):
    assert client.get("/items/1").json == {
        "name": "pen",
        "price": 1.5,
        "uri": "http://localhost/items/1",
    }


def test_arguments_are_parsed(client):
    response = client.put("/items/2", data={"name": "ink", "price": "3"})

    assert (response.status_code, response.headers["X-Item"]) == (201, "2")
    assert response.json == {"name": "ink", "price": 3.0}
    assert client.get("/items/2").json["price"] == 3.0


def test_invalid_arguments_are_reported(client):
    response = client.put("/items/2", data={"price": "cheap"})

    assert response.status_code == 400
    assert response.json["message"] == {
        "name": "every item has a name",
        "price": "could not convert string to float: 'cheap'",
    }


def test_errors_are_json(app, client):
    app.testing = False
    app.logger.disabled = True

    assert client.get("/items/9").json == {"message": "no item 9"}
    assert client.post("/items/1").json == {
        "message": "The method is not allowed for the requested URL."
    }
    response = client.delete("/items/1")
    assert (response.status_code, response.json["message"]) == (409, "out of stock")


def test_urls_of_other_views_keep_their_html_errors(app, client):
    response = client.get("/missing")

    assert response.status_code == 404
    assert response.mimetype == "text/html"


def test_a_representation_can_be_added(app, Item):
    blueprint = Blueprint("api", __name__, url_prefix="/v1")
    api = Api(blueprint)

    @api.representation("text/plain")
    def as_text(data, code, headers=None):
        return app.make_response((str(data), code, headers or {}))

    api.add_resource(Item, "/items/<int:number>")
    app.register_blueprint(blueprint)

    response = app.test_client().get("/v1/items/1", headers={"Accept": "text/plain"})
    assert response.mimetype == "text/plain"
    assert "pen" in response.text


def test_decorators_go_around_every_method(app, items):
    def teapot(method):
        def brew(*args, **kwargs):
            return {"message": "a teapot"}, 418

        return brew

    class Tea(Resource):
        method_decorators = [teapot]

        def get(self):
            return {}

    Api(app).add_resource(Tea, "/tea")

    assert app.test_client().get("/tea").status_code == 418
