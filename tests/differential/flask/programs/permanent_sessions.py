"""Permanent sessions: lifetime, refreshing on each request or not."""

from datetime import timedelta

from flask import Flask, session
from steps import get


def create_app(**config):
    app = Flask(__name__)
    app.secret_key = "key"
    app.config["PERMANENT_SESSION_LIFETIME"] = 3600
    app.config.update(config)

    @app.route("/permanent/<int:yes>")
    def permanent(yes):
        session["user"] = "ada"
        session.permanent = bool(yes)
        return str(session.permanent)

    @app.route("/read")
    def read():
        return dict(session)

    @app.route("/untouched")
    def untouched():
        return "untouched"

    return app


def cookie_counts(app):
    client = app.test_client()
    paths = ["/permanent/1", "/read", "/untouched", "/permanent/0", "/read", "/untouched"]
    return [len(client.get(path).headers.getlist("Set-Cookie")) for path in paths]


def refreshed_each_request(app, client):
    return cookie_counts(create_app(SESSION_REFRESH_EACH_REQUEST=True))


def not_refreshed(app, client):
    return cookie_counts(create_app(SESSION_REFRESH_EACH_REQUEST=False))


def lifetimes(app, client):
    seen = [app.permanent_session_lifetime.total_seconds()]
    app.permanent_session_lifetime = 60
    seen.append([app.config["PERMANENT_SESSION_LIFETIME"], app.permanent_session_lifetime.seconds])
    app.permanent_session_lifetime = timedelta(days=2)
    return [*seen, app.permanent_session_lifetime.days, Flask("x").permanent_session_lifetime.days]


def too_old(app, client):
    """Signed long ago, and no longer accepted."""
    client.get("/permanent/1")
    old = create_app(PERMANENT_SESSION_LIFETIME=timedelta(seconds=-1))
    other = old.test_client()
    other.set_cookie("session", client.get_cookie("session").value)
    return other.get("/read").json


STEPS = [
    get("/permanent/1"),
    get("/read"),
    get("/untouched"),
    get("/permanent/0"),
    get("/read"),
    refreshed_each_request,
    not_refreshed,
    too_old,
    lifetimes,
]
