"""`SECRET_KEY_FALLBACKS`: old sessions are read, new ones are signed with the new key."""

from flask import Flask, session
from steps import get


def create_app(key="new", fallbacks=("old", "older")):
    app = Flask(__name__)
    app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=fallbacks)

    @app.route("/set/<value>")
    def set_it(value):
        session["value"] = value
        return "set"

    @app.route("/read")
    def read():
        return dict(session)

    return app


def moved(app, cookie, path="/read"):
    client = app.test_client()
    client.set_cookie("session", cookie)
    answer = client.get(path)
    return answer.json if answer.is_json else answer.text


def cookie_of(app):
    client = app.test_client()
    client.get("/set/1")
    return client.get_cookie("session").value


def signed_by_each_key(app, client):
    return {
        key: moved(app, cookie_of(create_app(key, ()))) for key in ("new", "old", "older", "lost")
    }


def read_by_the_old_app(app, client):
    return moved(create_app("old", ()), cookie_of(app))


def with_a_list(app, client):
    return moved(create_app("a", ["b"]), cookie_of(create_app("b", None)))


def changed_after_a_request(app, client):
    cookie = cookie_of(create_app("b", None))
    other = create_app("a", None)
    seen = [moved(other, cookie)]
    other.config["SECRET_KEY_FALLBACKS"] = ["b"]
    return [*seen, moved(other, cookie)]


def rewritten_with_the_new_key(app, client):
    client = app.test_client()
    client.set_cookie("session", cookie_of(create_app("old", ())))
    client.get("/set/2")
    return moved(create_app("new", ()), client.get_cookie("session").value)


def bytes_as_key(app, client):
    return moved(create_app(b"new", [b"old"]), cookie_of(create_app("old", ())))


STEPS = [
    get("/set/1"),
    get("/read"),
    signed_by_each_key,
    read_by_the_old_app,
    with_a_list,
    changed_after_a_request,
    rewritten_with_the_new_key,
    bytes_as_key,
]
