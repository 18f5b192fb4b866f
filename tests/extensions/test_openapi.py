"""`retort openapi` for programs that use extensions, and for httpbin."""

import pytest
from apiflask import APIFlask, Schema
from apiflask.fields import Integer, String
from flask import Blueprint, Flask, jsonify, request
from flask.views import MethodView
from flask_httpauth import HTTPBasicAuth, HTTPDigestAuth, HTTPTokenAuth, MultiAuth
from flask_jwt_extended import JWTManager, jwt_required
from flask_login import LoginManager, login_required
from flask_openapi3 import Info, OpenAPI
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import Schema as MarshmallowSchema
from marshmallow import fields
from openapi_spec_validator import validate
from pydantic import BaseModel
from spectree import Response, SpecTree


@pytest.fixture
def whole_document():
    from retort.cli.openapi import whole_document

    def make(app):
        document = whole_document(app)
        validate(document)
        return document

    return make


def security(document, path, method="get"):
    operation = document["paths"][path][method]
    return operation.get("security"), document["components"]["securitySchemes"]


def test_flask_login_is_a_cookie(whole_document):
    app = Flask(__name__)
    app.config["SESSION_COOKIE_NAME"] = "crumb"
    LoginManager(app)

    @app.get("/me")
    @login_required
    def me():
        return ""

    found = whole_document(app)

    needed, schemes = security(found, "/me")
    assert needed == [{"session": []}]
    assert schemes == {"session": {"type": "apiKey", "in": "cookie", "name": "crumb"}}
    assert "401" in found["paths"]["/me"]["get"]["responses"]


def test_flask_login_before_all_requests_of_a_blueprint(whole_document):
    app = Flask(__name__)
    LoginManager(app)
    admin = Blueprint("admin", __name__, url_prefix="/admin")

    @admin.before_request
    @login_required
    def check():
        return None

    @admin.get("/users")
    def users():
        return ""

    @app.get("/")
    def index():
        return ""

    app.register_blueprint(admin)
    found = whole_document(app)

    assert security(found, "/admin/users")[0] == [{"session": []}]
    assert security(found, "/")[0] is None


