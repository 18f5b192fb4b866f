"""What pgAdmin 4 does with Flask-WTF: every request needs a token, and views are exempt by name.

pgAdmin itself is too large for these tests; `large/README.md` describes how to run it.
"""

import pytest
from flask import Blueprint
from flask_wtf.csrf import CSRFProtect, generate_csrf

EXEMPT = ["flask.app.<lambda>", "flask.scaffold.send_static_file"]
EXEMPT += ["flask.blueprints.send_static_file"]


@pytest.fixture
def client(app, write):
    write("static/main.js", "of the program")
    write("browser/static/main.js", "of the blueprint")
    app.config.update(WTF_CSRF_METHODS=["GET", "POST", "PUT", "DELETE"], WTF_CSRF_HEADERS=["X-T"])
    browser = Blueprint(
        "browser",
        "program",
        root_path=f"{app.root_path}/browser",
        static_folder="static",
        static_url_path="/browser/static",
    )
    app.register_blueprint(browser)
    app.add_url_rule("/data", "data", lambda: "data")
    app.add_url_rule("/token", "token", generate_csrf)
    protect = CSRFProtect(app)
    for view in [*EXEMPT, generate_csrf]:
        protect.exempt(view)
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "text"),
    [("/static/main.js", "of the program"), ("/browser/static/main.js", "of the blueprint")],
)
def test_static_files_need_no_token(client, path, text):
    assert client.get(path).text == text


def test_other_views_need_one(client):
    assert client.get("/data").status_code == 400

    token = client.get("/token").text
    assert client.get("/data", headers={"X-T": token}).text == "data"
