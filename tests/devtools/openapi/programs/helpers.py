"""Helpers that get the request, or a part of it."""

from retort import Flask, jsonify, request

app = Flask(__name__)


def read_address(form):
    return {"street": form["street"], "city": form["city"], "zip": form.get("zip")}


def read_page(req, default=1):
    return int(req.args.get("page", default))


def body():
    return request.get_json()


@app.post("/customers")
def customer():
    name = request.form["name"]
    return jsonify(name=name, address=read_address(request.form))


@app.get("/customers")
def customers():
    return jsonify(page=read_page(request))


@app.post("/orders")
def order():
    data = body()
    return jsonify(sku=data["sku"], amount=data.get("amount", 1))


LABELS = {
    "POST /customers": "form:name! form:street! form:city! form:zip",
    "GET /customers": "query:page",
    "POST /orders": "json:sku! json:amount",
}
