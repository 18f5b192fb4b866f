"""Flask-Marshmallow: schemas with links, and schemas of models."""

import pytest
from flask_marshmallow import Marshmallow
from flask_sqlalchemy import SQLAlchemy


@pytest.fixture
def app(app):
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    ma = Marshmallow(app)

    class Author(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(80))

    class Book(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String(80))
        author_id = db.Column(db.ForeignKey("author.id"))
        author = db.relationship("Author", backref="books")

    class AuthorSchema(ma.SQLAlchemyAutoSchema):
        class Meta:
            model = Author
            load_instance = True

    class BookSchema(ma.SQLAlchemySchema):
        class Meta:
            model = Book

        title = ma.auto_field()
        author = ma.HyperlinkRelated("author_detail")
        _links = ma.Hyperlinks(
            {"self": ma.URLFor("book_detail", values={"number": "<id>"}), "all": ma.URLFor("books")}
        )

    @app.get("/authors/<int:id>")
    def author_detail(id):
        return AuthorSchema().dump(db.session.get(Author, id))

    @app.get("/books/<int:number>")
    def book_detail(number):
        return BookSchema().jsonify(db.session.get(Book, number))

    @app.get("/books")
    def books():
        return BookSchema(many=True).jsonify(Book.query.all())

    @app.post("/authors")
    def new_author():
        from flask import request

        author = AuthorSchema().load(request.json, session=db.session)
        db.session.add(author)
        db.session.commit()
        return AuthorSchema().dump(author), 201

    with app.app_context():
        db.create_all()
        db.session.add(Book(title="Notes", author=Author(name="Ada")))
        db.session.commit()
    return app


def test_a_schema_has_links(app, client):
    assert client.get("/books/1").json == {
        "title": "Notes",
        "author": "/authors/1",
        "_links": {"self": "/books/1", "all": "/books"},
    }
    assert len(client.get("/books").json) == 1


def test_a_model_is_loaded_and_dumped(app, client):
    response = client.post("/authors", json={"name": "Grace"})

    assert (response.status_code, response.json) == (201, {"id": 2, "name": "Grace"})
    assert client.get("/authors/2").json == {"id": 2, "name": "Grace"}
