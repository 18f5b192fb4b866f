"""flask-smorest: schemas for arguments and answers, pages, ETags, OpenAPI."""

import marshmallow as ma
import pytest
from flask.views import MethodView
from flask_smorest import Api, Blueprint, abort


class ItemSchema(ma.Schema):
    number = ma.fields.Int(dump_only=True)
    name = ma.fields.Str(required=True)


@pytest.fixture
def app(app):
    app.config.update(
        API_TITLE="Shop",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX="/doc",
        OPENAPI_SWAGGER_UI_PATH="/ui",
        OPENAPI_SWAGGER_UI_URL="https://cdn.example/",
    )
    api = Api(app)
    blueprint = Blueprint("items", __name__, url_prefix="/items", description="what is sold")
    items = {1: {"number": 1, "name": "pen"}}

    @blueprint.route("/")
    class Items(MethodView):
        @blueprint.response(200, ItemSchema(many=True))
        @blueprint.paginate(page_size=2)
        def get(self, pagination_parameters):
            pagination_parameters.item_count = len(items)
            first = pagination_parameters.first_item
            return list(items.values())[first : pagination_parameters.last_item + 1]

        @blueprint.arguments(ItemSchema)
        @blueprint.response(201, ItemSchema)
        def post(self, new):
            new["number"] = len(items) + 1
            items[new["number"]] = new
            return new

    @blueprint.route("/<int:number>")
    class Item(MethodView):
        @blueprint.etag
        @blueprint.response(200, ItemSchema)
        def get(self, number):
            if number not in items:
                abort(404, message=f"no item {number}")
            return items[number]

        @blueprint.etag
        @blueprint.arguments(ItemSchema)
        @blueprint.response(200, ItemSchema)
        def put(self, changed, number):
            blueprint.check_etag(items[number], ItemSchema)
            items[number].update(changed)
            return items[number]

    api.register_blueprint(blueprint)
    return app


def test_items_are_made_and_read_in_pages(client):
    for name in ("ink", "paper"):
        assert client.post("/items/", json={"name": name}).status_code == 201

    response = client.get("/items/?page=2")

    assert response.json == [{"number": 3, "name": "paper"}]
    assert '"total_pages": 2' in response.headers["X-Pagination"]


def test_bad_input_is_a_422_with_the_field(client):
    response = client.post("/items/", json={})

    assert response.status_code == 422
    assert response.json["errors"] == {"json": {"name": ["Missing data for required field."]}}


def test_errors_are_json(client):
    assert client.get("/items/9").json == {
        "code": 404,
        "message": "no item 9",
        "status": "Not Found",
    }
    assert client.get("/missing").json["code"] == 404


def test_a_conditional_request_is_answered(client):
    etag = client.get("/items/1").headers["ETag"]

    assert client.get("/items/1", headers={"If-None-Match": etag}).status_code == 304
    assert client.put("/items/1", json={"name": "x"}).status_code == 428
    stale = client.put("/items/1", json={"name": "x"}, headers={"If-Match": '"stale"'})
    assert stale.status_code == 412
    assert client.put("/items/1", json={"name": "x"}, headers={"If-Match": etag}).json == {
        "number": 1,
        "name": "x",
    }


def test_it_documents_itself(client):
    document = client.get("/doc/openapi.json").json

    assert document["info"] == {"title": "Shop", "version": "v1"}
    assert set(document["paths"]) == {"/items/", "/items/{number}"}
    assert "Item" in document["components"]["schemas"]
    assert "https://cdn.example/" in client.get("/doc/ui").text


def test_its_command_prints_the_document(app):
    result = app.test_cli_runner().invoke(args=["openapi", "print"])

    assert result.exit_code == 0
    assert '"title": "Shop"' in result.output
