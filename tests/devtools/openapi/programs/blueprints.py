"""A shop in two blueprints."""

from retort import Blueprint, Flask, jsonify, request

catalogue = Blueprint("catalogue", __name__, url_prefix="/catalogue")
basket = Blueprint("basket", __name__, url_prefix="/basket")


@catalogue.get("/")
def index():
    category = request.args.get("category")
    return jsonify(category=category)


@catalogue.get("/<sku>")
def show(sku):
    currency = request.cookies.get("currency", "EUR")
    return jsonify(sku=sku, currency=currency)


@basket.before_request
def find_basket():
    request.basket = request.cookies["basket"]


@basket.post("/items")
def add():
    amount = int(request.form["amount"])
    sku = request.form["sku"]
    return jsonify(sku=sku, amount=amount), 201


@basket.delete("/items/<sku>")
def remove(sku):
    return "", 204


app = Flask(__name__)
app.register_blueprint(catalogue)
app.register_blueprint(basket)

LABELS = {
    "GET /catalogue/": "query:category",
    "GET /catalogue/{sku}": "cookie:currency",
    "POST /basket/items": "cookie:basket! form:amount! form:sku!",
    "DELETE /basket/items/{sku}": "cookie:basket!",
}
