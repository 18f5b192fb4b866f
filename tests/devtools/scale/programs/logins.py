import uuid

from flask import Flask, abort, request

app = Flask(__name__)
tokens: dict[str, str] = {}


@app.post("/login")
def login():
    token = uuid.uuid5(uuid.NAMESPACE_URL, request.form["name"]).hex
    if token not in tokens:
        tokens[token] = request.form["name"]  # local: module-data
    return {"token": token}


@app.get("/me")
def me():
    name = tokens.get(request.args.get("token", ""))
    if name is None:
        abort(401)
    return name
