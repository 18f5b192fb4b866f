"""Flask-Security: users register, log in, have roles, and change their password."""

import re

import pytest
from flask_security import (
    RoleMixin,
    Security,
    SQLAlchemyUserDatastore,
    UserMixin,
    auth_required,
    current_user,
    hash_password,
    roles_required,
)
from flask_sqlalchemy import SQLAlchemy

PASSWORD = "correct horse battery staple"


@pytest.fixture
def app(app):
    app.config.update(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SECURITY_PASSWORD_SALT="146585145368132386173505678016728509634",
        SECURITY_PASSWORD_HASH="plaintext",
        SECURITY_PASSWORD_SINGLE_HASH={"plaintext"},
        SECURITY_REGISTERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_REGISTER_EMAIL=False,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        WTF_CSRF_ENABLED=False,
    )
    db = SQLAlchemy(app)

    class RolesOfUsers(db.Model):
        user_id = db.Column(db.ForeignKey("user.id"), primary_key=True)
        role_id = db.Column(db.ForeignKey("role.id"), primary_key=True)

    class Role(db.Model, RoleMixin):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(80), unique=True)

    class User(db.Model, UserMixin):
        id = db.Column(db.Integer, primary_key=True)
        email = db.Column(db.String(255), unique=True)
        password = db.Column(db.String(255))
        active = db.Column(db.Boolean)
        fs_uniquifier = db.Column(db.String(64), unique=True)
        roles = db.relationship("Role", secondary="roles_of_users", backref="users")

    security = Security(app, SQLAlchemyUserDatastore(db, User, Role))

    @app.get("/page")
    @auth_required()
    def page():
        return current_user.email

    @app.get("/editors")
    @roles_required("editor")
    def editors():
        return "editors"

    with app.app_context():
        db.create_all()
        store = security.datastore
        editor = store.find_or_create_role("editor")
        store.create_user(email="ada@example.com", password=hash_password(PASSWORD), roles=[editor])
        store.create_user(email="grace@example.com", password=hash_password(PASSWORD))
        db.session.commit()
        db.session.remove()
    yield app
    with app.app_context():
        db.engine.dispose()


def login(client, name="ada", password=PASSWORD):
    return client.post("/login", data={"email": f"{name}@example.com", "password": password})


def test_a_protected_page_leads_to_the_login_page(client):
    response = client.get("/page")

    assert response.status_code == 302
    assert response.location.startswith("/login?next=")
    assert "<form" in client.get("/login").text


def test_logging_in_and_out(client):
    assert login(client).status_code == 302
    assert client.get("/page").text == "ada@example.com"
    client.post("/logout")
    assert client.get("/page").status_code == 302


def test_a_wrong_password_is_refused(client):
    page = login(client, password="wrong").text

    assert re.search("Invalid password|Authentication failed", page)
    assert client.get("/page").status_code == 302


def test_roles_open_pages(client):
    login(client, "grace")
    assert client.get("/editors").status_code in {302, 403}
    client.post("/logout")
    login(client, "ada")
    assert client.get("/editors").text == "editors"


def test_a_stranger_registers(client):
    form = {"email": "new@example.com", "password": PASSWORD, "password_confirm": PASSWORD}

    assert client.post("/register", data=form).status_code == 302
    assert client.get("/page").text == "new@example.com"


def test_a_token_opens_the_page_for_an_api(app, client):
    response = client.post(
        "/login?include_auth_token",
        json={"email": "ada@example.com", "password": PASSWORD},
    )
    token = response.json["response"]["user"]["authentication_token"]

    stranger = app.test_client()
    headers = {"Authentication-Token": token, "Accept": "application/json"}
    assert stranger.get("/page", headers=headers).text == "ada@example.com"
    assert stranger.get("/page", headers={"Accept": "application/json"}).status_code == 401


def test_a_password_is_changed(client):
    login(client)
    new = "another quite long password"
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert client.post("/change", data=form).status_code == 302

    client.post("/logout")
    login(client)
    assert client.get("/page").status_code == 302
    login(client, password=new)
    assert client.get("/page").text == "ada@example.com"


def test_its_commands_manage_users(app):
    runner = app.test_cli_runner()

    result = runner.invoke(args=["users", "deactivate", "ada@example.com"])

    assert result.exit_code == 0, result.output
    client = app.test_client()
    login(client)
    assert client.get("/page").status_code == 302
