"""Redis refuses connections, or accepts them and never answers: what each kind of state does."""

import importlib
import logging
import socket

import pytest

TIMEOUT = "socket_timeout=0.05&socket_connect_timeout=0.05"
VIEWS = """

from flask import session


@app.get("/free")
def free():
    return "free"


@app.get("/write")
def write():
    session["name"] = "ada"
    return ""
"""
CACHED = """

@app.get("/number")
@cache.cached()
def number():
    return "7"
"""
FEW = """

@app.get("/few")
@limiter.limit("2 per hour")
def few():
    return "few"
"""


@pytest.fixture(params=["refuses", "is silent"])
def away(load, request, monkeypatch):
    """Load a program whose Redis is away; its test client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        if request.param == "refuses":
            listener.close()
        monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{port}/0?{TIMEOUT}")
        yield lambda program: load(program).test_client()


def statuses(client, path, count=3):
    return [client.get(path).status_code for _ in range(count)]


def test_sessions_in_redis_that_is_away_fail_also_pages_that_do_not_use_them(away, sample):
    client = away(sample("Sessions", "Session(app)") + VIEWS)

    assert client.get("/free").status_code == 200
    assert client.get("/write").status_code == 500
    client.set_cookie("session", "an id from before")
    assert client.get("/free").status_code == 500


@pytest.fixture
def messages(monkeypatch):
    """What Flask-Caching logs, by a logger that other tests of this process cannot have changed."""
    found = []
    logger, handler = logging.getLogger("caches that are away"), logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: found.append(record.getMessage()))
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(importlib.import_module("flask_caching"), "logger", logger)
    return found


def test_caches_in_redis_that_is_away_are_computed_and_logged(away, sample, messages):
    client = away(sample("Caches") + CACHED)

    assert statuses(client, "/number") == [200] * 3
    assert "Exception possibly due to cache backend." in messages


def test_limits_in_redis_that_is_away_fail_the_views_that_have_one(away, sample):
    client = away(sample("Limits") + FEW + VIEWS)

    assert statuses(client, "/few") == [500] * 3
    assert statuses(client, "/free") == [200] * 3


def test_limits_are_counted_in_memory_meanwhile_if_that_is_allowed(away, sample):
    uri = 'storage_uri=os.environ["REDIS_URL"]'
    program = sample("Limits").replace(uri, f"{uri}, in_memory_fallback_enabled=True")
    client = away(program + FEW)

    assert statuses(client, "/few") == [200, 200, 429]


@pytest.mark.parametrize("queue", ["rq", "celery", "dramatiq"])
def test_jobs_are_not_accepted_while_redis_is_away(away, sample, queue):
    client = away(sample("Jobs", queue))

    assert client.post("/order", data={"address": "a@b.example"}).status_code == 500
