"""Flask-Migrate: a migration is generated and applied by the command line."""

import sqlite3

import pytest

PROGRAM = """
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///{database}"
db = SQLAlchemy(app)
Migrate(app, db)

class Entry(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    text = db.Column(db.String(80))
"""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "entries.db"


def columns(database):
    with sqlite3.connect(database) as connection:
        return [row[1] for row in connection.execute("PRAGMA table_info(entry)")]


def test_migrations_are_made_and_applied_and_undone(write, retort, database, tmp_path):
    write("app.py", PROGRAM.format(database=database))
    retort("db", "init")
    retort("db", "migrate", "-m", "entries")
    assert columns(database) == []

    retort("db", "upgrade")
    assert columns(database) == ["id", "text"]

    write("app.py", PROGRAM.format(database=database) + "    author = db.Column(db.String(80))\n")
    retort("db", "migrate", "-m", "authors")
    retort("db", "upgrade")
    assert columns(database) == ["id", "text", "author"]
    assert "authors" in retort("db", "history")
    assert "(head)" in retort("db", "current")

    retort("db", "downgrade")
    assert columns(database) == ["id", "text"]
    assert len(list((tmp_path / "migrations" / "versions").glob("*.py"))) == 2
