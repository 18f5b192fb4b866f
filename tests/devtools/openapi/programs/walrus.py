"""Fields in conditions."""

from retort import Flask, abort, jsonify, request

app = Flask(__name__)


@app.get("/find")
def find():
    if (name := request.args.get("name")) is not None:
        return jsonify(by="name", name=name)
    if number := request.args.get("id", type=int):
        return jsonify(by="id", id=number)
    abort(400)


@app.post("/vote")
def vote():
    choice = request.form["choice"] if "choice" in request.form else request.form.get("other")
    comment = request.form.get("comment") or "none"
    if request.form.get("email") and not request.form.get("consent"):
        return "Consent is needed", 422
    return jsonify(choice=choice, comment=comment)


LABELS = {
    "GET /find": "query:name query:id",
    "POST /vote": "form:choice form:other form:comment form:email form:consent",
}
