"""Migrations of one PostgreSQL, while replicas with old and new code use it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import flask_migrate
import psycopg
import pytest

VIEWS = """

from flask import request


@app.post("/orders")
def add():
    db.session.add(Order(item=request.form["item"]))
    db.session.commit()
    return "", 201


@app.get("/orders")
def orders():
    return [order.item for order in db.session.scalars(db.select(Order).order_by(Order.id))]
"""
ITEM = "    item = db.Column(db.String(80), nullable=False)\n"
NOTE = "    note = db.Column(db.String(80))\n"
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = {name!r}
down_revision = {previous!r}


def upgrade():
    {change}
"""
CHANGES = {
    "create": (
        'op.create_table("order", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("item", sa.String(80), nullable=False))'
    ),
    "expand": 'op.add_column("order", sa.Column("note", sa.String(80)))',
    "contract": 'op.drop_column("order", "note")',
}


def folder_of_postgresql():
    """Of the commands of its server: Debian has them outside of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    there = [folder for folder in folders if (folder / "postgres").exists()]
    return there[0] if there else pytest.skip("needs: apt-get install postgresql")


@pytest.fixture
def database_url(wait_for):
    """Start a PostgreSQL, which refuses to run as root."""
    commands = folder_of_postgresql()
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        options = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
        words = ["-D", "data", "--auth", "trust", "--username", "shop", "--no-sync"]
        subprocess.run([commands / "initdb", *words], check=True, **options)
        words = ["-D", "data", "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
        server = subprocess.Popen(
            [commands / "postgres", *words, "-c", "fsync=off"], stderr=subprocess.STDOUT, **options
        )
        address = f"shop@127.0.0.1:{port}/postgres"
        try:
            wait_for(lambda: is_answering(f"postgresql://{address}"))
            yield f"postgresql+psycopg://{address}"
        finally:
            server.send_signal(signal.SIGINT)  # it ends its connections
            server.wait(60)


def is_answering(url):
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def migrate(load, sample, machines, database_url, monkeypatch):
    """Migrate up to a revision of ``CHANGES``, as the job does, whose folder has the code."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    app = load(sample("Migrations"))
    folder = machines.install("job", sample("Migrations") + VIEWS) / "migrations"
    with app.app_context():
        flask_migrate.init(str(folder))
    previous = None
    for name, change in CHANGES.items():
        text = REVISION.format(name=name, previous=previous, change=change)
        (folder / "versions" / f"{name}.py").write_text(text, encoding="utf-8")
        previous = name

    def migrate(revision):
        with app.app_context():
            flask_migrate.upgrade(str(folder), revision)

    yield migrate
    with app.app_context():
        app.extensions["sqlalchemy"].engine.dispose()


def test_migrations_add_while_the_old_code_runs_and_remove_when_it_has_ended(
    machines, sample, migrate, database_url, framework
):
    env = {"DATABASE_URL": database_url}
    program = sample("Migrations") + VIEWS
    with_note = program.replace(ITEM, ITEM + NOTE)
    assert with_note != program
    migrate("create")
    (old,) = machines.serve(program, [env])
    assert machines.visit(old).post("/orders", data={"item": "apple"}).status_code == 201

    for _ in range(2):  # the job may be repeated
        words = ["-m", framework, "--app", "shop", "db", "upgrade", "expand"]
        job = machines.start("job", program, *words, env=env)
        assert job.process.wait(60) == 0, job.output()
    (new,) = machines.serve(with_note, [env])
    visitor = machines.visit(old, new)
    for item in ("pear", "plum"):
        assert visitor.post("/orders", data={"item": item}).status_code == 201
    assert [visitor.get("/orders").json() for _ in range(2)] == [["apple", "pear", "plum"]] * 2

    migrate("contract")  # too early: a replica still has the code that needs the column
    assert [visitor.get("/orders").status_code for _ in range(2)] == [200, 500]
