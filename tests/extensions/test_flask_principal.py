"""Flask-Principal: who may do what."""

import pytest
from flask import session
from flask_principal import (
    Identity,
    Permission,
    Principal,
    RoleNeed,
    UserNeed,
    identity_changed,
    identity_loaded,
)

editors = Permission(RoleNeed("editor"))


@pytest.fixture
def app(app):
    Principal(app)

    @identity_loaded.connect_via(app)
    def load(sender, identity):
        identity.provides.add(UserNeed(identity.id))
        if identity.id == "ada":
            identity.provides.add(RoleNeed("editor"))

    @app.post("/login/<name>")
    def login(name):
        identity_changed.send(app, identity=Identity(name))
        return "in"

    @app.get("/edit")
    @editors.require(403)
    def edit():
        return "edited"

    @app.get("/can")
    def can():
        return {"edit": editors.can(), "keys": sorted(session)}

    @app.get("/with")
    def inside():
        with editors.require(403):
            return "inside"

    app.load_identity = load  # signals hold their receivers weakly
    return app


def test_a_stranger_may_not_edit(client):
    assert client.get("/edit").status_code == 403
    assert client.get("/with").status_code == 403
    assert client.get("/can").json == {"edit": False, "keys": []}


def test_an_editor_may_in_all_following_requests(client):
    client.post("/login/ada")

    assert client.get("/edit").text == "edited"
    assert client.get("/with").text == "inside"
    assert client.get("/can").json["edit"] is True


def test_another_user_may_not(client):
    client.post("/login/grace")

    assert client.get("/edit").status_code == 403
    assert "identity.id" in client.get("/can").json["keys"]
