"""Flask-SQLAlchemy: a model written in one request and read in another."""

import pytest
import sqlalchemy as sa
from flask import Blueprint, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.record_queries import get_recorded_queries
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


@pytest.fixture
def db():
    class Base(DeclarativeBase):
        pass

    return SQLAlchemy(model_class=Base)


@pytest.fixture
def Entry(db):  # a class
    class Entry(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column(unique=True)

    return Entry


@pytest.fixture
def app(app, db, Entry, tmp_path):
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'entries.db'}"
    app.config["SQLALCHEMY_RECORD_QUERIES"] = True
    db.init_app(app)

    @app.post("/entries")
    def write():
        entry = Entry(text=request.form["text"])
        db.session.add(entry)
        db.session.commit()
        return {"id": entry.id}, 201

    @app.get("/entries")
    def read():
        page = db.paginate(sa.select(Entry).order_by(Entry.id), per_page=2)
        return {"entries": [entry.text for entry in page], "pages": page.pages}

    @app.get("/entries/<int:number>")
    def one(number):
        return db.get_or_404(Entry, number).text

    with app.app_context():
        db.create_all()
    return app


def test_what_one_request_writes_another_reads(client):
    for text in ("one", "two", "three"):
        assert client.post("/entries", data={"text": text}).status_code == 201

    assert client.get("/entries").json == {"entries": ["one", "two"], "pages": 2}
    assert client.get("/entries?page=2").json == {"entries": ["three"], "pages": 2}
    assert client.get("/entries/2").text == "two"
    assert client.get("/entries/9").status_code == 404


def test_the_session_is_one_for_a_request_and_removed_after_it(app, client, db, Entry):
    sessions = []

    @app.get("/session")
    def session():
        sessions.append(db.session())
        assert db.session() is sessions[-1]
        db.session.add(Entry(text="never committed"))
        db.session.flush()
        return "flushed"

    client.get("/session")
    client.get("/session")

    assert sessions[0] is not sessions[1]
    assert client.get("/entries").json["entries"] == []


def test_a_failed_request_leaves_the_next_a_clean_session(app, client):
    app.testing = False
    app.logger.disabled = True
    client.post("/entries", data={"text": "same"})

    assert client.post("/entries", data={"text": "same"}).status_code == 500
    assert client.post("/entries", data={"text": "other"}).status_code == 201


def test_each_app_context_has_a_session_of_its_own(app, db):
    with app.app_context():
        outer = db.session()
        with app.app_context():
            assert db.session() is not outer
        assert db.session() is outer


def test_outside_of_a_context_it_is_a_clear_error(db):
    with pytest.raises(RuntimeError, match="application context"):
        db.session.execute(sa.select(1))


def test_queries_of_a_request_are_recorded(app, client):
    counts = []

    @app.after_request
    def count(response):
        counts.append(len(get_recorded_queries()))
        return response

    client.get("/entries/1")
    client.get("/entries")

    assert counts == [1, 2]


def test_it_works_from_a_blueprint_and_a_shell(app, db, Entry):
    with app.app_context():
        names = app.make_shell_context()

    assert names["db"] is db
    assert names["Entry"] is Entry
    assert isinstance(Blueprint("b", __name__), Blueprint)
