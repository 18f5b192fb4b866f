"""SQLAlchemy's asyncio: one engine and its pool for all async views of a process."""

import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

PROGRAM = """
import asyncio

from flask import Flask, request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncAttrs, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

app = Flask(__name__)
engine = create_async_engine("sqlite+aiosqlite:///notes.sqlite3", connect_args={"timeout": 60})
Session = async_sessionmaker(engine)


class Base(AsyncAttrs, DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


@app.while_serving
async def database():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield
    await engine.dispose()
    print("disposed", flush=True)


@app.post("/notes")
async def add():
    async with Session.begin() as session:
        session.add(Note(text=request.form["text"]))
    return "added"


@app.get("/notes")
async def show():
    async with Session() as session:
        count = await session.scalar(select(func.count(Note.id)))
        await asyncio.sleep(0.05)
        texts = (await session.scalars(select(Note.text).order_by(Note.text))).all()
    return {"count": count, "texts": list(texts)}


@app.post("/rolled-back")
async def roll_back():
    async with Session.begin() as session:
        session.add(Note(text="lost"))
        await session.flush()
        raise ValueError("on purpose")


@app.errorhandler(ValueError)
def report(error):
    return str(error), 422
"""


@pytest.fixture(params=["retort run", "uvicorn"])
def server(request, launch, write):
    write("notes.py", PROGRAM)
    words = {
        "retort run": ("retort", "run", "--port", "{port}", "notes.py"),
        "uvicorn": (
            sys.executable,
            "-m",
            "retort",
            "-m",
            "uvicorn",
            "--port",
            "{port}",
            "notes:app.asgi",
        ),
    }[request.param]
    return launch(*words)


def test_views_share_an_engine_and_its_transactions(server, post):
    texts = [f"note {number:02}" for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        added = list(threads.map(lambda text: post(server, "/notes", text=text), texts))
    assert added == [(200, "added")] * 20
    assert post(server, "/rolled-back") == (422, "on purpose")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: server.ask("/notes").text, range(8)))
    expected = {"count": 20, "texts": texts}
    assert [json.loads(text) for text in answers] == [expected] * 8
    server.process.terminate()
    server.wait_for_output(lambda output: "disposed" in output)
    assert "Traceback" not in server.output()


@pytest.fixture
def post():
    """Send a form; returns the status and the text."""

    def post(server, path, **fields):
        connection = http.client.HTTPConnection(server.address, timeout=60)
        try:
            type_ = {"Content-Type": "application/x-www-form-urlencoded"}
            connection.request("POST", path, urlencode(fields), type_)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    return post
