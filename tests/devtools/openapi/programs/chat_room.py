"""Rooms with messages; the last identifier comes in the header."""

from retort import Flask, jsonify, request

app = Flask(__name__)
messages = []


@app.get("/rooms/<room>/messages")
def listed(room):
    after = request.headers.get("Last-Event-ID", type=int) or request.args.get("after", 0, int)
    return jsonify(messages[after:])


@app.post("/rooms/<room>/messages")
def say(room):
    author = request.form.get("author") or "anonymous"
    text = request.form.get("text", "").strip()
    if not text:
        return jsonify(error="empty"), 400
    messages.append((room, author, text))
    return jsonify(number=len(messages)), 201


@app.websocket("/rooms/<room>/live")
def live(room):
    pass


LABELS = {
    "GET /rooms/{room}/messages": "header:Last-Event-ID query:after",
    "POST /rooms/{room}/messages": "form:author form:text",
}
