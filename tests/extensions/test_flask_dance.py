"""Flask-Dance: OAuth 2 with a provider that is played by a server of the test's own."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import redirect, url_for
from flask_dance.consumer import OAuth2ConsumerBlueprint, oauth_authorized, oauth_error
from oauthlib.oauth2 import MismatchingStateError


class Provider(BaseHTTPRequestHandler):
    """Gives a token for the code "good code", and a profile for the token."""

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        form = parse_qs(self.rfile.read(size).decode())
        if form["code"] == ["good code"]:
            self.answer(200, {"access_token": "token of ada", "token_type": "Bearer"})
        else:
            self.answer(400, {"error": "invalid_grant"})

    def do_GET(self):
        if self.headers["Authorization"] == "Bearer token of ada":
            self.answer(200, {"name": "ada"})
        else:
            self.answer(401, {})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def provider():
    server = HTTPServer(("127.0.0.1", 0), Provider)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(20)
    server.server_close()


@pytest.fixture
def app(app, provider, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    service = OAuth2ConsumerBlueprint(
        "service",
        __name__,
        client_id="client",
        client_secret="secret",
        scope=["profile"],
        base_url=provider,
        token_url=f"{provider}/token",
        authorization_url=f"{provider}/authorize",
        redirect_to="profile",
    )
    app.register_blueprint(service, url_prefix="/login")

    @app.get("/profile")
    def profile():
        if not service.session.authorized:
            return redirect(url_for("service.login"))
        return service.session.get("/me").json()["name"]

    return app


def begin(client):
    """Go to the provider; the state that it will send back."""
    location = urlsplit(client.get("/login/service").location)
    query = parse_qs(location.query)
    assert location.path == "/authorize"
    assert query["redirect_uri"] == ["http://localhost/login/service/authorized"]
    assert query["client_id"] == ["client"]
    return query["state"][0]


def test_the_dance(client):
    assert client.get("/profile").location == "/login/service"
    state = begin(client)

    query = {"code": "good code", "state": state}
    response = client.get("/login/service/authorized", query_string=query)

    assert response.location == "/profile"
    assert client.get("/profile").text == "ada"


def test_a_forged_state_is_refused(client):
    begin(client)

    query = {"code": "good code", "state": "forged"}
    with pytest.raises(MismatchingStateError):
        client.get("/login/service/authorized", query_string=query)

    assert client.get("/profile").status_code == 302


def test_its_signals_are_sent(app, client):
    seen = []

    @oauth_authorized.connect_via(app.blueprints["service"])
    def authorized(blueprint, token):
        seen.append(token["access_token"])
        return False  # do not keep it

    @oauth_error.connect_via(app.blueprints["service"])
    def failed(blueprint, error, **details):
        seen.append(error)

    query = {"code": "good code", "state": begin(client)}
    client.get("/login/service/authorized", query_string=query)
    client.get("/login/service/authorized", query_string={"error": "access_denied"})

    assert seen == ["token of ada", "access_denied"]
    assert client.get("/profile").status_code == 302
