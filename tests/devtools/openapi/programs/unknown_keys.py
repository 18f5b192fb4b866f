"""Fields whose names are not in the source."""

from retort import Flask, jsonify, request

app = Flask(__name__)
FIELDS = ("name", "colour", "size")
SETTINGS = {}


@app.post("/settings")
def save():
    for key, value in request.form.items():
        SETTINGS[key] = value
    return jsonify(SETTINGS)


@app.post("/settings/<key>")
def save_one(key):
    SETTINGS[key] = request.form[key]
    SETTINGS["by"] = request.form["by"]
    return jsonify(SETTINGS)


@app.post("/products")
def product():
    return jsonify({field: request.form[field] for field in FIELDS})


@app.post("/raw")
def raw():
    return jsonify(request.get_json())


LABELS = {
    "POST /settings": "open:form",
    "POST /settings/{key}": "form:by! open:form",
    "POST /products": "form:name form:colour form:size",
    "POST /raw": "open:json",
}
