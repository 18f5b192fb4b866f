"""A decorator of the program that reads a token."""

import functools

from retort import Flask, abort, jsonify, request

app = Flask(__name__)


def needs_token(view):
    @functools.wraps(view)
    def checked(*args, **kwargs):
        token = request.headers.get("X-Token") or request.args.get("token")
        if token is None:
            abort(401)
        return view(*args, **kwargs)

    return checked


@app.get("/me")
@needs_token
def me():
    return jsonify(name="ada")


@app.post("/me")
@needs_token
def rename():
    return jsonify(name=request.form["name"])


@app.get("/public")
def public():
    return "all"


LABELS = {
    "GET /me": "header:X-Token query:token",
    "POST /me": "header:X-Token query:token form:name!",
}
