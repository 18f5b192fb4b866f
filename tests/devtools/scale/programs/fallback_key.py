import os
import secrets

from flask import Flask, session

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ.get("BASKET_KEY") or secrets.token_hex(),  # local: random-key-fallback
)


@app.get("/")
def index():
    session["visits"] = session.get("visits", 0) + 1
    return f"{session['visits']}"
