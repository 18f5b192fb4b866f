"""`abort` and `redirect`: codes, exceptions, responses, the app's own aborter."""

import flask
from flask import Flask, abort, jsonify, redirect, url_for
from steps import get, post
from werkzeug.exceptions import Aborter, HTTPException, Unauthorized

CODES = [400, 401, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418]
CODES += [421, 422, 423, 424, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 100, 200, 302, 999]

WAYS = {
    "description": lambda: abort(404, "not <here>"),
    "keyword": lambda: abort(404, description="described"),
    "response": lambda: abort(404, response=flask.make_response("own", 410)),
    "a-response": lambda: abort(jsonify(error="own")),
    "a-wsgi-app": lambda: abort(wsgi),
    "methods": lambda: abort(405, valid_methods=["GET", "PUT"]),
    "authenticate": lambda: raise_(Unauthorized("log in")),
    "retry": lambda: abort(503, retry_after=30),
    "text": lambda: abort("404"),
    "class": lambda: abort(HTTPException),
    "none": lambda: abort(None),
    "redirect": lambda: redirect("/elsewhere"),
    "redirect-code": lambda: redirect("/elsewhere", 308),
    "redirect-absolute": lambda: redirect("http://elsewhere/?ä=ö&x=<y>"),
    "redirect-relative": lambda: redirect("below"),
    "redirect-unicode": lambda: redirect("/ü ber\"'"),
    "redirect-empty": lambda: redirect(""),
    "redirect-url-for": lambda: redirect(url_for("way", name="none")),
    "redirect-bad-code": lambda: redirect("/", 200),
    "redirect-newline": lambda: redirect("/a\nb"),
    "redirect-304": lambda: redirect("/", 304),
    "redirect-class": lambda: redirect("/", Response=OwnResponse),
}


class OwnResponse(flask.Response):
    default_mimetype = "text/x-own"


def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"wsgi"]


def raise_(error):
    raise error


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/code/<int:code>", "code", abort, methods=["GET", "POST"])
    app.add_url_rule("/way/<name>", "way", lambda name: WAYS[name]())
    return app


def aborter(app, client):
    class Teapot(HTTPException):
        code = 499
        description = "own"

        def get_headers(self, *args):
            return [*super().get_headers(*args), ("X-Own", "1")]

    class Own(Flask):
        def make_aborter(self):
            return Aborter(extra={499: Teapot})

    other = Own("x")
    other.add_url_rule("/", "index", lambda: abort(499))
    other.aborter.mapping[498] = Teapot
    answer = other.test_client().get("/")
    return answer.status_code, answer.headers["X-Own"], type(other.aborter).__name__


def own_redirect(app, client):
    class Own(Flask):
        def redirect(self, location, code=302):
            return self.response_class(f"to {location}", code)

    other = Own("x")
    other.add_url_rule("/", "index", lambda: redirect("/there"))
    return other.test_client().get("/").text


def outside(app, client):
    answer = redirect("/there", 303)
    return answer.status_code, answer.location, app.redirect("/x").status_code


def abort_outside(app, client):
    abort(404)


def abort_unknown_outside(app, client):
    abort(499)


STEPS = [
    *(get(f"/code/{code}") for code in CODES),
    *(get(f"/way/{name}") for name in WAYS),
    post("/code/404"),
    post("/way/redirect"),
    aborter,
    own_redirect,
    outside,
    abort_outside,
    abort_unknown_outside,
]
