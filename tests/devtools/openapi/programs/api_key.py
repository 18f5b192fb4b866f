"""A function before each request reads a key; another starts a trace."""

from retort import Flask, abort, g, jsonify, request

app = Flask(__name__)
KEYS = {"k"}


@app.before_request
def check_key():
    if request.endpoint == "health":
        return
    key = request.headers.get("X-API-Key")
    if key not in KEYS:
        abort(401)
    g.key = key


@app.before_request
def trace():
    g.trace = request.headers.get("X-Request-Id", "-")


@app.get("/health")
def health():
    return "ok"


@app.post("/messages")
def send():
    to = request.form.getlist("to")
    return jsonify(to=to, text=request.form["text"])


LABELS = {
    "GET /health": "header:X-API-Key header:X-Request-Id",
    "POST /messages": "header:X-API-Key header:X-Request-Id form:to* form:text!",
}
