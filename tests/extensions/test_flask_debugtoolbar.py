"""Flask-DebugToolbar: the toolbar is in the page while the program is in debug mode."""

import pytest
from flask import redirect, render_template_string
from flask_debugtoolbar import DebugToolbarExtension

PAGE = "<html><body>{{ text }}</body></html>"


@pytest.fixture
def app(app):
    app.debug = True
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
    DebugToolbarExtension(app)

    @app.get("/")
    def index():
        app.logger.warning("a record of the page")
        return render_template_string(PAGE, text="content")

    @app.get("/away")
    def away():
        return redirect("/")

    @app.get("/data")
    def data():
        return {"a": 1}

    return app


def test_the_toolbar_is_in_the_page(client):
    page = client.get("/").text

    assert "content" in page
    assert 'id="flDebug"' in page
    for panel in ("HTTP Headers", "Templates", "Logging", "Time", "Route"):
        assert panel in page
    assert "a record of the page" in page


def test_the_length_is_that_of_the_whole_page(client):
    response = client.get("/")

    assert int(response.headers["Content-Length"]) == len(response.data)


def test_other_responses_are_left(client):
    assert client.get("/data").json == {"a": 1}
    assert client.get("/away").status_code == 302


def test_redirects_can_be_stopped(app, client):
    app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = True

    response = client.get("/away")

    assert response.status_code == 200
    assert "Redirect" in response.text


def test_outside_of_debug_mode_there_is_none(app):
    from flask import Flask

    production = Flask("production")
    production.config["SECRET_KEY"] = "key"
    DebugToolbarExtension(production)
    production.add_url_rule("/", view_func=lambda: "<html><body></body></html>")

    assert "flDebug" not in production.test_client().get("/").text


def test_errors_are_still_errors(app, client):
    assert client.get("/missing").status_code == 404
    assert client.post("/").status_code == 405
    assert client.options("/").status_code == 200


def test_its_own_files_are_served(client):
    with client.get("/_debug_toolbar/static/js/toolbar.js") as script:
        assert script.status_code == 200