def test_flask_httpauth_has_its_schemes(whole_document):
    app = Flask(__name__)
    basic, digest = HTTPBasicAuth(), HTTPDigestAuth()
    token, key = HTTPTokenAuth("Bearer"), HTTPTokenAuth(header="X-API-Key")
    either = MultiAuth(basic, token)
    app.add_url_rule("/basic", "basic", basic.login_required(lambda: ""))
    app.add_url_rule("/digest", "digest", digest.login_required(lambda: ""))
    app.add_url_rule("/token", "token", token.login_required(lambda: ""))
    app.add_url_rule("/key", "key", key.login_required(lambda: ""))
    app.add_url_rule("/either", "either", either.login_required(lambda: ""))
    app.add_url_rule("/maybe", "maybe", basic.login_required(optional=True)(lambda: ""))

    found = whole_document(app)

    needed = {path: security(found, path)[0] for path in found["paths"]}
    assert needed == {
        "/basic": [{"basic": []}],
        "/digest": [{"digest": []}],
        "/token": [{"bearer": []}],
        "/key": [{"key_X-API-Key": []}],
        "/either": [{"basic": []}, {"bearer": []}],
        "/maybe": [{"basic": []}, {}],
    }
    schemes = security(found, "/basic")[1]
    assert schemes["digest"] == {"type": "http", "scheme": "digest"}
    assert schemes["key_X-API-Key"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert "401" not in found["paths"]["/maybe"]["get"]["responses"]


def test_flask_jwt_extended_reads_tokens_where_it_is_configured(whole_document):
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "s"
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    JWTManager(app)
    app.add_url_rule("/a", "a", jwt_required()(lambda: ""))
    app.add_url_rule("/b", "b", jwt_required(locations="headers", optional=True)(lambda: ""))
    app.add_url_rule("/c", "c", jwt_required(refresh=True, locations=["cookies"])(lambda: ""))

    found = whole_document(app)

    assert security(found, "/a")[0] == [{"jwt": []}, {"jwt_access_token_cookie": []}]
    assert security(found, "/b")[0] == [{"jwt": []}, {}]
    assert security(found, "/c")[0] == [{"jwt_refresh_token_cookie": []}]
    jwt = security(found, "/a")[1]["jwt"]
    assert jwt == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class Pet(Schema):
    name = String(required=True)
    age = Integer(allow_none=True)


def add_plain_view(app):
    @app.post("/plain")
    def plain():
        return request.form["field"]


def properties(document, path, method="post"):
    content = document["paths"][path][method]["requestBody"]["content"]
    return next(iter(content.values()))["schema"]["properties"]


def test_the_document_of_apiflask_is_merged(whole_document):
    app = APIFlask(__name__)

    @app.post("/pets")
    @app.input(Pet)
    @app.output(Pet, status_code=201)
    def add(json_data):
        """Add a pet."""
        return json_data

    plain = Blueprint("other", __name__)

    @plain.post("/plain")
    def view():
        return request.form["field"]

    app.register_blueprint(plain)
    found = whole_document(app)

    assert "201" in found["paths"]["/pets"]["post"]["responses"]
    age = found["components"]["schemas"]["Pet"]["properties"]["age"]
    assert age["type"] == ["integer", "null"]
    assert properties(found, "/plain") == {"field": {"type": "string"}}
    assert not any("openapi" in path for path in found["paths"])


class Book(BaseModel):
    title: str


def test_the_document_of_flask_openapi3_is_merged(whole_document):
    app = OpenAPI(__name__, info=Info(title="Books", version="1"))

    @app.post("/books")
    def add(body: Book):
        return body.model_dump()

    found = whole_document(app)

    schema = found["paths"]["/books"]["post"]["requestBody"]["content"]["application/json"]
    assert schema["schema"] == {"$ref": "#/components/schemas/Book"}
    assert not any("openapi" in path for path in found["paths"])


class Item(MarshmallowSchema):
    name = fields.String(required=True)


def test_the_document_of_flask_smorest_is_merged(whole_document):
    app = Flask(__name__)
    app.config.update(API_TITLE="T", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    api = Api(app)
    items = SmorestBlueprint("items", __name__, url_prefix="/items", description="All items.")

    @items.route("/<int:number>")
    class One(MethodView):
        @items.response(200, Item)
        def get(self, number):
            """One item."""
            return {"name": number}

    api.register_blueprint(items)
    add_plain_view(app)
    found = whole_document(app)

    one = found["paths"]["/items/{number}"]["get"]
    assert one["summary"] == "One item."
    assert one["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Item"
    }
    assert {"name": "items", "description": "All items."} in found["tags"]
    assert properties(found, "/plain") == {"field": {"type": "string"}}


class Profile(BaseModel):
    name: str


def test_the_document_of_spectree_is_merged(whole_document):
    app = Flask(__name__)
    tree = SpecTree("flask")

    @app.post("/profile")
    @tree.validate(resp=Response(HTTP_200=Profile))
    def profile(json: Profile):
        """Save a profile."""
        return jsonify(name=json.name)

    tree.register(app)
    add_plain_view(app)
    found = whole_document(app)

    written = found["paths"]["/profile"]["post"]
    assert written["summary"] == "Save a profile."
    assert "$ref" in written["requestBody"]["content"]["application/json"]["schema"]
    assert properties(found, "/plain") == {"field": {"type": "string"}}
    assert not any("apidoc" in path for path in found["paths"])


def test_components_with_the_same_name_are_all_kept(whole_document):
    app = Flask(__name__)
    app.config.update(API_TITLE="T", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = Api(app)
    blueprint = SmorestBlueprint("b", __name__)
    tree = SpecTree("flask", naming_strategy=lambda model: "Item")

    @blueprint.route("/smorest")
    @blueprint.response(200, Item)
    def smorest():
        return {}

    api.register_blueprint(blueprint)

    @app.post("/spectree")
    @tree.validate()
    def spectree(json: Book):
        return ""

    tree.register(app)
    found = whole_document(app)

    schemas = found["components"]["schemas"]
    assert schemas["Item"]["properties"].keys() == {"name"}
    assert schemas["Item_2"]["properties"].keys() == {"title"}
    content = found["paths"]["/spectree"]["post"]["requestBody"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Item_2"}


def test_httpbin_is_documented_without_errors(whole_document):
    from httpbin import app

    found = whole_document(app)

    assert len(found["paths"]) > 50
    assert found["paths"]["/status/{codes}"]["get"]["parameters"][0]["name"] == "codes"
    assert "/static/{filename}" not in found["paths"]
