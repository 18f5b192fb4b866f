"""A search with filters in the address."""

from retort import Flask, jsonify, request

app = Flask(__name__)
GOODS = []


def window():
    """The part of the results that is shown."""
    limit = min(int(request.args.get("limit", 20)), 100)
    offset = request.args.get("offset", default=0, type=int)
    return offset, offset + limit


@app.get("/search")
def search():
    words = request.args["q"].lower().split()
    cheapest = request.args.get("min_price", type=float)
    dearest = request.args.get("max_price", type=float)
    brands = request.args.getlist("brand")
    in_stock = request.args.get("in_stock") == "1"
    first, last = window()
    found = [one for one in GOODS if all(word in one["name"] for word in words)]
    found = [one for one in found if not brands or one["brand"] in brands]
    return jsonify(found[first:last], cheapest, dearest, in_stock)


@app.get("/suggest")
def suggest():
    start = request.args.get("term", "")
    return jsonify([one for one in GOODS if one["name"].startswith(start)])


LABELS = {
    "GET /search": "query:q! query:min_price query:max_price query:brand* query:in_stock"
    " query:limit query:offset",
    "GET /suggest": "query:term",
}
