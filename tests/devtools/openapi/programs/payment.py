"""Payments: an idempotency key, and early returns."""

from retort import Flask, abort, jsonify, request

app = Flask(__name__)
seen = {}


@app.post("/payments")
def pay():
    key = request.headers.get("Idempotency-Key")
    if not key:
        return jsonify(error="key"), 400
    if key in seen:
        return jsonify(seen[key])
    data = request.get_json()
    try:
        amount = int(data["amount"])
    except (KeyError, ValueError):
        abort(422)
    card = data["card"]
    seen[key] = {"amount": amount, "last": card["number"][-4:], "currency": data.get("currency")}
    return jsonify(seen[key]), 201


@app.post("/refunds/<payment>")
def refund(payment):
    with open("/dev/null", "a") as log:
        log.write(request.form["reason"])
    amount = request.form.get("amount", type=float)
    return jsonify(amount=amount)


LABELS = {
    "POST /payments": "header:Idempotency-Key json:amount json:card.number json:currency",
    "POST /refunds/{payment}": "form:reason! form:amount",
}
