"""Flask-JWT-Extended: access, refresh, revoke; in headers and in cookies."""

from datetime import timedelta

import pytest
from flask import jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    unset_jwt_cookies,
)


@pytest.fixture
def revoked():
    return set()


@pytest.fixture
def app(app, revoked):
    app.config["JWT_TOKEN_LOCATION"] = ["headers", "cookies"]
    manager = JWTManager(app)

    @manager.user_lookup_loader
    def load(header, data):
        return {"name": data["sub"].title()}

    @manager.token_in_blocklist_loader
    def is_revoked(header, data):
        return data["jti"] in revoked

    @app.post("/login")
    def login():
        name = request.json["name"]
        lifetime = timedelta(seconds=-1) if "stale" in request.json else None
        return {
            "access": create_access_token(
                name, fresh=True, expires_delta=lifetime, additional_claims={"role": "editor"}
            ),
            "refresh": create_refresh_token(name),
        }

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh():
        return {"access": create_access_token(get_jwt_identity(), fresh=False)}

    @app.get("/page")
    @jwt_required()
    def page():
        return {"user": current_user["name"], "role": get_jwt().get("role")}

    @app.get("/fresh")
    @jwt_required(fresh=True)
    def fresh():
        return {}

    @app.get("/optional")
    @jwt_required(optional=True)
    def optional():
        return {"user": get_jwt_identity()}

    @app.post("/logout")
    @jwt_required()
    def logout():
        revoked.add(get_jwt()["jti"])
        response = jsonify(out=True)
        unset_jwt_cookies(response)
        return response

    @app.post("/cookie")
    def cookie():
        response = jsonify(ok=True)
        set_access_cookies(response, create_access_token("grace"))
        return response

    return app


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def tokens(client):
    return client.post("/login", json={"name": "ada"}).json


def test_a_token_opens_the_page(client, tokens):
    response = client.get("/page", headers=bearer(tokens["access"]))

    assert response.json == {"user": "Ada", "role": "editor"}


def test_without_a_token_it_stays_closed(client):
    response = client.get("/page")

    assert response.status_code == 401
    assert "Missing" in response.json["msg"]
    assert client.get("/optional").json == {"user": None}


def test_a_bad_and_a_stale_token_are_refused(client):
    stale = client.post("/login", json={"name": "ada", "stale": True}).json["access"]

    assert client.get("/page", headers=bearer("not.a.token")).status_code == 422
    response = client.get("/page", headers=bearer(stale))
    assert (response.status_code, response.json["msg"]) == (401, "Token has expired")


def test_a_refresh_token_gets_a_new_access_token_that_is_not_fresh(client, tokens):
    access = client.post("/refresh", headers=bearer(tokens["refresh"])).json["access"]

    assert client.get("/page", headers=bearer(access)).json["user"] == "Ada"
    assert client.get("/fresh", headers=bearer(access)).json["msg"] == "Fresh token required"
    assert client.get("/fresh", headers=bearer(tokens["access"])).status_code == 200
    assert client.post("/refresh", headers=bearer(tokens["access"])).status_code == 422


def test_a_revoked_token_is_refused(client, tokens):
    client.post("/logout", headers=bearer(tokens["access"]))

    response = client.get("/page", headers=bearer(tokens["access"]))

    assert response.json["msg"] == "Token has been revoked"


def test_a_cookie_can_carry_it_with_protection_from_other_sites(client):
    client.post("/cookie")
    assert client.get("/page").json["user"] == "Grace"

    assert client.post("/logout").json["msg"] == "Missing CSRF token"
    headers = {"X-CSRF-TOKEN": client.get_cookie("csrf_access_token").value}
    assert client.post("/logout", headers=headers).json == {"out": True}
    assert client.get("/page").status_code == 401
