"""flask-openapi3: pydantic models for path, query and body."""

import pytest
from flask_openapi3 import APIBlueprint, APIView, Info, OpenAPI, Tag
from pydantic import BaseModel, Field


class BookPath(BaseModel):
    number: int = Field(..., description="which book")


class BookQuery(BaseModel):
    author: str | None = None
    limit: int = Field(10, le=100)


class BookBody(BaseModel):
    title: str
    year: int = Field(..., gt=1400)


class BookAnswer(BaseModel):
    title: str


@pytest.fixture
def app():
    app = OpenAPI("books", info=Info(title="Books", version="1.0.0"))
    tag = Tag(name="book", description="some books")

    @app.get("/books/<int:number>", tags=[tag], responses={200: BookAnswer})
    def book(path: BookPath, query: BookQuery):
        return {"number": path.number, "limit": query.limit}

    @app.post("/books", tags=[tag])
    def new_book(body: BookBody):
        return body.model_dump(), 201

    blueprint = APIBlueprint("shelf", __name__, url_prefix="/shelf")

    @blueprint.delete("/books/<int:number>")
    def remove(path: BookPath):
        return {"removed": path.number}

    view = APIView(url_prefix="/view")

    @view.route("/book")
    class Book:
        @view.doc(summary="a book")
        def get(self, query: BookQuery):
            return query.model_dump()

    app.register_api(blueprint)
    app.register_api_view(view)
    app.testing = True
    return app


def test_arguments_are_models(client):
    assert client.get("/books/3?limit=5").json == {"number": 3, "limit": 5}
    assert client.post("/books", json={"title": "T", "year": 1984}).json["year"] == 1984
    assert client.delete("/shelf/books/4").json == {"removed": 4}
    assert client.get("/view/book?author=ada").json == {"author": "ada", "limit": 10}


def test_invalid_arguments_are_reported(client):
    response = client.post("/books", json={"title": "T", "year": 1000})

    assert response.status_code == 422
    assert response.json[0]["loc"] == ["year"]
    assert client.get("/books/3?limit=1000").status_code == 422


def test_it_documents_itself(client):
    document = client.get("/openapi/openapi.json").json

    assert document["info"]["title"] == "Books"
    assert {"/books", "/books/{number}", "/shelf/books/{number}", "/view/book"} <= set(
        document["paths"]
    )
    assert "BookBody" in document["components"]["schemas"]


def test_its_command_writes_the_document(app, tmp_path):
    file = tmp_path / "openapi.json"

    result = app.test_cli_runner().invoke(args=["openapi", "-o", str(file), "-f", "json"])

    assert result.exit_code == 0, result.output
    assert "Books" in file.read_text()
