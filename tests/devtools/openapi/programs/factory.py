"""An application factory, with views in its body."""

from retort import Flask, jsonify, request


def create_app():
    app = Flask(__name__)
    store = {}

    def limit():
        return request.args.get("limit", 10, type=int)

    @app.get("/keys")
    def keys():
        return jsonify(list(store)[: limit()])

    @app.put("/keys/<key>")
    def put(key):
        form = request.form
        store[key] = form["value"]
        seconds = form.get("seconds", type=int)
        return jsonify(seconds=seconds)

    return app


app = create_app()

LABELS = {
    "GET /keys": "query:limit",
    "PUT /keys/{key}": "form:value! form:seconds",
}
