"""Flask-WTF: forms with a CSRF token, uploads, and protection of every view."""

import io
import re

import pytest
from flask import render_template_string
from flask_wtf import CSRFProtect, FlaskForm
from flask_wtf.csrf import CSRFError
from flask_wtf.file import FileAllowed, FileField, FileRequired
from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Email


class GuestForm(FlaskForm):
    name = StringField("Name", [DataRequired()])
    email = EmailField("E-mail", [Email()])


class PhotoForm(FlaskForm):
    photo = FileField("Photo", [FileRequired(), FileAllowed(["png"], "PNG only")])


PAGE = "<form method=post>{{ form.hidden_tag() }}{{ form.name }}{{ form.email }}</form>"


@pytest.fixture
def app(app):
    app.config["SERVER_NAME"] = "localhost"

    @app.route("/guest", methods=["GET", "POST"])
    def guest():
        form = GuestForm()
        if form.validate_on_submit():
            return f"hello {form.name.data}"
        if form.is_submitted():
            return form.errors, 400
        return render_template_string(PAGE, form=form)

    @app.post("/photo")
    def photo():
        form = PhotoForm(meta={"csrf": False})
        if form.validate_on_submit():
            return form.photo.data.filename
        return form.errors, 400

    return app


def token_in(page):
    return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)[1]


def test_a_form_with_its_token_is_accepted(client):
    token = token_in(client.get("/guest"))
    form = {"csrf_token": token, "name": "Ada", "email": "ada@example.com"}

    assert client.post("/guest", data=form).text == "hello Ada"


def test_a_form_without_its_token_is_refused(client):
    response = client.post("/guest", data={"name": "Ada", "email": "ada@example.com"})

    assert response.status_code == 400
    assert response.json == {"csrf_token": ["The CSRF token is missing."]}


def test_the_token_of_another_session_is_refused(app, client):
    token = token_in(app.test_client().get("/guest"))
    token_in(client.get("/guest"))
    form = {"csrf_token": token, "name": "Ada", "email": "ada@example.com"}

    response = client.post("/guest", data=form)

    assert response.json == {"csrf_token": ["The CSRF tokens do not match."]}


def test_validators_report_errors(client):
    token = token_in(client.get("/guest"))

    response = client.post("/guest", data={"csrf_token": token, "name": "", "email": "no"})

    assert response.json == {
        "name": ["This field is required."],
        "email": ["Invalid email address."],
    }


def test_files_are_checked(client):
    png = (io.BytesIO(b"png"), "photo.png")
    text = (io.BytesIO(b"text"), "photo.txt")

    assert client.post("/photo", data={"photo": png}).text == "photo.png"
    assert client.post("/photo", data={"photo": text}).json == {"photo": ["PNG only"]}
    assert client.post("/photo").status_code == 400


def test_every_view_can_be_protected(app):
    csrf = CSRFProtect(app)

    @app.post("/open")
    @csrf.exempt
    def open_to_all():
        return "open"

    @app.post("/closed")
    def closed():
        return "closed"

    @app.get("/token")
    def token():
        return render_template_string("{{ csrf_token() }}")

    @app.errorhandler(CSRFError)
    def refused(error):
        return f"refused: {error.description}", 400

    client = app.test_client()

    assert client.post("/open").text == "open"
    assert client.post("/closed").text == "refused: The CSRF token is missing."
    headers = {"X-CSRFToken": client.get("/token").text}
    assert client.post("/closed", headers=headers).text == "closed"
