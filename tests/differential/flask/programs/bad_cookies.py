"""Cookies that are forged, cut, doubled or unreadable, and an app without a secret key."""

from flask import Flask, flash, get_flashed_messages, request, session
from itsdangerous import URLSafeTimedSerializer
from steps import get


def signed(value, key="key", salt="cookie-session"):
    import hashlib

    return URLSafeTimedSerializer(
        key,
        salt=salt,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    ).dumps(value)


COOKIES = {
    "empty": "session=",
    "rubbish": "session=rubbish",
    "dots": "session=a.b.c",
    "no signature": "session=eyJhIjoxfQ.aaaaaa",
    "other key": "session=" + signed({"a": 1}, "other"),
    "other salt": "session=" + signed({"a": 1}, "key", "other"),
    "not a dict": "session=" + signed([1, 2]),
    "good": "session=" + signed({"a": 1}),
    "bad tag": "session=" + signed({"a": {" b": "not base64!"}}),
    "unknown tag": "session=" + signed({"a": {" zz": "x"}}),
    "doubled": f"session=bad; session={signed({'a': 1})}",
    "other name": "Session=" + signed({"a": 1}),
    "latin": "session=\xff\xfe",
    "quoted": 'session="' + signed({"a": 1}) + '"',
    "compressed": "session=.eJwbad.aaa.bbb",
    "syntax": "=;; ,=x; session",
    "others": 'a=1; b="x y"; c=%C3%A4; d=\xe4; a=2; e',
}


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"

    @app.route("/")
    def index():
        return {"session": dict(session), "new": session.new}

    @app.route("/cookies")
    def cookies():
        return [
            list(item) for item in request.cookies.items(multi=True) if item[0].lower() != "session"
        ]

    return app


def without_key():
    app = Flask("without")

    @app.route("/read")
    def read():
        return str(session.get("a"))

    @app.route("/write")
    def write():
        session["a"] = 1

    @app.route("/flash")
    def flash_it():
        flash("x")

    @app.route("/flashed")
    def flashed():
        return get_flashed_messages()

    @app.route("/untouched")
    def untouched():
        return "untouched"

    app.testing = True
    return app


def outcome(path):
    client = without_key().test_client(use_cookies=False)
    try:
        answer = client.get(path, headers={"Cookie": COOKIES["good"]})
    except Exception as error:
        return [type(error).__name__, "secret" in str(error).lower()]
    return [answer.status_code, answer.text, answer.headers.getlist("Set-Cookie")]


def no_secret_key(app, client):
    return {path: outcome(path) for path in ("/read", "/write", "/flash", "/flashed", "/untouched")}


def session_transaction_without_key(app, client):
    with without_key().test_client().session_transaction() as transaction:
        transaction["a"] = 1


STEPS = [
    *(get(f"/?{name}", cookie=cookie) for name, cookie in COOKIES.items()),
    *(get(f"/cookies?{name}", cookie=cookie) for name, cookie in COOKIES.items()),
    no_secret_key,
    session_transaction_without_key,
]
