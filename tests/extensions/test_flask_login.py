"""Flask-Login: log in, see a protected page, be remembered, log out."""

import pytest
from flask import flash, get_flashed_messages, redirect, request, url_for
from flask_login import (
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
    user_logged_in,
)


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@pytest.fixture
def app(app):
    manager = LoginManager(app)
    manager.login_view = "login"

    @manager.user_loader
    def load(name):
        return User(name) if name in {"ada", "grace"} else None

    @app.route("/login", methods=["GET", "POST"])
    def login():
        if request.method == "GET":
            return f"please log in: {get_flashed_messages()}"
        login_user(User(request.form["name"]), remember="remember" in request.form)
        flash("welcome")
        return redirect(request.args.get("next") or url_for("page"))

    @app.get("/page")
    @login_required
    def page():
        return f"page of {current_user.id}"

    @app.get("/who")
    def who():
        return "somebody" if current_user.is_authenticated else "nobody"

    @app.post("/logout")
    @login_required
    def logout():
        logout_user()
        return redirect(url_for("who"))

    return app


def test_a_protected_page_sends_strangers_to_the_login_page_and_back(client):
    response = client.get("/page")
    assert response.status_code == 302
    assert response.location == "/login?next=%2Fpage"
    assert "Please log in" in client.get(response.location).text

    response = client.post(response.location, data={"name": "ada"})
    assert response.location == "/page"
    assert client.get("/page").text == "page of ada"


def test_logging_out_ends_it(client):
    client.post("/login", data={"name": "ada"})
    assert client.get("/who").text == "somebody"

    client.post("/logout")

    assert client.get("/who").text == "nobody"
    assert client.get("/page").status_code == 302


def test_a_remembered_user_needs_no_session(client):
    client.post("/login", data={"name": "grace", "remember": "yes"})
    client.delete_cookie("session")

    assert client.get_cookie("remember_token").value.startswith("grace|")
    assert client.get("/page").text == "page of grace"


def test_a_forged_remember_token_is_refused(client):
    client.set_cookie("remember_token", "ada|0000")

    assert client.get("/who").text == "nobody"


def test_an_api_gets_401_without_a_login_page(app):
    app.login_manager.login_view = None

    assert app.test_client().get("/page").status_code == 401


def test_its_signal_is_sent_by_the_application(app, client):
    users = []

    def note(sender, user):
        users.append((sender, user.id))

    with user_logged_in.connected_to(note, app):
        client.post("/login", data={"name": "ada"})

    assert users == [(app, "ada")]


def test_its_test_client_logs_users_in(app):
    from flask_login import FlaskLoginClient

    app.test_client_class = FlaskLoginClient

    with app.test_client(user=User("ada")) as client:
        assert client.get("/page").text == "page of ada"
        assert current_user.id == "ada"


def test_current_user_is_there_in_templates(app, client):
    from flask import render_template_string

    @app.get("/template")
    def template():
        return render_template_string("{{ current_user.id }}")

    client.post("/login", data={"name": "ada"})

    assert client.get("/template").text == "ada"
