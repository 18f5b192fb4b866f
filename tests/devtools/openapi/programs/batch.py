"""Several things in one request."""

import json

from retort import Flask, jsonify, request

app = Flask(__name__)


@app.post("/points")
def points():
    points = request.get_json()
    return jsonify(sum(point["x"] * point["y"] for point in points))


@app.post("/invoice")
def invoice():
    data = json.loads(request.data)
    lines = data["lines"]
    total = sum(line["price"] * line.get("amount", 1) for line in lines)
    customer = data.get("customer", {})
    return jsonify(total=total, name=customer.get("name"))


@app.delete("/items")
def remove():
    return jsonify(removed=request.args.getlist("id", type=int))


LABELS = {
    "POST /points": "json:[].x json:[].y",
    "POST /invoice": "json:lines.[].price json:lines.[].amount json:customer.name",
    "DELETE /items": "query:id*",
}
