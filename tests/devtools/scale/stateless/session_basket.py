import os

from flask import Flask, request, session

app = Flask(__name__)
app.secret_key = os.environ.get("BASKET_KEY", "a fixed key for development")


@app.post("/")
def add():
    basket = session.setdefault("basket", [])
    basket.append(request.form["item"])
    session.modified = True
    session["count"] = session.get("count", 0) + 1
    return {"basket": basket}
