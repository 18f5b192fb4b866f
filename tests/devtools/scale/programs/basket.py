import secrets
from collections import defaultdict

from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = secrets.token_hex()  # local: random-key
baskets = defaultdict(list)


@app.post("/add")
def add():
    session.setdefault("id", request.form["id"])
    basket = baskets[session["id"]]
    basket.append(request.form["item"])  # local: module-data
    return "", 204


@app.get("/")
def show():
    return {"basket": baskets.get(session.get("id"), [])}
