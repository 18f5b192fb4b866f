"""The samples of docs/recipes.md run with the extensions and the queue that they import.

The commands of the page are run as they stand there. tests/test_docs_samples.py has all others.
"""

import re
import sqlite3
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text("utf-8")
GUNICORN_PAGE = (Path(__file__).parents[2] / "docs" / "gunicorn.md").read_text("utf-8")


def program_with(text):
    found = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
    return next(block for block in found if text in block)


@pytest.fixture
def load(write, tmp_path, monkeypatch):
    def load(text):
        monkeypatch.chdir(tmp_path)
        namespace = {"__name__": "shop"}
        file = write("shop.py", program_with(text))
        exec(compile(file.read_text("utf-8"), str(file), "exec"), namespace)
        return namespace

    return load


def test_the_sample_about_openapi_validates_and_documents(load):
    client = load("OpenAPI(")["app"].test_client()

    assert client.post("/books", json={"title": "Emma", "year": 1815}).status_code == 201
    assert client.post("/books", json={"year": 1815}).status_code == 422
    assert "/books" in client.get("/openapi/openapi.json").json["paths"]


def tables(file):
    with sqlite3.connect(file) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}


def test_the_commands_about_migrations_make_a_table_and_remove_it(write, retort, tmp_path):
    write("shop.py", program_with("Migrate("))
    lines = re.findall(r"^\$ retort (--app shop db .*)$", PAGE, re.M)
    commands = [line.replace('"', "").split(maxsplit=5) for line in lines]
    database = tmp_path / "instance" / "shop.db"

    assert [words[3] for words in commands] == ["init", "migrate", "upgrade", "downgrade"]
    for words in commands[:3]:
        retort(*words)
    assert "order" in tables(database)
    retort(*commands[3])
    assert "order" not in tables(database)


def test_the_sample_about_background_tasks_queues_a_task_and_runs_it(load, caplog):
    shop = load("SqliteHuey(")

    assert (
        shop["app"].test_client().post("/order", data={"address": "a@b.example"}).status_code == 202
    )

    shop["queue"].execute(shop["queue"].dequeue())
    assert "Mail to a@b.example" in caplog.text


def test_the_options_of_gunicorn_that_are_compared_exist():
    from gunicorn.config import KNOWN_SETTINGS

    known = {option for setting in KNOWN_SETTINGS for option in setting.cli or ()}
    rows = re.findall(r"^\|(.*)\|$", GUNICORN_PAGE, re.M)
    named = {option for row in rows for option in re.findall(r"`(--[\w-]+)", row.split("|")[0])}

    assert len(named) > 30
    assert named <= known


def test_the_defaults_of_gunicorn_that_are_compared_are_its_own():
    from gunicorn.config import KNOWN_SETTINGS

    defaults = {
        option: setting.default for setting in KNOWN_SETTINGS for option in setting.cli or ()
    }
    rows = re.findall(r"^\| `(--[\w-]+)` \| (\d+)\D", GUNICORN_PAGE, re.M)

    assert len(rows) >= 9
    assert {option: int(value) for option, value in rows} == {
        option: defaults[option] for option, _ in rows
    }
