"""Stock in JSON, with checks of the body in a helper."""

from werkzeug.exceptions import BadRequest, NotFound

from retort import Flask, jsonify, request

app = Flask(__name__)
stock = {}


def need(data, *names):
    missing = [name for name in names if name not in data]
    if missing:
        raise BadRequest(f"Missing: {missing}")
    return data


@app.post("/stock")
def add():
    data = need(request.get_json(), "sku", "amount")
    stock[data["sku"]] = data["amount"]
    shelf = data.get("shelf")
    return jsonify(shelf=shelf), 201


@app.post("/stock/<sku>/move")
def move(sku):
    if sku not in stock:
        raise NotFound
    payload = request.json or {}
    to = payload.get("to")
    if to is None:
        raise BadRequest("Where to?")
    note = payload.get("note", "")
    return {"to": to, "note": note}


LABELS = {
    "POST /stock": "json:sku! json:amount! json:shelf",
    "POST /stock/{sku}/move": "json:to json:note",
}
