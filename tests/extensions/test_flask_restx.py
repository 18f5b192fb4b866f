"""Flask-RESTX: resources in namespaces, documented in swagger.json."""

import pytest
from flask import Blueprint
from flask_restx import Api, Namespace, Resource, fields


class OutOfStock(Exception):
    pass


def make_namespace():
    ns = Namespace("items", description="what is sold")
    item = ns.model(
        "Item", {"name": fields.String(required=True), "price": fields.Float(min=0, default=1.0)}
    )
    items = {1: {"name": "pen", "price": 1.5}}

    @ns.route("/<int:number>")
    @ns.param("number", "which item")
    class Item(Resource):
        @ns.marshal_with(item)
        @ns.response(404, "no such item")
        def get(self, number):
            if number not in items:
                ns.abort(404, f"no item {number}")
            return items[number]

        @ns.expect(item, validate=True)
        def put(self, number):
            items[number] = ns.payload
            return {"made": number}, 201

        def delete(self, number):
            raise OutOfStock("sold")

    @ns.errorhandler(OutOfStock)
    def out_of_stock(error):
        return {"message": f"out of stock: {error}"}, 409

    return ns


@pytest.fixture
def app(app):
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    api = Api(blueprint, version="1.2", title="Shop", doc="/doc/")
    api.add_namespace(make_namespace())
    app.register_blueprint(blueprint)
    return app


def test_a_resource_is_read_and_written(client):
    assert client.get("/api/items/1").json == {"name": "pen", "price": 1.5}
    assert client.put("/api/items/2", json={"name": "ink"}).status_code == 201
    assert client.get("/api/items/2").json == {"name": "ink", "price": 1.0}


def test_a_payload_is_validated(client):
    response = client.put("/api/items/2", json={"price": -1})

    assert response.status_code == 400
    assert response.json["message"] == "Input payload validation failed"
    assert "'name' is a required property" in response.json["errors"]["name"]


def test_errors_are_json(client):
    assert client.get("/api/items/9").json["message"].startswith("no item 9")
    assert client.delete("/api/items/1").json == {"message": "out of stock: sold"}
    assert client.post("/api/items/1").status_code == 405


def test_it_documents_itself(client):
    swagger = client.get("/api/swagger.json").json

    assert swagger["info"] == {"title": "Shop", "version": "1.2"}
    assert swagger["basePath"] == "/api"
    assert set(swagger["paths"]["/items/{number}"]) >= {"get", "put", "delete", "parameters"}
    assert swagger["definitions"]["Item"]["required"] == ["name"]


def test_the_page_for_people_is_served(client):
    page = client.get("/api/doc/").text
    assert "/api/swagger.json" in page
    with client.get("/swaggerui/swagger-ui.css") as style:
        assert style.status_code == 200


def test_an_unhandled_error_is_a_json_500(app, client):
    app.testing = False
    app.config["ERROR_INCLUDE_MESSAGE"] = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True
    from flask_restx import Api as OtherApi

    api = OtherApi(app, doc=False)

    @api.route("/crash")
    class Crash(Resource):
        def get(self):
            raise ZeroDivisionError("secret")

    response = app.test_client().get("/crash")
    assert response.status_code == 500
    assert response.mimetype == "application/json"
    assert "secret" not in response.text
