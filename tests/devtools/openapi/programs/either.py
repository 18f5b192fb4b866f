"""A view for JSON and for forms."""

from retort import Flask, jsonify, request

app = Flask(__name__)


@app.post("/feedback")
def feedback():
    data = request.get_json() if request.is_json else request.form
    return jsonify(text=data["text"], stars=data.get("stars", 5))


@app.route("/echo", methods=["GET", "POST"])
def echo():
    name = request.values.get("name", "you")
    return f"Hello {name}"


LABELS = {
    "POST /feedback": "json:text! json:stars form:text! form:stars",
    "GET /echo": "query:name",
    "POST /echo": "form:name",
}
