"""Flask-Talisman: security headers, HTTPS, and a nonce for scripts."""

import re

import pytest
from flask import render_template_string
from flask_talisman import Talisman


@pytest.fixture
def talisman(app):
    policy = {"default-src": "'self'", "script-src": "'self'"}
    return Talisman(
        app,
        content_security_policy=policy,
        content_security_policy_nonce_in=["script-src"],
        permissions_policy={"geolocation": "()"},
    )


@pytest.fixture
def client(app, talisman):
    @app.get("/")
    def index():
        return render_template_string("<script nonce='{{ csp_nonce() }}'></script>")

    @app.get("/framed")
    @talisman(frame_options="ALLOW-FROM", frame_options_allow_from="https://a.example")
    def framed():
        return "framed"

    @app.get("/plain")
    @talisman(force_https=False)
    def plain():
        return "plain"

    return app.test_client()


HTTPS = {"base_url": "https://localhost"}


def test_http_is_redirected_to_https(app, client):
    response = client.get("/")

    assert (response.status_code, response.location) == (302, "https://localhost/")
    assert client.get("/", headers={"X-Forwarded-Proto": "https"}).status_code == 200
    assert client.get("/plain").text == "plain"


def test_headers_are_set(client):
    headers = client.get("/", **HTTPS).headers

    assert headers["Strict-Transport-Security"] == "max-age=31556926; includeSubDomains"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Permissions-Policy"] == "geolocation=()"


def test_scripts_have_the_nonce_of_the_policy(client):
    first, second = client.get("/", **HTTPS), client.get("/", **HTTPS)

    nonce = re.search("nonce='([^']+)'", first.text)[1]
    assert f"script-src 'self' 'nonce-{nonce}'" in first.headers["Content-Security-Policy"]
    assert nonce not in second.text


def test_a_view_has_its_own_options(client):
    assert (
        client.get("/framed", **HTTPS).headers["X-Frame-Options"] == "ALLOW-FROM https://a.example"
    )


def test_errors_have_them_too(client):
    response = client.get("/missing", **HTTPS)

    assert response.status_code == 404
    assert "Content-Security-Policy" in response.headers


def test_the_session_cookie_is_for_https(app, client):
    from flask import session

    @app.get("/session")
    def set_session():
        session["a"] = 1
        return ""

    cookie = client.get("/session", **HTTPS).headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
