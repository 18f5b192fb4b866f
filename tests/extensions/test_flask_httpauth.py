"""Flask-HTTPAuth: Basic, Digest and tokens."""

import hashlib
import re

import pytest
from flask import g
from flask_httpauth import HTTPBasicAuth, HTTPDigestAuth, HTTPTokenAuth, MultiAuth
from werkzeug.security import check_password_hash, generate_password_hash

USERS = {"ada": generate_password_hash("lovelace", method="pbkdf2:sha256:1000")}


@pytest.fixture
def app(app):
    basic = HTTPBasicAuth(realm="Guestbook")
    tokens = HTTPTokenAuth("Bearer")
    either = MultiAuth(basic, tokens)
    digest = HTTPDigestAuth(algorithm="MD5")

    @basic.verify_password
    def verify(name, password):
        if name in USERS and check_password_hash(USERS[name], password):
            return name
        return None

    @basic.get_user_roles
    def roles(user):
        return ["writer"]

    @tokens.verify_token
    async def verify_token(token):
        g.token = token
        return "grace" if token == "good" else None

    @digest.get_password
    def password(name):
        return "lovelace" if name == "ada" else None

    @app.get("/basic")
    @basic.login_required
    def with_basic():
        return basic.current_user()

    @app.get("/editors")
    @basic.login_required(role="editor")
    def editors():
        return "editors"

    @app.get("/either")
    @either.login_required
    def with_either():
        return either.current_user()

    @app.get("/digest")
    @digest.login_required
    def with_digest():
        return digest.username()

    return app


def test_basic(client):
    response = client.get("/basic")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Guestbook"'
    assert client.get("/basic", auth=("ada", "wrong")).status_code == 401
    assert client.get("/basic", auth=("ada", "lovelace")).text == "ada"


def test_a_role_that_is_missing_is_403(client):
    assert client.get("/editors", auth=("ada", "lovelace")).status_code == 403


def test_one_of_two_ways(client):
    assert client.get("/either", auth=("ada", "lovelace")).text == "ada"
    assert client.get("/either", headers={"Authorization": "Bearer good"}).text == "grace"
    assert client.get("/either", headers={"Authorization": "Bearer bad"}).status_code == 401


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def test_digest_keeps_its_challenge_in_the_session(client):
    challenge = client.get("/digest").headers["WWW-Authenticate"]
    realm, nonce, opaque = (
        re.search(rf'{name}="([^"]+)"', challenge)[1] for name in ("realm", "nonce", "opaque")
    )
    secret = md5(f"ada:{realm}:lovelace")
    answer = md5(f"{secret}:{nonce}:00000001:client:auth:{md5('GET:/digest')}")
    header = (
        f'Digest username="ada", realm="{realm}", nonce="{nonce}", uri="/digest", qop=auth,'
        f' nc=00000001, cnonce="client", response="{answer}", opaque="{opaque}"'
    )

    assert client.get("/digest", headers={"Authorization": header}).text == "ada"
