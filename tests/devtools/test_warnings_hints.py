"""The hints on forms are on the pages of later errors, with the page that has the form."""

import pytest
import werkzeug.test
from markupsafe import Markup

from retort.devtools import with_debugger
from retort.devtools.warnings import warnings_of

PROGRAM = """
    from flask import Flask, redirect, request, url_for

    app = Flask(__name__)

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        return redirect(url_for('welcome', name=request.values['nm']))

    @app.get('/hello/<name>')
    def welcome(name):
        return 'welcome ' + nme
"""
FORM = '<form action="http://localhost:5000/login" method="{method}"><input name="nm"></form>\n'
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def client(mistake):
    mistake.write("program.py", PROGRAM)
    app = mistake.load()
    app.logger.disabled = False
    return werkzeug.test.Client(with_debugger(app, console=False))


def send(client, method):
    """Send a name as a browser does from a page in windows-1252."""
    if method == "POST":
        return client.post("/login", data=b"nm=Ren%E9", content_type=URLENCODED)
    return client.get("/login?nm=Ren%E9")


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_the_page_and_the_terminal_name_the_file_without_a_charset(mistake, client, caplog, method):
    mistake.write("login.html", FORM.format(method=method.lower()))
    target = send(client, method).location

    page = Markup(client.get(target, headers={"Accept": "text/html"}).text).striptags()

    assert "contains bytes that are not UTF-8" in page
    assert "login.html:1" in page
    assert 'write <meta charset="utf-8">' in page
    lines = [record.getMessage() for record in caplog.records if record.name == "program"]
    assert sum("contains bytes that are not UTF-8" in line for line in lines) == 1


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"login.html": f'<meta charset="windows-1252">{FORM}'},
        {"login.html": FORM, "login2.html": FORM},
        {"templates/login.html": FORM},
    ],
)
def test_no_file_is_named_without_evidence(mistake, client, files):
    for name, text in files.items():
        mistake.write(name, text.format(method="post"))
    send(client, "POST")

    [warning] = warnings_of(mistake.app)
    assert warning.what == (
        "A form sent to POST '/login' contains bytes that are not UTF-8; request.form has U+FFFD"
        " in their place."
    )
    assert warning.place is None


def test_names_in_utf_8_leave_no_hint(mistake, client):
    mistake.write("login.html", FORM.format(method="post"))
    client.post("/login", data={"nm": "René"})
    client.get("/login?nm=Ren%C3%A9")

    assert warnings_of(mistake.app) == []
