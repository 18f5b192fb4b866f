"""The session cookie: set, changed, deleted, its attributes by config, and its values."""

from datetime import datetime, timezone
from uuid import UUID

from flask import Flask, session
from markupsafe import Markup
from steps import get, note, post

VALUES = {
    "text": "ä",
    "number": 1.5,
    "none": None,
    "list": [1, "a"],
    "tuple": (1, "a"),
    "dict": {"a": {"b": 1}},
    "bytes": b"\x00\xff",
    "uuid": UUID(int=5),
    "date": datetime(2020, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
    "markup": Markup("<b>"),
    " t": "looks like a tag",
    "nested": [(b"x", {" u": 1})],
}


def create_app(**config):
    app = Flask(__name__)
    app.secret_key = "key"
    app.config.update(config)

    @app.route("/set/<name>/<value>")
    def set_it(name, value):
        session[name] = value
        return "set"

    @app.route("/all")
    def everything():
        note("session", sorted(session), session.new, session.modified, session.accessed)
        return dict(session)

    @app.route("/untouched")
    def untouched():
        return "untouched"

    @app.route("/pop/<name>")
    def pop(name):
        return str(session.pop(name, "none"))

    @app.route("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.route("/values")
    def values():
        session.update(VALUES)
        return "stored"

    @app.route("/read-values")
    def read_values():
        return [
            [name, type(value).__name__, value == VALUES[name]] for name, value in session.items()
        ]

    @app.route("/nested")
    def nested():
        session.setdefault("list", []).append(1)
        note("modified", session.modified)
        session["list"].append(2)
        session.modified = bool(session["list"][2:])
        return session["list"]

    @app.route("/unserializable")
    def unserializable():
        session["object"] = object()
        return "never sent"

    @app.route("/big", methods=["GET", "POST"])
    def big():
        session["big"] = "".join(chr(97 + number * number % 26) for number in range(9000))
        return "big"

    @app.route("/deleted-and-error")
    def fail():
        session["kept"] = 1
        raise LookupError

    return app


def attributes(app, client, **config):
    client = create_app(TESTING=True, **config).test_client()
    return client.get("/set/a/1").headers["Set-Cookie"].partition(";")[2]


CONFIGS = [
    {"SESSION_COOKIE_NAME": "own"},
    {"SESSION_COOKIE_DOMAIN": "localhost"},
    {"SESSION_COOKIE_DOMAIN": ".example.org"},
    {"SESSION_COOKIE_PATH": "/set"},
    {"SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_SAMESITE": "Lax"},
    {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
    {"SESSION_COOKIE_PARTITIONED": True},
    {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
    {"APPLICATION_ROOT": "/mounted"},
    {"SERVER_NAME": "localhost"},
    {"SESSION_COOKIE_PATH": None, "APPLICATION_ROOT": "/x"},
]


def every_attribute(app, client):
    return [attributes(app, client, **config) for config in CONFIGS]


def samesite_none_but_not_secure(app, client):
    return attributes(app, client, SESSION_COOKIE_SAMESITE="None")


def a_bad_samesite(app, client):
    return attributes(app, client, SESSION_COOKIE_SAMESITE="Sideways")


def what_a_session_is(app, client):
    from flask.sessions import SecureCookieSession

    one = SecureCookieSession({"a": 1})
    seen = [one.modified, one.accessed, one.new, one.permanent]
    one.get("a")
    seen.append(one.accessed)
    one["b"] = 2
    seen += [one.modified, dict(one)]
    one.permanent = True
    return [*seen, dict(one)]


STEPS = [
    get("/untouched"),
    get("/all"),
    get("/set/a/1"),
    get("/all"),
    get("/untouched"),
    get("/set/b/%C3%A4"),
    get("/pop/a"),
    get("/pop/nothing"),
    get("/clear"),
    get("/all"),
    get("/clear"),
    get("/values"),
    get("/read-values"),
    get("/nested"),
    get("/nested"),
    get("/nested"),
    get("/unserializable"),
    post("/big"),
    get("/deleted-and-error"),
    get("/nowhere"),
    get("/all", fresh=True),
    every_attribute,
    samesite_none_but_not_secure,
    a_bad_samesite,
    what_a_session_is,
]
