"""APIFlask: a subclass of Flask with input, output and a document."""

import pytest
from apiflask import APIBlueprint, APIFlask, HTTPTokenAuth, Schema, abort
from apiflask.fields import Integer, String
from apiflask.validators import Length


class PetIn(Schema):
    name = String(required=True, validate=Length(1, 10))


class PetOut(Schema):
    id = Integer()
    name = String()


@pytest.fixture
def app():
    app = APIFlask("pets", title="Pets", version="2.0")
    auth = HTTPTokenAuth()
    pets = {1: {"id": 1, "name": "Kitty", "secret": "no"}}

    @auth.verify_token
    def verify(token):
        return {"name": "ada"} if token == "good" else None

    @app.get("/pets/<int:number>")
    @app.output(PetOut)
    def pet(number):
        if number not in pets:
            abort(404, "no such pet")
        return pets[number]

    @app.post("/pets")
    @app.input(PetIn)
    @app.output(PetOut, status_code=201)
    @app.auth_required(auth)
    def new_pet(json_data):
        pets[2] = {"id": 2, **json_data}
        return pets[2]

    blueprint = APIBlueprint("more", __name__, url_prefix="/more")

    @blueprint.get("/query")
    @blueprint.input({"page": Integer(load_default=1)}, location="query")
    def query(query_data):
        return query_data

    app.register_blueprint(blueprint)
    app.testing = True
    return app


def test_output_follows_the_schema(client):
    assert client.get("/pets/1").json == {"id": 1, "name": "Kitty"}
    assert client.get("/more/query?page=3").json == {"page": 3}
    assert client.get("/more/query").json == {"page": 1}


def test_input_is_validated(client):
    headers = {"Authorization": "Bearer good"}

    response = client.post("/pets", json={"name": "far too long a name"}, headers=headers)
    assert response.status_code == 422
    assert response.json["detail"] == {"json": {"name": ["Length must be between 1 and 10."]}}
    assert client.post("/pets", json={"name": "Rex"}, headers=headers).json == {
        "id": 2,
        "name": "Rex",
    }


def test_a_token_is_required(client):
    response = client.post("/pets", json={"name": "Rex"})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_errors_are_json(client):
    assert client.get("/pets/9").json == {"message": "no such pet", "detail": {}}
    assert client.get("/missing").json["message"] == "Not Found"


def test_it_documents_itself(client):
    document = client.get("/openapi.json").json

    assert document["info"] == {"title": "Pets", "version": "2.0"}
    assert set(document["paths"]) == {"/pets/{number}", "/pets", "/more/query"}
    assert document["paths"]["/pets"]["post"]["security"] == [{"BearerAuth": []}]
    assert "swagger-ui" in client.get("/docs").text


PROGRAM = """
from apiflask import APIFlask

app = APIFlask(__name__, title="Pets")
"""


def test_its_command_prints_the_document(write, retort):
    write("app.py", PROGRAM)

    assert '"title": "Pets"' in retort("spec")


def test_it_is_a_flask_application(app):
    import flask

    assert isinstance(app, flask.Flask)
    assert isinstance(app.blueprints["more"], flask.Blueprint)
