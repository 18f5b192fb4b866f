"""Flask-Session: the session lives on the server, in files by cachelib."""

import pytest
from cachelib import FileSystemCache
from flask import session
from flask_session import Session


@pytest.fixture
def app(app, tmp_path):
    app.config.update(
        SESSION_TYPE="cachelib",
        SESSION_CACHELIB=FileSystemCache(str(tmp_path / "sessions"), threshold=100),
        SESSION_PERMANENT=True,
    )
    Session(app)

    @app.get("/count")
    def count():
        session["count"] = session.get("count", 0) + 1
        session["object"] = {"list": [1, 2]}
        return str(session["count"])

    @app.get("/read")
    def read():
        return dict(session)

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/renew")
    def renew():
        app.session_interface.regenerate(session)
        return "renewed"

    return app


def files(tmp_path):
    return [path for path in (tmp_path / "sessions").iterdir() if path.stat().st_size > 20]


def test_the_cookie_has_only_a_key(client, tmp_path):
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]

    assert "." not in client.get_cookie("session").value
    assert files(tmp_path)
    assert client.get("/read").json["object"] == {"list": [1, 2]}


def test_each_browser_has_a_session_of_its_own(app):
    first, second = app.test_client(), app.test_client()

    assert (first.get("/count").text, second.get("/count").text) == ("1", "1")
    assert first.get("/count").text == "2"


def test_an_untouched_session_sets_no_cookie(client):
    assert "Set-Cookie" not in client.get("/read").headers


def test_a_cleared_session_is_gone(client):
    client.get("/count")
    client.get("/clear")

    assert client.get_cookie("session") is None
    assert client.get("/count").text == "1"


def test_a_renewed_session_has_another_key(client):
    client.get("/count")
    before = client.get_cookie("session").value
    client.get("/renew")

    assert client.get_cookie("session").value != before
    assert client.get("/count").text == "2"


def test_it_is_opened_and_saved_also_for_an_error(client):
    client.get("/count")

    response = client.get("/missing")

    assert response.status_code == 404
    assert "session=" in response.headers["Set-Cookie"]  # permanent: refreshed each time
